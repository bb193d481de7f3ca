"""Pictures of people: whatever comes in is made anew, small, square, and without what a camera wrote into it."""

from __future__ import annotations

import warnings
from io import BytesIO

from PIL import Image, ImageOps

from community.kit.errors import InputRefused, Problem
from community.kit.i18n import gettext as _

BYTES = 5 * 1024 * 1024
SIDE = 256
PIXELS = 40_000_000
"""More than a camera of a telephone takes; unpacked it fits into memory."""
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
QUALITY = 82


def made_anew(data: bytes) -> bytes:
    """A square WebP of the picture. Raises InputRefused for what is none of `FORMATS`, or too large once unpacked."""
    if len(data) > BYTES:
        raise _refused()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _square(data)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _refused() from None


def _square(data: bytes) -> bytes:
    with Image.open(BytesIO(data), formats=FORMATS) as opened:
        if opened.width * opened.height > PIXELS or min(opened.size) < 1:
            raise ValueError("too large")
        opened.draft("RGB", (2 * SIDE, 2 * SIDE))
        upright = ImageOps.exif_transpose(opened).convert("RGBA")
    fitted = ImageOps.fit(upright, (SIDE, SIDE), Image.Resampling.LANCZOS)
    on_white = Image.alpha_composite(Image.new("RGBA", fitted.size, "white"), fitted).convert("RGB")
    out = BytesIO()
    on_white.save(out, "WEBP", quality=QUALITY, method=4)
    return out.getvalue()


def _refused() -> InputRefused:
    accepted = _("a JPEG, PNG, WebP or GIF of at most 5 MB")
    return InputRefused([Problem("picture", "", accepted)], f"picture: accepted: {accepted}")
