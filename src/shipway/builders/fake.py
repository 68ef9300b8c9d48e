"""A builder in memory, with the same contract, for tests of everything above it."""

import asyncio
import hashlib
import re
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal

from shipway.builders.builder import BuildRequest, BuiltImage
from shipway.builders.failures import Wreck, classify, timed_out
from shipway.domain.build import BaseImage
from shipway.domain.credential import Credential
from shipway.domain.errors import BuildFailed, DeployFailed, Unavailable
from shipway.domain.log import Log

Verb = Literal["check", "build", "push", "discard"]
#: Called with the verb and `before` or `after` its effect; what it raises reaches the verb's caller.
Intercept = Callable[[str, Literal["before", "after"]], Awaitable[None]]

_RUN = re.compile(r"RUN (?:sleep (?P<sleep>[\d.]+)|exit (?P<exit>\d+)|echo (?P<echo>.*))")


class FakeBuilder:
    """Reads of a Dockerfile only `RUN echo TEXT`, `RUN sleep SECONDS` and `RUN exit CODE`; an image is a hash."""

    def __init__(self, intercept: Intercept | None = None) -> None:
        self.intercept = intercept
        #: Content id by local name.
        self.images: dict[str, str] = {}
        #: Digest by pushed reference: the registry's side.
        self.pushed: dict[str, str] = {}
        #: Whether the registry lets this credential push this reference.
        self.accepts: Callable[[str, Credential], bool] = lambda _reference, _credential: True
        #: What the base images hold: with other content, the same source makes another image.
        self.bases_hold = ""
        #: Hosts of registries that do not answer.
        self.unreachable: set[str] = set()
        self._failures: dict[Verb, deque[Exception]] = {}

    def fail_next(self, verb: Verb, error: Exception) -> None:
        """Let the next call of `verb` raise `error` instead of having its effect; several queue up."""
        self._failures.setdefault(verb, deque()).append(error)

    async def check(self) -> None:
        """See `Builder`."""
        await self._enter("check")
        await self._leave("check")

    async def build(self, request: BuildRequest, log: Log) -> BuiltImage:
        """See `Builder`."""
        await self._enter("build")
        try:
            async with asyncio.timeout(request.timeout) as deadline:
                await _perform(request, log)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise timed_out(request.timeout, "", ()) from error
        image_id = await asyncio.to_thread(_content_id, request, self.bases_hold)
        self.images[request.tag] = image_id
        await self._leave("build")
        bases = [line.split()[1] for line in request.analysis.dockerfile.splitlines() if line.startswith("FROM ")]
        named = tuple(BaseImage(base, _sha256(f"{base}{self.bases_hold}".encode())) for base in dict.fromkeys(bases))
        return BuiltImage(image_id, named, steps=1)

    async def push(self, tag: str, reference: str, credential: Credential, log: Log, *, workspace: str = "") -> str:
        """See `Builder`."""
        await self._enter("push")
        digest = self._push(tag, reference, credential)
        log(f"pushed {reference} as {digest}")
        await self._leave("push")
        return digest

    async def discard(self, tag: str, *, workspace: str = "") -> None:
        """See `Builder`."""
        await self._enter("discard")
        self.images.pop(tag, None)
        await self._leave("discard")

    async def prune(self, workspace: str) -> int:
        """See `Builder`: there is no cache."""
        return 0

    async def tidy(self) -> None:
        """See `Builder`."""

    async def stop(self) -> None:
        """See `Builder`."""

    async def close(self) -> None:
        """See `Builder`."""

    def _push(self, tag: str, reference: str, credential: Credential) -> str:
        if tag not in self.images:
            raise DeployFailed(f"The image {tag} is no longer on this machine.", code="built-image-missing")
        if reference.partition("/")[0] in self.unreachable:
            raise Unavailable(f"{reference} could not be pushed: connection refused")
        if not self.accepts(reference, credential):
            raise DeployFailed(f"The registry refused the push of {reference}.", code="push-denied")
        self.pushed[reference] = _sha256(self.images[tag].encode())
        return self.pushed[reference]

    async def _enter(self, verb: Verb) -> None:
        if self.intercept:
            await self.intercept(verb, "before")
        if failures := self._failures.get(verb):
            raise failures.popleft()

    async def _leave(self, verb: Verb) -> None:
        if self.intercept:
            await self.intercept(verb, "after")


async def _perform(request: BuildRequest, log: Log) -> None:
    if not (request.directory / request.analysis.context).resolve().is_relative_to(request.directory.resolve()):
        raise BuildFailed("The build context is not inside the source.", code="dockerfile-error")
    instructions = [line for line in request.analysis.dockerfile.splitlines() if line.strip()]
    output: list[str] = []
    for number, instruction in enumerate(instructions, 1):
        log(f"[{number}/{len(instructions)}] {instruction}")
        if match := _RUN.match(instruction):
            await _run(match, instruction, output, log)


async def _run(match: re.Match[str], instruction: str, output: list[str], log: Log) -> None:
    if match["echo"]:
        output.append(match["echo"])
        log(f"    {match['echo']}")
    elif match["sleep"]:
        await asyncio.sleep(float(match["sleep"]))
    else:
        raise classify(Wreck(instruction, f"exit code: {match['exit']}", output))


def _content_id(request: BuildRequest, bases: str) -> str:
    """The same for the same Dockerfile, bases, labels and files, whatever the directory is called."""
    files = sorted(path for path in request.directory.rglob("*") if path.is_file())
    described = [_described(path, request.directory) for path in files]
    return _sha256(repr((bases, request.analysis.dockerfile, sorted(request.labels.items()), described)).encode())


def _described(path: Path, root: Path) -> tuple[str, str]:
    return str(path.relative_to(root)), _sha256(path.read_bytes())


def _sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
