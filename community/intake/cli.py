"""`community contributions import` (`members import` brings tiers along and stands with the standings)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from community.intake.files.contributions import ContributionOptions, import_contributions
from community.intake.files.groups import Source
from community.intake.files.layout import naming
from community.intake.files.report import Report, lines, write_json, write_problems
from community.kit import console, settings
from community.kit.arguments import AsJson, Slug
from community.kit.errors import UsageError
from community.kit.settings import Settings

contributions = console.group("contributions")

Files = Annotated[
    list[str], typer.Argument(metavar="FILE…", help="CSV, gzip of it, or JSON Lines; - is standard input.")
]
Map = Annotated[list[str], typer.Option("--map", metavar="THEIRS=OURS", help="A column's name in the file, and ours.")]
Set = Annotated[list[str], typer.Option("--set", metavar="OURS=VALUE", help="The same value for every row.")]
DateFormat = Annotated[
    str | None, typer.Option("--date-format", metavar="FMT", help="As strptime's, such as %m/%d/%Y.")
]
SourceZone = Annotated[
    str | None, typer.Option("--source-timezone", metavar="ZONE", help="For instants without an offset.")
]
Strict = Annotated[bool, typer.Option("--strict", help="All rows or none.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen; change nothing.")]
SourceName = Annotated[str, typer.Option("--source", metavar="NAME", help="Whose ids these are.")]
TypeMap = Annotated[list[str], typer.Option("--type-map", metavar="THEIRS=KEY", help="A type's name in the file.")]


@contributions.command("import")
def import_(
    slug: Slug,
    files: Files,
    maps: Map = [],  # noqa: B006 - typer reads the default, nobody changes it
    constants: Set = [],  # noqa: B006
    date_format: DateFormat = None,
    source_timezone: SourceZone = None,
    strict: Strict = False,
    dry_run: DryRun = False,
    source: SourceName = "file",
    type_map: TypeMap = [],  # noqa: B006
    create_members: Annotated[bool, typer.Option("--create-members", help="Make members who are not there.")] = False,
    approve: Annotated[bool, typer.Option("--approve", help="Approve what comes in.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring in contributions from files.

    The good rows go in, and every bad one is listed. The same file twice changes nothing.
    """
    columns = naming(maps, constants)
    options = ContributionOptions(source, renamed_types(type_map), create_members, approve)
    if not source.strip():
        raise UsageError("--source: found an empty name")

    async def work(engine: AsyncEngine, settings: Settings, file: str) -> Report:
        read_as = Source(file, settings.folder / "tmp", columns, date_format, source_timezone, strict, dry_run)
        with console.progress(file) as progress:
            return await import_contributions(engine, slug, read_as, options, actor=console.ACTOR, progress=progress)

    refused = [tell(file, console.run(lambda e, s, file=file: work(e, s, file)), as_json) for file in files]  # type: ignore[misc]
    if any(refused):
        raise typer.Exit(1)


def renamed_types(pairs: list[str]) -> dict[str, str]:
    """The options `--type-map THEIRS=KEY`, read. Raises UsageError for what has not that shape."""
    found: dict[str, str] = {}
    for text in pairs:
        theirs, sign, key = text.rpartition("=")
        if not (sign and theirs and key.strip()) or theirs in found:
            raise UsageError(f"--type-map: found {text!r}; accepted: THEIRS=KEY, each of theirs once")
        found[theirs] = key.strip()
    return found


def tell(file: str, report: Report, as_json: bool) -> bool:
    """Shows the report of a file; answers whether any row was refused. Many problems go to a file as well."""
    try:
        kept = write_problems(report, file, Path(settings.load().folder))
        if as_json:
            write_json(report, sys.stdout)
        else:
            summary, *remarks = lines(report, kept)
            console.say(summary)
            for remark in remarks:
                console.complain(remark)
        return report.counts.refused > 0
    finally:
        report.close()
