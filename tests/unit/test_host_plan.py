"""What is missing on a machine, and what is done about it."""

from collections.abc import Callable

import pytest

from shipway.domain.errors import Unavailable
from shipway.host import setup
from shipway.host.needs import BUILDKIT_CLIENT, ENGINE_ANSWERS, IS_ROOT, NEEDS, NO_APPARMOR, missing
from shipway.host.plan import Plan, choose, decide

BARE = frozenset({NO_APPARMOR, IS_ROOT})
READY = frozenset(sign for need in NEEDS["test"] for sign in need.signs)


def packages(plan: Plan) -> set[str]:
    return {choose(need.package, lambda _: False) for need in plan.install}


def test_a_bare_machine_gets_everything_the_demo_needs() -> None:
    plan = decide("demo", BARE, apt=True)
    everything = {"docker.io", "haproxy", "docker-registry", "git", "mmdebstrap", "iptables", "ca-certificates"}
    assert packages(plan) == everything


def test_the_tests_need_more_than_the_demo() -> None:
    more = packages(decide("test", BARE, apt=True)) - packages(decide("demo", BARE, apt=True))
    assert more == {"postgresql", "chromium", "busybox-static", "git-lfs"}


def test_nothing_is_installed_on_a_machine_that_has_it_all() -> None:
    assert decide("test", READY, apt=True) == Plan()


def test_an_engine_that_answers_is_used_whoever_installed_it() -> None:
    plan = decide("demo", READY - {"dockerd"} | {ENGINE_ANSWERS}, apt=True)
    assert plan == Plan()


def test_an_installed_engine_that_is_not_running_is_not_installed_again() -> None:
    plan = decide("demo", READY - {ENGINE_ANSWERS}, apt=True)
    assert plan == Plan()


def test_a_docker_command_that_cannot_build_is_told_from_one_that_can() -> None:
    lacking = missing("demo", READY - {BUILDKIT_CLIENT})
    assert [need.why for need in lacking] == ["BuildKit for the docker command"]


def test_apparmors_tools_are_wanted_only_by_a_kernel_that_uses_it() -> None:
    with_apparmor = packages(decide("demo", BARE - {NO_APPARMOR}, apt=True))
    assert with_apparmor - packages(decide("demo", BARE, apt=True)) == {"apparmor"}


def test_a_user_who_is_not_root_needs_user_ids_of_their_own_for_base_images() -> None:
    not_root = packages(decide("demo", BARE - {IS_ROOT}, apt=True))
    assert not_root - packages(decide("demo", BARE, apt=True)) == {"uidmap"}


def test_without_apt_a_person_is_told_what_to_install_and_why() -> None:
    with pytest.raises(Unavailable, match=r"haproxy +proxy in front of the apps") as caught:
        decide("demo", READY - {"haproxy", "mmdebstrap"}, apt=False)
    assert "mmdebstrap" not in caught.value.message


def test_without_apt_shipway_does_without_what_it_can_do_without() -> None:
    plan = decide("demo", READY - {"mmdebstrap"}, apt=False)
    assert [need.package for need in plan.without] == ["mmdebstrap"]


def test_the_first_alternative_that_the_distribution_knows_is_taken() -> None:
    assert choose("docker-buildx | docker.io", {"docker-buildx", "docker.io"}.__contains__) == "docker-buildx"
    assert choose("docker-buildx | docker.io", {"docker.io"}.__contains__) == "docker.io"


def test_each_package_is_announced_once_with_everything_it_is_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shipway.host.apt.is_known", lambda package: package == "docker.io")
    setup.announce(decide("demo", READY - {"dockerd", ENGINE_ANSWERS, "docker"}, apt=True))
    assert capsys.readouterr().out.splitlines() == [
        "-----> Installing from this system's packages, with apt-get:",
        "       docker.io         Docker engine: runs the apps; docker command",
    ]


def test_what_is_installed_has_been_announced_before(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = set(READY - {"haproxy"})
    said_before = ""

    def install(arguments: tuple[str, ...], _: object) -> None:
        nonlocal said_before
        said_before = capsys.readouterr().out
        seen.update(arguments)

    machine(monkeypatch, seen, install)
    setup.set_up("demo")
    assert "haproxy           proxy in front of the apps" in said_before
    assert "haproxy" in seen


def test_a_package_that_did_not_bring_what_was_wanted_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, set(READY - {"docker"}), lambda *_: None)
    with pytest.raises(Unavailable, match="still not found"):
        setup.set_up("demo")


def machine(
    monkeypatch: pytest.MonkeyPatch, seen: set[str], install: Callable[[tuple[str, ...], object], None]
) -> None:
    """A machine with apt and a running engine, that shows these signs."""
    monkeypatch.setattr("shipway.host.apt.is_known", lambda _: True)
    monkeypatch.setattr("shipway.host.setup.look", lambda _: frozenset(seen))
    monkeypatch.setattr("shipway.host.setup.find", lambda _: "/usr/bin/apt-get")
    monkeypatch.setattr("shipway.host.setup.as_root", install)
    monkeypatch.setattr("shipway.host.engine.ensure_running", lambda: None)
