"""The page on running it and the product: commands, settings, metrics and files that the page names are there."""

from __future__ import annotations

import re

import pytest

from tests.deploy.promised import DEPLOY, ROOT, VARIABLES, is_taken, variables_in

PAGE = (ROOT / "docs" / "running.md").read_text("utf-8")
ELSEWHERE = {"community_restored"}
"""Names on the page that are no metrics."""


def shown() -> list[str]:
    """The commands of the product on the page: those of examples as they stand, those in sentences with values."""
    examples = re.findall(r"^ {4}(?:env \S+ )?(community [a-z].*)$", PAGE, flags=re.MULTILINE)
    inline = re.findall(r"`(community [a-z][^`]*)`", PAGE)
    return sorted({one.partition("#")[0].strip() for one in (*examples, *inline)})


@pytest.mark.parametrize("command", shown())
def test_a_command_on_the_page_is_taken(command: str) -> None:
    is_taken(re.sub(r"\bID\b", "0193f0d2-7b1a-7c3e-9a54-2f0b8a6c1d3e", command))


def test_every_setting_on_the_page_is_one() -> None:
    named = variables_in(PAGE)
    assert named <= VARIABLES
    assert {"COMMUNITY_DATABASE_URL", "COMMUNITY_REDIS_URL", "COMMUNITY_SECRET_KEY"} <= named


def test_every_metric_on_the_page_is_one_and_none_is_left_out() -> None:
    sources = [ROOT / "community" / "kit" / "metrics.py", ROOT / "community" / "jobs" / "health.py"]
    made = set()
    for source in sources:
        for kind, name in re.findall(r'(\w+)\(\s*"(community_[a-z_]+)"', source.read_text("utf-8")):
            made.add(f"{name}_total" if kind == "CounterMetricFamily" else name)
    told = set(re.findall(r"^\| `(community_[a-z_]+)", PAGE, flags=re.MULTILINE))
    assert told == made
    assert set(re.findall(r"\bcommunity_[a-z_]+\b", PAGE)) <= made | ELSEWHERE


def test_every_file_on_the_page_is_there_and_none_is_left_out() -> None:
    files = {str(one.relative_to(ROOT)) for one in DEPLOY.rglob("*") if one.is_file()}
    assert {one for one in re.findall(r"`(deploy/[^` ]+\.[a-z]+)`", PAGE) if one not in files} == set()
    unnamed = {one for one in files if one.rpartition("/")[2].partition("@")[0].partition(".service")[0] not in PAGE}
    assert unnamed <= {"deploy/Dockerfile.dockerignore"}
