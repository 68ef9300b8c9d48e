"""Services that Debian would start with their packages stay off, and the machine's own policy comes back."""

import subprocess
from contextlib import nullcontext
from pathlib import Path

import pytest

from shipway.host import apt
from shipway.host.policy import not_started

DENIED = 101
OTHERS = "#!/bin/sh\nexit 104\n"


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    return tmp_path / "policy-rc.d"


def asked(policy: Path, service: str) -> int:
    return subprocess.run([policy, service, "start"], check=False).returncode


def test_only_the_named_services_are_denied(policy: Path) -> None:
    with not_started(["haproxy", "postgresql"], policy):
        denied = [asked(policy, name) for name in ("haproxy", "haproxy.service", "postgresql@15-main.service")]
        allowed = [asked(policy, name) for name in ("ssh", "haproxy-exporter.service")]
    assert denied == [DENIED] * 3
    assert allowed == [0, 0]


def test_nothing_is_left_behind(policy: Path) -> None:
    with not_started(["haproxy"], policy):
        pass
    assert list(policy.parent.iterdir()) == []


def test_the_machines_own_policy_is_asked_meanwhile_and_put_back(policy: Path) -> None:
    policy.write_text(OTHERS)
    policy.chmod(0o755)
    with pytest.raises(RuntimeError), not_started(["haproxy"], policy):
        assert (asked(policy, "haproxy"), asked(policy, "ssh")) == (DENIED, 104)
        raise RuntimeError("the installation fails")
    assert policy.read_text() == OTHERS


def test_what_a_killed_run_left_is_put_right_by_the_next(policy: Path) -> None:
    policy.write_text(OTHERS)
    killed = not_started(["haproxy"], policy)
    killed.__enter__()
    with not_started(["docker-registry"], policy):
        pass
    assert policy.read_text() == OTHERS
    assert list(policy.parent.iterdir()) == [policy]


def test_docker_is_kept_off_also_when_only_its_command_was_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian 12 has both in one package."""
    kept_off: list[str] = []
    monkeypatch.setattr(apt, "is_known", lambda package: package in ("docker.io", "git"))
    monkeypatch.setattr(apt, "_install_twice", lambda _: None)
    monkeypatch.setattr(apt, "not_started", lambda services: nullcontext(kept_off.extend(services)))
    monkeypatch.setattr(apt, "_apt", lambda *_: None)
    apt.install(["docker-buildx | docker.io", "git"])
    assert kept_off == ["docker"]
