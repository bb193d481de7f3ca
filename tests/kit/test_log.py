"""Logs: a line an event, whenever the logger was made."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from community.kit import log


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where this process logs to for a while."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def test_a_logger_made_before_logs_were_configured_says_lines_as_configured(stream: io.StringIO) -> None:
    early = log.logger("early")
    log.configure("json", stream)
    token = log.job_id.set("7")
    try:
        early.info("begins", worker="w")
        raise ArithmeticError("cannot be done")
    except ArithmeticError as error:
        early.error("ends", exc_info=error)
    finally:
        log.job_id.reset(token)
    begins, ends = map(json.loads, stream.getvalue().splitlines())
    assert (begins["room"], begins["event"], begins["worker"], begins["job_id"]) == ("early", "begins", "w", "7")
    assert (ends["error"]["kind"], ends["error"]["message"]) == ("builtins.ArithmeticError", "cannot be done")
