"""Base images made on this machine from the distribution's packages, for where no public registry can be reached."""

import asyncio
import fcntl
import json
import os
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from shutil import which
from urllib.parse import urlencode

import aiodocker

from shipway.builders.apt_sources import Mirror, host_mirror, suites_with_keys
from shipway.builders.base_recipes import CLEAN_UP, OPTIONS, RECIPES, Recipe
from shipway.builders.docker_api import connect
from shipway.builders.process_group import chunks, process_group
from shipway.builders.progress import Lines, clean
from shipway.builders.temporary import temporary
from shipway.domain.errors import Unavailable
from shipway.domain.log import Log

#: Lines of mmdebstrap that people are shown.
_TOLD = ("E:", "W:", "I: downloading", "I: extracting", "I: installing", "I: creating")


class Workshop:
    """Makes bases, each once: whoever wants the same one meanwhile, also from another process, waits for it."""

    def __init__(self, docker_host: str, locks: Path | None) -> None:
        self._docker_host = docker_host
        self._locks = locks or Path(tempfile.gettempdir())

    async def ensure(self, recipe: Recipe, log: Log, *, again: bool = False) -> None:
        """Make the base unless the engine has it by this very recipe. Raises `Unavailable` with what is missing."""
        if not again and await self._is_there(recipe):
            return
        async with _exclusive(self._locks / f"shipway-base-{recipe.runtime}-{recipe.version}.{os.geteuid()}.lock"):
            if again or not await self._is_there(recipe):
                await self._make(recipe, log)

    async def _is_there(self, recipe: Recipe) -> bool:
        return (await self._inspect(recipe)).get("shipway.base.recipe") == recipe.fingerprint

    async def _inspect(self, recipe: Recipe) -> Mapping[str, str]:
        """The labels of the base that is there; empty when there is none."""
        async with connect(self._docker_host) as docker:
            try:
                return (await docker.images.inspect(recipe.reference))["Config"]["Labels"] or {}
            except aiodocker.DockerError as error:
                if error.status != 404:
                    raise Unavailable(f"The engine can't look at {recipe.reference}: {error.message}") from error
                return {}

    async def _make(self, recipe: Recipe, log: Log) -> None:
        log(
            f"making the base image {recipe.runtime} {recipe.version} from Debian's packages, "
            f"once: about {recipe.seconds} s"
        )
        began = time.monotonic()
        with temporary("shipway-base-") as directory:
            archive = directory / "root.tar"
            await _bootstrap(recipe, archive, log)
            await self._import(recipe, archive)
            megabytes = archive.stat().st_size // 1_000_000
        log(f"made {recipe.reference}: {megabytes} MB in {time.monotonic() - began:.0f} s")

    async def _import(self, recipe: Recipe, archive: Path) -> None:
        repository, _, tag = recipe.reference.partition(":")
        label = f"LABEL shipway.base={recipe.runtime}:{recipe.version} shipway.base.recipe={recipe.fingerprint}"
        options = [("fromSrc", "-"), ("repo", repository), ("tag", tag)]
        options += [("changes", change) for change in (*recipe.config, label)]
        async with connect(self._docker_host) as docker:
            replaced = await _image_id(docker, recipe.reference)
            await _take_in(docker, f"images/create?{urlencode(options)}", archive)
            if replaced and replaced != await _image_id(docker, recipe.reference):
                with suppress(aiodocker.DockerError):  # an app still stands on it
                    await docker.images.delete(replaced)


async def reachable_suites() -> frozenset[str]:
    """The suites that we hold keys for and that this machine's mirror carries."""
    mirror = host_mirror()
    known = [suite for suite in suites_with_keys() if suite in {recipe.suite for recipe in RECIPES}]
    if mirror is None or which("apt-helper", path="/usr/lib/apt") is None:
        return frozenset(known)
    carried = await asyncio.gather(*(_carries(mirror, suite) for suite in known))
    return frozenset(suite for suite, there in zip(known, carried, strict=True) if there)


