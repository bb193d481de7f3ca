"""Settings, from environment variables that begin with `COMMUNITY_`. `docs/settings.md` lists them all."""

from __future__ import annotations

import os
import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from community.kit.errors import UsageError

LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
"""Hosts of one's own machine: the only ones that are served without TLS, by any of their names."""

_NETLOC = re.compile(r"(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
KEY_CHARACTERS = 32
TOKEN_CHARACTERS = 20


def _networks(value: object) -> object:
    """`10.0.0.0/8, ::1` as networks; an address alone is a network of one."""
    if not isinstance(value, str):
        return value
    return tuple(ip_network(one.strip()) for one in value.split(",") if one.strip())


Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_networks)]


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
    jobs_kept_days: int = Field(default=7, ge=1, le=3_650, description="Days for which jobs that ended are kept.")
    range_size: int = Field(default=10_000, ge=1, le=1_000_000, description="Members in one range of a run.")
    redis_url: str = Field(
        default="", description="redis://…, rediss://… or unix://…; empty: `serve` runs the jobs itself."
    )

    host: str = Field(default="127.0.0.1", min_length=1, description="Address that `community serve` listens on.")
    port: int = Field(default=8000, ge=0, le=65_535, description="Port that it listens on.")
    base_url: str = Field(default="", description="https://… as people open it; empty: this machine only.")
    web_connections: int = Field(default=10, ge=1, le=500, description="Database connections of one web process.")
    body_limit: int = Field(default=1_048_576, ge=1_024, description="Bytes that a request may carry.")
    trusted_proxies: Networks = Field(default=(), description="Proxies whose X-Forwarded-* count, as networks.")
    metrics_networks: Networks = Field(
        default=(ip_network("127.0.0.0/8"), ip_network("::1/128")),
        description="Networks from which /readyz and /metrics may be asked.",
    )
    metrics_token: SecretStr = Field(default=SecretStr(""), description="A token that opens them from elsewhere.")
    secret_key: SecretStr = Field(
        default=SecretStr(""), description="Keys that sign; the first signs, all are accepted."
    )
    rate_scale: float = Field(default=1, ge=0, le=1_000, description="Factor on every rate limit; 0: no limits.")
    log_format: Literal["", "json", "plain"] = Field(default="", description="Empty: plain on a terminal, else JSON.")

    smtp_url: SecretStr = Field(
        default=SecretStr(""), description="smtp://… or smtps://…; without one mails are files in home."
    )
    mail_from: str = Field(default="", description="Whom mails are from: `Name <address>`.")
    password_length: int = Field(default=15, ge=8, le=128, description="Characters that a password needs at least.")

    @field_validator("base_url")
    @classmethod
    def _origin_only(cls, value: str) -> str:
        """An origin without a path, with TLS unless it is this machine."""
        if not value:
            return value
        parts = urlsplit(value.rstrip("/"))
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            raise ValueError("accepted: https://HOST or https://HOST:PORT")
        if parts.path or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError("accepted: https://HOST or https://HOST:PORT, without a path")
        if parts.scheme == "http" and bare_host(parts.netloc) not in LOCAL_HOSTS:
            raise ValueError("http:// is for this machine only (sessions need TLS); accepted: https://HOST")
        return f"{parts.scheme}://{parts.netloc.lower()}"

    @field_validator("redis_url")
    @classmethod
    def _of_redis(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in ("redis", "rediss", "unix"):
            raise ValueError("accepted: redis://HOST:PORT/NUMBER, rediss://… or unix://PATH")
        return value

    @field_validator("metrics_token")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if value and len(value.get_secret_value()) < TOKEN_CHARACTERS:
            raise ValueError(f"accepted: at least {TOKEN_CHARACTERS} characters")
        return value

    @field_validator("secret_key")
    @classmethod
    def _each_long_enough(cls, value: SecretStr) -> SecretStr:
        if value and any(len(one) < KEY_CHARACTERS for one in value.get_secret_value().split(",")):
            raise ValueError(f"accepted: at least {KEY_CHARACTERS} characters; several keys with a comma between")
        return value

    @property
    def folder(self) -> Path:
        """The home folder, `~` expanded."""
        return self.home.expanduser()

    @property
    def url(self) -> str:
        """The database URL as the installation means it, without a driver."""
        return self.database_url or f"sqlite:///{self.folder / 'community.sqlite3'}"

    @property
    def origin(self) -> str:
        """Where people open the installation: what links in mails begin with. Never taken from a request."""
        return self.base_url or f"http://localhost:{self.port}"

    @property
    def secure(self) -> bool:
        """Whether it is opened over TLS."""
        return self.origin.startswith("https://")


def bare_host(netloc: str) -> str:
    """The host of `HOST:PORT` or a Host header, in lower case, an IPv6 address in its brackets; empty for neither."""
    found = _NETLOC.fullmatch(netloc)
    return found["host"].lower() if found else ""


def load() -> Settings:
    """The settings of this process. Raises UsageError that names each variable that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        lines = (f"COMMUNITY_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        raise UsageError("\n".join(lines)) from None
