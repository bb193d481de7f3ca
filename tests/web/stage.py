"""`community serve` in a process of its own, on a port of its own; and sockets that say what they like."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2

STARTING_SECONDS = 90


class Served:
    """A server that runs, its port, its log, and a client of it."""

    def __init__(self, process: subprocess.Popen[str], port: int, log: Path) -> None:
        self.process, self.port, self.log = process, port, log
        self.base = f"http://127.0.0.1:{port}"

    def get(self, path: str, **more: Any) -> httpx2.Response:
        """Asks for a page."""
        return httpx2.get(self.base + path, timeout=30, **more)

    def said(self) -> str:
        """What it logged so far."""
        return self.log.read_text("utf-8")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Ends it; answers the exit status and after how many seconds."""
        began = time.monotonic()
        self.process.send_signal(how)
        return self.process.wait(60), time.monotonic() - began


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def serving(folder: Path, *options: str, **settings: str) -> Iterator[Served]:
    """`community serve` with these options and settings, until the block ends."""
    port, log = free_port(), folder / "serve.log"
    environment = {**os.environ, **settings, "COMMUNITY_LOG_FORMAT": "json"}
    command = [sys.executable, "-m", "community", "serve", "--port", str(port), *options]
    with log.open("w") as out, subprocess.Popen(command, env=environment, stdout=out, stderr=out, text=True) as process:
        served = Served(process, port, log)
        try:
            _wait_for(served)
            yield served
        finally:
            process.kill()


def _wait_for(served: Served) -> None:
    until = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < until and served.process.poll() is None:
        with suppress(httpx2.TransportError):
            served.get("/healthz")
            return
        time.sleep(0.05)
    raise TimeoutError(served.said())


@contextmanager
def connected(served: Served, receive_bytes: int | None = None) -> Iterator[socket.socket]:
    """A bare connection; `receive_bytes` makes its window small."""
    with socket.socket() as bare:
        if receive_bytes:
            bare.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        bare.settimeout(40)
        bare.connect(("127.0.0.1", served.port))
        yield bare


def answered(bare: socket.socket) -> bytes:
    """Everything that comes until the other side closes."""
    parts = []
    with suppress(ConnectionError):
        while part := bare.recv(65_536):
            parts.append(part)
    return b"".join(parts)


def head(*lines: str) -> bytes:
    """A head of a request."""
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
