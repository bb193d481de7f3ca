"""Where the files of `deploy/` are, and what the product has of what they name."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import typer

from community.cli import app
from community.kit.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
VARIABLES = {f"COMMUNITY_{name.upper()}" for name in Settings.model_fields}
CLEAN_STOP_SECONDS = 20
"""Within which web and workers promise to end after SIGTERM."""


def is_taken(command: str) -> None:
    """Fails unless the command line takes `community …`, with its arguments and options."""
    found: Any = typer.main.get_command(app)
    path, words = "community", shlex.split(command)[1:]
    while words and words[0] in getattr(found, "commands", {}):
        found, path = found.commands[words[0]], f"{path} {words[0]}"
        words = words[1:]
    assert not hasattr(found, "commands"), f"{command}: {path} is a group"
    found.make_context(path, words)


def variables_in(text: str) -> set[str]:
    """The settings of the product that a text names."""
    return set(re.findall(r"\bCOMMUNITY_[A-Z]+(?:_[A-Z]+)*\b", text))
