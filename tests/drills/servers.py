"""Servers and processes that a drill starts itself, on ports of its own, and may stop, flush or kill."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import asyncpg
import psutil
import pytest

from tests.conftest import unavailable

ROOT = Path(__file__).parents[2]
READY_WITHIN_SECONDS = 40.0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_until(
    what: str,
    found: Callable[[], bool],
    seconds: float = READY_WITHIN_SECONDS,
    *,
    otherwise: Callable[[], object] = lambda: "",
) -> float:
    """Waits until something is so; answers how many seconds it took. Fails after `seconds`, with `otherwise`."""
    began = time.monotonic()
    while not found():
        if time.monotonic() - began > seconds:
            pytest.fail(f"{what}: not within {seconds:g} s {otherwise()}")
        time.sleep(0.02)
    return time.monotonic() - began


def listens(port: int) -> bool:
    """Whether somebody accepts connections on a port."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def kill_all(process: subprocess.Popen[str], sign: int = signal.SIGKILL) -> None:
    """Sends a signal to a process and to everything that it started."""
    with suppress(psutil.NoSuchProcess):
        for one in [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]:
            with suppress(psutil.NoSuchProcess):
                one.send_signal(sign)


class Redis:
    """A Redis server that keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        self.port, self._folder = free_port(), folder
        self.url = f"redis://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Starts it, empty, on the same port as before."""
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        command += ["--dir", str(self._folder)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
        wait_until("Redis listens", lambda: listens(self.port))

    def pause(self) -> None:
        """SIGSTOP: it accepts connections and answers nobody."""
        assert self._process is not None
        kill_all(self._process, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        assert self._process is not None
        kill_all(self._process, signal.SIGCONT)

    def kill(self) -> None:
        """Ends it by kill -9; what it held is gone."""
        if self._process is not None:
            kill_all(self._process)
            self._process.wait(30)

    def say(self, *words: object) -> str:
        """One command by `redis-cli`; answers what it printed."""
        command = ["redis-cli", "-p", str(self.port), *map(str, words)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def flush(self) -> None:
        """Empties it."""
        self.say("flushall")


class Postgres:
    """A PostgreSQL cluster of its own, run by another user where we are root (initdb refuses root)."""

    def __init__(self, folder: Path) -> None:
        self.port, self._data, self._as = free_port(), folder / "data", _not_root()
        self._bin = _postgres_programs()
        if self._as:
            shutil.chown(folder, "postgres")
        self._run([self._bin / "initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"])
        self.start()

    def _run(self, command: list[object]) -> None:
        subprocess.run([*self._as, *map(str, command)], check=True, capture_output=True, cwd="/")

    def url(self, name: str = "postgres") -> str:
        """The URL of one of its databases."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        """Starts it and waits until it answers."""
        self._control("-w", "start")

    def restart(self) -> None:
        """Restarts it at once: connections are cut, nothing committed is lost."""
        self._control("-m", "immediate", "-w", "restart")

    def _control(self, *words: object) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=100"
        self._run([self._bin / "pg_ctl", "-D", self._data, "-o", options, "-l", self._data / "log", *words])

    def kill(self) -> None:
        """Kills the postmaster and all its backends by kill -9."""
        pid = self._pid()
        for one in [*psutil.Process(pid).children(recursive=True), psutil.Process(pid)]:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        wait_until("PostgreSQL is gone", lambda: not psutil.pid_exists(pid))
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    def kill_and_start(self) -> None:
        """Kills it, and starts it again on what it left."""
        self.kill()
        self.start()

    def kill_backend(self) -> None:
        """Kills one of the processes that serve connections by kill -9: the server ends all of them, and recovers."""
        serving = [one for one in psutil.Process(self._pid()).children() if "127.0.0.1(" in " ".join(one.cmdline())]
        serving[len(serving) // 2].kill()
        serving[len(serving) // 2].wait(30)
        wait_until("PostgreSQL answers again", lambda: self.answers())

    def say(self, statement: str) -> None:
        """One statement, on a connection of its own."""
        asyncio.run(self._say(statement))

    async def _say(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url(), timeout=5)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def answers(self) -> bool:
        """Whether it takes connections."""
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self.say("SELECT 1")
            return True
        return False

    def _pid(self) -> int:
        return int((self._data / "postmaster.pid").read_text().split()[0])

    def stop(self) -> None:
        """Stops it for good."""
        with suppress(subprocess.CalledProcessError):
            self._run([self._bin / "pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop"])


def _not_root() -> list[str]:
    return [] if os.geteuid() else ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


def _postgres_programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) if not shutil.which("initdb") else []
    program = shutil.which("initdb") or (str(found[-1]) if found else None)
    if program is None:
        unavailable("postgres", "no initdb to start a server of our own")
    return Path(str(program)).parent


@contextmanager
def redis() -> Iterator[Redis]:
    """A Redis of this drill."""
    if shutil.which("redis-server") is None:
        unavailable("redis", "no redis-server to start one of our own")
    with tempfile.TemporaryDirectory(prefix="drill-redis-") as folder:
        made = Redis(Path(folder))
        made.start()
        try:
            yield made
        finally:
            made.kill()


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL of this drill."""
    with tempfile.TemporaryDirectory(prefix="drill-postgres-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        made = Postgres(Path(folder))
        try:
            yield made
        finally:
            made.stop()


class Process:
    """`community …` (or another module) in a process of its own, with its output in a file."""

    def __init__(
        self, environment: Mapping[str, str], log: Path, *arguments: object, module: str = "community"
    ) -> None:
        self._log = log
        self.out = log.open("a", encoding="utf-8")
        self.popen = subprocess.Popen(
            [sys.executable, "-m", module, *map(str, arguments)], stdout=self.out, stderr=subprocess.STDOUT,
            text=True, env={**os.environ, **environment}, start_new_session=True, cwd=ROOT,
        )  # fmt: skip

    @property
    def log(self) -> str:
        """What it printed so far."""
        return self._log.read_text("utf-8")

    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return self.popen.poll() is None

    def kill(self) -> None:
        """Ends it by kill -9."""
        kill_all(self.popen)
        self.popen.wait(30)

    def terminate(self, within_seconds: float = 20) -> float:
        """Ends it by SIGTERM; answers how many seconds that took."""
        began = time.monotonic()
        self.popen.terminate()
        self.popen.wait(within_seconds)
        return time.monotonic() - began

    def pause(self) -> None:
        """SIGSTOP."""
        kill_all(self.popen, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        kill_all(self.popen, signal.SIGCONT)

    def close(self) -> None:
        """Ends it whatever it does."""
        with suppress(psutil.NoSuchProcess):
            kill_all(self.popen, signal.SIGCONT)
        kill_all(self.popen)
        self.popen.wait(30)
        self.out.close()


def answers(url: str, status: int = 200) -> bool:
    """Whether a page answers so."""
    with suppress(URLError, OSError), urlopen(url, timeout=5) as response:  # noqa: S310 - our own server
        return bool(response.status == status)
    return False
