"""Random stories keep the laws that the model must obey whatever happens."""

from __future__ import annotations

from datetime import timedelta

import yaml
from hypothesis import HealthCheck, given, settings

from . import stories
from .awards import RefusedError
from .strategies import yaml_text


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(stories.stories(most_steps=20))
def test_a_story_keeps_the_laws_of_ledger_and_standings(story: stories.Story) -> None:
    model = stories.begin(story)
    assert [yaml.safe_load(yaml_text(book))["programme"] for book in story.books]
    for act in stories.acts(story, model):
        try:
            stories.perform(model, act)
        except RefusedError:
            assert act[0] == "accept"
    model.check()
    chain: dict[str, str | None] = {}
    for decision in model.decisions:
        assert decision.origin == chain.get(decision.handle) != decision.tier
        chain[decision.handle] = decision.tier
    assert chain == {handle: standing.tier for handle, standing in model.standings.items() if handle in chain}
    standings, decided, recorded = dict(model.standings), len(model.decisions), len(model.ledger)
    assert model.last_run is not None
    for handle, standing in standings.items():
        found = model.explain(handle, model.last_run)
        assert found.standing == standing
    model.evaluate_all(model.last_run)
    model.apply(model.book)
    assert (model.standings, len(model.decisions), len(model.ledger)) == (standings, decided, recorded)
    model.explain("ada", model.last_run - timedelta(days=40))
