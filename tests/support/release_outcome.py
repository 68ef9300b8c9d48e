"""What has to come of a deployment, by the model, and what came of it."""

from collections.abc import Awaitable, Collection
from dataclasses import dataclass, replace

from tests.support import release_model as model
from tests.support.release_checks import check
from tests.support.release_model import Commit, Release
from tests.support.release_place import Place, Wish
from tests.support.release_registry import handed_out, image_of, learn_pushes
from tests.support.release_world import World

from shipway.domain.deployment import Deployment
from shipway.store import journal


@dataclass(frozen=True)
class Outcome:
    """What has to come of it."""

    #: The release that it makes; its image is empty while it is not known.
    new: Release | None = None
    #: Or the number of the one that it takes.
    number: int = 0
    #: The code of why that can't go live.
    trouble: str = ""
    #: What comes of the image, where that is built again.
    rebuilt: str = ""


async def settled(
    world: World,
    place: Place,
    made: Deployment,
    wish: Wish,
    work: Awaitable[Collection[str] | None] | None = None,
) -> None:
    """Let it be done, and compare what came of it with what had to. `work` tells the images that went by the way."""
    place.deployments[made.number] = made.id
    outcome, before = _outcome(world, place, wish), await world.addresses(place)
    went = await (work or world.stack.work()) or ()
    ended = await world.stack.deployment(made.id)
    image = learn_pushes(world, place)
    # What was pushed again after that is there.
    place.images.went({*went} - handed_out(world, place))
    if ended.state == "live":
        _went_live(place, ended, wish, outcome, image)
        _prune(world, place)
    else:
        if wish.action == "deploy" and await _found_out(world, ended):
            wish = replace(wish, commit=wish.commit or place.head)
        _went_wrong(place, ended, wish, outcome, image)
        assert (
            ended.failure is None
            or ended.failure.step not in ("build", "release")
            or before == (after := await world.addresses(place))
        ), f"what was live did not stay: {before} before, {after} after"
    await check(world)


def _outcome(world: World, place: Place, wish: Wish) -> Outcome:
    service, rebuilt = place.service, _rebuilt(world, place, wish)
    if wish.action == "deploy":
        commit = wish.commit or place.head
        return Outcome(trouble="build") if commit.fault == "build" else _of_today(service, commit)
    if wish.action == "config":
        return _refiled(service)
    if wish.action == "reconfigure":
        return _reconfigured(service)
    if base := wish.base:
        return _of_today(service, base.commit, "" if rebuilt == "differs" else base.image, rebuilt)
    number = wish.number or service.live or 0
    release = service.releases[number]
    new = replace(release, image="") if rebuilt == "differs" else None
    return Outcome(new, 0 if new else number, service.trouble(release), rebuilt)


def _of_today(service: model.Service, commit: Commit, image: str = "", rebuilt: str = "") -> Outcome:
    made = service.today(commit, image)
    return Outcome(trouble=made, rebuilt=rebuilt) if isinstance(made, str) else Outcome(made, rebuilt=rebuilt)


def _refiled(service: model.Service) -> Outcome:
    live = service.releases[service.live or 0]
    if live.files == service.files:
        return Outcome(number=service.live or 0)
    return Outcome(replace(live, files=dict(service.files)))


def _reconfigured(service: model.Service) -> Outcome:
    live = service.releases[service.live or 0]
    made = _of_today(service, live.commit, live.image)
    return Outcome(number=service.live or 0) if made.new == live and live.reproducible else made


def _rebuilt(world: World, place: Place, wish: Wish) -> str:
    """Of an image that is gone: whether it is the same when it is built again."""
    image = image_of(place, wish)
    if image not in world.gone:
        return ""
    return "reproduced" if place.images.bases[image] == world.stack.builder.bases_hold else "differs"


def _went_live(place: Place, ended: Deployment, wish: Wish, outcome: Outcome, image: str) -> None:
    service = place.service
    assert not outcome.trouble, f"{wish} is live, and had to be refused: {outcome.trouble}"
    assert ((ended.rebuild and ended.rebuild.outcome) or "") == outcome.rebuilt
    assert outcome.rebuilt != "reproduced" or image == image_of(place, wish)
    number = ended.release_number or 0
    if outcome.new:
        assert outcome.new.commit.fault == "", f"{wish} is live, and its app does not run"
        assert number == max(service.releases, default=0) + 1
        service.releases[number] = replace(outcome.new, image=outcome.new.image or image)
    else:
        assert number == outcome.number
    service.lived.append(number)


async def _found_out(world: World, ended: Deployment) -> bool:
    """Whether it came so far as to see where the branch led to: a second try is of that."""
    async with world.stack.database.read() as tx:
        cloned = await journal.recorded(tx, ended.id, "clone")
    return cloned is not None and cloned[0] == "complete"


def _prune(world: World, place: Place) -> None:
    if world.retention:
        place.images.went(place.images.going(world.retention, world.needed))


def _went_wrong(place: Place, ended: Deployment, wish: Wish, outcome: Outcome, image: str) -> None:
    if ended.state == "failed":
        assert ended.failure
        got = (ended.failure.step, ended.failure.code, ended.failure.message)
        assert got[:2] in _reasons(place, wish, outcome), f"{wish} failed: {got}"
    else:
        assert ended.state == "cancelled", f"{wish} is {ended.state}"
    made = ended.release_number or 0
    if outcome.new and made and made not in place.service.releases:
        place.service.releases[made] = replace(outcome.new, image=outcome.new.image or image)
    # What was built again and differs, is what a second try goes back to.
    place.failed.append((ended.id, replace(wish, number=made if wish.number else 0)))


def _reasons(place: Place, wish: Wish, outcome: Outcome) -> set[tuple[str, str]]:
    """Steps and codes in which it may have failed."""
    if outcome.trouble == "build":
        return {("build", "build-failed"), ("build", "dockerfile-error"), ("build", "build-command-failed")}
    if outcome.trouble:
        return {("release", outcome.trouble)}
    release = outcome.new or place.service.releases[outcome.number]
    reasons = {("health", "app-exited")} if release.commit.fault == "app" else set()
    if wish.action == "config" and (trouble := place.service.trouble(release)):
        # Where it can't be done in place, instances have to be started.
        reasons.add(("deploy", trouble))
    return reasons
