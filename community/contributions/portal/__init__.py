"""The pages of contributions: mine, one's story, reporting and editing."""

from __future__ import annotations

from typing import Any

from community.contributions.portal import importing, mine, report, story
from community.contributions.portal.places import own_contribution
from community.kit.web.rates import Rate
from community.kit.web.routes import Access, Route
from community.members.place import place

PATH = "/p/{slug}/contributions"
ONE = PATH + "/{id}"

ROUTES: tuple[Route[Any], ...] = (
    Route("GET", PATH, "contributions.mine", mine.mine, access=Access.MEMBER, load=place, rate=Rate.PAGE),
    Route(
        "GET", f"{PATH}/new", "contributions.report", report.new, access=Access.MEMBER, load=place, rate=Rate.PAGE
    ),
    Route(
        "POST", f"{PATH}/new", "contributions.report", report.report,
        access=Access.MEMBER, load=place, rate=Rate.FORM,
    ),
    Route(
        "GET", f"{PATH}/preview", "contributions.preview", report.preview,
        access=Access.MEMBER, load=place, rate=Rate.TYPING,
    ),
    Route(
        "GET", f"{PATH}/import", "contributions.import_file", importing.ask,
        access=Access.MEMBER, load=place, rate=Rate.PAGE,
    ),
    Route(
        "POST", f"{PATH}/import", "contributions.import_file", importing.take,
        access=Access.MEMBER, load=place, rate=Rate.HEAVY,
    ),
    Route(
        "POST", PATH + "/drafts/{draft}/deletion", "contributions.draft_deletion", report.throw_away,
        access=Access.MEMBER, load=place, rate=Rate.FORM,
    ),
    Route(
        "POST", PATH + "/parts/{part}/refusal", "contributions.part_refusal", report.decline,
        access=Access.MEMBER, load=place, rate=Rate.FORM,
    ),
    Route(
        "GET", ONE, "contributions.story", story.show, access=Access.MEMBER, load=own_contribution, rate=Rate.PAGE
    ),
    Route(
        "GET", f"{ONE}/edit", "contributions.edit", report.edit,
        access=Access.MEMBER, load=own_contribution, rate=Rate.PAGE,
    ),
    Route(
        "POST", f"{ONE}/edit", "contributions.edit", report.amend,
        access=Access.MEMBER, load=own_contribution, rate=Rate.FORM,
    ),
    Route(
        "POST", f"{ONE}/submission", "contributions.submission", story.submission,
        access=Access.MEMBER, load=own_contribution, rate=Rate.FORM,
    ),
    Route(
        "POST", f"{ONE}/withdrawal", "contributions.withdrawal", story.withdrawal,
        access=Access.MEMBER, load=own_contribution, rate=Rate.FORM,
    ),
)  # fmt: skip
