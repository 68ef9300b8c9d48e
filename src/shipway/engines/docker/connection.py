"""The connection to Docker: opened on first use, its library's errors translated, endless answers read as they come.

`aiodocker` keeps one event subscription for all and drops from logs which stream a line came from, so those two are
read here, over its session.
"""

import json
import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import aiohttp
from aiodocker import Docker, DockerError

from shipway.domain.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")

#: Seconds. What lasts longer by its nature (stopping, pulling, following) is given its own or none.
_TIMEOUT = aiohttp.ClientTimeout(total=120, sock_connect=10)
_ENDLESS = aiohttp.ClientTimeout(sock_connect=10)
_NO_CONNECTION = 900
_SERVICE_UNAVAILABLE = 503
_HINT = (
    "Start it (`systemctl start docker`), or install it first (Debian and Ubuntu: `apt-get install docker.io`). "
    "If it listens elsewhere, set docker_host in settings.toml or DOCKER_HOST."
)


class Connection:
    """Docker at `docker_host`; empty: where the docker command finds it."""

    def __init__(self, docker_host: str = "") -> None:
        self._host = docker_host
        self._docker: Docker | None = None

    @property
    def docker(self) -> Docker:
        """The client, opened on first use inside the event loop; raises `Unavailable` when there is no socket at all."""
        if self._docker is None:
            self._docker = _open(self._host or os.environ.get("DOCKER_HOST", ""))
        return self._docker

    async def close(self) -> None:
        """Close it; the next use opens it again."""
        if self._docker is not None:
            await self._docker.close()
            self._docker = None

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """A call that the library does not offer."""
        return await self.docker._query_json(path, "POST", data=dict(body))

    @asynccontextmanager
    async def stream(self, path: str, parameters: Mapping[str, Any]) -> AsyncIterator[aiohttp.StreamReader]:
        """The body of an answer that may never end."""
        answer = await self.docker._do_query(path, "GET", params=dict(parameters), timeout=_ENDLESS)
        try:
            yield answer.content
        finally:
            answer.close()

    async def events(self, filters: Mapping[str, list[str]], since: float) -> AsyncGenerator[dict[str, Any], None]:
        """Docker's events from `since` (seconds of the epoch) on; ends when Docker goes away."""
        parameters = {"filters": json.dumps(filters), "since": f"{since:.9f}"}
        async with self.stream("events", parameters) as content:
            while line := await content.readline():
                yield json.loads(line)


def _open(host: str) -> Docker:
    address = f"unix://{host}" if host.startswith("/") else host
    try:
        docker = Docker(url=address or None, timeout=_TIMEOUT)
    except (AssertionError, ValueError, DockerError) as error:
        where = host or "/run/docker.sock, /var/run/docker.sock or ~/.docker/run/docker.sock"
        raise Unavailable(f"There is no Docker at {where}.", hint=_HINT) from error
    # Every followed log holds a connection for as long as it is followed: with the library's limit of a hundred, the
    # next call after them would wait for ever.
    docker.connector._limit = 0
    return docker


@contextmanager
def translated() -> Iterator[None]:
    """Whatever the library still raises at the port's edge becomes `Unavailable`."""
    try:
        yield
    except DockerError as error:
        raise unavailable(error) from error
    except (aiohttp.ClientError, OSError, TimeoutError, EOFError) as error:
        raise Unavailable(f"Docker did not answer: {error or type(error).__name__}.", hint=_HINT) from error


def at_the_edge(method: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """`translated` for a whole method of the port."""

    @wraps(method)
    async def translating(*args: P.args, **kwargs: P.kwargs) -> T:
        with translated():
            return await method(*args, **kwargs)

    return translating


def is_gone(error: DockerError) -> bool:
    """Whether it says nothing of the request, only that Docker is not there."""
    return error.status in (_NO_CONNECTION, _SERVICE_UNAVAILABLE)


def unavailable(error: DockerError) -> Unavailable:
    """The same error in our words: Docker is not there, may not be used, or could not do it now."""
    if not is_gone(error):
        return Unavailable(f"Docker could not do it: {error.message}.", hint="See Docker's own log.")
    if "Permission denied" in error.message:
        return Unavailable(f"{error.message}.", hint="Run Shipway as root, or add its user to the group docker.")
    return Unavailable(f"{error.message}.", hint=_HINT)
