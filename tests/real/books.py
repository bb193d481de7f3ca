"""The books under which real input runs, and how each file is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

HEAD = """\
format: 1
programme: {{slug: {slug}, name: {slug}, timezone: {zone}, locale: en}}
"""
BOARDS = """\
leaderboards:
  - {key: all, name: All, metric: contributions}
  - {key: year, name: This year, metric: points, window: year}
"""

TALKS = """\
contribution_types:
  - key: talk
    name: Talk
    evidence: required
    points:
      base: 20
      factors:
        - {when: {none: [{field: language, is: en}]}, times: 1.5}
caps:
  - {contributions: 4, per: month}
tiers:
  - {key: speaker, name: Speaker, gain: {metric: contributions, min: 1, window: 24mo}}
  - {key: regular, name: Regular, gain: {metric: points, min: 80, window: 24mo}, keep: {share: 0.5}, grace_days: 90}
  - {key: veteran, name: Veteran, gain: {all: [{metric: active_months, min: 10}, {metric: tenure, min: 1000}]}}
"""


def _commits() -> str:
    changed = "{key: lines, name: Lines changed, type: integer, min: 0}"
    lines = f"fields: [{changed}, {{key: files_changed, name: Files, type: integer}}]"
    price = "points: {{base: {base}, bonuses: [{{per: lines, every: 50, points: 1, at_most: 10}}]}}"
    kinds = "".join(
        f"  - {{key: {key}, name: {key.title()}, evidence: required, {lines}, {price.format(base=base)}}}\n"
        for key, base in (("code", 3), ("test", 3), ("docs", 2), ("merge", 1), ("empty", 0))
    )
    return f"""\
contribution_types:
{kinds}\
caps:
  - {{points: 300, per: month}}
  - {{contributions: 40, per: month, types: [merge]}}
tiers:
  - {{key: contributor, name: Contributor, gain: {{metric: contributions, min: 3, window: 365d}}}}
  - key: committer
    name: Committer
    gain:
      all:
        - {{metric: points, min: 300, window: 365d}}
        - {{metric: distinct_types, min: 3, window: 365d}}
        - {{metric: field, field: lines, types: [code, test], min: 1000, window: 365d}}
    keep: {{share: 0.5}}
    grace_days: 60
  - {{key: maintainer, name: Maintainer, gain: {{metric: contributions, types: [merge], min: 100, window: 24mo}}}}
"""


SYMPY = _commits()

POSTS = """\
contribution_types:
  - {key: post, name: Post, evidence: required, points: {base: 5}}
  - {key: video, name: Video, evidence: required, points: {base: 8}}
  - {key: podcast, name: Podcast, evidence: required, points: {base: 8}}
caps:
  - {contributions: 8, per: quarter, types: [post]}
tiers:
  - {key: voice, name: Voice, gain: {metric: points, min: 15, window: 12mo}}
  - {key: columnist, name: Columnist, promotion: manual, gain: {metric: active_months, min: 6, window: 12mo}}
"""

QUESTIONS = """\
contribution_types:
  - key: question
    name: Question
    fields: [{key: views, name: Views, type: integer, min: 0, reach: true}, {key: score, name: Score, type: integer}]
    points: {base: 2}
  - {key: answer, name: Answer, fields: [{key: score, name: Score, type: integer}], points: {base: 4}}
  - {key: comment, name: Comment, review: automatic, points: {base: 0}}
  - {key: wiki, name: Tag wiki, points: {base: 3}}
  - {key: up, name: Vote up, review: automatic, points: {base: 10}}
  - {key: down, name: Vote down, review: automatic, points: {base: -2}}
  - {key: accept, name: Accepted, review: automatic, points: {base: 15}}
  - {key: moderation, name: Moderation, review: automatic, points: {base: 0}}
caps:
  - {points: 200, per: day, types: [up]}
tiers:
  - {key: editor, name: Editor, gain: {metric: points, min: 100}}
  - key: trusted
    name: Trusted
    gain: {any: [{metric: points, min: 1000}, {metric: reach, min: 5000}]}
"""

ALL_CONTRIBUTORS_KEYS = (
    "code", "doc", "test", "bug", "review", "ideas", "translation", "example", "infra", "design", "question",
    "tutorial", "maintenance", "blog", "platform", "tool", "security", "talk", "video", "a11y",
    "project-management", "research",
    "plugin", "user-testing", "content",
)  # fmt: skip
ALL_CONTRIBUTORS = (
    "contribution_types:\n"
    + "".join(f"  - {{key: {key}, name: {key}, points: {{base: 10}}}}\n" for key in ALL_CONTRIBUTORS_KEYS)
    + """\
tiers:
  - {key: helper, name: Helper, gain: {metric: contributions, min: 1}}
  - {key: allround, name: All-round, gain: {metric: distinct_types, min: 5}}
"""
)

CLUBS = """\
contribution_types:
  - key: event
    name: Event
    fields:
      - {key: attendance, name: Attendance, type: integer, min: 0, reach: true}
      - {key: city, name: City, type: text}
      - {key: country, name: Country, type: country}
    points: {base: 10, bonuses: [{per: attendance, every: 10, points: 1, at_most: 20}]}
tiers:
  - {key: host, name: Host, gain: {metric: contributions, min: 1, window: 365d}}
  - {key: captain, name: Captain, gain: {all: [{metric: contributions, min: 3}, {metric: reach, min: 100}]}}
"""


@dataclass(frozen=True)
class Case:
    """One data set: its files, its book, how it is read, what must be refused (by column), and the day of the run."""

    slug: str
    file: str
    book: str
    day: date
    refused: dict[str, int]
    options: tuple[str, ...] = ()
    zone: str = "UTC"
    id_column: str = "contribution_id"

    @property
    def text(self) -> str:
        """The whole book."""
        return HEAD.format(slug=self.slug, zone=self.zone) + self.book + BOARDS


CASES = (
    Case("talks", "talks/contributions.csv.gz", TALKS, date(2019, 12, 31), {"member_handle": 1_869, "date": 1}),
    Case("sympy", "code/contributions_sympy.csv.gz", SYMPY, date(2022, 6, 30), {"title": 23},
         ("--map", "size=lines")),
    Case("posts", "posts/contributions_twir.csv.gz", POSTS, date(2022, 6, 30), {"date": 54}),
    Case("qa", "qa/contributions_bicycles-meta.csv.gz", QUESTIONS, date(2014, 12, 31),
         {"member_handle": 126, "title": 21}),
    Case("all-contributors", "all_contributors/contributions.csv", ALL_CONTRIBUTORS, date(2024, 6, 30), {},
         ("--type-map", "projectManagement=project-management", "--type-map", "userTesting=user-testing")),
    Case("clubs", "events/activity_reports_mozilla_clubs.csv", CLUBS, date(2016, 8, 31), {},
         ("--map", "report_id=id", "--map", "club=title", "--map", "event_date=occurred_on", "--set", "type=event",
          "--date-format", "%m/%d/%Y"), id_column="report_id"),
)  # fmt: skip
