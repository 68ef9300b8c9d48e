"""The built-in registry: distribution's server, run by us as a daemon of its own (S4.1)."""

import asyncio
import shutil
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from typing import Any

import httpx2

from shipway.domain.credential import Credential
from shipway.domain.errors import NotFound, Unavailable
from shipway.domain.locks import Locks
from shipway.processes import Daemon
from shipway.registry import images
from shipway.registry.config import ServerConfig
from shipway.registry.keys import ensure_key
from shipway.registry.registry import Stored
from shipway.registry.tokens import Tokens

_PROGRAMS = ("docker-registry", "registry")
#: Seconds a server that was started has until it answers, and one that was stopped until it is killed.
_PATIENCE = 10.0


class DistributionRegistry:
    """Implements `Registry`. Images live in `home/registry`; the server outlives Shipway and is found again."""

    def __init__(self, home: Path, port: int, realm: str, installation: str) -> None:
        """`realm` is the URL under which clients on this machine reach our token service.

        Makes the signing key on first use; raises `Unavailable` when the one in `home` can't be read.
        """
        self._directory = home / "registry"
        self._port = port
        self._installation = installation
        self._service = f"{installation}-registry"
        self._key = ensure_key(self._directory)
        self._realm = realm
        self._starting = asyncio.Lock()
        self._held = Locks()
        self._http = httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5, trust_env=False)
        #: What the API's token route answers with.
        self.tokens = Tokens(self._key, issuer=installation, service=self._service)

    async def check(self) -> None:
        """Start the server, or start it again when its configuration changed, unless it runs and answers."""
        async with self._starting:
            daemon = self._daemon()
            await self._configure(daemon)
            await self._serve(daemon)
            daemon.trim_log()

    def repository(self, workspace: str, name: str) -> str:
        """Where images of that name go."""
        return f"127.0.0.1:{self._port}/{workspace}/{name}"

    def push_credential(self, workspace: str, name: str) -> Credential:
        """Good for pushing to that one repository, for ten minutes.

        It may pull from all of the workspace: a push takes layers over from where they are already, and containerd's
        fails when it is not let (measured: `insufficient_scope`).
        """
        return self.tokens.credential(f"{workspace}/{name}", ("pull", "push"), reads=workspace)

    def pull_credential(self, workspace: str, name: str) -> Credential:
        """Good for pulling from that one repository, for ten minutes."""
        return self.tokens.credential(f"{workspace}/{name}", ("pull",))

    async def stored(self, workspace: str, name: str, digest: str) -> Stored:
        """See `Registry`."""
        answer = await self._ask("GET", f"{workspace}/{name}", f"manifests/{digest}")
        manifest = answer.json()
        if inside := images.image_in(manifest):
            return images.stored(inside, await self._read(workspace, name, f"manifests/{inside}"))
        return images.stored(answer.headers["Docker-Content-Digest"], manifest)

    async def attestations(self, workspace: str, name: str, reference: str) -> list[dict[str, Any]]:
        """See `Registry`."""
        index = await self._read(workspace, name, f"manifests/{reference}")
        manifests = [await self._read(workspace, name, f"manifests/{each}") for each in images.attestations_in(index)]
        digests = [digest for manifest in manifests for digest in images.statements_in(manifest)]
        return [await self._read(workspace, name, f"blobs/{digest}") for digest in digests]

    def held(self, workspace: str, name: str) -> AbstractAsyncContextManager[None]:
        """See `Registry`."""
        return self._held(f"{workspace}/{name}")

    async def delete(self, workspace: str, name: str, digest: str, tags: Sequence[str]) -> None:
        """See `Registry`. An index goes after what it names: a tag that still leads to it is the only way to the rest."""
        for tag in tags:
            for each in await self._behind(workspace, name, tag, digest):
                await self._delete(workspace, name, each)
        await self._delete(workspace, name, digest)

    async def close(self) -> None:
        """Let go of connections; the registry goes on serving."""
        await self._http.aclose()

    async def shutdown(self) -> None:
        """Stop the server. Its images stay; `check` starts it again."""
        with suppress(Unavailable):  # nothing is installed, so nothing runs
            await self._daemon().stop(_PATIENCE)

    async def _read(self, workspace: str, name: str, what: str) -> dict[str, Any]:
        """A JSON document of a repository."""
        document: dict[str, Any] = (await self._ask("GET", f"{workspace}/{name}", what)).json()
        return document

    async def _behind(self, workspace: str, name: str, tag: str, digest: str) -> list[str]:
        """What a tag leads to besides an image: the attestations and, last, the index. Nothing where it leads elsewhere."""
        try:
            answer = await self._ask("GET", f"{workspace}/{name}", f"manifests/{tag}")
        except NotFound:
            return []
        index = answer.json()
        ours = images.image_in(index) == digest
        return [*images.attestations_in(index), answer.headers["Docker-Content-Digest"]] if ours else []

    async def _delete(self, workspace: str, name: str, digest: str) -> None:
        with suppress(NotFound):
            await self._ask("DELETE", f"{workspace}/{name}", f"manifests/{digest}")

    async def _ask(self, method: str, repository: str, what: str) -> httpx2.Response:
        """With a token of our own. Raises `NotFound` or `Unavailable`."""
        token = self.tokens.own_token(repository, "delete" if method == "DELETE" else "pull")
        headers = {"Accept": images.ACCEPTED, "Authorization": f"Bearer {token}"}
        try:
            answer = await self._http.request(method, f"/v2/{repository}/{what}", headers=headers)
        except httpx2.HTTPError as error:
            raise Unavailable("The built-in registry does not answer.") from error
        if answer.status_code == 404:
            raise NotFound(f"The registry has no {what.partition('/')[2]} of {repository}.")
        if not answer.is_success:
            raise Unavailable(f"The built-in registry answered {answer.status_code} for {repository}.")
        return answer

    @property
    def _config_path(self) -> Path:
        return self._directory / "config.yml"

    def _daemon(self) -> Daemon:
        argv = (_program(), "serve", str(self._config_path))
        return Daemon("registry", argv, self._directory / "registry.pid", self._directory / "registry.log")

    async def _configure(self, daemon: Daemon) -> None:
        """Make the configuration file right; a server that runs by a wrong one is stopped before, not after."""
        config = self._config().render()
        if not self._config_path.exists() or self._config_path.read_text() != config:
            await daemon.stop(_PATIENCE)
            _write_private(self._config_path, config)

    def _config(self) -> ServerConfig:
        return ServerConfig(
            storage=self._directory / "storage",
            port=self._port,
            realm=self._realm,
            service=self._service,
            issuer=self._installation,
            bundle=self._key.bundle,
            secret=self._key.derive("uploads in progress"),
        )

    async def _serve(self, daemon: Daemon) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                if await self._answers(daemon):
                    return
                await self._start(daemon)
                if not await self._answers(daemon):
                    raise self._died(daemon)
        except TimeoutError as error:
            raise Unavailable(
                f"The built-in registry does not answer on port {self._port}.",
                hint=f"Its log is {daemon.logfile}.",
            ) from error

    async def _answers(self, daemon: Daemon) -> bool:
        """Wait until it answers; False when it doesn't run, or ends meanwhile."""
        while daemon.running():
            if await self._asks_for_our_tokens():
                return True
            await asyncio.sleep(0.02)
        return False

    async def _start(self, daemon: Daemon) -> None:
        if not await _becomes_free(self._port):
            raise Unavailable(
                f"Port {self._port}, meant for the built-in registry, is taken by another program.",
                hint="Stop that program, or set registry_port to a free port.",
            )
        await daemon.start()

    async def _asks_for_our_tokens(self) -> bool:
        try:
            response = await self._http.get("/v2/")
        except httpx2.HTTPError:
            return False
        return f'service="{self._service}"' in response.headers.get("WWW-Authenticate", "")

    def _died(self, daemon: Daemon) -> Unavailable:
        lines = daemon.tail(100)
        fatal = [line for line in lines if line.startswith("panic:") or "level=fatal" in line]
        said = (fatal or lines or ["nothing"])[-1]
        return Unavailable(
            f"The built-in registry ended as soon as it was started; it said: {said}",
            hint=f"Its configuration is {self._config_path}, its log {daemon.logfile}.",
        )


def _program() -> str:
    for name in _PROGRAMS:
        if found := shutil.which(name):
            return found
    raise Unavailable(
        "The registry server is not installed on this machine.",
        hint="Install it: apt-get install docker-registry.",
    )


def _write_private(path: Path, content: str) -> None:
    temporary = path.with_name(f".{path.name}.new")
    temporary.touch(mode=0o600)
    temporary.write_text(content)
    temporary.replace(path)


async def _becomes_free(port: int) -> bool:
    """Whether nobody listens there, now or in a second: a server that was just killed still holds its port a moment."""
    for _ in range(20):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return True
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        await asyncio.sleep(0.05)
    return False
