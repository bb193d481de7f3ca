"""The root command: gathers every room's commands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from community import __version__
from community.changes import cli as changes
from community.contributions import cli as contributions
from community.flow import followed
from community.home import cli as home
from community.home.backup.cli import backup, restore
from community.home.demo.cli import demo
from community.home.profile import cli as profile
from community.intake import cli as intake
from community.jobs import cli as jobs
from community.jobs.following import Silent
from community.jobs.runner import follow_clock
from community.kit import console
from community.kit.settings import Settings
from community.leaderboards import cli as leaderboards
from community.ledger import cli as ledger
from community.members import cli as members
from community.people import cli as people
from community.programmes import cli as programmes
from community.standings import cli as standings
from workers import cli as workers

ROOMS = (
    jobs,
    people,
    programmes,
    members,
    ledger,
    contributions,
    intake,
    standings,
    leaderboards,
    changes,
    home,
    profile,
)
"""Loading a room's commands adds them to their groups."""

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)

ORDER = (
    "db", "presets", "programme", "people", "members", "contributions", "standings", "boards", "ledger", "run", "jobs",
)  # fmt: skip
"""In which the groups are listed: as the data walks."""

for name in ORDER:
    app.add_typer(console.groups()[name], name=name)
app.command()(home.serve)
app.command()(home.status)
app.command()(workers.worker)
app.command()(backup)
app.command()(restore)
app.command()(demo)


@asynccontextmanager
async def following(engine: AsyncEngine, settings: Settings) -> AsyncIterator[None]:
    """What a command does is followed by jobs, as everywhere, and by the clock of the database; workers are told where
    there is a queue.
    """
    await follow_clock(engine)
    if not settings.redis_url:
        followed(engine, Silent())
        yield
        return
    from community.jobs.messenger import Messenger  # a command without a queue does not wait for its client to load
    from workers.main import HEAVY

    messenger = Messenger(settings.redis_url, HEAVY)
    followed(engine, messenger)
    yield
    await messenger.close()


console.around(following)


def _version(asked: bool) -> None:
    if asked:
        console.say(f"community {__version__}")
        raise typer.Exit


@app.callback()
def root(
    _show: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Community runs advocate programmes: rule books, contributions, points, tiers, boards."""
