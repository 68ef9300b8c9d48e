"""The builder that confines: BuildKit in the workspace's own sandbox, each build in a control group of its own."""

import asyncio
import hashlib
import itertools
import secrets
import tarfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiodocker

from shipway.builders.builder import BuildRequest, BuiltImage
from shipway.builders.buildkit import BuildKitBuilder
from shipway.builders.docker_api import connect
from shipway.builders.dockerfile_images import images_of
from shipway.builders.failures import Facts
from shipway.builders.front_end import FrontEnd, client_in
from shipway.builders.sandbox.confinement import facts, free, leave, make
from shipway.builders.sandbox.limits import shown
from shipway.builders.sandbox.sandbox import Sandbox
from shipway.builders.sandbox.sandboxes import Sandboxes
from shipway.domain.credential import Credential
from shipway.domain.errors import Unavailable
from shipway.domain.log import Log

#: Where images of an engine keep the client's plugin.
_PLUGINS = ("/usr/libexec/docker/cli-plugins/docker-buildx", "/usr/local/libexec/docker/cli-plugins/docker-buildx")
#: What went in, without values: of build arguments there are only names (`mode=max` would tell what they are).
_PROVENANCE = "--provenance=mode=min"
#: A build begins with at least this part of the disk free.
_FREE_SHARE = 0.1


