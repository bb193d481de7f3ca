"""Somebody who opens pages again and again, in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

ANSWERED_WITHIN_SECONDS = 30.0


class Visiting:
    """Asks for pages, one after another, so many times a second. `failed`: what was not answered by 200, and when."""

    def __init__(self, url: str, paths: Sequence[str], per_second: float) -> None:
        self._netloc, self._paths, self._pause = urlsplit(url).netloc, paths, 1 / per_second
        self.asked, self.failed = 0, list[str]()
        self.longest = 0.0
        self._ended = threading.Event()
        self._counted = threading.Lock()
        self._visitors: list[threading.Thread] = []
        self._thread = threading.Thread(target=self._go, name="visiting", daemon=True)
        self._began = time.monotonic()
        self._thread.start()

    def _go(self) -> None:
        """Each visit is on its own: a slow answer holds up nobody else."""
        number = 0
        while not self._ended.is_set():
            path = self._paths[number % len(self._paths)]
            visitor = threading.Thread(target=self._visit, args=(path,), daemon=True)
            visitor.start()
            self._visitors = [one for one in self._visitors if one.is_alive()] + [visitor]
            number += 1
            self._ended.wait(max(0.0, self._began + number * self._pause - time.monotonic()))

    def _visit(self, path: str) -> None:
        began = time.monotonic()
        found = self._answer(path)
        with self._counted:
            self.asked += 1
            self.longest = max(self.longest, time.monotonic() - began)
            if found != "200":
                self.failed.append(f"{began - self._began:.2f} s: {path}: {found}")

    def _answer(self, path: str) -> str:
        connection = HTTPConnection(self._netloc, timeout=ANSWERED_WITHIN_SECONDS)
        try:
            connection.request("GET", path, headers={"host": "localhost"})
            response = connection.getresponse()
            body = response.read()
            return "200" if response.status == 200 else f"{response.status} {body[:300]!r}"
        except (OSError, HTTPException) as error:
            return f"{type(error).__name__}: {error}"
        finally:
            connection.close()

    def finished(self) -> list[str]:
        """Ends; answers what failed."""
        self._ended.set()
        self._thread.join()
        for visitor in self._visitors:
            visitor.join()
        return self.failed
