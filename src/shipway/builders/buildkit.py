"""The builder: a docker client run as a subprocess, its output read as it comes, and the engine's API for the rest."""

import asyncio
import tempfile
from pathlib import Path

import aiodocker

from shipway.builders.builder import BuildRequest
from shipway.builders.docker_api import connect, endpoint
from shipway.builders.failures import classify, engine_failure, timed_out
from shipway.builders.front_end import FrontEnd, clean_environment, find_front_end
from shipway.builders.process_group import chunks, process_group
from shipway.builders.push import push
from shipway.builders.transcript import Transcript
from shipway.builders.workbench import Workbench
from shipway.domain.credential import Credential
from shipway.domain.errors import Unavailable
from shipway.domain.log import Log


class BuildKitBuilder:
    """Builds with BuildKit: by `docker buildx`, or by a docker client that has it built in."""

    def __init__(self, docker_host: str = "", extra_ca: Path | None = None) -> None:
        """`docker_host` empty: found as the docker command finds it. `extra_ca`: PEM file that builds trust besides
        this machine's own certificates."""
        self._docker_host = docker_host
        self._extra_ca = extra_ca
        self._front_end: FrontEnd | None = None

    async def check(self) -> None:
        """See `Builder`."""
        async with connect(self._docker_host) as docker:
            await docker.version()
        await self._client()

    async def build(self, request: BuildRequest, log: Log) -> str:
        """See `Builder`."""
        client = await self._client()
        with tempfile.TemporaryDirectory(prefix="shipway-build-") as directory:
            workbench = Workbench(Path(directory))
            context = workbench.lay_out(request, self._extra_ca)
            argv = [*client.arguments, *workbench.options(request), str(context)]
            await self._run(client, argv, workbench, request, log)
            return workbench.image_id_file.read_text().strip()

    async def push(self, tag: str, reference: str, credential: Credential, log: Log) -> str:
        """See `Builder`. The pushed name stays on the engine, so that starting the image here needs no pull."""
        async with connect(self._docker_host) as docker:
            return await push(docker, tag, reference, credential, log)

    async def discard(self, tag: str) -> None:
        """See `Builder`. A name that a container still runs by is kept."""
        async with connect(self._docker_host) as docker:
            try:
                await docker.images.delete(tag)
            except aiodocker.DockerError as error:
                if error.status not in (404, 409):
                    raise Unavailable(f"The image {tag} could not be let go of: {error.message}") from error

    async def _run(
        self, client: FrontEnd, argv: list[str], workbench: Workbench, request: BuildRequest, log: Log
    ) -> None:
        environment = clean_environment(workbench.directory, await endpoint(self._docker_host))
        transcript = Transcript()
        try:
            async with asyncio.timeout(request.timeout) as deadline:
                exit_code = await _follow(client, argv, environment, transcript, log)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise timed_out(request.timeout, *transcript.running) from error
        if exit_code:
            wreck = transcript.wreck
            raise engine_failure(wreck, exit_code) or classify(wreck, request.analysis.dockerfile)

    async def _client(self) -> FrontEnd:
        if self._front_end is None:
            with tempfile.TemporaryDirectory(prefix="shipway-docker-") as home:
                environment = clean_environment(Path(home), await endpoint(self._docker_host))
                self._front_end = await find_front_end(environment)
        return self._front_end


async def _follow(
    client: FrontEnd, argv: list[str], environment: dict[str, str], transcript: Transcript, log: Log
) -> int:
    """Run the client to its end, telling the log what happens; its exit code."""
    progress = client.progress()
    async with process_group(argv, environment) as process:
        async for chunk in chunks(process):
            for line in transcript.tell(progress.feed(chunk)):
                log(line)
        for line in transcript.tell(progress.close()):
            log(line)
        return await process.wait()
