"""The systemd units: what they promise, and that systemd takes them (where its own check is installed)."""

from __future__ import annotations

import re
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.conftest import unavailable
from tests.deploy.promised import CLEAN_STOP_SECONDS, DEPLOY, VARIABLES, is_taken, variables_in

UNITS = DEPLOY / "systemd"
LASTING = ("community-web@.service", "community-worker@.service")
PROGRAM = "/opt/community/current/bin/community"
EXPOSURE_AT_MOST = 1.5


class Unit(ConfigParser):
    """A unit file, with names in their own case, and no name twice but those that add up."""

    def __init__(self, *files: Path) -> None:
        super().__init__(interpolation=None, strict=False, comment_prefixes=("#",), delimiters=("=",))
        self.optionxform = str  # type: ignore[assignment,method-assign]
        for file in files:
            self.read_string(file.read_text("utf-8"))


def whole(name: str) -> Unit:
    """A service with what goes for all of them."""
    return Unit(UNITS / "community-.service.d" / "10-hardening.conf", UNITS / name)


@pytest.mark.parametrize("name", LASTING)
def test_a_process_comes_back_for_ever_and_may_stop_cleanly(name: str) -> None:
    unit = whole(name)
    service = unit["Service"]
    assert service["Restart"] == "always"
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
    assert (service["KillSignal"], service["KillMode"]) == ("SIGTERM", "mixed")
    assert CLEAN_STOP_SECONDS < int(service["TimeoutStopSec"]) <= 2 * CLEAN_STOP_SECONDS
    assert unit["Install"]["WantedBy"] == "multi-user.target"


@pytest.mark.parametrize("name", [*LASTING, "community-backup.service"])
def test_a_process_is_bounded_and_may_do_little(name: str) -> None:
    service = whole(name)["Service"]
    assert service["User"] == service["Group"] == "community"
    assert service["MemoryMax"] == "1G"
    assert {"TasksMax", "LimitNOFILE", "LimitCORE"} <= set(service)
    for each in (
        "NoNewPrivileges", "PrivateDevices", "PrivateTmp", "PrivateUsers", "ProtectClock", "ProtectControlGroups",
        "ProtectHome", "ProtectHostname", "ProtectKernelLogs", "ProtectKernelModules", "ProtectKernelTunables",
        "RestrictNamespaces", "RestrictRealtime", "RestrictSUIDSGID", "LockPersonality", "MemoryDenyWriteExecute",
    ):  # fmt: skip
        assert service[each] == "yes", each
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == service["AmbientCapabilities"] == ""
    assert service["UMask"] == "0077"


def test_what_is_started_is_a_command_of_the_product() -> None:
    found = []
    for file in sorted(UNITS.glob("*.service")):
        found += re.findall(rf"{PROGRAM}( [^'\n]+)", file.read_text("utf-8"))
    assert len(found) == 3
    for arguments in found:
        is_taken("community" + arguments.replace("%i", "8001"))


def test_the_environment_has_settings_that_there_are() -> None:
    text = (UNITS / "community.env").read_text("utf-8")
    assert set(re.findall(r"^(?:# )?([A-Z_]+)=", text, flags=re.MULTILINE)) <= VARIABLES
    assert variables_in(text) <= VARIABLES
    for one in Unit(UNITS / "community-.service.d" / "10-hardening.conf")["Service"]["EnvironmentFile"].split():
        assert one == "/etc/community/community.env"


def test_nightly_backups_are_caught_up_and_cleaned_away() -> None:
    timer = Unit(UNITS / "community-backup.timer")["Timer"]
    assert timer["Persistent"] == "yes"
    service = Unit(UNITS / "community-backup.service")["Service"]
    assert service["Type"] == "oneshot"
    assert "-mtime +14 -delete" in service["ExecStartPost"]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The units as they would be installed, with a program that is there."""
    if shutil.which("systemd-analyze") is None:
        unavailable("systemd", "no systemd-analyze")
    folder = tmp_path / "units"
    shutil.copytree(UNITS, folder)
    program = tmp_path / "community"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for file in folder.rglob("*.*"):
        if file.is_file():
            text = file.read_text("utf-8").replace(PROGRAM, str(program))
            file.write_text(re.sub(r"/usr/bin/curl", "/bin/true", text))
    monkeypatch.setenv("SYSTEMD_UNIT_PATH", f"{folder}:")
    return folder


def test_systemd_takes_them(installed: Path) -> None:
    units = sorted(str(one) for one in installed.glob("community-*.*") if one.is_file())
    assert len(units) == 4
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", LASTING)
def test_systemd_finds_them_little_exposed(installed: Path, name: str) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(installed / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    [exposure] = re.findall(r"exposure level for \S+: ([0-9.]+)", done.stdout)
    assert float(exposure) <= EXPOSURE_AT_MOST
