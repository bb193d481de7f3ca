"""`python -m community` and the `community` command."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from community.cli import app
from community.kit import console


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; answers the exit status."""
    return console.main(typer.main.get_command(app), arguments)


def main() -> None:
    """Runs the command line and ends the process with its exit status."""
    sys.exit(run())


if __name__ == "__main__":
    main()
