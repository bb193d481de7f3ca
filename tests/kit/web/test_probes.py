"""/healthz, /readyz and /metrics: what they say, and to whom."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from community.kit import db, schema
from community.kit.errors import MachineryError
from community.kit.settings import Settings
from community.kit.web.assembly import assemble
from community.kit.web.probes import Readiness
from tests.kit.web.conftest import Sets
from tests.kit.web.stage import LOCAL, STRANGER, made, opened, route

pytestmark = pytest.mark.anyio
TOKEN = "a-token-of-twenty-chars"  # noqa: S105


async def test_health_asks_nobody_else(sets: Sets) -> None:
    app = assemble(sets(database_url="postgresql://nobody@127.0.0.1:1/none"), [])
    async with opened(app, STRANGER) as client:
        assert (await client.get("/healthz")).json() == {"healthy": True}


async def test_ready_says_how_each_part_is(settings: Settings) -> None:
    async def sweep(_engine: object, _settings: Settings) -> str:
        return "3 s"

    async with opened(made(settings, readiness=[Readiness("sweep", sweep)])) as client:
        answer = await client.get("/readyz")
    checks = {"database": "at head", "queue": "embedded", "sweep": "3 s"}
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "checks": checks})


async def test_not_ready_names_the_part_and_nothing_inside(settings: Settings) -> None:
    async def late(_engine: object, _settings: Settings) -> str:
        raise MachineryError("the last sweep was 90 s ago")

    async def broken(_engine: object, _settings: Settings) -> str:
        raise RuntimeError("password=hunter2")

    checks = [Readiness("sweep", late), Readiness("other", broken)]
    async with opened(made(settings, readiness=checks)) as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["sweep"] == "the last sweep was 90 s ago"
    assert answer.json()["checks"]["other"] == "does not answer (RuntimeError)"
    assert "hunter2" not in answer.text


async def test_a_database_that_is_away_is_not_ready(sets: Sets) -> None:
    async with opened(assemble(sets(database_url="postgresql://nobody@127.0.0.1:1/none"), [])) as client:
        answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (503, False)


async def test_a_queue_that_is_away_stops_nobody(sets: Sets) -> None:
    async with opened(made(sets(redis_url="redis://127.0.0.1:1/0"))) as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["checks"]["queue"].startswith("away")


@pytest.mark.parametrize(("revision", "status"), [("9999", 200), (None, 503)])
async def test_an_older_process_serves_on_while_the_database_is_upgraded(
    settings: Settings, revision: str | None, status: int
) -> None:
    engine = db.create_engine(settings.url)
    async with db.writing(engine) as connection:
        await connection.execute(text("DELETE FROM alembic_version"))
        if revision:
            await connection.execute(text("INSERT INTO alembic_version VALUES (:one)"), {"one": revision})
    await engine.dispose()
    async with opened(made(settings)) as client:
        assert (await client.get("/readyz")).status_code == status


async def test_ready_on_both_databases(sets: Sets, database_url: str) -> None:
    async with opened(made(sets(database_url=database_url))) as client:
        assert (await client.get("/readyz")).json()["checks"]["database"] == "at head"


async def test_the_newest_revision_is_known() -> None:
    assert schema.is_known(schema.head())
    assert not schema.is_known("9999")


@pytest.mark.parametrize("path", ["/readyz", "/metrics"])
@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        (LOCAL, {}, 200),
        (("::ffff:127.0.0.1", 1), {}, 200),
        (STRANGER, {}, 404),
        (LOCAL, {"x-forwarded-for": "203.0.113.9"}, 404),
        (LOCAL, {"x-forwarded-for": "127.0.0.1"}, 404),
        (LOCAL, {"forwarded": "for=203.0.113.9"}, 404),
        (LOCAL, {"via": "1.1 proxy"}, 404),
        (STRANGER, {"authorization": f"Bearer {TOKEN}"}, 200),
        (STRANGER, {"authorization": f"Bearer {TOKEN}x"}, 404),
        (STRANGER, {"authorization": "Bearer "}, 404),
        (STRANGER, {"authorization": f"Basic {TOKEN}"}, 404),
    ],
)  # fmt: skip
async def test_operators_only(
    sets: Sets, path: str, client: tuple[str, int], headers: dict[str, str], status: int
) -> None:
    async with opened(made(sets(metrics_token=TOKEN)), client) as opened_client:
        assert (await opened_client.get(path, headers=headers)).status_code == status


async def test_without_a_token_none_opens_them(settings: Settings) -> None:
    async with opened(made(settings), STRANGER) as client:
        assert (await client.get("/metrics", headers={"authorization": "Bearer "})).status_code == 404


async def test_behind_a_trusted_proxy_the_client_counts(sets: Sets) -> None:
    app = made(sets(trusted_proxies="10.0.0.1", metrics_networks="198.51.100.0/24"))
    async with opened(app, ("10.0.0.1", 1)) as client:
        inside = await client.get("/metrics", headers={"x-forwarded-for": "198.51.100.7"})
        outside = await client.get("/metrics", headers={"x-forwarded-for": "203.0.113.9"})
    async with opened(app, STRANGER) as client:
        pretended = await client.get("/metrics", headers={"x-forwarded-for": "198.51.100.7"})
    assert (inside.status_code, outside.status_code, pretended.status_code) == (200, 404, 404)


async def test_metrics_count_by_route_and_never_by_path(settings: Settings) -> None:
    app = made(settings, route("GET", "/told", "kit.told"))
    async with opened(app) as client:
        await client.get("/told?secret=canary")
        await client.get("/canary")
        await client.request("CANARY", "/told")
        found = (await client.get("/metrics")).text
    assert (
        'community_requests_total{method="GET",route="kit.told",status="2xx"} 1.0' in found
    )  # no other test has a route of this name
    assert 'community_requests_total{method="other",route="none",status="4xx"}' in found
    assert "canary" not in found.lower()


async def test_probes_answer_under_any_host(settings: Settings) -> None:
    async with opened(made(settings), base="http://10.1.2.3:8000") as client:
        assert (await client.get("/healthz")).status_code == 200
