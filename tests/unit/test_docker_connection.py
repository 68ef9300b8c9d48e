"""What Docker's errors are told as, and where Docker is looked for."""

import aiohttp
import pytest
from aiodocker import DockerError

from shipway.domain.errors import DeployFailed, Unavailable
from shipway.engines.docker.connection import Connection, at_the_edge, unavailable


def test_a_docker_that_is_not_there_is_to_be_started() -> None:
    error = unavailable(DockerError(900, "Cannot connect to Docker Engine via unix:///run/docker.sock [no such file]"))
    assert "/run/docker.sock" in error.message
    assert "systemctl start docker" in error.hint


def test_a_socket_that_may_not_be_used_needs_other_rights() -> None:
    error = unavailable(DockerError(900, "Cannot connect to Docker Engine [Errno 13] Permission denied"))
    assert "group docker" in error.hint


def test_what_docker_could_not_do_is_told_in_its_words() -> None:
    assert "layer does not exist" in unavailable(DockerError(500, "layer does not exist")).message


@pytest.mark.parametrize(
    "raised",
    [DockerError(500, "no"), aiohttp.ClientPayloadError("cut"), ConnectionResetError("gone"), TimeoutError()],
)
async def test_nothing_of_the_library_passes_the_edge(raised: Exception) -> None:
    @at_the_edge
    async def method() -> None:
        raise raised

    with pytest.raises(Unavailable) as error:
        await method()
    assert error.value.hint


async def test_our_own_errors_pass_the_edge_unchanged() -> None:
    @at_the_edge
    async def method() -> None:
        raise DeployFailed("no", code="cannot-start")

    with pytest.raises(DeployFailed, match="no"):
        await method()


async def test_a_plain_path_is_a_socket() -> None:
    connection = Connection("/nowhere/docker.sock")
    assert connection.docker.docker_host == "unix://localhost"
    await connection.close()


async def test_an_address_that_is_none_is_named() -> None:
    with pytest.raises(Unavailable, match="gopher://x"):
        _ = Connection("gopher://x").docker
