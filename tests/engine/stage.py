"""Where stories are told: one database and one event loop for all the examples of a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from datetime import date
from itertools import count
from typing import Any, TypeVar

from hypothesis import note, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from community.kit import clock
from community.kit.db import create_engine
from tests.engine.driver import Product
from tests.model.awards import RefusedError
from tests.model.machine import Model
from tests.model.stories import Act, Story, acts_by_day, perform, stories

Result = TypeVar("Result")

ZONES = [
    *("UTC", "Etc/GMT+12", "Pacific/Kiritimati", "Pacific/Chatham", "America/Sao_Paulo", "Europe/Paris"),
    *("Asia/Kathmandu", "Africa/Cairo", "America/St_Johns"),
]
"""From UTC-12 to UTC+14, with quarters of an hour, and with midnights that the change to summer time skips."""


def tales(most_steps: int = 8) -> st.SearchStrategy[tuple[Story, str]]:
    """A story, and the zone of its programme."""
    return st.sampled_from(ZONES).flatmap(
        lambda zone: st.tuples(stories(most_steps=most_steps, timezone=zone), st.just(zone))
    )


class Stage:
    """Runs coroutines on an engine of its own, and begins programmes, each under a new slug."""

    def __init__(self, database_url: str) -> None:
        self._runner = asyncio.Runner()
        self._slugs = (f"story-{number}" for number in count(1))
        self._engines = {database_url: create_engine(database_url, 2)}
        self.engine = self._engines[database_url]

    def run(self, telling: Coroutine[Any, Any, Result]) -> Result:
        """Runs it to its end."""
        return self._runner.run(telling)

    def close(self) -> None:
        """Closes the engine and the loop."""
        for engine in self._engines.values():
            self.run(engine.dispose())
        self._runner.close()

    def beside(self, database_url: str) -> AsyncEngine:
        """An engine on another database, for stories that are told on both."""
        if database_url not in self._engines:
            self._engines[database_url] = create_engine(database_url, 2)
        return self._engines[database_url]

    async def begin(
        self, story: Story, zone: str, engine: AsyncEngine | None = None, kind: type[Product] = Product
    ) -> Product:
        """The programme of a story with its first book and its members."""
        product = kind(engine or self.engine, next(self._slugs), zone)
        with clock.stopped(product.at(first_day(story))):
            await product.apply(story.books[0])
            await product.add(story.members)
        return product


async def telling(story: Story, model: Model, *products: Product) -> AsyncIterator[tuple[date, Act]]:
    """Does what happens in the story to the products and then to the model, and yields each act with its day."""
    for moment, (day, act) in enumerate(acts_by_day(story, model)):
        note(f"{day} {act}")
        done = []
        for product in products:
            with clock.stopped(product.at(day, moment)):
                done.append(await product.perform(act, model))
        assert set(done) == {performed(model, act)}
        yield day, act


def performed(model: Model, act: Act) -> bool:
    """Whether the model did it; False for an acceptance that came too late."""
    try:
        perform(model, act)
    except RefusedError:
        return False
    return True


def examples(share: int = 1, at_least: int = 1) -> int:
    """How many examples a test draws: a share (1, 1/2, 1/3 …) of those that the profile asks for."""
    return max(at_least, settings().max_examples // share)


def first_day(story: Story) -> date:
    """The day on which a story begins."""
    return story.steps[0].day
