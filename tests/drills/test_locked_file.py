"""A SQLite file that somebody keeps locked: whoever writes waits, then is asked to come again; readers are served."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import httpx2
from sqlalchemy.engine import make_url

from tests.drills.scene import ON_SQLITE, Scene
from tests.drills.servers import answers, wait_until
from tests.people.browser import Forms

BUSY_SECONDS = 2


def signing_in(url: str) -> tuple[int, str, float]:
    """Fills in the front door's form, which counts a try: status, Retry-After, seconds."""
    with httpx2.Client(base_url=url, headers={"host": "localhost"}, timeout=60) as client:
        [(_, fields), *_others] = Forms(client.get("/sign-in").text).found
        began = time.monotonic()
        sent = {**fields, "email": "ada@example.org", "password": "who knows"}
        response = client.post("/sign-in", data=sent, headers={"sec-fetch-site": "same-origin"})
        return response.status_code, response.headers.get("retry-after", ""), time.monotonic() - began


@ON_SQLITE
def test_a_file_that_is_locked_for_long(scene: Scene) -> None:
    """Pages that read answer at once; a form is refused with 503 within its patience; afterwards all goes on."""
    scene.begin(members=3, submissions=6)
    _, url = scene.web(module="tests.drills.kinds", DRILL_BUSY=str(BUSY_SECONDS))
    scene.settled()
    status, _, _ = signing_in(url)
    assert status == 422
    file = Path(str(make_url(scene.database_url).database))
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    assert answers(f"{url}/")
    status, again, took = signing_in(url)
    assert (status, again.isdigit()) == (503, True), took
    assert BUSY_SECONDS * 0.5 < took < BUSY_SECONDS * 3 + 5
    holder.execute("ROLLBACK")
    holder.close()
    assert signing_in(url)[0] == 422
    scene.community("contributions", "approve", "drill", "--all-pending")
    scene.settled()
    scene.check()
    wait_until("it is ready again", lambda: answers(f"{url}/readyz"))
