"""Clients that are slow, greedy or cunning: they are left, and nobody else notices. All on a real server."""

from __future__ import annotations

import re
import socket
import threading
import time
from contextlib import ExitStack, suppress

import httpx2
import pytest

from tests.web.stage import Served, answered, connected, head

GET = ("GET /healthz HTTP/1.1", "Host: localhost")
POST = ("POST /csp-reports HTTP/1.1", "Host: localhost", "Content-Type: application/csp-report")


def left_after(bare: socket.socket, drip: bytes = b"", every: float = 0.5, at_most: float = 30) -> float:
    """For how long the server puts up with a client that sends `drip` again and again."""
    began = time.monotonic()
    bare.settimeout(every)
    while time.monotonic() - began < at_most:
        try:
            if drip:
                bare.sendall(drip)
            if not bare.recv(65_536):
                break
        except TimeoutError:
            continue
        except ConnectionError:
            break
    return time.monotonic() - began


SLOW = {
    "says nothing": (b"", b""),
    "a head line by line": (b"GET / HTTP/1.1\r\n", b"X: y\r\n"),
    "a line byte by byte": (b"GET / HTTP/1.1\r\nX: ", b"y"),
    "a body byte by byte": (head(*POST, "Content-Length: 10000"), b"a"),
    "chunks byte by byte": (head(*POST, "Transfer-Encoding: chunked"), b"1\r\na\r\n"),
    "a second head": (head("GET /static/x/app.js HTTP/1.1", "Host: localhost") + b"GET / HT", b""),
}


def test_slow_clients_are_left_within_fifteen_seconds(served: Served) -> None:
    waited: dict[str, float] = {}

    def bother(name: str, begin: bytes, drip: bytes) -> None:
        with connected(served) as bare:
            bare.sendall(begin)
            waited[name] = left_after(bare, drip)

    clients = [threading.Thread(target=bother, args=(name, *how)) for name, how in SLOW.items()]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    assert set(waited) == set(SLOW)
    assert {name: seconds for name, seconds in waited.items() if not 5 < seconds < 15} == {}


def test_what_follows_a_refusal_is_not_read_for_ever(served: Served) -> None:
    with connected(served) as bare:
        bare.sendall(head(*POST, "Content-Length: 100000000"))
        assert b" 413 " in bare.recv(65_536)
        assert left_after(bare, b"a" * 2_000, every=0.2) < 12


def test_a_steady_upload_over_a_slow_line_is_taken(served: Served) -> None:
    with connected(served) as bare:
        bare.sendall(head(*POST, "Content-Length: 16000", "Connection: close"))
        for _ in range(16):
            bare.sendall(b" " * 1_000)
            time.sleep(0.75)
        assert b" 204 " in answered(bare)


def test_who_does_not_take_the_answer_is_left(served: Served) -> None:
    """Pipelined requests for a large file, and a window that stays shut."""
    path = re.findall(r'href="(/static/[^"]+latin\.woff2)"', served.get("/").text)[0]
    with connected(served, receive_bytes=4_096) as bare:
        bare.settimeout(2)
        with suppress(TimeoutError, ConnectionError):
            bare.sendall(head(f"GET {path} HTTP/1.1", "Host: localhost") * 400)
        began = time.monotonic()
        while '"waited_for": "answer"' not in served.said() and time.monotonic() - began < 30:
            time.sleep(0.5)
        assert time.monotonic() - began < 20


def test_three_hundred_slow_ones_hold_nobody_up(served: Served) -> None:
    with ExitStack() as stack, httpx2.Client(base_url=served.base) as client:
        for number in range(300):
            bare = stack.enter_context(connected(served))
            bare.sendall(b"GET / HTTP/1.1\r\nX: " if number % 2 else head(*POST, "Content-Length: 9999"))
        waits = []
        for _ in range(60):
            began = time.monotonic()
            assert client.get("/").status_code == 200
            waits.append(time.monotonic() - began)
        assert sorted(waits)[56] < 0.5


@pytest.mark.parametrize(
    "lines",
    [
        [f"X-{number}: y" for number in range(200)],
        [f"X: {'y' * 40_000}"],
        [f"X-{number}: {'y' * 1_000}" for number in range(60)],
    ],
    ids=["many lines", "a long line", "many long lines"],
)
def test_a_head_has_bounds(served: Served, lines: list[str]) -> None:
    with connected(served) as bare:
        bare.sendall(head(*GET, *lines))
        answer = answered(bare)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"x-content-type-options: nosniff" in answer


