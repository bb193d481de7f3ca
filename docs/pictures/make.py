"""Draws `demo.svg` from what `make demo` printed: `community demo | python docs/pictures/make.py`.

Reads the demonstration's output from standard input, and writes the picture beside this file. It loads no font from
anywhere: whoever looks at it sees it in their own monospaced one.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

COLUMNS = 96
LAST = "Files in "
"""Where the picture ends: what follows names folders of the machine that ran it."""
HEADS = re.compile(r"^(The ladder|Who |This season|tier  |rank  ).*|^.*, as of .*")


def main() -> None:
    """Draws the picture."""
    lines = sys.stdin.read().partition(f"\n{LAST}")[0].strip().splitlines()
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text("$ make demo", style="bold green"))
    for line in lines:
        console.print(styled(line.rstrip()), no_wrap=True, crop=True)
    drawn = console.export_svg(title="community demo", unique_id="demo")
    plain = re.sub(r"<!--.*?-->\s*|@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)
    (Path(__file__).parent / "demo.svg").write_text(plain, encoding="utf-8")


def styled(line: str) -> Text:
    """A line with its headings bold, and what is met or missing in colour."""
    text = Text(line)
    if HEADS.match(line):
        text.stylize("bold")
    text.highlight_regex(r"^ +✓.*", "green")
    text.highlight_regex(r"^ +✗.*", "red")
    text.highlight_regex(r"lost on \S+|at risk", "yellow")
    return text


if __name__ == "__main__":
    main()
