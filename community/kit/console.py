"""The command line's common ground: settings and database of a command, exit statuses, tables and JSON."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncEngine

from community.kit import db, schema, settings
from community.kit.errors import CommunityError
from community.kit.outages import database_is_away
from community.kit.settings import Settings

Result = TypeVar("Result")
ACTOR = "cli"
"""Who did it, in history, when it was done from the command line."""

_groups: dict[str, typer.Typer] = {}


def group(name: str, about: str = "") -> typer.Typer:
    """The command group of that name; rooms add their commands to it, whichever of them was loaded first."""
    if name not in _groups:
        _groups[name] = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    if about:
        _groups[name].info.help = about
    return _groups[name]


def groups() -> dict[str, typer.Typer]:
    """All groups by name."""
    return dict(_groups)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Shows on a terminal how much of a long piece of work is done; call it with what is done and of how much."""
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    ) as shown:  # fmt: skip
        task = shown.add_task(what, total=None)

        def tell(done: int, total: int) -> None:
            shown.update(task, completed=done, total=total)

        yield tell


def spaced(number: int) -> str:
    """A whole number for people: groups of three."""
    return f"{number:,}".replace(",", " ")


MACHINERY_FAILED = 3


Around = Callable[[AsyncEngine, Settings], AbstractAsyncContextManager[None]]
_around: list[Around] = []


def around(made: Around) -> None:
    """From now on every command's work is done inside this: it says what follows from what happens on the engine."""
    _around.append(made)


def run(work: Callable[[AsyncEngine, Settings], Awaitable[Result]], *, prepare: bool = True) -> Result:
    """Runs a command's work with an engine whose database is at head (`prepare`), and closes it."""

    async def prepared() -> Result:
        present = settings.load()
        engine = db.create_engine(present.url, present.connections)
        try:
            if prepare:
                await schema.ensure(engine)
            async with AsyncExitStack() as stack:
                for made in _around:
                    await stack.enter_async_context(made(engine, present))
                return await work(engine, present)
        finally:
            await engine.dispose()

    return asyncio.run(prepared())


def exit_status_of(error: BaseException) -> tuple[int, str] | None:
    """The exit status and message for an error that people should see plainly; None for a defect of ours."""
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(exit_status_of, error.exceptions)), None)
    if isinstance(error, CommunityError):
        return error.exit_status, str(error)
    if database_is_away(error):
        return (
            MACHINERY_FAILED,
            f"the database does not answer: {getattr(error, 'orig', None) or error or 'time ran out'}",
        )
    if isinstance(error, OSError):
        return MACHINERY_FAILED, str(error)
    return None


def main(command: Callable[..., object], arguments: Sequence[str] | None = None) -> int:
    """Runs the command line and answers its exit status; what went wrong is said on standard error."""
    collect_seldom()
    try:
        command(args=arguments, prog_name="community")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    except Exception as error:
        told = exit_status_of(error)
        if told is None:
            raise
        status, message = told
        complain(message)
        return status
    return 0


def collect_seldom() -> None:
    """Lets Python look for cycles less often: the rows of a bulk are many, short-lived, and have none."""
    gc.set_threshold(100_000, 50, 50)


def complain(message: str) -> None:
    """A line on standard error."""
    sys.stderr.write(f"{message}\n")


def say(message: str) -> None:
    """A line on standard output."""
    sys.stdout.write(f"{message}\n")


def emit_json(value: Any) -> None:
    """A value as JSON on standard output; days and instants as ISO texts."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2, default=_plain)
    sys.stdout.write("\n")


def _plain(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)


def show_table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Iterable[str] = (), title: str = ""
) -> None:
    """A table on standard output; columns named in `right` stand right."""
    shown = Table(title=title or None, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for column in columns:
        shown.add_column(column, justify="right" if column in set(right) else "left", overflow="fold")
    for row in rows:
        shown.add_row(*("" if value is None else str(value) for value in row))
    terminal = Console(file=sys.stdout, highlight=False, markup=False)
    if not terminal.is_terminal:
        terminal = Console(file=sys.stdout, highlight=False, markup=False, width=200)
    terminal.print(shown)
