"""The builder: a docker client run as a subprocess, its output read as it comes, and the engine's API for the rest."""

import asyncio
import errno
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import aiodocker

from shipway.builders import fixed_times
from shipway.builders.base_images import base_images
from shipway.builders.builder import EPOCH, BuildRequest, BuiltImage
from shipway.builders.docker_api import connect, endpoint
from shipway.builders.dockerfile_images import images_of
from shipway.builders.failures import NO_FACTS, Facts, classify, engine_failure, timed_out
from shipway.builders.front_end import FrontEnd, clean_environment, find_front_end
from shipway.builders.masking import masking_of
from shipway.builders.process_group import chunks, process_group
from shipway.builders.progress import Progress
from shipway.builders.push import push
from shipway.builders.registry_hint import with_registry_hint
from shipway.builders.temporary import temporary
from shipway.builders.transcript import Transcript
from shipway.builders.workbench import Workbench
from shipway.domain.credential import Credential
from shipway.domain.errors import BuildFailed, Unavailable
from shipway.domain.log import Log


class BuildKitBuilder:
    """Builds with BuildKit: by `docker buildx`, or by a docker client that has it built in."""

    def __init__(
        self,
        docker_host: str = "",
        extra_ca: Path | None = None,
        *,
        client: FrontEnd | None = None,
        options: Sequence[str] = (),
        confined: Callable[[], Awaitable[Facts]] | None = None,
        note: str = "",
        images_from: str | None = None,
        archives: Path | None = None,
    ) -> None:
        """`docker_host` empty: found as the docker command finds it. `extra_ca`: PEM file that builds trust besides
        this machine's own certificates. `client`: instead of the best one on this machine. `options`: for the client.
        `confined`: asked after a failure what limits it met. `note`: told at the start of each build.
        `images_from`: the engine that base images were taken from; by default the one that builds. `archives`: directory
        for images on their way into an engine that can give files of layers a time; `None` where it can't."""
        self._docker_host = docker_host
        self._extra_ca = extra_ca
        self._front_end = client
        self._options = options
        self._confined = confined
        self._note = note
        self._images_from = docker_host if images_from is None else images_from
        self._archives = archives

    async def check(self) -> None:
        """See `Builder`."""
        async with connect(self._docker_host) as docker:
            await docker.version()
        await self._client()

    async def build(self, request: BuildRequest, log: Log) -> BuiltImage:
        """See `Builder`."""
        client = await self._client()
        if self._note:
            log(f" !     {self._note}")
        with ExitStack() as stack:
            workbench = Workbench(stack.enter_context(temporary("shipway-build-")))
            context = workbench.lay_out(request, self._extra_ca)
            archive, output = self._output(client, request, stack, log)
            argv = [*client.arguments, *output, *self._options, *workbench.options(request), str(context)]
            transcript = await self._run(client, argv, workbench, request, log)
            if archive:
                await fixed_times.load(self._docker_host, archive)
            # With attestations the file holds the digest of their index, which is another one each time.
            image_id = transcript.exported or workbench.image_id_file.read_text().strip()
        images = images_of(request.analysis.dockerfile, request.arguments)
        bases = await base_images(images, transcript.bases, self._images_from)
        return BuiltImage(image_id, bases, *transcript.counts)

    async def push(self, tag: str, reference: str, credential: Credential, log: Log, *, workspace: str = "") -> str:
        """See `Builder`. The pushed name stays on the engine, so that starting the image here needs no pull."""
        async with connect(self._docker_host) as docker:
            return await push(docker, tag, reference, credential, log)

    async def discard(self, tag: str, *, workspace: str = "") -> None:
        """See `Builder`. A name that a container still runs by is kept."""
        async with connect(self._docker_host) as docker:
            try:
                await docker.images.delete(tag)
            except aiodocker.DockerError as error:
                if error.status not in (404, 409):
                    raise Unavailable(f"The image {tag} could not be let go of: {error.message}") from error

    async def prune(self, workspace: str) -> int:
        """See `Builder`. Here the cache is all workspaces', and other users' of the engine."""
        async with connect(self._docker_host) as docker:
            answer = await docker._query_json("build/prune", "POST", timeout=600)
        return int(answer.get("SpaceReclaimed") or 0)

    async def tidy(self) -> None:
        """See `Builder`: nothing of ours runs here."""

    async def stop(self) -> None:
        """See `Builder`: nothing of ours runs here."""

    async def close(self) -> None:
        """See `Builder`."""

    def _output(
        self, client: FrontEnd, request: BuildRequest, stack: ExitStack, log: Log
    ) -> tuple[Path | None, tuple[str, ...]]:
        """Options for where the image goes, and the archive that it is to be loaded from, where it is."""
        if not fixed_times.wanted(request):
            return None, client.load
        if self._archives is None:
            log(f" !     {EPOCH}: this builder gives it to the steps, and leaves times of files as they are")
            return None, client.load
        return stack.enter_context(fixed_times.archive(self._archives))

    async def _run(
        self, client: FrontEnd, argv: list[str], workbench: Workbench, request: BuildRequest, log: Log
    ) -> Transcript:
        engine = await endpoint(self._docker_host)
        environment = workbench.environment(request, engine) | clean_environment(workbench.directory, engine)
        progress = masking_of(request).over(client.progress())
        transcript = Transcript()
        try:
            async with asyncio.timeout(request.timeout) as deadline:
                exit_code = await _follow(progress, argv, environment, transcript, log)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise timed_out(request.timeout, *transcript.running, request.analysis.dockerfile) from error
        except OSError as error:
            if error.errno != errno.E2BIG:
                raise
            raise BuildFailed(
                "The build's arguments and secrets are more than a command can be given.",
                code="invalid",
                hint="One can have 128 KiB, all of them together 2 MiB. What is larger belongs into the source, or a step "
                "fetches it.",
            ) from error
        if exit_code:
            wreck = transcript.wreck
            gone = engine_failure(wreck, exit_code)
            facts = await self._confined() if self._confined and not gone else NO_FACTS
            failure = await asyncio.to_thread(classify, wreck, request.analysis.dockerfile, facts)
            raise gone or with_registry_hint(failure, wreck, request)
        return transcript

    async def _client(self) -> FrontEnd:
        if self._front_end is None:
            with temporary("shipway-docker-") as home:
                environment = clean_environment(home, await endpoint(self._docker_host))
                self._front_end = await find_front_end(environment)
        return self._front_end


async def _follow(
    progress: Progress, argv: list[str], environment: dict[str, str], transcript: Transcript, log: Log
) -> int:
    """Run the client to its end, telling the log what happens; its exit code."""
    async with process_group(argv, environment) as process:
        async for chunk in chunks(process):
            for line in transcript.tell(progress.feed(chunk)):
                log(line)
        for line in transcript.tell(progress.close()):
            log(line)
        return await process.wait()
