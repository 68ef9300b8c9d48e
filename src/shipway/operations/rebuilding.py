"""Whether the image of a release that was pruned can be built again, and from what (S8.2, decision 23)."""

from shipway.domain.artifacts import Checkout
from shipway.domain.codec import decode
from shipway.domain.rebuild import Rebuild
from shipway.domain.release import Release
from shipway.domain.service import Service
from shipway.domain.source import GitSource, PushSource, UploadSource
from shipway.operations.images import refuse_pruned
from shipway.pipeline.build_inputs import build_arguments, built_with, different, first_release
from shipway.store import builds, journal, release_marks
from shipway.store.database import Tx


async def rebuild_of(tx: Tx, service: Service, release: Release) -> Rebuild | None:
    """How a rollback of `service` gets the image of `release` again; `None` where that is there. Raises `ImagePruned`, with
    why, where it is known beforehand that it can't be built. Whether a repository still has the commit is not."""
    if (await release_marks.of(tx, [release.id]))[release.id].pruned_at is None:
        return None
    checkout = await _checkout(tx, service, release)
    if checkout is None:
        await refuse_pruned(
            tx, release.id, why="it was built for another service, or what it was built from is not known"
        )
    elif not _leads_to(service, checkout):
        former = "what was pushed" if checkout.kind == "push" else checkout.location or "an upload"
        await refuse_pruned(
            tx, release.id, why=f"it was built from {former}, which is not the service's source any more"
        )
    else:
        otherwise = different(await built_with(tx, release), await build_arguments(tx, service))
        return Rebuild(release.id, release.number, checkout, otherwise)
    return None


async def _checkout(tx: Tx, service: Service, release: Release) -> Checkout | None:
    """As the journal of the deployment that built it has it."""
    first = await first_release(tx, release)
    if first is None or first.service_id != service.id:
        return None
    found = await builds.by_number(tx, service.id, release.image.build)
    cloned = await journal.recorded(tx, found[0].deployment_id, "clone") if found else None
    return decode(Checkout, cloned[1]) if cloned and cloned[1] else None


def _leads_to(service: Service, checkout: Checkout) -> bool:
    match service.source:
        case UploadSource():
            return checkout.kind == "upload"
        case PushSource():
            return checkout.kind == "push" and checkout.location == service.id
        case GitSource(url=url):
            return checkout.kind == "git" and checkout.location == url
    return False
