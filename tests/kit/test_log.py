"""Logs: a line an event, that nothing can forge, without values of rows; and the ids of request and job."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from community.kit import db, log

FORGED = 'ada\n{"level": "info"}\r\x1b[2J\u2028\x00'


@pytest.fixture
def written() -> Iterator[StringIO]:
    """What is written in this test; the configuration of others comes back after it."""
    root, config = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield StringIO()
    root.handlers[:], root.level = handlers, level
    structlog.configure(**config)


def lines(written: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_a_line_says_when_how_grave_where_and_what(written: StringIO) -> None:
    log.configure("json", written)
    log.logger("kit.test").warning("it happened", count=3)
    [line] = lines(written)
    assert list(line)[:4] == ["at", "level", "room", "event"]
    assert line["at"].endswith("+00:00")
    assert {name: line[name] for name in ("level", "room", "event", "count")} == {
        "level": "warning", "room": "kit.test", "event": "it happened", "count": 3,
    }  # fmt: skip


def test_lines_of_libraries_look_the_same(written: StringIO) -> None:
    log.configure("json", written)
    logging.getLogger("uvicorn.error").info("Started %s", FORGED)
    logging.getLogger("sqlalchemy.engine").info("SELECT 1")
    [line] = lines(written)
    assert (line["room"], line["event"]) == ("uvicorn.error", f"Started {FORGED}")


@pytest.mark.parametrize("form", ["json", "plain"])
def test_no_value_forges_a_line(written: StringIO, form: log.Form) -> None:
    log.configure(form, written)
    log.logger("kit.test").info("it happened", handle=FORGED)
    logging.getLogger("other").warning(FORGED)
    text_written = written.getvalue()
    assert len(text_written.splitlines()) == text_written.count("\n") == 2
    hostile = ("\r", "\x00", "\u2028", "\x1b[2J")
    assert [one for one in hostile if one in text_written and form == "plain"] == []


def test_the_ids_of_request_and_job_are_in_every_line(written: StringIO) -> None:
    log.configure("json", written)
    request, job = log.request_id.set("r-1"), log.job_id.set("j-1")
    log.logger("kit.test").info("inside")
    logging.getLogger("other").warning("inside")
    log.request_id.reset(request)
    log.job_id.reset(job)
    log.logger("kit.test").info("outside")
    assert [(one.get("request_id"), one.get("job_id")) for one in lines(written)] == [
        ("r-1", "j-1"), ("r-1", "j-1"), (None, None),
    ]  # fmt: skip


def test_tasks_side_by_side_keep_their_ids_apart(written: StringIO) -> None:
    log.configure("json", written)

    async def work(name: str) -> None:
        log.request_id.set(name)
        await asyncio.sleep(0)
        log.logger("kit.test").info(name)

    async def both() -> None:
        await asyncio.gather(work("r-1"), work("r-2"))

    asyncio.run(both())
    assert {one["event"]: one["request_id"] for one in lines(written)} == {"r-1": "r-1", "r-2": "r-2"}


def test_an_exception_is_told_by_kind_first_line_and_place(written: StringIO) -> None:
    log.configure("json", written)
    try:
        try:
            raise KeyError("inner")
        except KeyError as inner:
            raise ValueError("first line\nsecond line: canary") from inner
    except ValueError:
        log.logger("kit.test").exception("it failed")
    [line] = lines(written)
    assert line["error"]["kind"] == "builtins.ValueError"
    assert line["error"]["message"] == "first line"
    assert "test_log.py" in line["error"]["frames"][-1]
    assert line["error"]["cause"]["kind"] == "builtins.KeyError"
    assert "canary" not in written.getvalue()


@pytest.mark.anyio
async def test_an_error_of_the_database_keeps_the_row_to_itself(engine: AsyncEngine, written: StringIO) -> None:
    log.configure("json", written)
    async with db.writing(engine) as connection:
        await connection.execute(text("CREATE TABLE note (key VARCHAR(20) PRIMARY KEY)"))
    insert, row = text("INSERT INTO note VALUES (:key)"), {"key": "canary@example.org"}
    async with db.writing(engine) as connection:
        await connection.execute(insert, row)
    async with engine.connect() as connection:
        with pytest.raises(IntegrityError) as refused:
            await connection.execute(insert, row)
    log.logger("kit.test").error("it failed", exc_info=refused.value)
    assert "IntegrityError" in written.getvalue()
    assert "canary" not in written.getvalue()


def test_a_logger_made_before_logs_were_configured_says_lines_as_configured(written: StringIO) -> None:
    early = log.logger("early")
    log.configure("json", written, least=logging.WARNING)
    early.info("not said")
    early.warning("said", worker="w")
    [line] = lines(written)
    assert (line["room"], line["event"], line["worker"]) == ("early", "said", "w")
