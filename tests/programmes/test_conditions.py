"""Conditions of bonuses and factors (rulebook, section 5)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from community.programmes.book import Factor, condition_fields, holds

TALK = {"attendees": 40, "setting": "hybrid", "held": "2026-05-14", "hours": Decimal("1.50"), "language": "fr",
        "has_url": False, "note": "1.5", "recorded": True}  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"field": "setting", "is": "hybrid"}, True),
        ({"field": "setting", "is": "virtual"}, False),
        ({"field": "setting", "in": ["in-person", "hybrid"]}, True),
        ({"field": "attendees", "is": 40}, True),
        ({"field": "attendees", "min": 40}, True),
        ({"field": "attendees", "max": 39}, False),
        ({"field": "attendees", "min": 40, "max": 40}, True),
        ({"field": "hours", "is": Decimal("1.5")}, True),
        ({"field": "hours", "min": Decimal("1.501")}, False),
        ({"field": "note", "is": "1.5"}, True),
        ({"field": "held", "min": "2026-05-14", "max": "2026-05-14"}, True),
        ({"field": "held", "min": "2026-05-15"}, False),
        ({"field": "held", "is": "2026-05-14"}, True),
        ({"field": "has_url", "is": False}, True),
        ({"field": "recorded", "is": True}, True),
        ({"field": "language", "in": ["de", "fr"]}, True),
        ({"field": "missing", "is": "x"}, False),
        ({"field": "missing", "min": 0}, False),
        ({"none": [{"field": "missing", "is": "x"}]}, True),
        ({"all": [{"field": "attendees", "min": 1}, {"field": "language", "is": "fr"}]}, True),
        ({"all": [{"field": "attendees", "min": 1}, {"field": "language", "is": "de"}]}, False),
        ({"any": [{"field": "attendees", "min": 99}, {"field": "language", "is": "fr"}]}, True),
        ({"none": [{"any": [{"field": "attendees", "min": 99}]}]}, True),
    ],
)
def test_whether_a_condition_holds(condition: dict[str, Any], expected: bool) -> None:
    when = Factor.model_validate({"when": condition, "times": 2}).when
    assert holds(when, TALK) is expected


def test_true_is_not_one() -> None:
    when = Factor.model_validate({"when": {"field": "attendees", "is": 1}, "times": 2}).when
    assert not holds(when, {"attendees": True})


def test_the_fields_that_a_condition_reads() -> None:
    condition = {
        "all": [{"field": "a", "is": 1}, {"none": [{"field": "b", "min": 1}, {"field": "language", "in": ["fr"]}]}]
    }
    when = Factor.model_validate({"when": condition, "times": 2}).when
    assert list(condition_fields(when)) == ["a", "b", "language"]
