"""Settings, from environment variables that begin with `COMMUNITY_`. `docs/settings.md` lists them all."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from community.kit.errors import UsageError


class Settings(BaseSettings):
    """What an installation sets. Every field is the variable `COMMUNITY_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="COMMUNITY_", frozen=True)

    home: Path = Field(default=Path("~/.community"), description="Folder of the SQLite file, copies and reports.")
    database_url: str = Field(default="", description="sqlite:///… or postgresql://…; default: a file in home.")
    connections: int = Field(
        default_factory=lambda: max(1, os.cpu_count() or 1),
        ge=1,
        le=64,
        description="Connections that a run over everybody uses side by side; default: one a core.",
    )
    redis_url: str = Field(
        default="", description="redis://…: the queue of the workers; without one `serve` runs the jobs itself."
    )
    jobs_kept_days: int = Field(default=7, ge=1, le=3_650, description="Days for which jobs that ended are kept.")
    range_size: int = Field(default=10_000, ge=1, le=1_000_000, description="Members in one range of a run.")

    @property
    def folder(self) -> Path:
        """The home folder, `~` expanded."""
        return self.home.expanduser()

    @property
    def url(self) -> str:
        """The database URL as the installation means it, without a driver."""
        return self.database_url or f"sqlite:///{self.folder / 'community.sqlite3'}"


def load() -> Settings:
    """The settings of this process. Raises UsageError that names each variable that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        lines = (f"COMMUNITY_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        raise UsageError("\n".join(lines)) from None
