"""A small proxy that tries again where a connection is refused, as those in front of real installations do."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress

from tests.drills.servers import free_port, listens, wait_until

RETRIED_FOR_SECONDS = 30.0
RETRIED_EVERY_SECONDS = 0.05


class Proxy:
    """Hands connections on to one of some ports, whichever takes them. `refused`: how often one was tried again."""

    def __init__(self, *upstreams: int) -> None:
        self.port, self.refused, self._upstreams = free_port(), 0, upstreams
        self.url = f"http://127.0.0.1:{self.port}"
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="proxy", daemon=True)
        self._thread.start()
        wait_until("the proxy listens", lambda: listens(self.port))

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._pass_on, "127.0.0.1", self.port)
        await self._ended.wait()
        server.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await self._connected()
        await asyncio.gather(_copy(reader, back), _copy(there, writer))
        await asyncio.gather(back.wait_closed(), writer.wait_closed(), return_exceptions=True)

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        until = time.monotonic() + RETRIED_FOR_SECONDS
        while True:
            for port in self._upstreams:
                with suppress(ConnectionRefusedError):
                    return await asyncio.open_connection("127.0.0.1", port)
                self.refused += 1
            if time.monotonic() > until:
                raise ConnectionRefusedError(self._upstreams)
            await asyncio.sleep(RETRIED_EVERY_SECONDS)

    def close(self) -> None:
        """Ends it."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(5)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while some := await reader.read(65_536):
            writer.write(some)
            await writer.drain()
    writer.close()
