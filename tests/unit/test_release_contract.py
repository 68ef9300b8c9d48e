"""A release is what it was, or nothing of it is started."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shipway.domain.artifacts import Image
from shipway.domain.codec import decode, encode
from shipway.domain.difference import Change, difference
from shipway.domain.errors import ReleaseChanged
from shipway.domain.probe import Probe
from shipway.domain.process import ProcessType, Resources
from shipway.domain.release import Given, Release, refuse_changed, release_hash
from shipway.domain.service import ServiceSettings
from shipway.domain.volume import Volume

GIVEN = Given({"A": "1"}, {"KEY": "KEY@3"}, {"cert": "CERT@1"}, {"app.toml": "f" * 64})


def hash_of(release: Release) -> str:
    return release_hash(
        image=release.image,
        given=release.given,
        processes=release.processes,
        port=release.port,
        settings=release.settings,
        release_command=release.release_command,
    )


def a_release() -> Release:
    made = Release(
        id="rel_1",
        service_id="svc_1",
        number=7,
        image=Image("registry/acme/api@sha256:1", "sha256:1", "v7", 7),
        given=GIVEN,
        processes=(ProcessType("web", "serve"), ProcessType("worker", "work")),
        port=8080,
        settings=ServiceSettings(resources=Resources(devices={"gpu": 1}), stop_graces={"worker": 60}),
        config_hash=GIVEN.hash,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        release_command="migrate",
        commit="c" * 40,
    )
    return replace(made, hash=hash_of(made))


def test_the_hash_of_a_release_is_the_same_in_every_version_of_shipway() -> None:
    """What is recorded today is compared by versions to come: a change of this text refuses every release there is."""
    assert a_release().hash == "421e525e4e7eb7a8c2a19e15c02b94c5d3ce1638888a1ee6cec85d4a595ba358"


def test_what_was_not_touched_passes() -> None:
    refuse_changed(a_release())


def test_it_is_the_same_when_it_comes_back_from_the_store() -> None:
    release = a_release()
    settings = replace(release.settings, stop_grace=30, resources=replace(release.settings.resources, cpus=1))
    back = decode(ServiceSettings, encode(settings))
    assert hash_of(replace(release, settings=back, processes=release.processes[::-1])) == release.hash


CHANGES: dict[str, Callable[[Release], Release]] = {
    "digest": lambda r: replace(r, image=replace(r.image, digest="sha256:2")),
    "reference": lambda r: replace(r, image=replace(r.image, reference="registry/evil/api@sha256:1")),
    "config": lambda r: replace(r, given=replace(r.given, config={"A": "2"})),
    "secret": lambda r: replace(r, given=replace(r.given, secrets={"KEY": "KEY@4"})),
    "secret file": lambda r: replace(r, given=replace(r.given, secret_files={})),
    "file": lambda r: replace(r, given=replace(r.given, files={"app.toml": "e" * 64})),
    "command": lambda r: replace(r, processes=(ProcessType("web", "other"), r.processes[1])),
    "port": lambda r: replace(r, port=80),
    "release command": lambda r: replace(r, release_command=""),
    "memory": lambda r: replace(r, settings=replace(r.settings, resources=Resources(memory=1))),
    "capabilities": lambda r: replace(r, settings=replace(r.settings, capabilities=("NET_RAW",))),
    "volumes": lambda r: replace(r, settings=replace(r.settings, volumes=(Volume("data", "/data"),))),
    "grace": lambda r: replace(r, settings=replace(r.settings, stop_graces={})),
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_makes_an_instance_what_it_is_can_not_change(what: str) -> None:
    with pytest.raises(ReleaseChanged, match="v7 is not what it was") as refused:
        refuse_changed(CHANGES[what](a_release()))
    assert refused.value.code == "release-changed"


def test_an_image_whose_name_says_another_digest_is_refused_even_where_the_hash_fits() -> None:
    odd = replace(a_release(), image=Image("registry/acme/api@sha256:9", "sha256:1", "v7", 7))
    with pytest.raises(ReleaseChanged):
        refuse_changed(replace(odd, hash=hash_of(odd)))


def test_a_release_that_is_older_than_the_check_passes() -> None:
    refuse_changed(replace(CHANGES["config"](a_release()), hash=""))


def test_releases_that_hold_the_same_have_no_difference() -> None:
    assert difference(a_release(), replace(a_release(), id="rel_2", number=8)) == ()


def test_the_difference_names_every_part_that_is_not_the_same() -> None:
    before = a_release()
    after = replace(
        before,
        image=Image("registry/acme/api@sha256:2", "sha256:2", "v8", 8),
        commit="",
        given=Given({"A": "2", "B": ""}, {"KEY": "KEY@4"}, {}, GIVEN.files),
        processes=(ProcessType("web"),),
        port=80,
        release_command="",
        settings=replace(before.settings, probe=Probe(path="/up"), resources=Resources(memory=2**30)),
    )
    assert difference(before, after) == (
        Change("image", "", "sha256:1", "sha256:2"),
        Change("commit", "", "c" * 40, None),
        Change("variable", "A", "1", "2"),
        Change("variable", "B", None, ""),
        Change("secret", "KEY", "KEY@3", "KEY@4"),
        Change("secret-file", "cert", "CERT@1", None),
        Change("process", "web", "serve", ""),
        Change("process", "worker", "work", None),
        Change("port", "", "8080", "80"),
        Change("release-command", "", "migrate", None),
        Change("setting", "health.path", "", "/up"),
        Change("setting", "resources.devices.gpu", "1", None),
        Change("setting", "resources.memory", "536870912", "1073741824"),
    )
    assert [change.change for change in difference(before, after)[1:4]] == ["removed", "changed", "added"]
