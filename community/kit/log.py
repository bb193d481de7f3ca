"""Structured logs: a line an event, as JSON or for a terminal, with the ids of the request and of the job at work.

No line holds a personal value or a secret: rooms log ids, codes and numbers. Of an exception a line keeps the kind, the
first line of its message (databases put the values of a row on later ones) and where it was raised.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from community.kit import clock

Form = Literal["json", "plain"]

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request at work; a job keeps the one of the request that caused it."""

job_id: ContextVar[str | None] = ContextVar("job_id", default=None)
"""The id of the job at work."""

MESSAGE_CHARACTERS = 300
FRAMES = 30
_FIRST = ("at", "level", "room", "event", "request_id", "job_id")
_QUIET = {
    "alembic": logging.WARNING,
    "arq": logging.ERROR,
    "asyncio": logging.WARNING,
    "sqlalchemy": logging.WARNING,
    "uvicorn.access": logging.CRITICAL,
}


def logger(room: str) -> Any:
    """The logger of a room: `log = logger("kit.web")`, `log.info("started", port=8000)`."""
    return structlog.get_logger(room=room)  # bound when it says something, by what is configured then


def configure(form: Form | None = None, stream: TextIO | None = None, least: int = logging.INFO) -> None:
    """Sends this process's logs, also those of libraries, from the level `least` on to `stream` (standard error).

    Without a form: plain on a terminal, else JSON.
    """
    target = stream or sys.stderr
    shown = _shown(form == "plain" or (form is None and target.isatty()))
    _own_lines(shown, lambda: target, least)
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_SHARED, _room, _ordered],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *shown],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(least)
    for name, level in _QUIET.items():
        logging.getLogger(name).setLevel(level)


def _shown(plain: bool) -> list[Processor]:
    if plain:
        return [_printable, structlog.dev.ConsoleRenderer(sort_keys=False)]
    return [structlog.processors.JSONRenderer(default=str)]


def _own_lines(shown: list[Processor], stream: Callable[[], TextIO], least: int) -> None:
    structlog.configure(
        processors=[*_SHARED, _ordered, *shown],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=lambda *_: structlog.WriteLogger(stream()),
        cache_logger_on_first_use=False,
    )


def _ordered(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """When, how grave, where and what come first: people read logs, too."""
    line["at"] = clock.now().isoformat(timespec="milliseconds")
    return {**{name: line[name] for name in _FIRST if name in line}, **line}


def _ids(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    for name, at_work in (("request_id", request_id), ("job_id", job_id)):
        if (found := at_work.get()) is not None:
            line.setdefault(name, found)
    return line


def _room(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Lines of libraries name the library where ours name the room."""
    record = line.get("_record")
    if record is not None:
        line["room"] = record.name
    return line


def _exception(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    found = line.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()[1]
    if isinstance(found, tuple):
        found = found[1]
    if isinstance(found, BaseException):
        line["error"] = told(found)
    return line


def told(error: BaseException) -> dict[str, Any]:
    """What a log keeps of an exception: no values of rows, no local variables."""
    words = (str(error).splitlines() or [""])[0][:MESSAGE_CHARACTERS]
    frames = [f"{one.filename}:{one.lineno} {one.name}" for one in traceback.extract_tb(error.__traceback__)[-FRAMES:]]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    kept = {"kind": f"{type(error).__module__}.{type(error).__qualname__}", "message": words, "frames": frames}
    return {**kept, "cause": told(cause)} if cause is not None else kept


def _printable(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """No value can forge a line or move the cursor of a terminal (JSON escapes by itself)."""
    return {name: _escaped(value) for name, value in line.items()}


def _escaped(value: Any) -> Any:
    if isinstance(value, str) and not value.isprintable():
        return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in value)
    return value


_SHARED: list[Processor] = [structlog.stdlib.add_log_level, _ids, _exception]
_own_lines(_shown(plain=False), lambda: sys.stderr, logging.INFO)  # until a process configures its own: commands, tests