async def _carries(mirror: Mirror, suite: str) -> bool:
    """Ask with apt's own downloader: it knows the proxy and the credentials that apt is configured with."""
    with tempfile.TemporaryDirectory(prefix="shipway-suite-") as directory:
        url = f"{mirror.main}/dists/{suite}/InRelease"
        exit_code, _ = await _run(["/usr/lib/apt/apt-helper", "download-file", url, f"{directory}/InRelease"], None)
    return exit_code == 0


async def _bootstrap(recipe: Recipe, archive: Path, log: Log) -> None:
    if which("mmdebstrap") is None:
        raise Unavailable(
            f"The base image {recipe.reference} can't be made: mmdebstrap is not installed.",
            hint="Install it (apt-get install mmdebstrap), or let the engine reach a public registry and set bases=official.",
        )
    exit_code, lines = await _run(_mmdebstrap(recipe, archive, host_mirror()), log)
    if exit_code:
        errors = [line for line in lines if line.startswith(("E:", "Err:", "dpkg: error"))] or lines
        raise Unavailable(
            f"The base image {recipe.reference} could not be made: {' '.join(errors[-2:])}",
            hint="mmdebstrap's lines in the log say more; most often a package mirror does not answer.",
        )


def _mmdebstrap(recipe: Recipe, archive: Path, mirror: Mirror | None) -> list[str]:
    uploads = []
    for number, (path, text) in enumerate(recipe.files):
        source = archive.with_name(f"file-{number}")
        source.write_text(text)
        uploads.append(f"upload {source} {path}")
    hooks = [f"--customize-hook={hook}" for hook in (*uploads, *recipe.hooks, CLEAN_UP)]
    hooks += [f'--essential-hook=mkdir -p "$1{path}"' for path in recipe.directories]
    include = [f"--include={','.join(recipe.packages)}"] if recipe.packages else []
    lines = mirror.lines(recipe.suite) if mirror else ()
    return ["mmdebstrap", *OPTIONS, *include, *hooks, recipe.suite, str(archive), *lines]


async def _run(argv: list[str], log: Log | None) -> tuple[int, list[str]]:
    """Exit code and output of a command that ends when we are cancelled."""
    passed_on = ("PATH", "TMPDIR", "http_proxy", "https_proxy", "no_proxy")
    environment = {name: os.environ[name] for name in passed_on if name in os.environ} | {"LC_ALL": "C.UTF-8"}
    cutter, lines = Lines(), []
    async with process_group(argv, environment) as process:
        async for chunk in chunks(process):
            for line in map(clean, cutter.feed(chunk)):
                lines.append(line)
                if log and line.startswith(_TOLD):
                    log(f"    {line.removeprefix('I: ')}")
        return await process.wait(), lines


@asynccontextmanager
async def _exclusive(path: Path) -> AsyncIterator[None]:
    """Hold the lock file; the kernel lets go of it also when we are killed."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        while not _locked(descriptor):  # noqa: ASYNC110 - the holder may be another process
            await asyncio.sleep(0.1)
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _image_id(docker: aiodocker.Docker, reference: str) -> str:
    try:
        return str((await docker.images.inspect(reference))["Id"])
    except aiodocker.DockerError:
        return ""


async def _take_in(docker: aiodocker.Docker, path: str, archive: Path) -> None:
    try:
        with archive.open("rb") as data:
            async with docker._query(path, "POST", data=data, timeout=None) as answer:
                messages = [json.loads(line) for line in (await answer.text()).splitlines() if line]
    except aiodocker.DockerError as error:
        raise Unavailable(f"The engine could not take in a base image: {error.message}") from error
    if problem := next((message["error"] for message in messages if "error" in message), ""):
        raise Unavailable(f"The engine could not take in a base image: {problem}", hint="Is its disk full?")
