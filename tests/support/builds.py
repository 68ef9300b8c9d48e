"""Build requests and builders for tests: a tiny source tree, a name of its own for every image."""

import asyncio
import secrets
from dataclasses import replace
from pathlib import Path

import aiodocker

from shipway.builders.builder import BuildRequest
from shipway.domain.artifacts import Analysis


class Recorder:
    """A log that can be asked what it was told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._grown = asyncio.Event()

    def __call__(self, line: str, /) -> None:
        self.lines.append(line)
        self._grown.set()

    async def told(self, part: str, timeout: float = 30.0) -> None:
        """Return when a line has held `part`."""
        async with asyncio.timeout(timeout):
            while part not in self.text:
                self._grown.clear()
                await self._grown.wait()

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.lines)


def unique(name: str = "app") -> str:
    """A local image name that no other test has, without a tag."""
    return f"shipway-test/t{secrets.token_hex(6)}-{name}"


def source(directory: Path, **files: str) -> Path:
    """A source tree of these files; a double underscore in a name is a dot."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (directory / name.replace("__", ".")).write_text(text)
    return directory


def request_for(directory: Path, dockerfile: str, *, tag: str = "", timeout: float = 60.0) -> BuildRequest:
    """A request to build `dockerfile` with `directory` as its context."""
    analysis = Analysis("dockerfile", dockerfile, generated=False, processes=(), port=8080)
    return BuildRequest(directory, analysis, tag or f"{unique()}:v1", timeout, {"shipway.test": "build"})


def with_context(request: BuildRequest, context: str) -> BuildRequest:
    """The same request with another build context."""
    return replace(request, analysis=replace(request.analysis, context=context))


async def forget_images(prefix: str) -> None:
    """Let go of every local name that begins with `prefix`, and of test builds that have lost theirs to a later one."""
    async with aiodocker.Docker() as docker:
        await docker.images.prune(filters={"dangling": ["true"], "label": ["shipway.test=build"]})
        for image in await docker.images.list():
            for name in image["RepoTags"] or ():
                if name.startswith(prefix):
                    await docker.images.delete(name, force=True)
