"""Keys: made once, for their owner only, each purpose apart; and settings that are refused."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from community.kit import secrets
from community.kit.errors import MachineryError, UsageError
from community.kit.settings import Settings, load


def test_a_key_is_made_once_and_is_its_owner_s(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    first = secrets.keys(settings)
    file = tmp_path / "home" / secrets.FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert secrets.keys(settings) == first
    assert [one.name for one in file.parent.iterdir()] == [secrets.FILE]


def test_of_many_processes_that_make_one_at_once_one_wins(tmp_path: Path) -> None:
    code = "from community.kit import secrets, settings; print(secrets.keys(settings.load())[0].hex())"
    environment = {**os.environ, "COMMUNITY_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-c", code]
    started = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert len({one.communicate(timeout=60)[0] for one in started}) == 1
    assert [one.returncode for one in started] == [0] * 4


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_may_read_is_no_key(tmp_path: Path, mode: int) -> None:
    settings = Settings(home=tmp_path)
    secrets.keys(settings)
    (tmp_path / secrets.FILE).chmod(mode)
    with pytest.raises(MachineryError, match="may be read by others"):
        secrets.keys(settings)


def test_half_a_key_is_no_key(tmp_path: Path) -> None:
    (tmp_path / secrets.FILE).write_bytes(b"short")
    (tmp_path / secrets.FILE).chmod(0o600)
    with pytest.raises(MachineryError, match="holds no key"):
        secrets.keys(Settings(home=tmp_path))


def test_a_signature_is_for_one_purpose_and_one_value() -> None:
    one, other = secrets.Signer((b"k" * 32,), "forms"), secrets.Signer((b"k" * 32,), "links")
    signature = one.sign(b"value")
    assert one.is_signed(b"value", signature)
    assert not one.is_signed(b"another", signature)
    assert not other.is_signed(b"value", signature)
    assert not one.is_signed(b"value", b"")


def test_the_first_key_signs_and_all_are_accepted() -> None:
    old, new = b"o" * 32, b"n" * 32
    signature = secrets.Signer((old,), "forms").sign(b"value")
    both = secrets.Signer((new, old), "forms")
    assert both.is_signed(b"value", signature)
    assert secrets.Signer((new,), "forms").is_signed(b"value", both.sign(b"value"))
    assert not secrets.Signer((new,), "forms").is_signed(b"value", signature)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", f"{'k' * 32},short"),
        ("METRICS_TOKEN", "short"),
        ("BASE_URL", "ftp://aces.example"),
        ("BASE_URL", "aces.example"),
        ("BASE_URL", "http://aces.example"),
        ("BASE_URL", "https://aces.example/path"),
        ("BASE_URL", "https://ada@aces.example"),
        ("BASE_URL", "https://aces.example?x=1"),
        ("BASE_URL", "https://"),
        ("BASE_URL", "https://aces.example:99999"),
        ("REDIS_URL", "http://localhost"),
        ("TRUSTED_PROXIES", "everybody"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("METRICS_NETWORKS", "*"),
        ("PORT", "65536"),
        ("PORT", "http"),
        ("BODY_LIMIT", "0"),
        ("LOG_FORMAT", "xml"),
        ("RATE_SCALE", "-1"),
        ("RATE_SCALE", "nan"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_meant_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"COMMUNITY_{name}", value)
    with pytest.raises(UsageError, match=f"^COMMUNITY_{name}: ") as refused:
        load()
    assert "SECRET" not in name or value not in str(refused.value)


def test_networks_and_addresses_stand_with_commas_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMUNITY_TRUSTED_PROXIES", " 10.0.0.5, 192.168.0.0/24,::1 ,")
    assert [str(one) for one in load().trusted_proxies] == ["10.0.0.5/32", "192.168.0.0/24", "::1/128"]


@pytest.mark.parametrize(
    ("given", "origin", "secure"),
    [
        ("https://Aces.Example/", "https://aces.example", True),
        ("https://aces.example:8443", "https://aces.example:8443", True),
        ("http://localhost:9000", "http://localhost:9000", False),
        ("http://[::1]:9000", "http://[::1]:9000", False),
        ("", "http://localhost:8000", False),
    ],
)  # fmt: skip
def test_the_address_of_an_installation(given: str, origin: str, secure: bool) -> None:
    settings = Settings(base_url=given)
    assert (settings.origin, settings.secure) == (origin, secure)


def test_a_secret_is_not_shown_with_the_settings() -> None:
    assert "k" * 32 not in repr(Settings(secret_key="k" * 32, metrics_token="t" * 32))