def test_a_head_without_an_end_is_refused_before_it_is_kept(served: Served) -> None:
    with connected(served) as bare:
        with suppress(ConnectionError):
            for _ in range(2_000):
                bare.sendall(b"X: " + b"y" * 1_000 + b"\r\n" if _ else b"GET / HTTP/1.1\r\n")
        assert answered(bare)[:13] in (b"HTTP/1.1 431 ", b"")


def test_a_long_address_is_refused(served: Served) -> None:
    with connected(served) as bare:
        bare.sendall(head(f"GET /{'a' * 40_000} HTTP/1.1", "Host: localhost"))
        assert answered(bare).startswith(b"HTTP/1.1 431 ")


INSIDE = "GET /canary HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        head(*POST, "Content-Length: 6", "Transfer-Encoding: chunked") + b"0\r\n\r\n" + INSIDE.encode(),
        head(*POST, "Transfer-Encoding: chunked", "Content-Length: 6") + b"0\r\n\r\n" + INSIDE.encode(),
        head(*POST, "Transfer-Encoding: xchunked") + INSIDE.encode(),
        head(*POST, "Transfer-Encoding: chunked", "Transfer-Encoding: identity") + b"0\r\n\r\n" + INSIDE.encode(),
        head(*POST, "Transfer-Encoding : chunked") + b"0\r\n\r\n" + INSIDE.encode(),
        head(*POST, "Content-Length: 0", "Content-Length: 42") + INSIDE.encode(),
        head(*POST, "Content-Length: +0") + INSIDE.encode(),
        head(*POST, "Content-Length: 0x0") + INSIDE.encode(),
        head(*POST, "Content-Length: 0, 0") + INSIDE.encode(),
        head(*POST, "Content-Length: -1") + INSIDE.encode(),
        head(*GET, "X: y", " folded: z"),
        b"GET /healthz HTTP/1.1\nHost: localhost\n\n",
        head(*GET).replace(b"localhost", b"local\x00host"),
        head("GET /healthz HTTP/1.1\x0b", "Host: localhost"),
        head("GET  /healthz HTTP/1.1", "Host: localhost"),
        head("GET /healthz HTTP/3.7", "Host: localhost"),
        head("GET /healthz", "Host: localhost"),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)  # fmt: skip
def test_nothing_is_smuggled_behind_another_request(served: Served, sent: bytes) -> None:
    with connected(served) as bare:
        bare.sendall(sent)
        with suppress(OSError):
            bare.shutdown(socket.SHUT_WR)
        answer = answered(bare)
    statuses = re.findall(rb"HTTP/1\.1 (\d+) ", answer)
    assert len(statuses) <= 1
    assert b"404" not in statuses, "the request inside was answered"


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        ("http://localhost/healthz", "localhost", b"200"),
        ("/@evil.example", "localhost", b"404"),
        ("//evil.example/healthz", "localhost", b"404"),
        ("/", "x/?", b"421"),
        ("/", "evil.example", b"421"),
        ("/", "localhost@evil.example", b"421"),
        ("/", "localhost, evil.example", b"421"),
    ],
)  # fmt: skip
def test_no_address_leads_elsewhere(served: Served, target: str, host: str, status: bytes) -> None:
    with connected(served) as bare:
        bare.sendall(head(f"GET {target} HTTP/1.1", f"Host: {host}", "Connection: close"))
        answer = answered(bare)
    assert answer.split(b" ", 2)[1] == status
    assert b"evil.example" not in answer


def test_a_body_with_a_length_that_lies_is_cut_off_where_it_ends(served: Served) -> None:
    with connected(served) as bare:
        bare.sendall(head(*POST, "Content-Length: 2", "Connection: close") + b"{}" + b"x" * 50_000)
        assert re.findall(rb"HTTP/1\.1 (\d+) ", answered(bare)) == [b"204"]


def test_a_chunked_body_is_refused_where_it_becomes_too_large(served: Served) -> None:
    with connected(served) as bare:
        bare.sendall(head(*POST, "Transfer-Encoding: chunked"))
        with suppress(ConnectionError):
            for _ in range(30):
                bare.sendall(b"1000\r\n" + b"a" * 4_096 + b"\r\n")
        assert re.findall(rb"HTTP/1\.1 (\d+) ", bare.recv(65_536)) == [b"413"]


def test_who_leaves_in_the_middle_leaves_nothing_behind(served: Served) -> None:
    def leave() -> None:
        for number in range(40):
            with connected(served) as bare:
                sent = (
                    head("GET / HTTP/1.1", "Host: localhost")
                    if number % 2
                    else head(*POST, "Content-Length: 50") + b"x"
                )
                bare.sendall(sent)

    leavers = [threading.Thread(target=leave) for _ in range(5)]
    for one in leavers:
        one.start()
    for one in leavers:
        one.join()
    assert served.get("/").status_code == 200
    assert served.get("/readyz").json()["ready"]
