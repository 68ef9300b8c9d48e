"""Releases on real parts: whatever one goes back to is what it was, to the byte."""

import asyncio
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.git import GitRepository
from tests.support.images import ensure_test_image
from tests.support.real import RealShipway, real_shipway

RELEASES = 6
SETTINGS = {"health": {"timeout": 30}, "drain_timeout": 1, "stop_grace": 1, "keep_warm": 0}
#: Of these an instance has its own, whichever release it is of.
OWN = (b"SHIPWAY_DEPLOYMENT_ID", b"SHIPWAY_INSTANCE")
#: And of these, each release.
OF_RELEASE = (b"SHIPWAY_RELEASE", b"SHIPWAY_CONFIG_HASH", b"SHIPWAY_COMMIT")
BASE = "/workspaces/t/projects/t/environments/production/services"


@dataclass(frozen=True)
class Seen:
    """What runs."""

    #: As the process itself has it.
    environment: dict[bytes, bytes]
    image: str
    text: str

    def without(self, *names: bytes) -> dict[bytes, bytes]:
        """The environment but for these."""
        return {name: value for name, value in self.environment.items() if name not in names}


@pytest.fixture(scope="module")
def shipway() -> Iterator[RealShipway]:
    asyncio.run(ensure_test_image())
    with real_shipway() as made:
        yield made


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    return GitRepository.create(tmp_path / "repository")


def configuration(number: int) -> dict[str, str]:
    """Of which some values change, some come and some go."""
    changing = {"NUMBER": f"{number}", "ODD": f"a=b;$HOME \"'\\\n\tü{number}\U0001f6a2", f"ONLY_{number}": "here"}
    return changing | ({"EMPTY": ""} if number % 2 else {})


def configure(shipway: RealShipway, name: str, values: dict[str, str]) -> None:
    """Just these and no others."""
    known = shipway.api.get(f"{BASE}/{name}/config").json()["config"]
    body = {"set": values, "unset": [each for each in known if each not in values]}
    assert shipway.api.patch(f"{BASE}/{name}/config", json=body).status_code == 200


def change(repository: GitRepository, number: int) -> None:
    image = asyncio.run(ensure_test_image())
    page = f"RUN mkdir -p /www && echo 'version {number}' > /www/index.html"
    cmd = 'CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]'
    repository.commit({"Dockerfile": f"FROM {image}\nEXPOSE 8080\n{page}\n{cmd}\n"})


def docker(*words: str) -> bytes:
    return subprocess.run(["docker", *words], check=True, capture_output=True).stdout


def live(shipway: RealShipway, asked: str, host: str) -> Seen:
    """What runs when that deployment is live."""
    ended = shipway.wait(asked)
    assert ended["state"] == "live", ended["failure"]
    path = ended["service"].replace("/", ".")
    name = f"{shipway.installation}.{path}.v{ended['release']}.d{ended['number']}.web.1"
    pairs = docker("exec", name, "cat", "/proc/1/environ").rstrip(b"\0").split(b"\0")
    image = docker("inspect", "--format", "{{.Config.Image}} {{.Image}}", name).decode()
    return Seen(dict(pair.split(b"=", 1) for pair in pairs), image, shipway.get(host).text)


def test_every_release_comes_back_as_it_was_and_its_image_with_todays_config(
    shipway: RealShipway, repository: GitRepository
) -> None:
    host = shipway.create("kept", {"source": {"kind": "git", "url": str(repository.path)}, "settings": SETTINGS})
    first: dict[int, Seen] = {}
    for number in range(1, RELEASES + 1):
        change(repository, number)
        configure(shipway, "kept", configuration(number))
        first[number] = live(shipway, shipway.pipeline("deploy", "kept"), host)
        assert first[number].text == f"version {number}\n"
        given = {name.encode(): value.encode() for name, value in configuration(number).items()}
        assert given.items() <= first[number].environment.items()
    assert len({seen.image for seen in first.values()}) == RELEASES

    for number in (3, 1, 6, 2, 5, 4):
        back = live(shipway, shipway.pipeline("rollback", "kept", {"version": number}), host)
        assert back.without(*OWN) == first[number].without(*OWN)
        assert (back.image, back.text) == (first[number].image, first[number].text)

    today = first[RELEASES]
    for number in (2, 5, 1, 6, 4, 3):
        body = {"version": number, "config": "current"}
        taken = live(shipway, shipway.pipeline("rollback", "kept", body), host)
        assert taken.without(*OWN, *OF_RELEASE) == today.without(*OWN, *OF_RELEASE)
        assert taken.environment[b"SHIPWAY_COMMIT"] == first[number].environment[b"SHIPWAY_COMMIT"]
        assert (taken.image, taken.text) == (first[number].image, first[number].text)


def test_an_image_is_promoted_out_of_the_repository_of_the_service_that_built_it(
    shipway: RealShipway, repository: GitRepository
) -> None:
    host = shipway.create("from", {"source": {"kind": "git", "url": str(repository.path)}, "settings": SETTINGS})
    target = shipway.create("into", {"source": {"kind": "upload"}, "settings": SETTINGS})
    configure(shipway, "into", {"WHERE": "into"})
    for number in (1, 2):
        change(repository, number)
        live(shipway, shipway.pipeline("deploy", "from"), host)
    reference = shipway.api.get(f"{BASE}/from/releases/1").json()["image"]["reference"]
    # The engine must ask the registry for it again, as it would on another machine.
    docker("rmi", "--force", reference)
    assert subprocess.run(["docker", "image", "inspect", reference], capture_output=True).returncode != 0
    promoted = shipway.pipeline("promote", "into", {"source": "t/t/production/from", "version": 1})
    seen = live(shipway, promoted, target)
    assert (seen.text, seen.environment[b"WHERE"]) == ("version 1\n", b"into")
    assert seen.image.startswith(reference)
