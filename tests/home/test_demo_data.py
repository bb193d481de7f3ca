"""The demonstration's data: repeatable, believable, and taken whole by the forms that every file passes."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import pairwise
from urllib.parse import urlsplit

import pytest

from community.contributions.forms import Content, ContributionForms
from community.home import demo
from community.kit.days import DayReader
from community.kit.text import fold
from community.members.forms import MemberForm, MemberRow
from community.programmes.document import read_document
from community.programmes.parse import parse
from tests.model import points, tiers
from tests.model.requirements import Credit, Facts

TODAY = date(2026, 11, 23)
DAYS = (TODAY, date(2028, 2, 29), date(2027, 1, 1))
WIDEST_WINDOW_DAYS = 366
Rows = list[dict[str, str]]


@cache
def told(today: date = TODAY) -> tuple[Rows, Rows]:
    """The rows of both files."""
    return list(demo.members(1, today)), list(demo.contributions(1, today))


def test_the_same_seed_and_day_tell_the_same_and_another_seed_something_else() -> None:
    assert (list(demo.members(1, TODAY)), list(demo.contributions(1, TODAY))) == told()
    assert list(demo.members(2, TODAY)) != told()[0]


@pytest.mark.parametrize("today", DAYS)
def test_columns_ids_and_handles(today: date) -> None:
    members, contributions = told(today)
    assert {tuple(row) for row in members} == {demo.MEMBER_COLUMNS}
    assert {tuple(row) for row in contributions} == {demo.CONTRIBUTION_COLUMNS}
    handles = {fold(row["handle"]) for row in members}
    assert len(handles) == len(members) == 2_000
    assert {fold(row["handle"]) for row in contributions} <= handles
    assert len({row["id"] for row in contributions}) == len(contributions)
    assert 30_000 <= len(contributions) <= 45_000


@pytest.mark.parametrize("today", DAYS)
def test_days_lie_between_joining_and_leaving(today: date) -> None:
    members, contributions = told(today)
    joined = {row["handle"]: row["joined_on"] for row in members}
    left = {row["handle"]: row["left_on"] or today.isoformat() for row in members}
    assert demo.first_day(today).isoformat() <= min(joined.values())
    assert max(joined.values()) <= today.isoformat()
    assert all(joined[row["handle"]] <= row["occurred_on"] <= left[row["handle"]] for row in contributions)
    assert max(row["occurred_on"] for row in contributions) == today.isoformat()
    assert contributions == sorted(contributions, key=lambda row: row["occurred_on"])
    assert all(row["return_on"] > today.isoformat() for row in members if row["status"] == "on_leave")


@pytest.mark.parametrize("today", DAYS)
def test_every_row_passes_the_forms_without_a_warning(today: date) -> None:
    book = parse(demo.book_text(), "book.yaml").book
    member_form = MemberForm([tier.key for tier in book.tiers], DayReader(book.programme.timezone), today)
    forms = ContributionForms(book, DayReader(book.programme.timezone), today)
    members, contributions = told(today)
    for row in members:
        checked = member_form.check(row)
        assert isinstance(checked, MemberRow), checked
        assert not checked.warnings
    for row in contributions:
        content = forms.check(row)
        assert isinstance(content, Content), content
        assert not content.warnings


def test_the_book_is_whole_and_raises_no_warning() -> None:
    parsed = parse(demo.book_text(), "book.yaml")
    assert parsed.warnings == ()
    assert [kind.key for kind in parsed.book.contribution_types] == [
        "talk", "post", "answer", "video", "workshop", "code",
    ]  # fmt: skip
    assert [tier.key for tier in parsed.book.tiers] == ["scout", "guide", "navigator", "polaris"]


def test_titles_read_like_titles() -> None:
    _, contributions = told()
    for row in contributions:
        text = "\n".join((row["title"], row["description"], row["event"]))
        assert not re.search(r"[{}]|lorem|ipsum|  ", text, re.IGNORECASE), text
        assert 8 <= len(row["title"]) <= 140
    kinds = Counter((row["type"], row["title"]) for row in contributions if row["type"] == "talk")
    assert len(kinds) > 0.6 * sum(kinds.values())


def test_addresses_are_those_set_aside_for_examples() -> None:
    members, contributions = told()
    hosts = {urlsplit(row["url"]).hostname for row in contributions if row["url"]}
    assert all(host and re.search(r"(^|\.)example\.(org|com|net)$", host) for host in hosts)
    assert all(row["email"].endswith("@example.org") for row in members)


def test_french_and_english_countries_and_fates() -> None:
    members, contributions = told()
    languages = Counter(row["language"] for row in contributions)
    assert set(languages) == {"en", "fr"}
    assert 0.3 < languages["fr"] / languages.total() < 0.5
    statuses = Counter(row["status"] for row in members)
    assert set(statuses) == {"active", "on_leave", "alumni", "left", "removed"}
    assert 0.9 < statuses["active"] / statuses.total() < 0.97
    assert len({row["country"] for row in members}) > 20
    newcomers = [row for row in members if (TODAY - date.fromisoformat(row["joined_on"])).days < 60]
    assert 40 < len(newcomers) < 200


def test_a_busy_few_a_long_tail_and_talks_that_rest_in_august() -> None:
    members, contributions = told()
    by_handle = Counter(row["handle"] for row in contributions)
    busiest = sum(count for _, count in by_handle.most_common(len(members) // 10))
    assert 0.4 < busiest / len(contributions) < 0.75
    assert sum(by_handle[row["handle"]] <= 3 for row in members) > 0.2 * len(members)
    talks = Counter(row["occurred_on"][5:7] for row in contributions if row["type"] == "talk")
    assert talks["08"] * 3 < talks["10"]


def test_runs_end_today_and_get_closer_together() -> None:
    days = demo.run_days(TODAY)
    assert days[0] == demo.first_day(TODAY)
    assert days[-1] == TODAY
    gaps = [(later - day).days for day, later in pairwise(days)]
    assert min(gaps) == 1
    assert max(gaps) == 31
    assert 60 < len(days) < 80


def test_every_tier_is_populated_and_some_are_at_risk() -> None:
    """A quarter of the people, by the independent model, on the first day of each month and today."""
    book = read_document(demo.book_text()).value
    members, contributions = told()
    credited = _credits(book, contributions)
    final = [_final(book, row, credited[row["handle"]]) for row in members[::4]]
    held = Counter(standing.tier for standing in final)
    assert 0.45 < held[None] / len(final) < 0.65
    assert 0.2 < held["scout"] / len(final) < 0.38
    assert 0.07 < held["guide"] / len(final) < 0.17
    assert 0.015 < held["navigator"] / len(final) < 0.07
    assert 0 < held["polaris"] / len(final) < 0.03
    assert 0.015 < sum(standing.at_risk_since is not None for standing in final) / len(final) < 0.09
    assert sum(standing.proposal is not None for standing in final) < 12


def _credits(book: points.Book, rows: Rows) -> Mapping[str, list[Credit]]:
    """What each handle is credited with, in the order of days."""
    forms = ContributionForms(parse(demo.book_text(), "book.yaml").book, DayReader("UTC"), TODAY)
    lines: dict[str, list[points.Contribution]] = defaultdict(list)
    for arrival, row in enumerate(rows):
        content = forms.check(row)
        assert isinstance(content, Content)
        day, has_url = content.occurred_on, bool(content.url)
        fields = {key: Decimal(value) if key == "hours" else value for key, value in content.fields.items()}
        lines[row["handle"]].append(
            points.Contribution(
                row["id"],
                row["handle"],
                content.type,
                day,
                fields,
                content.language,
                has_url,
                arrival=arrival,
                version=1,
            )
        )
    credited: dict[str, list[Credit]] = defaultdict(list)
    for handle, line in lines.items():
        got = points.awards({1: book}, line)
        for each in line:
            reach = each.fields.get("attendees", each.fields.get("views", 0))
            assert isinstance(reach, int)
            credited[handle].append(Credit(each.type, each.day, got[each.id], reach, each.fields))
    return credited


def _final(book: points.Book, row: dict[str, str], credits_: list[Credit]) -> tiers.Standing:
    """The standing of a member today; managers accept what is proposed until the settled day."""
    member = tiers.Member(row["handle"], date.fromisoformat(row["joined_on"]), row["status"])
    if row["return_on"]:
        member.return_on = date.fromisoformat(row["return_on"])
        member.leaves.append((TODAY, member.return_on))
    if row["locked"]:
        member.locked_until = date.max
    since = date.fromisoformat(row["tier_since"]) if row["tier_since"] else None
    standing = tiers.Standing(row["tier"] or None, since)
    for day in demo.run_days(TODAY):
        if day.day != 1 and day != TODAY:
            continue
        recent = tuple(each for each in credits_ if 0 <= (day - each.day).days < WIDEST_WINDOW_DAYS)
        if standing.tier is None and not recent:
            continue
        standing = _evaluated(book, member, standing, recent, day)
        if standing.proposal and day <= demo.settled_until(TODAY):
            standing = tiers.Standing(standing.proposal.tier, day)
    return standing


def _evaluated(
    book: points.Book, member: tiers.Member, before: tiers.Standing, recent: tuple[Credit, ...], day: date
) -> tiers.Standing:
    def facts(since: date | None) -> Facts:
        return Facts(day, book["programme"]["cycle"], member.joined_on, since, recent)

    return tiers.evaluate_member(member, before, {1: book}, facts, day).standing
