"""The registry is closed by default: what is not declared in full is not served."""

from __future__ import annotations

from typing import Any

import pytest

from community.kit.web.rates import Rate
from community.kit.web.routes import Access, Route, Routes, RoutesRefused
from tests.kit.web.stage import hello, route


async def thing(_request: Any) -> str:
    return "thing"


@pytest.mark.parametrize("missing", ["access", "load", "rate"])
def test_a_route_declares_who_may_enter_what_it_loads_and_its_rate(missing: str) -> None:
    declared: dict[str, Any] = {"access": Access.PUBLIC, "load": None, "rate": Rate.NONE}
    del declared[missing]
    with pytest.raises(TypeError, match=missing):
        Route("GET", "/x", "kit.x", hello, **declared)


@pytest.mark.parametrize(
    ("routes", "fault"),
    [
        ([route("GET", "/a", "kit.a"), route("GET", "/a", "kit.b")], "the same method and path as GET /a (kit.a)"),
        (
            [route("GET", "/{a}", "kit.a", load=thing), route("GET", "/{b}", "kit.b", load=thing)],
            "the same method and path as GET /{a} (kit.a)",
        ),
        ([route("GET", "/a", "kit.a"), route("GET", "/b", "kit.a")], "the same name as GET /a (kit.a), another path"),
        ([route("GET", "/p/{slug}", "kit.a")], "`load` does not say how it is found"),
        ([route("FETCH", "/a", "kit.a")], "method 'FETCH'"),
        ([route("GET", "a", "kit.a")], "a path begins with /"),
        ([route("GET", "/a", "Front")], "a name is room.noun"),
        ([route("GET", "/a", "kit.a", access="public-ish")], "access is not declared"),
        ([route("GET", "/a", "kit.a", access=None)], "access is not declared"),
        ([route("GET", "/a", "kit.a", rate=None)], "rate is not declared"),
        ([route("GET", "/a", "kit.a", database=False, access=Access.ADMIN)], "nobody is known"),
        ([route("GET", "/a", "kit.a", database=False, load=thing)], "nothing can be loaded"),
        (
            [route("GET", "/p/{slug}", "kit.a", load=thing), route("GET", "/p/new", "kit.b")],
            "hidden behind /p/{slug}",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_served_is_said_when_the_app_is_built(routes: list[Route[Any]], fault: str) -> None:
    with pytest.raises(RoutesRefused) as refused:
        Routes(routes)
    assert fault in str(refused.value)


def test_every_fault_is_listed_at_once() -> None:
    with pytest.raises(RoutesRefused) as refused:
        Routes([route("FETCH", "a", "Front", access=None)])
    assert len(str(refused.value).splitlines()) == 4


def test_one_path_may_be_read_and_written_under_one_name() -> None:
    table = Routes([route("GET", "/a", "kit.a"), route("POST", "/a", "kit.a")])
    assert [one.method for one in table.by_path()["/a"]] == ["GET", "POST"]


def test_a_path_is_made_of_a_name_and_values_that_cannot_leave_their_place() -> None:
    table = Routes(
        [route("GET", "/p/{slug}/m/{handle}", "kit.a", load=thing), route("GET", "/f/{path:path}", "kit.f", load=thing)]
    )
    assert table.url("kit.a", slug="aces", handle="a/b?c#d") == "/p/aces/m/a%2Fb%3Fc%23d"
    assert table.url("kit.f", path="a/b c") == "/f/a/b%20c"
    with pytest.raises(KeyError, match="takes slug, handle"):
        table.url("kit.a", slug="aces")
