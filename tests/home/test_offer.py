"""What a contribution would do for the next tier, while it is being reported."""

from __future__ import annotations

from datetime import date

import pytest

from tests.home.test_portal_home import Scene, at, enter
from tests.home.test_portal_home import ada as ada
from tests.home.test_portal_home import scene as scene
from tests.people.browser import Browser

pytestmark = pytest.mark.anyio


async def test_while_reporting_one_sees_what_it_would_do_for_the_next_tier(scene: Scene, ada: Browser) -> None:
    """The rows that it moves, with the figures that they would have; caught up with once it is approved."""
    with at(2026, 5, 1):
        await scene.report(date(2026, 4, 20), "post", "A post")
        await scene.refresh()
        await enter(ada)
        path = "/p/aces/next-tier?type={}&title=x&occurred_on=2026-05-01"
        found = await ada.open(path.format("post"))
        assert "And towards Associate" in found
        assert "<strong>40</strong>" in found
        assert "Then 20 points to go." in found
        assert "Then nothing is missing." in await ada.open(path.format("talk"))
        assert "It moves nothing that Associate asks for." in await ada.open(path.format("spam"))
        for nothing in ("", "?type=none"):
            assert (await ada.open(f"/p/aces/next-tier{nothing}")).strip() == "", nothing
        assert 'hx-get="/p/aces/next-tier"' in await ada.open("/p/aces/contributions/new?type=talk")
        await scene.report(date(2026, 5, 1), "talk", "A talk")
        await scene.refresh()
        towards_pro = await ada.open(path.format("talk"))
        assert "And towards Pro" in towards_pro
        assert "<strong>2</strong>" in towards_pro
        fr = await ada.client.get(path.format("talk"), headers={"accept-language": "fr"})
        assert fr.status_code == 200
