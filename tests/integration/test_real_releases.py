"""Releases on real parts: whatever one goes back to is what it was, to the byte."""

import asyncio
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from tests.support.git import GitRepository
from tests.support.images import ensure_test_image
from tests.support.real import RealShipway, real_shipway

SETTINGS = {"health": {"timeout": 30}, "drain_timeout": 1, "stop_grace": 1, "keep_warm": 0}
#: Of these an instance has its own, whichever release it is of.
OWN = (b"SHIPWAY_DEPLOYMENT_ID", b"SHIPWAY_INSTANCE")
#: And of these, each release.
OF_RELEASE = (b"SHIPWAY_RELEASE", b"SHIPWAY_CONFIG_HASH", b"SHIPWAY_COMMIT")
ENVIRONMENT = "/workspaces/t/projects/t/environments/production"
BASE = f"{ENVIRONMENT}/services"
DOMAIN = "www.shop.example"


@dataclass(frozen=True)
class Seen:
    """What runs."""

    #: As the process itself has it.
    environment: dict[bytes, bytes]
    image: str
    #: All below /etc/config and /run/secrets, by path.
    files: dict[str, bytes]
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


def give(shipway: RealShipway, name: str, number: int) -> None:
    """Its config files, some of which change, come and go; and the next version of its secret."""
    known = [each["path"] for each in shipway.api.get(f"{BASE}/{name}/files").json()]
    files = {"app.toml": f"n = {number}\r\n" * number, f"only/{number}.txt": "ä\x07 $HOME '\""}
    body = {"set": files, "delete": [each for each in known if each not in files], "deploy": False}
    shipway.api.patch(f"{BASE}/{name}/files", json=body).raise_for_status()
    shipway.api.put(f"{ENVIRONMENT}/secrets/KEY", json={"value": f"key of {number}\n"}).raise_for_status()
    bound = {"variables": {"KEY": "KEY"}, "files": {"key": "KEY"}}
    shipway.api.patch(f"{BASE}/{name}/secrets", json=bound).raise_for_status()


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
    return Seen(dict(pair.split(b"=", 1) for pair in pairs), image, files_of(name), shipway.get(host).text)


def files_of(container: str) -> dict[str, bytes]:
    """Both directories are links and mounts; what they lead to is what the app reads."""
    find = "find -L /etc/config /run/secrets -type f ! -path '*/..*' 2>/dev/null || true"
    paths = docker("exec", container, "sh", "-c", find).decode().split("\n")
    return {path: docker("exec", container, "cat", path) for path in sorted(filter(None, paths))}


@pytest.mark.parametrize("count", [6, pytest.param(30, marks=pytest.mark.heavy)])
def test_every_release_comes_back_as_it_was_and_its_image_with_todays_config(
    shipway: RealShipway, repository: GitRepository, count: int
) -> None:
    chance, name, host = Random(count), f"kept{count}", f"{count}.{DOMAIN}"
    source = {"kind": "git", "url": str(repository.path)}
    shipway.create(name, {"source": source, "settings": SETTINGS, "hosts": [host]})
    first: dict[int, Seen] = {}
    for number in range(1, count + 1):
        change(repository, number)
        configure(shipway, name, configuration(number))
        give(shipway, name, number)
        first[number] = live(shipway, shipway.pipeline("deploy", name), host)
        assert first[number].text == f"version {number}\n"
        given = {name.encode(): value.encode() for name, value in configuration(number).items()}
        assert given.items() <= first[number].environment.items()
        assert first[number].files == {
            "/etc/config/app.toml": f"n = {number}\r\n".encode() * number,
            f"/etc/config/only/{number}.txt": "ä\x07 $HOME '\"".encode(),
            "/run/secrets/key": f"key of {number}\n".encode(),
        }
    assert len({seen.image for seen in first.values()}) == count

    for number in chance.sample(range(1, count + 1), count):
        back = live(shipway, shipway.pipeline("rollback", name, {"version": number}), host)
        assert back.without(*OWN) == first[number].without(*OWN)
        assert (back.image, back.files, back.text) == (first[number].image, first[number].files, first[number].text)

    today = first[count]
    for number in chance.sample(range(1, count + 1), 6):
        body = {"version": number, "config": "current"}
        taken = live(shipway, shipway.pipeline("rollback", name, body), host)
        assert taken.without(*OWN, *OF_RELEASE) == today.without(*OWN, *OF_RELEASE)
        assert taken.environment[b"SHIPWAY_COMMIT"] == first[number].environment[b"SHIPWAY_COMMIT"]
        assert (taken.image, taken.files, taken.text) == (first[number].image, today.files, first[number].text)


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
