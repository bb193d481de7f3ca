"""The docs and the product are held together: settings, commands and links that the docs lack, or have too many."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from community.cli import app
from community.kit.settings import Settings
from community.programmes import presets
from community.programmes.parse import parse

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.rglob("*.md")), ROOT / "README.md", ROOT / "CHANGELOG.md"]


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def commands() -> Iterator[tuple[str, Any]]:
    """Every command as one types it, with its parameters."""

    def walk(command: Any, path: str) -> Iterator[tuple[str, Any]]:
        inner = getattr(command, "commands", None)
        if inner is None:
            yield path, command
            return
        for name, one in inner.items():
            yield from walk(one, f"{path} {name}")

    return walk(typer.main.get_command(app), "community")


COMMANDS = dict(commands())


def sections() -> dict[str, str]:
    """The sections of the page of the command line by the command that they are about."""
    found = re.split(r"^### `(community [a-z -]+)`$", page("command-line.md"), flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def test_every_setting_is_in_the_docs() -> None:
    read = {f"COMMUNITY_{name.upper()}" for name in Settings.model_fields}
    for file in (*(ROOT / "tests").rglob("*.py"), ROOT / ".ci" / "run", ROOT / "Makefile"):
        read |= set(re.findall(r"(?:COMMUNITY_[A-Z]+(?:_[A-Z]+)*|HYPOTHESIS_PROFILE)\b", file.read_text("utf-8")))
    told = set(re.findall(r"^\| `([A-Z_]+)` \|", page("settings.md"), flags=re.MULTILINE))
    assert told == read


def test_every_command_is_in_the_docs() -> None:
    assert sorted(sections()) == sorted(COMMANDS)


@pytest.mark.parametrize("path", sorted(COMMANDS))
def test_a_command_s_options_are_in_the_docs(path: str) -> None:
    taken = {name for one in COMMANDS[path].params for name in one.opts if name.startswith("--")} - {"--help"}
    told = set(re.findall(r"`(--[a-z-]+)`", sections()[path]))
    assert told == taken


@pytest.mark.parametrize("path", sorted(COMMANDS))
def test_a_command_says_what_it_does_and_the_docs_show_it(path: str) -> None:
    assert COMMANDS[path].help
    assert any(one.startswith(path) for one in examples(sections()[path]))


@pytest.mark.parametrize("file", [DOCS / "command-line.md", ROOT / "README.md"], ids=lambda file: file.name)
def test_examples_are_taken_by_the_command_line(file: Path) -> None:
    shown = examples(file.read_text("utf-8"))
    assert shown
    for example in shown:
        path = max((path for path in COMMANDS if example.startswith(path)), key=len)
        COMMANDS[path].make_context(path, shlex.split(example.removeprefix(path).partition(">")[0], comments=True))


def examples(text: str) -> list[str]:
    """The commands that a text shows, each as one types it, without variables set before it."""
    return re.findall(r"^(?: {4})?(?:[A-Z_]+=\S+ )?(community [a-z].*)$", text, flags=re.MULTILINE)


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_links_lead_somewhere(file: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)|<img[^>]* src=\"([^\"]+)\"", file.read_text("utf-8"))
    missing = [one or other for one, other in targets if not re.match(r"https?:", one or other)]
    assert [one for one in missing if not (file.parent / one).exists()] == []


def test_the_example_of_the_docs_is_a_book() -> None:
    blocks = re.findall(r"^```yaml\n(format: 1\n.*?)^```", page("book.md"), flags=re.DOTALL | re.MULTILINE)
    assert blocks
    for block in blocks:
        assert parse(block, "book.md").warnings == ()


def test_the_docs_name_every_preset() -> None:
    told = re.findall(r"^\| `([a-z0-9-]+)` \|", page("book.md").partition("## Presets")[2], flags=re.MULTILINE)
    assert told == list(presets.names())
