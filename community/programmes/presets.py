"""Books that ship with the product: real programmes as they were published, and the example of the rule book."""

from __future__ import annotations

from importlib import resources

from community.kit.errors import NotFound


def names() -> tuple[str, ...]:
    """The names of the presets, in order of the alphabet."""
    files = (resources.files(__package__) / "presets").iterdir()
    return tuple(sorted(one.name.removesuffix(".yaml") for one in files if one.name.endswith(".yaml")))


def text(name: str) -> str:
    """The text of a preset, comments included. Raises NotFound for a name that is none."""
    if name not in names():
        raise NotFound(f"no preset {name!r}; there are {', '.join(names())}")
    return (resources.files(__package__) / "presets" / f"{name}.yaml").read_text("utf-8")


def title(name: str) -> str:
    """The first line of the comment at the head: what the preset is."""
    return source(name).partition("\n")[0]


def source(name: str) -> str:
    """The comment at the head of a preset: what it is, where it comes from, how sure that is, what is missing."""
    lines = text(name).splitlines()
    count = next((index for index, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return "\n".join(line.removeprefix("#").strip() for line in lines[:count])
