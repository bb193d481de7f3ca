"""`deploy/nginx/community.conf` in front of two web processes of ours: replaced one after the other under requests, and
among clients that are slow.
"""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPSConnection
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import pytest

from tests.conftest import unavailable
from tests.deploy.promised import DEPLOY
from tests.drills.servers import Process, answers, free_port, wait_until

HOST = "community.example.org"
REQUESTS_A_SECOND = 20
SLOW_ONES = 60
HEAD_SECONDS = 10


class Proxy:
    """nginx with the shipped file, on ports of its own, in front of two web processes."""

    def __init__(self, folder: Path, start_web: Callable[[int], Process]) -> None:
        self.port, self.web_ports = free_port(), [free_port(), free_port()]
        self._start_web = start_web
        self.web = [start_web(port) for port in self.web_ports]
        for port in self.web_ports:
            wait_until("the web process answers", lambda port=port: answers(f"http://127.0.0.1:{port}/healthz"))  # type: ignore[misc]
        site = (DEPLOY / "nginx" / "community.conf").read_text("utf-8")
        for old, new in {
            "127.0.0.1:8001": f"127.0.0.1:{self.web_ports[0]}",
            "127.0.0.1:8002": f"127.0.0.1:{self.web_ports[1]}",
            "    listen 443 ssl http2;\n": f"    listen 127.0.0.1:{self.port} ssl http2;\n",
            "    listen 80;\n": f"    listen 127.0.0.1:{free_port()};\n",
            "    listen [::]:443 ssl http2;\n": "",
            "    listen [::]:80;\n": "",
            "/etc/ssl/community": str(folder),
        }.items():
            assert old in site, old
            site = site.replace(old, new)
        (folder / "site.conf").write_text(site)
        temporary = "".join(
            f"  {kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (folder / "nginx.conf").write_text(
            f"daemon off;\nuser root;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
            "events { worker_connections 512; }\n"
            f"http {{\n  access_log off;\n{temporary}  include {folder}/site.conf;\n}}\n"
        )
        self._command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
        subprocess.run([*self._command, "-t"], check=True, capture_output=True)
        self._nginx = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until("the proxy answers", lambda: self.asked("GET", "/healthz") == 200)

    def asked(self, method: str, path: str) -> int:
        """The status of an answer; 0 where there was none."""
        connection = HTTPSConnection("127.0.0.1", self.port, timeout=10, context=_trusting())
        try:
            connection.request(method, path, headers={"Host": HOST}, body=b"a=1" if method == "POST" else None)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except OSError:
            return 0
        finally:
            connection.close()

    def replace(self, place: int) -> None:
        """Ends a web process by SIGTERM, and starts another on its port."""
        self.web[place].terminate()
        self.web[place].close()
        port = self.web_ports[place]
        self.web[place] = self._start_web(port)
        wait_until("the new process answers", lambda: answers(f"http://127.0.0.1:{port}/healthz"))

    def close(self) -> None:
        """Ends all of it."""
        self._nginx.terminate()
        self._nginx.wait(10)
        for one in self.web:
            one.close()


def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    """A proxy that answers."""
    if shutil.which("nginx") is None:
        unavailable("nginx", "no nginx")
    subject = ["-subj", f"/CN={HOST}", "-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "fullchain.pem")]
    certificate = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    subprocess.run([*certificate, *subject], check=True, capture_output=True)
    environment = {
        "COMMUNITY_HOME": str(tmp_path / "home"),
        "COMMUNITY_DATABASE_URL": "",
        "COMMUNITY_REDIS_URL": "",
        "COMMUNITY_BASE_URL": f"https://{HOST}",
        "COMMUNITY_TRUSTED_PROXIES": "127.0.0.1",
    }

    def start(port: int) -> Process:
        return Process(environment, tmp_path / f"web-{port}.log", "serve", "--port", port)

    made = Proxy(tmp_path, start)
    yield made
    made.close()


def test_nobody_notices_that_the_web_is_replaced(proxy: Proxy) -> None:
    enough, found = Event(), []

    def ask() -> None:
        methods = iter(range(1_000_000))
        while not enough.is_set():
            method = "POST" if next(methods) % 4 == 0 else "GET"
            found.append((method, proxy.asked(method, "/")))
            sleep(4 / REQUESTS_A_SECOND)

    askers = [Thread(target=ask) for _ in range(4)]
    for one in askers:
        one.start()
    for place in (0, 1):
        sleep(1)
        proxy.replace(place)
    enough.set()
    for one in askers:
        one.join()
    statuses = {method: {status for asked, status in found if asked == method} for method in ("GET", "POST")}
    assert statuses["GET"] == {200}
    assert len(statuses["POST"]) == 1
    assert statuses["POST"] < {403, 404, 405}
    assert len(found) > 3 * REQUESTS_A_SECOND


def test_slow_clients_are_closed_and_hinder_nobody(proxy: Proxy) -> None:
    with ExitStack() as opened:
        began = monotonic()
        slow = []
        for _ in range(SLOW_ONES):
            raw = opened.enter_context(socket.create_connection(("127.0.0.1", proxy.port), timeout=HEAD_SECONDS * 3))
            one = opened.enter_context(_trusting().wrap_socket(raw))
            one.sendall(b"GET / HTTP/1.1\r\nHost: " + HOST.encode() + b"\r\nX-Slow: ")
            slow.append(one)
        took = []
        for _ in range(20):
            asked_at = monotonic()
            assert proxy.asked("GET", "/") == 200
            took.append(monotonic() - asked_at)
        assert sorted(took)[-2] < 0.5
        for one in slow:
            while one.recv(1_024):
                pass
        assert monotonic() - began < HEAD_SECONDS * 2


def test_what_is_for_operators_is_not_for_everybody(proxy: Proxy) -> None:
    assert [proxy.asked("GET", path) for path in ("/metrics", "/readyz", "/healthz")] == [404, 404, 200]
