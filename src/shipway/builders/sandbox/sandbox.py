"""A sandbox that runs: what can be asked of it from outside."""

import asyncio
from dataclasses import dataclass
from typing import Any

import aiodocker

from shipway.builders.base_images import full_name
from shipway.builders.docker_api import connect
from shipway.builders.sandbox.container import Plan
from shipway.domain.errors import Unavailable
from shipway.domain.log import Log


@dataclass(frozen=True, slots=True)
class Sandbox:
    """One workspace's builder, up and answering."""

    plan: Plan
    #: The machine's engine, which runs it; empty: found as the docker command finds it.
    docker_host: str

    @property
    def endpoint(self) -> str:
        """What DOCKER_HOST has to be for builds in it."""
        return f"unix://{self.plan.socket}"

    @property
    def bounded(self) -> bool:
        """Whether its disk has the size it should have."""
        return not (self.plan.shared / "unbounded").exists()

    async def run(self, command: tuple[str, ...]) -> str:
        """Run a command of ours inside, as root of the sandbox, and return what it printed.

        Raises `Unavailable` when it fails.
        """
        async with connect(self.docker_host) as docker:
            container = docker.containers.container(self.plan.name)
            try:
                execution = await container.exec(list(command), stdout=True, stderr=True)
                stream = execution.start(detach=False)
                printed = b""
                async with stream:
                    while message := await stream.read_out():
                        printed += message.data
                exit_code = (await execution.inspect())["ExitCode"]
            except aiodocker.DockerError as error:
                raise Unavailable(f"The build sandbox {self.plan.name} is gone: {error.message}") from error
        output = printed.decode(errors="replace")
        if exit_code:
            raise Unavailable(f"The build sandbox {self.plan.name} is broken: {output.strip()[-300:]}")
        return output

    async def take_in(self, reference: str, log: Log) -> None:
        """Bring an image that the machine's engine has into the sandbox, unless it is there already.

        One that the engine does not have by that name is left to the build, which asks its registry; so is one by digest,
        which no archive of an image keeps.
        """
        async with connect(self.docker_host) as outside, connect(self.endpoint) as inside:
            here = await _inspect(outside, reference)
            if here is None or not _is_called(here, reference) or _same(here, await _inspect(inside, reference)):
                return
            log(f"bringing {reference} into the build sandbox")
            try:
                async with outside.images.export_image(reference) as exported:
                    async for _ in inside.images.import_image(exported, stream=True):
                        pass
            except aiodocker.DockerError as error:
                raise _not_brought(reference, f": {error.message}") from error
            if await _inspect(inside, reference) is None:
                raise _not_brought(reference, ".")

    async def prune(self, *, images: bool) -> None:
        """Empty the cache, which harms no build; and drop the images, which harms one that is about to start from them."""
        async with connect(self.endpoint) as inside:
            await inside._query_json("build/prune?all=true", "POST", timeout=600)
            if images:
                await inside._query_json('images/prune?filters={"dangling":["false"]}', "POST", timeout=600)

    async def used(self) -> int:
        """Bytes of the disk that are in use."""
        command = ("sh", "-c", "df -P -k /var/lib/docker | awk 'NR == 2 { print $3 }'")
        return int((await self.run(command)).strip() or 0) * 1024


async def _inspect(docker: aiodocker.Docker, reference: str) -> dict[str, Any] | None:
    try:
        return await docker.images.inspect(reference)
    except aiodocker.DockerError as error:
        if error.status != 404:
            raise Unavailable(f"The engine can't look at {reference}: {error.message}") from error
        return None


def _is_called(image: dict[str, Any], reference: str) -> bool:
    """An engine finds an image also by the beginning of its id, whoever's it is."""
    return "@" not in reference and full_name(reference) in map(full_name, image.get("RepoTags") or ())


def _not_brought(reference: str, why: str) -> Unavailable:
    return Unavailable(
        f"{reference} could not be brought into the build sandbox{why}",
        hint="Is its disk full? `shipway builds prune` empties its cache.",
    )


def _same(one: dict[str, Any], other: dict[str, Any] | None) -> bool:
    """Whether two engines hold the same image; each names it by an id of its own kind."""
    return other is not None and all(
        (one["RootFS"].get("Layers"), one["Config"].get(key))
        == (other["RootFS"].get("Layers"), other["Config"].get(key))
        for key in ("Cmd", "Labels")
    )


async def wait_for(sandbox: Sandbox, patience: float) -> int:
    """Return the process id of the sandbox's first process once its daemon answers.

    Raises `Unavailable` with what it last said when it ends or does not answer in `patience` seconds.
    """
    try:
        async with asyncio.timeout(patience):
            while True:
                state = await _state(sandbox)
                if not state["Running"]:
                    raise await _broken(sandbox, "ended at once")
                if await _answers(sandbox):
                    return int(state["Pid"])
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise await _broken(sandbox, f"did not answer within {patience:.0f} s") from None


async def _answers(sandbox: Sandbox) -> bool:
    if not sandbox.plan.socket.exists():
        return False
    try:
        async with connect(sandbox.endpoint) as inside:
            await inside.version()
    except (Unavailable, aiodocker.DockerError):
        return False
    return True


async def _state(sandbox: Sandbox) -> dict[str, Any]:
    async with connect(sandbox.docker_host) as docker:
        shown: dict[str, Any] = await docker.containers.container(sandbox.plan.name).show()
    state: dict[str, Any] = shown["State"]
    return state


async def _broken(sandbox: Sandbox, how: str) -> Unavailable:
    async with connect(sandbox.docker_host) as docker:
        lines = await docker.containers.container(sandbox.plan.name).log(stdout=True, stderr=True, tail=5)
    said = " ".join(line.strip() for line in lines)[-400:] or "nothing"
    return Unavailable(
        f"The build sandbox {how}; it said: {said}",
        hint="It needs an engine on this machine that may mount and use loop devices. "
        '`builds = "engine"` in settings.toml builds without it, and without limits.',
    )
