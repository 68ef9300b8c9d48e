"""The engine's HTTP API, for what the docker command can't do: pushing without a credential in a file, importing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiodocker
import aiohttp
from aiodocker.exceptions import DockerContextError

from shipway.domain.errors import Unavailable

#: Status that aiodocker gives a connection that could not be made.
_NOT_CONNECTED = 900
_HINT = "Start Docker (systemctl start docker), or say where it listens in the setting docker_host."


@asynccontextmanager
async def connect(docker_host: str) -> AsyncIterator[aiodocker.Docker]:
    """A connection to the engine at `docker_host`, or where the docker command finds it when that is empty.

    Raises `Unavailable` when nothing answers, also later on; other errors of the engine pass as `DockerError`.
    """
    try:
        docker = aiodocker.Docker(docker_host or None)
    except (AssertionError, ValueError, DockerContextError) as error:
        raise Unavailable("No Docker engine was found on this machine.", hint=_HINT) from error
    try:
        yield docker
    except aiodocker.DockerError as error:
        if error.status != _NOT_CONNECTED:
            raise
        raise Unavailable("The Docker engine does not answer.", hint=_HINT) from error
    except aiohttp.ClientError as error:
        raise Unavailable("The connection to the Docker engine broke.", hint=_HINT) from error
    finally:
        await docker.close()


async def endpoint(docker_host: str) -> str:
    """The address that `connect` uses, such as `unix:///var/run/docker.sock`: what DOCKER_HOST has to be for the command."""
    async with connect(docker_host) as docker:
        return docker_host or docker._connection_info
