"""Finding a docker client that can build, among scripts that answer as real ones do."""

from pathlib import Path

import pytest

from shipway.builders import front_end
from shipway.builders.front_end import FrontEnd, clean_environment, find_front_end
from shipway.builders.progress_plain import PlainProgress
from shipway.builders.progress_rawjson import RawJsonProgress
from shipway.domain.errors import Unavailable

#: Recent, without its plugin: wants buildx even for `build --help`.
WITHOUT_BUILDX = 'echo "ERROR: BuildKit is enabled but the buildx component is missing or broken." >&2; exit 1'
#: Has BuildKit built in.
BUILT_IN = 'test "$1 $2" = "build --help" && test "$DOCKER_BUILDKIT" = 1'
WITH_BUILDX = 'test "$1 $2" = "buildx version" && echo "github.com/docker/buildx v{} 1234567"'


@pytest.fixture(autouse=True)
def only_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front_end, "_ALSO", ())


def clients(directory: Path, *scripts: str) -> dict[str, str]:
    """An environment whose PATH leads to these docker commands, in this order."""
    folders = []
    for number, script in enumerate(scripts):
        folder = directory / str(number)
        folder.mkdir()
        (folder / "docker").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "docker").chmod(0o755)
        folders.append(str(folder))
    return {"PATH": ":".join([*folders, "/nowhere"]), "DOCKER_BUILDKIT": "1"}


async def test_buildx_is_preferred_wherever_on_the_path_it_is(tmp_path: Path) -> None:
    found = await find_front_end(clients(tmp_path, BUILT_IN, WITH_BUILDX.format("0.19.3")))
    assert found == FrontEnd((f"{tmp_path}/1/docker", "buildx", "build"), rawjson=True, load=("--load",))
    assert isinstance(found.progress(), RawJsonProgress)


async def test_a_buildx_from_before_rawjson_is_read_in_plain(tmp_path: Path) -> None:
    found = await find_front_end(clients(tmp_path, WITH_BUILDX.format("0.12.1")))
    assert found.arguments[-1] == "--progress=plain"
    assert isinstance(found.progress(), PlainProgress)


async def test_a_client_that_misses_its_buildx_is_passed_over_for_one_with_buildkit_built_in(tmp_path: Path) -> None:
    found = await find_front_end(clients(tmp_path, WITHOUT_BUILDX, BUILT_IN))
    assert found == FrontEnd((f"{tmp_path}/1/docker", "build"))


async def test_without_any_client_that_can_build_the_error_says_what_to_install(tmp_path: Path) -> None:
    for environment in (clients(tmp_path, WITHOUT_BUILDX), {"PATH": "/nowhere"}):
        with pytest.raises(Unavailable, match="BuildKit") as error:
            await find_front_end(environment)
        assert "docker-buildx" in error.value.hint


def test_a_client_is_given_nothing_but_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHIPWAY_SOMETHING_SECRET", "x")
    environment = clean_environment(tmp_path, "unix:///run/docker.sock")
    assert environment.keys() - {"DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"} == {
        *("PATH", "HOME", "DOCKER_CONFIG", "DOCKER_HOST", "DOCKER_BUILDKIT", "BUILDX_NO_DEFAULT_ATTESTATIONS"),
        "BUILDX_GIT_INFO",
    }
    assert environment["HOME"] == environment["DOCKER_CONFIG"] == str(tmp_path)
