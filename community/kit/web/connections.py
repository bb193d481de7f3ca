"""uvicorn's protocol with what it lacks against slow and greedy clients: deadlines, bounds of heads, an end to queues.

A head must be there within 10 s, a body come at 1 kB/s after the first 10 s, an answer be taken within 15 s of the last
progress. A head is at most 32 kB in 100 lines. Beyond 2 000 connections a request is asked to come again.
"""

from __future__ import annotations

from asyncio import TimerHandle, Transport
from http import HTTPStatus
from typing import Any, cast

from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from community.kit import log
from community.kit.web.headers import ALWAYS, POLICY_OF_DATA

HEAD_SECONDS = 10
HEAD_BYTES = 32_768
HEAD_LINES = 100
BODY_SECONDS = 10
BODY_BYTES_PER_SECOND = 1_000
LINGER_SECONDS = 5
"""For how long a body is still taken, and thrown away, when its request was answered already."""
TAKING_SECONDS = 15
CLOSING_SECONDS = 5
CONNECTIONS = 2_000
LOOK_SECONDS = 1.0
NEW_SECONDS = 1.0
"""So long after it was made, a connection that said nothing yet has a request on its way."""

_log = log.logger("kit.web")


class Patient(HttpToolsProtocol):
    """A connection that is patient, up to a point."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._head_since: float | None = None
        self._head_bytes = 0
        self._body_since: float | None = None
        self._body_bytes = 0
        self._answered_at: float | None = None
        self._paused_since: float | None = None
        self._closing_since: float | None = None
        self._look: TimerHandle | None = None
        self._ending = False

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """The client is expected to say something soon."""
        super().connection_made(transport)
        self._head_since = self.loop.time()
        self._look = self.loop.call_later(LOOK_SECONDS, self._watch)

    def shutdown(self) -> None:
        """The server stops. A connection that was just made has a request on its way, which is answered still."""
        since = self._head_since if self.cycle is None and not self.transport.is_closing() else None
        if since is not None and self.loop.time() - since < NEW_SECONDS:
            self._ending = True
            self.loop.call_later(NEW_SECONDS, self._close_unless_asked)
        else:
            super().shutdown()

    def _close_unless_asked(self) -> None:
        if self.cycle is None:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is watched any longer."""
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Counts what belongs to a head that is not complete yet."""
        super().data_received(data)
        if self._head_since is not None and self._head_bytes + len(data) > HEAD_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self._head_since is not None:
            self._head_bytes += len(data)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self._head_since = self.loop.time()
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        """The head is there; a body may follow. What is beyond the bounds is answered without asking anybody."""
        self._head_since = None
        self._body_since = self.loop.time()
        self._body_bytes = 0
        self._answered_at = None
        usual = self.app
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > HEAD_BYTES or len(self.headers) > HEAD_LINES:
            self.app = _refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif len(self.connections) > CONNECTIONS:
            self.app = _refusal(HTTPStatus.SERVICE_UNAVAILABLE)
        super().on_headers_complete()
        self.app = usual
        if self._ending:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is there in full."""
        self._body_since = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer was handed over."""
        self._answered_at = self.loop.time()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """The client takes its answer more slowly than it is written."""
        self._paused_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """It has taken what there was."""
        self._paused_since = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP."""
        self._refuse(HTTPStatus.BAD_REQUEST)

    def _watch(self) -> None:
        now = self.loop.time()
        if self.transport.is_closing():
            self._closing_since = self._closing_since or now
            if now - self._closing_since > CLOSING_SECONDS:
                self.transport.abort()
        elif self._paused_since is not None and now - self._paused_since > TAKING_SECONDS:
            self._give_up("answer")
        elif self._head_since is not None and now - self._head_since > HEAD_SECONDS:
            self._give_up("head")
        elif self._body_since is not None and self._is_body_slow(now):
            self._give_up("body")
        self._look = self.loop.call_later(LOOK_SECONDS, self._watch)

    def _is_body_slow(self, now: float) -> bool:
        assert self._body_since is not None
        if self._answered_at is not None:
            return now - self._answered_at > LINGER_SECONDS
        allowed = BODY_SECONDS + self._body_bytes / BODY_BYTES_PER_SECOND
        return not self.flow.read_paused and now - self._body_since > allowed

    def _give_up(self, waited_for: str) -> None:
        _log.info("slow client left", waited_for=waited_for)
        self.transport.abort()

    def _refuse(self, status: HTTPStatus) -> None:
        """Answers without the application, which has not seen the request, and closes the connection."""
        self._head_since = None
        words = status.phrase.encode()
        lines = [STATUS_LINE[status], b"content-type: text/plain; charset=utf-8\r\n", b"connection: close\r\n"]
        lines += [f"{name}: {value}\r\n".encode() for name, value in _bounds().items()]
        lines += [b"content-length: %d\r\n\r\n" % len(words), words]
        self.transport.write(b"".join(lines))
        self.transport.close()


def _refusal(status: HTTPStatus) -> ASGI3Application:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = {**_bounds(), "connection": "close"}
        if status is HTTPStatus.SERVICE_UNAVAILABLE:
            headers["retry-after"] = "5"
        await PlainTextResponse(status.phrase, status, headers)(scope, receive, send)

    return cast(ASGI3Application, app)


def _bounds() -> dict[str, str]:
    return {**ALWAYS, "content-security-policy": POLICY_OF_DATA, "cache-control": "no-store"}
