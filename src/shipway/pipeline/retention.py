"""What is known of a service's images: what its retention is decided on (S4.3)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from shipway.domain.artifacts import Image
from shipway.domain.retention import KnownImage, Origin, Use
from shipway.domain.service import Service
from shipway.domain.source import ImageSource
from shipway.store import deletion, deployments, images, one_off_runs, release_marks, releases, rollouts, services
from shipway.store.database import Tx
from shipway.store.images import MadeImage
from shipway.store.release_marks import MarkedRelease


@dataclass(frozen=True, slots=True)
class _Needed:
    """Ids of releases, by what they are needed for; and the deployments that are under way. Of a service that is being
    deleted nothing is needed any more but what a deployment still uses."""

    live: frozenset[str]
    previous: frozenset[str]
    in_flight: frozenset[str]
    moving: frozenset[str]
    #: Ids of services.
    deleting: frozenset[str]

    def uses(self, release: MarkedRelease) -> Iterable[Use]:
        """What needs its image."""
        if release.id in self.live:
            yield "live"
        if release.id in self.previous:
            yield "previous"
        if release.mark.pinned and release.service_id not in self.deleting:
            yield "pinned"
        if release.id in self.in_flight:
            yield "in-flight"

    def left_with(self, release: MarkedRelease) -> bool:
        """Whether its service stays and it can be started: its image can't be built again once the builder's has gone."""
        return release.service_id not in self.deleting and release.mark.pruned_at is None


async def names_in_use(tx: Tx, service: Service, repository: str) -> set[str]:
    """Tags and digests by which users named images of `repository`, where something runs on them or is set to: what each
    means, the registry knows."""
    around = await release_marks.around(tx, service, repository)
    needed = await _needed(tx, around)
    named = [each.image.reference for each in around if not each.image.build and any(needed.uses(each))]
    beside = {each.id: each for each in await services.listed(tx) if each.workspace_id == service.workspace_id}
    sources = [each.source for each in beside.values() if not each.deleting]
    named += [each.reference for each in sources if isinstance(each, ImageSource)]
    named += [each.revision.image for each in await deployments.unfinished(tx) if each.service_id in beside]
    return {name for each in named if (name := _name_in(repository, each))}


async def known_images(
    tx: Tx, service: Service, repository: str, meanings: Mapping[str, str]
) -> tuple[KnownImage, ...]:
    """All of the service's, newest first. `meanings`: to the digest of the image, whatever `names_in_use` told; where there
    is one more by now, somebody is about to use who knows which, and none can be spared."""
    around = await release_marks.around(tx, service, repository)
    needed = await _needed(tx, around)
    named = await names_in_use(tx, service, repository)
    used = frozenset(meanings.get(name, "") for name in named)
    everything = not named <= meanings.keys()
    builds: dict[str, list[MadeImage]] = defaultdict(list)
    for made in await images.made(tx, service.id):
        builds[f"{repository}@{made.digest}"].append(made)
    having: dict[str, list[MarkedRelease]] = defaultdict(list)
    for release in around:
        if release.service_id == service.id or release.image.reference in builds:
            having[release.image.reference].append(release)
    found = []
    for reference in {**builds, **having}:
        made_by = builds.get(reference, [])
        uses = set(_uses(service, needed, having.get(reference, []), made_by))
        if made_by and (everything or made_by[0].digest in used):
            uses.add("used-elsewhere")
        found.append(_known(service, reference, made_by, having.get(reference, []), uses))
    return tuple(sorted(found, key=lambda each: (each.builds, each.releases), reverse=True))


async def is_left_over(tx: Tx, service: Service, image: Image, path: str, repository: str) -> bool:
    """Whether nobody but `service`, which is being deleted, has an image of `repository`, that of the service that was at
    `path`: it was deleted before, so that nobody prunes it."""
    if await images.is_known(tx, path, image.digest) or await names_in_use(tx, service, repository):
        return False
    around = await release_marks.around(tx, service, repository)
    needed = await _needed(tx, around)
    having = [each for each in around if each.image.reference == image.reference]
    return not any(each.id in needed.in_flight or needed.left_with(each) for each in having)


def _uses(
    service: Service, needed: _Needed, having: Iterable[MarkedRelease], made_by: Iterable[MadeImage]
) -> Iterable[Use]:
    for release in having:
        own = release.service_id == service.id
        for use in needed.uses(release):
            yield use if own else "used-elsewhere"
        if service.deleting and not own and needed.left_with(release):
            yield "used-elsewhere"
    if any(made.deployment_id in needed.moving for made in made_by):
        yield "in-flight"


def _known(
    service: Service,
    reference: str,
    made_by: list[MadeImage],
    having: list[MarkedRelease],
    uses: Collection[Use],
) -> KnownImage:
    own = [each for each in having if each.service_id == service.id]
    label = f"v{made_by[0].number}" if made_by else own[0].image.label
    given_up = bool(having) and all(each.mark.pruned_at for each in having)
    return KnownImage(
        reference=reference,
        digest=made_by[0].digest if made_by else own[0].image.digest,
        label=label,
        origin=_origin(made_by, own),
        releases=tuple(each.number for each in own),
        builds=tuple(each.number for each in made_by),
        created_at=made_by[0].created_at if made_by else own[-1].created_at,
        size=made_by[0].size if made_by else 0,
        uses=frozenset(uses),
        given_up=given_up,
        # What another service prunes is marked as it is begun; when it is done is that one's to know.
        removed=all(each.removed_at for each in made_by) if made_by else given_up,
    )


def _origin(made_by: list[MadeImage], own: list[MarkedRelease]) -> Origin:
    if made_by:
        return "own"
    return "elsewhere" if own[0].image.build else "foreign"


async def _needed(tx: Tx, around: Iterable[MarkedRelease]) -> _Needed:
    live, previous = set[str | None](), set[str | None]()
    deleting = frozenset((await deletion.marked(tx)).services)
    for service_id in {each.service_id for each in around} - deleting:
        serving, former = await _serving(tx, service_id)
        live.add(serving)
        # All that it ever ran: of another service, `around` has only what it took from this one.
        images_of = await release_marks.references(tx, service_id)
        previous |= _before(serving, former, images_of)
    moving = await deployments.unfinished(tx)
    rolled_out = [each.deployment_id for each in await rollouts.listed(tx) if each.service_id not in deleting]
    standing = await releases.of_deployments(tx, rolled_out)
    bases = {each.image_from.release_id for each in moving if each.image_from}
    runs = {each.release_id for each in await one_off_runs.unfinished(tx)}
    in_flight = {each.release_id for each in moving} | bases | {each.id for each in standing.values()} | runs
    return _Needed(_ids(live), _ids(previous), _ids(in_flight), frozenset(each.id for each in moving), deleting)


async def _serving(tx: Tx, service_id: str) -> tuple[str | None, list[str]]:
    """The release that is live, and those that were before, the last one first."""
    service = await services.get(tx, service_id)
    live = await deployments.get(tx, service.live_deployment_id) if service.live_deployment_id else None
    serving = live.release_id if live else None
    return serving, [each.release_id for each in await deployments.previously_live(tx, service_id) if each.release_id]


def _before(serving: str | None, former: Sequence[str], images_of: Mapping[str, str]) -> set[str | None]:
    """The release that a rollback goes back to; and where that is of the image that is live, as after a change of config
    alone, also the last one of another image."""
    releases = (each for each in former if each != serving)
    others = (each for each in former if serving is None or images_of[each] != images_of[serving])
    return {next(releases, None), next(others, None)}


def _ids(found: Iterable[str | None]) -> frozenset[str]:
    return frozenset(each for each in found if each)


def _name_in(repository: str, reference: str) -> str:
    """The digest, or else the tag, by which a reference names an image of the repository; empty: of another one."""
    name, _, digest = reference.partition("@")
    if not (name == repository or name.startswith(f"{repository}:")):
        return ""
    return digest or name.removeprefix(repository).removeprefix(":") or "latest"
