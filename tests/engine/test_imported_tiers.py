"""A tier that a members file says ends the proposal that waited, and that is recorded."""

from __future__ import annotations

from datetime import date, timedelta

from community.kit import clock
from community.kit.db import reading
from tests.engine.driver import Product
from tests.engine.seen import history_of_model, history_of_product
from tests.engine.stage import Stage, performed
from tests.model.machine import Model
from tests.model.stories import Act

DAY = date(2024, 3, 4)
BOOK = {
    "format": 1,
    "programme": {"slug": "aces", "name": "Aces", "timezone": "UTC", "locale": "en"},
    "contribution_types": [{"key": "post", "name": "Post"}],
    "tiers": [
        {"key": "first", "name": "First", "promotion": "manual"},
        {"key": "second", "name": "Second", "promotion": "manual", "gain": {"metric": "tenure", "min": 0}},
    ],
}


def test_an_imported_tier_ends_a_proposal(stage: Stage) -> None:
    """Proposed on the day itself, it lapses as of the day since which the tier is held, and is made again the next."""

    async def told() -> None:
        model, product = Model(), Product(stage.engine, "aces", "UTC")
        acts: list[tuple[date, Act]] = [
            (DAY, ("evaluate_all", {"day": DAY})),
            (DAY, ("import_tier", {"handle": "ada", "tier": "first", "since": DAY - timedelta(days=9)})),
            (DAY + timedelta(days=1), ("evaluate_all", {"day": DAY + timedelta(days=1)})),
        ]
        with clock.stopped(product.at(DAY)):
            await product.apply(BOOK)
            await product.add({"ada": DAY - timedelta(days=30)})
        model.apply(BOOK)
        model.add("ada", DAY - timedelta(days=30))
        for day, act in acts:
            with clock.stopped(product.at(day)):
                await product.perform(act, model)
            assert performed(model, act)
        async with reading(product.engine) as connection:
            seen = (await history_of_product(connection, product))["events"]
        proposed = ("promotion", "second")
        assert seen == {
            "ada": [
                ("2024-02-24", "proposal_lapsed", proposed),
                ("2024-03-04", "proposal_made", proposed),
                ("2024-03-05", "proposal_made", proposed),
            ]
        }
        assert seen == history_of_model(model)["events"]

    stage.run(told())
