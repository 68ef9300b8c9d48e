"""Which pushes a service deploys by itself (S2.2). `pushes.py` goes by it, `hold.py` suspends it."""

from collections.abc import Sequence

from pathspec import PathSpec

from shipway.domain.errors import Invalid
from shipway.domain.following import Following
from shipway.domain.names import ServicePath
from shipway.domain.service import Service
from shipway.operations import access
from shipway.operations.access import Actor
from shipway.pipeline.platform import Platform
from shipway.store import services


async def get_following(platform: Platform, actor: Actor, path: ServicePath) -> Service:
    """The service, as it follows pushes now."""
    async with platform.database.read() as tx:
        return await access.service(tx, actor, path)


async def follow(
    platform: Platform,
    actor: Actor,
    path: ServicePath,
    *,
    on: bool | None = None,
    branch: str | None = None,
    paths: Sequence[str] | None = None,
) -> Service:
    """Change what is given, from the next push on. Turning it on ends a hold. Raises `Invalid` for what is no pattern."""
    _check(paths or ())
    async with platform.database.write() as tx:
        service = await access.service(tx, actor, path)
        known = service.following
        wanted = Following(
            on=known.on if on is None else on,
            branch=known.branch if branch is None else branch,
            paths=known.paths if paths is None else tuple(paths),
        )
        await services.set_following(tx, service.id, wanted)
        if on:
            await services.hold(tx, service.id, "")
        return await services.get(tx, service.id)


def touches(patterns: Sequence[str], files: Sequence[str]) -> bool:
    """Whether some of `files` count. The last pattern that matches a path decides; where all are
    exceptions, what counts is everything else."""
    everything = ["*"] if all(pattern.startswith("!") for pattern in patterns) else []
    return any(PathSpec.from_lines("gitignore", [*everything, *patterns]).match_files(files))


def _check(patterns: Sequence[str]) -> None:
    for pattern in patterns:
        try:
            means = any(each.include is not None for each in PathSpec.from_lines("gitignore", [pattern]).patterns)
        except ValueError:
            means = False
        if not means:
            raise Invalid(
                f"{pattern!r} is no pattern of paths.", hint="Write them as in .gitignore: api/, /docs/*.md, !*.txt."
            )