class SandboxedBuilder:
    """Builds in sandboxes, and pushes from there: the machine's engine sees only what it is to run."""

    def __init__(
        self,
        sandboxes: Sandboxes,
        tools: Path,
        extra_ca: Path | None = None,
        *,
        may_take: Callable[[str], bool] = lambda _reference: True,
        scanner: Callable[[Log], Awaitable[str]] | None = None,
    ) -> None:
        """`tools`: directory for the client that is taken from the sandbox's image. `may_take` says which of the images
        that the machine's engine has may be built on; others are asked for at their registry. `scanner` returns the
        reference of the image that lists packages, empty when there is none; without it, there is no bill of materials.
        """
        self._sandboxes = sandboxes
        self._tools = tools
        self._extra_ca = extra_ca
        self._may_take = may_take
        self._scanner = scanner
        #: Workspace and control group of each build that runs.
        self._busy: set[tuple[str, str]] = set()

    async def check(self) -> None:
        """See `Builder`: the sandbox of nobody is brought up, and its client tried."""
        async with self._sandboxes.entered("check", _unheard) as sandbox:
            await self._client(sandbox)

    async def build(self, request: BuildRequest, log: Log) -> BuiltImage:
        """See `Builder`."""
        async with self._sandboxes.slot(log), self._sandboxes.entered(request.workspace, log) as sandbox:
            if not sandbox.bounded:
                log(" !     The disk is not limited: this machine has no loop devices for containers.")
            async with self._confined(sandbox, request, log) as (group, confined):
                for image in images_of(request.analysis.dockerfile, request.arguments):
                    if self._may_take(image):
                        await sandbox.take_in(image, log)
                attestations = [_PROVENANCE, *await self._bill_of_materials(sandbox, log)]
                builder = await self._inside(sandbox, ("--cgroup-parent", f"/{group}", *attestations), confined)
                return await builder.build(request, log)

    async def push(self, tag: str, reference: str, credential: Credential, log: Log, *, workspace: str = "") -> str:
        """See `Builder`."""
        async with self._sandboxes.entered(workspace, log) as sandbox:
            builder = BuildKitBuilder(sandbox.endpoint)
            digest = await builder.push(tag, reference, credential, log)
            # Nobody starts it by this name here.
            await builder.discard(reference)
            return digest

    async def discard(self, tag: str, *, workspace: str = "") -> None:
        """See `Builder`."""
        async with self._sandboxes.entered(workspace, _unheard) as sandbox:
            await BuildKitBuilder(sandbox.endpoint).discard(tag)

    async def prune(self, workspace: str) -> int:
        """See `Builder`."""
        async with self._sandboxes.entered(workspace, _unheard) as sandbox:
            before = await sandbox.used()
            await self._sandboxes.make_room(sandbox)
            return max(before - await sandbox.used(), 0)

    async def tidy(self) -> None:
        """See `Builder`."""
        await self._sandboxes.tidy()

    async def stop(self) -> None:
        """See `Builder`."""
        await self._sandboxes.stop_all()

    async def close(self) -> None:
        """See `Builder`."""
        await self._sandboxes.close()

    async def _inside(
        self, sandbox: Sandbox, options: tuple[str, ...], confined: Callable[[], Awaitable[Facts]]
    ) -> BuildKitBuilder:
        client = await self._client(sandbox)
        return BuildKitBuilder(
            sandbox.endpoint,
            self._extra_ca,
            client=client,
            options=options,
            confined=confined,
            images_from=sandbox.docker_host,
            archives=self._tools / "images",
        )

    async def _bill_of_materials(self, sandbox: Sandbox, log: Log) -> list[str]:
        """Options that have the image's packages listed."""
        image = await self._scanner(log) if self._scanner else ""
        if not image:
            return []
        await sandbox.take_in(image, log)
        return ["--attest", f"type=sbom,generator={image}"]

    @asynccontextmanager
    async def _confined(
        self, sandbox: Sandbox, request: BuildRequest, log: Log
    ) -> AsyncIterator[tuple[str, Callable[[], Awaitable[Facts]]]]:
        """Room on the disk, a control group, and what tells how the build fared in it; that is gone afterwards, with all that
        still runs in it."""
        limits = self._sandboxes.limits
        group = self._free_group(request)
        self._busy.add((request.workspace, group))
        told: list[Facts] = []
        done = False

        async def confined() -> Facts:
            if not told:
                told.append(facts(await sandbox.run(leave(group, close=not done)), limits))
            return told[0]

        try:
            left = free(await sandbox.run(make(group, limits)))
            if left < limits.disk * _FREE_SHARE:
                log(f"the build disk has {shown(left)} left: emptying the cache")
                await self._sandboxes.make_room(sandbox)
            yield group, confined
            done = True
        finally:
            try:
                with suppress(Unavailable):
                    await asyncio.shield(confined())
            finally:
                self._busy.discard((request.workspace, group))

    def _free_group(self, request: BuildRequest) -> str:
        """BuildKit counts the group's name among what a cached step depends on: it has to be the same the next time."""
        scope = hashlib.sha256(request.cache_scope.encode()).hexdigest()[:8]
        names = (f"build-{scope}-{number}" for number in itertools.count(1))
        return next(name for name in names if (request.workspace, name) not in self._busy)

    async def _client(self, sandbox: Sandbox) -> FrontEnd:
        """The buildx that came with the sandbox's daemon, run out here, where the source is."""
        path = self._tools / f"docker-buildx-{sandbox.plan.image.rpartition(':')[2]}"
        if not path.exists():
            await self._take_client(sandbox, path)
        return await client_in(path)

    async def _take_client(self, sandbox: Sandbox, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        async with connect(sandbox.docker_host) as docker:
            container = docker.containers.container(sandbox.plan.name)
            for plugin in _PLUGINS:
                with suppress(aiodocker.DockerError):
                    archive = await container.get_archive(plugin)
                    await asyncio.to_thread(_save, archive, path)
                    return
        raise Unavailable(f"The image {sandbox.plan.image} has no docker-buildx.", hint="Is it an engine's image?")


def _save(archive: tarfile.TarFile, path: Path) -> None:
    """All or nothing: another build may be looking."""
    with archive:
        source = archive.extractfile(archive.getmembers()[0])
        assert source is not None
        unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        unfinished.write_bytes(source.read())
    unfinished.chmod(0o755)
    unfinished.replace(path)


def _unheard(_line: str) -> None:
    """A log that nobody reads."""
