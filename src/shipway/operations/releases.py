"""What a release holds, and what is different between two (S8.1)."""

from dataclasses import dataclass

from shipway.domain.deployment import Deployment
from shipway.domain.difference import Change, difference
from shipway.domain.names import ServicePath
from shipway.domain.release import Release
from shipway.domain.retention import Mark
from shipway.operations import access
from shipway.operations.access import Actor
from shipway.operations.planning import numbered_release
from shipway.pipeline.platform import Platform
from shipway.store import deployments, release_marks, releases


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """A release and what became of it."""

    release: Release
    path: ServicePath
    mark: Mark
    #: Those that made it live, the last one first.
    made_live_by: tuple[Deployment, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two releases of a service."""

    before: Release
    after: Release
    changes: tuple[Change, ...]


async def get_release(platform: Platform, actor: Actor, path: ServicePath, number: int) -> ReleaseView:
    """By its number in the service. Raises `NotFound`."""
    async with platform.database.read() as tx:
        service = await access.service(tx, actor, path)
        release = await numbered_release(tx, service, number)
        mark = (await release_marks.of(tx, [release.id]))[release.id]
        return ReleaseView(release, path, mark, tuple(await deployments.that_made_live(tx, release.id)))


async def marked_releases(
    platform: Platform, actor: Actor, path: ServicePath, *, limit: int = 20
) -> list[tuple[Release, Mark]]:
    """Newest first, each with whether it is pinned and its image there."""
    async with platform.database.read() as tx:
        service = await access.service(tx, actor, path)
        found = await releases.of_service(tx, service.id, limit=limit)
        marks = await release_marks.of(tx, [each.id for each in found])
    return [(each, marks[each.id]) for each in found]


async def release_of(platform: Platform, actor: Actor, deployment_id: str) -> Release | None:
    """The one that a deployment makes live; `None` until that is made, or named."""
    async with platform.database.read() as tx:
        deployment, _ = await access.deployment(tx, actor, deployment_id)
        return await releases.find(tx, deployment.release_id) if deployment.release_id else None


async def compare_releases(platform: Platform, actor: Actor, path: ServicePath, before: int, after: int) -> Comparison:
    """What is different in `after`. Raises `NotFound`."""
    async with platform.database.read() as tx:
        service = await access.service(tx, actor, path)
        old, new = [await numbered_release(tx, service, number) for number in (before, after)]
    return Comparison(old, new, difference(old, new))
