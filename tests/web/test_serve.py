"""`community serve`: starts, answers, stops, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.web.stage import answered, connected, head, serving


def test_it_begins_with_an_empty_folder(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with serving(tmp_path, COMMUNITY_HOME=str(home), COMMUNITY_DATABASE_URL="") as served:
        assert "There is no programme yet." in served.get("/").text
        assert served.get("/readyz").json()["ready"]
        assert stat.S_IMODE((home / "secret.key").stat().st_mode) == 0o600
        assert served.stop()[0] == 0
    assert (home / "community.sqlite3").exists()


def test_it_serves_both_databases(tmp_path: Path, home: Path, database_url: str) -> None:
    with serving(tmp_path) as served:
        assert served.get("/", headers={"accept-language": "fr"}).text.count("Il n’y a pas encore de programme.") == 1
        assert served.get("/readyz").json()["checks"]["database"] == "at head"


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_postgresql_is_upgraded_by_hand(tmp_path: Path, home: Path, database_url: str) -> None:
    import asyncio

    from sqlalchemy import text

    from community.kit import db

    async def forget() -> None:
        engine = db.create_engine(database_url)
        async with db.writing(engine) as connection:
            await connection.execute(text("DELETE FROM alembic_version"))
        await engine.dispose()

    asyncio.run(forget())
    with pytest.raises(TimeoutError, match="run `community db upgrade`"), serving(tmp_path):
        pass


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_what_is_under_way_is_finished(tmp_path: Path, how: signal.Signals) -> None:
    with serving(tmp_path, COMMUNITY_HOME=str(tmp_path), COMMUNITY_DATABASE_URL="") as served:
        with connected(served) as slow, connected(served) as idle:
            slow.sendall(head("POST /csp-reports HTTP/1.1", "Host: localhost", "Content-Length: 4") + b"ab")
            idle.sendall(head("GET /healthz HTTP/1.1", "Host: x"))
            time.sleep(0.5)
            threading.Timer(1.5, slow.sendall, [b"cd"]).start()
            status, seconds = served.stop(how)
            assert answered(slow).startswith(b"HTTP/1.1 204 ")
            assert answered(idle).startswith(b"HTTP/1.1 200 ")
        assert status == 0
        assert 1 < seconds < 20


def test_who_never_ends_is_left_within_twenty_seconds(tmp_path: Path) -> None:
    with (
        serving(tmp_path, COMMUNITY_HOME=str(tmp_path), COMMUNITY_DATABASE_URL="") as served,
        connected(served) as slow,
    ):
        slow.sendall(head("POST /csp-reports HTTP/1.1", "Host: localhost", "Content-Length: 15000") + b"a" * 10_000)
        time.sleep(0.5)
        status, seconds = served.stop()
        assert status == 0
        assert seconds < 20


def test_several_processes_behind_a_port_count_together(tmp_path: Path) -> None:
    with serving(
        tmp_path, "--workers", "2", COMMUNITY_HOME=str(tmp_path), COMMUNITY_DATABASE_URL="", COMMUNITY_RATE_SCALE="0"
    ) as served:
        for _ in range(40):
            served.get("/")
        told = served.get("/metrics").text
        counted = re.findall(r'community_requests_total\{method="GET",route="home.front",status="2xx"\} (\d+)', told)
        assert counted == ["40"]
        status, seconds = served.stop()
        assert (status, seconds < 20) == (0, True)


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with serving(tmp_path, COMMUNITY_HOME=str(tmp_path), COMMUNITY_DATABASE_URL="") as served:
        environment = {**os.environ, "COMMUNITY_HOME": str(tmp_path), "COMMUNITY_DATABASE_URL": ""}
        command = [sys.executable, "-m", "community", "serve", "--port", str(served.port)]
        second = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90)
        assert second.returncode == 3
        assert "address already in use" in second.stderr


@pytest.mark.parametrize(
    ("setting", "value"), [("COMMUNITY_BASE_URL", "http://aces.example"), ("COMMUNITY_SECRET_KEY", "short")]
)  # fmt: skip
def test_a_setting_that_cannot_be_meant_stops_it(tmp_path: Path, setting: str, value: str) -> None:
    environment = {**os.environ, "COMMUNITY_HOME": str(tmp_path), "COMMUNITY_DATABASE_URL": "", setting: value}
    command = [sys.executable, "-m", "community", "serve", "--port", "0"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90)
    assert (ended.returncode, ended.stderr.startswith(f"{setting}: ")) == (2, True)


def test_its_log_is_lines_of_json_without_what_was_asked_for(tmp_path: Path) -> None:
    with serving(tmp_path, COMMUNITY_HOME=str(tmp_path), COMMUNITY_DATABASE_URL="") as served:
        served.get(
            "/canary-path?token=canary-query", headers={"cookie": "sid=canary-cookie", "authorization": "Bearer canary"}
        )
        served.get(
            "/?canary=1", headers={"x-request-id": "asked-by-a-test", "user-agent": "canary", "referer": "canary"}
        )
        served.get("/healthz")
        served.stop()
        beside = ("Nobody has an account yet.", "http")  # on standard output: how to begin, on an empty installation
        lines = [json.loads(line) for line in served.said().splitlines() if not line.startswith(beside)]
    assert "canary" not in served.said()
    requests = [one for one in lines if one["event"] == "request"]
    assert [(one["route"], one["status"]) for one in requests] == [("none", 404), ("home.front", 200)]
    assert requests[1]["request_id"] == "asked-by-a-test"
    assert {"at", "level", "room", "event"} <= set.intersection(*(set(one) for one in lines))


def test_whoever_had_just_connected_is_answered_while_the_server_stops(tmp_path: Path) -> None:
    """The request was on its way; whoever says nothing holds nobody up."""
    with serving(tmp_path, COMMUNITY_HOME=str(tmp_path)) as served, connected(served) as asks, connected(served):
        time.sleep(0.2)
        served.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        asks.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
        asks.settimeout(10)
        answer = b"".join(iter(lambda: asks.recv(65_536), b""))
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"connection: close" in answer.lower()
        assert served.process.wait(10) == 0
