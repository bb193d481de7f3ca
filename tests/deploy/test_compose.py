"""`deploy/compose.yaml` is what the Compose Specification says, and every service is bounded, watched and restarted.

No container engine runs here: that the services start is not tried.
"""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from tests.deploy.promised import CLEAN_STOP_SECONDS, DEPLOY, ROOT, VARIABLES, is_taken, variables_in

SPEC = json.loads((ROOT / "tests" / "deploy" / "compose_spec" / "compose-spec.json").read_text("utf-8"))
TEXT = (DEPLOY / "compose.yaml").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if one["image"].startswith("${IMAGE")}
LASTING = sorted(set(SERVICES) - {"migrated"})


def test_it_is_what_the_specification_says() -> None:
    jsonschema.Draft202012Validator.check_schema(SPEC)
    jsonschema.validate(COMPOSE, SPEC, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "harm", [{"restrat": "always"}, {"ports": 8000}, {"deploy": {"resources": {"limits": {"memory": 1}}}}]
)
def test_the_specification_would_notice(harm: dict[str, Any]) -> None:
    spoilt = {**COMPOSE, "services": {**SERVICES, "web-1": {**SERVICES["web-1"], **harm}}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(spoilt, SPEC, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_is_bounded(name: str) -> None:
    limits = SERVICES[name]["deploy"]["resources"]["limits"]
    assert set(limits) == {"cpus", "memory", "pids"}
    assert "no-new-privileges:true" in SERVICES[name]["security_opt"]
    assert SERVICES[name]["logging"]["options"] == {"max-size": "20m", "max-file": "5"}


@pytest.mark.parametrize("name", LASTING)
def test_a_service_that_lasts_is_watched_and_restarted(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] == "CMD"
    assert {"interval", "timeout", "retries"} <= set(check)


@pytest.mark.parametrize("name", sorted(OURS))
def test_what_is_ours_may_stop_cleanly_and_do_little_else(name: str) -> None:
    service = OURS[name]
    assert service["stop_signal"] == "SIGTERM"
    assert int(service["stop_grace_period"].removesuffix("s")) > CLEAN_STOP_SECONDS
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    is_taken(shlex.join(["community", *service["command"]]))
    if service.get("healthcheck", {}).get("test", ["", ""])[1] == "community":
        is_taken(shlex.join(service["healthcheck"]["test"][1:]))


def test_nothing_but_the_web_is_reached_from_outside_and_that_by_this_machine_only() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"web-1": ["127.0.0.1:8001:8000"], "web-2": ["127.0.0.1:8002:8000"]}
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert SERVICES["postgres"]["networks"] == SERVICES["redis"]["networks"] == ["inside"]
    [outside] = COMPOSE["networks"]["outside"]["ipam"]["config"]
    assert SERVICES["web-1"]["environment"]["COMMUNITY_TRUSTED_PROXIES"] == outside["gateway"]


def test_what_it_needs_is_started_before() -> None:
    for name in ("web-1", "web-2", "worker"):
        assert SERVICES[name]["depends_on"] == {
            "migrated": {"condition": "service_completed_successfully"},
            "redis": {"condition": "service_healthy"},
        }
    assert SERVICES["migrated"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for service in SERVICES.values():
        assert set(service.get("depends_on", {})) <= set(SERVICES)
        assert {one.partition(":")[0] for one in service.get("volumes", ())} <= set(COMPOSE["volumes"])


def test_every_variable_is_one_that_is_known() -> None:
    for service in OURS.values():
        assert set(service["environment"]) <= VARIABLES
    asked = set(re.findall(r"\$\{([A-Z_]+)", TEXT))
    offered = set(re.findall(r"^(?:# )?([A-Z_]+)=", (DEPLOY / "compose.env").read_text("utf-8"), flags=re.MULTILINE))
    assert asked == offered
    assert variables_in(TEXT) <= VARIABLES


def test_the_image_is_built_from_all_that_the_wheel_is_made_of() -> None:
    build = SERVICES["migrated"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).resolve() == DEPLOY / "Dockerfile"
    let_in = re.findall(r"^!(\S+)$", (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8"), flags=re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*wheel["packages"], *wheel.get("force-include", ()), project["project"]["readme"], "pyproject.toml"}
    assert {one.split("/")[0] for one in needed} | {"constraints.txt"} <= set(let_in)


def test_the_image_runs_as_nobody_in_particular() -> None:
    lines = (DEPLOY / "Dockerfile").read_text("utf-8").splitlines()
    users = [line for line in lines if line.startswith("USER ")]
    assert users == ["USER 10001:10001"]
    assert 'ENTRYPOINT ["community"]' in lines
    assert "STOPSIGNAL SIGTERM" in lines
