"""The programme that stories at the command line are about, and the files that they hand over."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ran

Community = Callable[..., Ran]
"""`community("standings", "list", "stars").out`, `community(…, status=2).err`."""

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
"""The present instant of these stories: today is 2026-03-31."""

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what reads files or options before any database matters."""

STARS = """\
format: 1
# Comments are kept.
programme: {slug: stars, name: Stars, timezone: UTC, locale: en}
contribution_types:
  - key: talk
    name: Talk
    evidence: required
    fields:
      - {key: attendees, name: Attendees, type: integer, min: 1, reach: true}
      - {key: setting, name: Setting, type: choice, choices: [in-person, virtual], required: true}
    points:
      base: 20
      bonuses:
        - {when: {field: setting, is: in-person}, points: 5}
  - {key: post, name: Post, evidence: optional, points: {base: 5}}
  - {key: answer, name: Answer, evidence: optional, review: automatic, points: {base: 1}}
caps:
  - {points: 10, per: month, types: [answer]}
tiers:
  - {key: star, name: Star, gain: {metric: points, min: 20, window: 90d}, keep: {share: 0.5}, grace_days: 20}
  - {key: giant, name: Giant, promotion: manual, gain: {metric: points, min: 60}}
leaderboards:
  - {key: points, name: Points, metric: points}
"""

MEMBERS = """\
handle,name,email,country,joined_on,city
ada,Ada Lovelace,ada@example.org,United Kingdom,2024-01-05,London
Ben,Ben Bit,,FR,2025-06-01,
cleo,Cleo,,,2025-06-01,
"""

WORK = """\
id,handle,type,title,url,occurred_on,attendees,setting
1,ada,talk,On engines,https://example.org/1,2026-03-01,120,in-person
2,ada,post,Notes,https://example.org/2,2026-03-02,,
3,ben,answer,How to begin,,2026-03-03,,
4,ben,talk,On bits,https://example.org/4,2026-03-04,30,virtual
5,cleo,post,Sums,https://example.org/5,2026-03-05,,
"""


def written(folder: Path, name: str, text: str | bytes) -> Path:
    """A file with that text, in UTF-8 and with line feeds."""
    file = folder / name
    file.write_bytes(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
    return file


def found(ran: Ran) -> Any:
    """What a command printed with `--json`."""
    return json.loads(ran.out)


def listed(community: Community, *options: object, slug: str = "stars") -> dict[str, dict[str, Any]]:
    """The contributions by the ids of their source."""
    return {row["external_id"]: row for row in found(community("contributions", "list", slug, *options, "--json"))}


def points_of(community: Community, handle: str, slug: str = "stars") -> int:
    """A member's points."""
    points: int = found(community("ledger", "balance", slug, handle, "--json"))["points"]
    return points


def standing_of(community: Community, handle: str, slug: str = "stars") -> dict[str, Any]:
    """A member's standing as `standings list --json` gives it."""
    rows: list[dict[str, Any]] = found(community("standings", "list", slug, "--json"))
    return next(row for row in rows if row["handle"] == handle)


def counts(report: dict[str, Any]) -> dict[str, int]:
    """The counts of an import that are not 0."""
    return {name: value for name, value in report.items() if isinstance(value, int) and value}
