"""A contribution goes to another member, and its reversal has its place in the line of the one whom it left."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from community.kit import clock
from community.kit.db import reading
from tests.engine.driver import Product
from tests.engine.seen import history_of_model, history_of_product
from tests.engine.stage import Stage, performed
from tests.model.machine import Model
from tests.model.points import Contribution
from tests.model.stories import Act

DAY = date(2024, 3, 4)
BOOK = {
    "format": 1,
    "programme": {"slug": "aces", "name": "Aces", "timezone": "UTC", "locale": "en"},
    "contribution_types": [{"key": "post", "name": "Post", "points": {"base": 5}}],
    "caps": [{"points": 6, "per": "month"}],
}
FIRST, SECOND = (Contribution(f"c{n}", "ada", "post", date(2024, 3, n), {}) for n in (1, 2))


def test_what_leaves_is_reversed_before_what_that_frees(stage: Stage) -> None:
    """ada: c1 5, c2 1 (cut). c1 goes to ben: ada −5, −1, +5; ben +5."""

    async def told() -> None:
        model = Model()
        product = Product(stage.engine, "aces", "UTC")
        acts: list[Act] = [
            ("import_rows", {"rows": [FIRST, SECOND], "approve": True}),
            ("edit", {"id_": "c1", "member": "ben"}),
        ]
        with clock.stopped(datetime(2024, 3, 4, tzinfo=ZoneInfo("UTC"))):
            await product.apply(BOOK)
            await product.add({"ada": DAY, "ben": DAY})
            model.apply(BOOK)
            for handle in ("ada", "ben"):
                model.add(handle, DAY)
            for act in acts:
                await product.perform(act, model)
                assert performed(model, act)
            async with reading(product.engine) as connection:
                seen = (await history_of_product(connection, product))["entries"]
        assert [entry[2] for entry in seen["ada"]] == [5, 1, -5, -1, 5]
        assert seen == history_of_model(model)["entries"]

    stage.run(told())
