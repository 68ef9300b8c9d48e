"""The images that generated Dockerfiles start from: official ones where they can be had, else ours (`bases_airgapped.py`)."""

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

import aiodocker

from shipway.builders.base_recipes import OWN, RECIPES, Recipe
from shipway.builders.bases_airgapped import Workshop, reachable_suites
from shipway.builders.docker_api import connect
from shipway.domain.errors import BuildFailed, Invalid, Unavailable
from shipway.domain.log import Log

Mode = Literal["auto", "official", "airgapped"]

#: Official image and default version per runtime; `{}` is the version.
_OFFICIAL: Mapping[str, tuple[str, str]] = {
    "python": ("python:{}-slim", "3.13"),
    "node": ("node:{}-slim", "22"),
    "static": ("nginxinc/nginx-unprivileged:{}", "stable"),
    # Where builds happen; no FROM names it.
    "builder": ("docker:{}-dind", "28"),
    # What lists an image's packages; likewise.
    "sbom": ("docker/buildkit-syft-scanner:{}", "stable-1"),
    "ruby": ("ruby:{}-slim", "3.4"),
    "php": ("php:{}-apache", "8.4"),
    # One tool for every version of PHP; our own PHP bases bring theirs.
    "php-extensions": ("mlocati/php-extension-installer:2", ""),
    "java": ("maven:3-eclipse-temurin-{}", "21"),
    "jre": ("eclipse-temurin:{}-jre", "21"),
    "gradle": ("gradle:jdk{}", "21"),
    "dotnet": ("mcr.microsoft.com/dotnet/sdk:{}", "10.0"),
    "aspnet": ("mcr.microsoft.com/dotnet/aspnet:{}", "10.0"),
    "plain": ("debian:{}-slim", "stable"),
    "go": ("golang:{}", "1"),
    "rust": ("rust:{}-slim", "1"),
}
#: Runtimes whose part is played by the base of another one.
_PART_OF = {"php-extensions": "php"}
#: Runtimes that Debian has no package of, or none that is new enough: why no base of ours can be made, and what to do.
_OFFICIAL_ONLY: Mapping[str, tuple[str, str]] = {
    "gradle": (
        "Debian's Gradle is 4.4, which builds next to nothing of today",
        "Commit Gradle's wrapper (gradlew and gradle/wrapper/, the jar too): it brings its own Gradle, to any JDK.",
    ),
    **dict.fromkeys(
        ("dotnet", "aspnet"),
        (
            "Debian has no .NET",
            "Build where it is to be had, and deploy the image; or load the official images into the engine (docker load).",
        ),
    ),
}
#: Asked for to learn whether the public registry answers.
_PROBE = "python:3-slim"
_PROBE_TIMEOUT = 5.0
#: Seconds that what was seen of the world stays true.
_REMEMBERED = 600.0
_FROM = re.compile(r"^\s*(?:FROM\s+(?:--\S+\s+)*|COPY\s+.*--from=)(shipway-base/\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class World:
    """What decides between official and our own bases."""

    #: Whether the public registry answers the engine.
    official: bool = False
    #: Names of images that the engine has.
    local: frozenset[str] = frozenset()
    #: Distribution suites that packages can be had from.
    suites: frozenset[str] = frozenset()


def choose(mode: Mode, world: World, runtime: str, version: str, recipes: Sequence[Recipe] = RECIPES) -> str:
    """The reference for a FROM line. Raises `Invalid` for an unknown runtime, `Unavailable` when there is no way to one."""
    official = official_reference(runtime, version)
    if mode == "official" or (mode == "auto" and (world.official or official in world.local)):
        return official
    offered = [recipe for recipe in recipes if recipe.suite in world.suites]
    return nearest(_PART_OF.get(runtime, runtime), version, offered).reference


def official_reference(runtime: str, version: str) -> str:
    """The official image of that runtime and version; an empty version is the default one."""
    if runtime not in _OFFICIAL:
        raise Invalid(f"There is no base image for {runtime!r}.", hint=f"Runtimes: {', '.join(_OFFICIAL)}.")
    template, default = _OFFICIAL[runtime]
    return template.format(version or default)


def nearest(runtime: str, version: str, recipes: Sequence[Recipe]) -> Recipe:
    """The recipe for that line of versions, else the next newer one, else the newest there is."""
    offered = sorted(
        (recipe for recipe in recipes if recipe.runtime == runtime), key=lambda recipe: _numbers(recipe.version)
    )
    if not offered and runtime in _OFFICIAL_ONLY:
        why, advice = _OFFICIAL_ONLY[runtime]
        raise Unavailable(
            f"No base image for {runtime} {version} can be made on this machine: {why}.",
            hint=f"{advice} Where the engine can reach a public registry, the official image is used (bases=auto).",
        )
    if not offered:
        raise Unavailable(
            f"No base image for {runtime} can be made: this machine's package sources offer no suite it is known for.",
            hint="Needed are Debian's archive keys (debian-archive-keyring) and a mirror that carries trixie or bookworm.",
        )
    wanted = _numbers(version)
    same = [recipe for recipe in offered if _line(recipe, wanted) == wanted[: len(_numbers(recipe.version))]]
    newer = [recipe for recipe in offered if _numbers(recipe.version) > wanted]
    return same[-1] if same else newer[0] if newer else offered[-1]


class Bases:
    """Chooses base images, and makes those that nobody offers. May be used concurrently, also by several processes."""

    def __init__(
        self, mode: str = "auto", docker_host: str = "", home: Path | None = None, recipes: Sequence[Recipe] = RECIPES
    ) -> None:
        """`home`: where the locks between processes are kept; empty: the system's directory for temporary files."""
        if mode not in get_args(Mode):
            raise Invalid(f"bases is {mode!r}.", hint=f"Choose one of {', '.join(get_args(Mode))}.")
        self._mode = cast(Mode, mode)
        self._docker_host = docker_host
        self._recipes = recipes
        self._workshop = Workshop(docker_host, home)
        self._world = World()
        self._seen_until = 0.0

    async def decide(self) -> None:
        """Look at the world, unless that was done in the last ten minutes. Call it before `resolve`."""
        if time.monotonic() < self._seen_until:
            return
        self._world = World(
            official=self._mode == "auto" and await self._public_registry_answers(),
            local=await self._local_images() if self._mode == "auto" else frozenset(),
            suites=await reachable_suites() if self._mode != "official" else frozenset(),
        )
        self._seen_until = time.monotonic() + _REMEMBERED

    def resolve(self, runtime: str, version: str) -> str:
        """The reference to put into FROM, by what `decide` saw last. Raises `Invalid` or `Unavailable` as `choose` does."""
        return choose(self._mode, self._world, runtime, version, self._recipes)

    async def ensure(self, runtime: str, version: str, log: Log) -> str:
        """The reference to put into FROM, which a build finds there: made now when it is ours and missing or outdated.

        Raises `Unavailable` when it can't be made. An official image is left to the build to pull.
        """
        await self.decide()
        reference = self.resolve(runtime, version)
        await self._ensure_reference(reference, log)
        return reference

    async def ensure_for(self, dockerfile: str, log: Log) -> None:
        """Make sure of every base of ours that a Dockerfile's text refers to; others are none of our business."""
        for reference in dict.fromkeys(_FROM.findall(dockerfile)):
            await self._ensure_reference(reference, log)

    async def build_all(self, log: Log, *, again: bool = False) -> None:
        """Make all bases that this machine's package sources allow; `again`: also those that exist, for fixed packages."""
        suites = await reachable_suites()
        for recipe in self._recipes:
            if recipe.suite in suites:
                await self._workshop.ensure(recipe, log, again=again)

    async def _ensure_reference(self, reference: str, log: Log) -> None:
        if not reference.startswith(OWN):
            return
        recipe = next((recipe for recipe in self._recipes if recipe.reference == reference), None)
        if recipe:
            await self._workshop.ensure(recipe, log)
        elif reference not in await self._local_images():
            raise BuildFailed(
                f"The base image {reference} is not here, and there is no recipe for it.",
                code="base-image-not-found",
                hint=f"Recipes: {', '.join(recipe.reference for recipe in self._recipes)}.",
            )

    async def _public_registry_answers(self) -> bool:
        """Ask through the engine, which may know a mirror or a proxy that we don't."""
        async with connect(self._docker_host) as docker:
            try:
                async with asyncio.timeout(_PROBE_TIMEOUT):
                    await docker._query_json(f"distribution/{_PROBE}/json")
            except (aiodocker.DockerError, TimeoutError):
                return False
        return True

    async def _local_images(self) -> frozenset[str]:
        async with connect(self._docker_host) as docker:
            return frozenset(name for image in await docker.images.list() for name in image["RepoTags"] or ())


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _line(recipe: Recipe, wanted: tuple[int, ...]) -> tuple[int, ...]:
    """The recipe's version, as exactly as the wished one is."""
    return _numbers(recipe.version)[: len(wanted)]
