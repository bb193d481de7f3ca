"""Where templates and static files are: beside the package in a checkout, inside it in a wheel.

Both are looked for from the package's real folder: an editable install may leave stale copies elsewhere.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent


def folder(name: str) -> Path:
    """The folder of that name, `templates` or `static`."""
    inside = PACKAGE / name
    return inside if inside.is_dir() else PACKAGE.parent / name
