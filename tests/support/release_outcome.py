"""What has to come of a deployment, by the model, and what came of it."""

from collections.abc import Awaitable
from dataclasses import replace

from tests.support import release_model as model
from tests.support.release_checks import check
from tests.support.release_model import Release
from tests.support.release_place import Place, Wish
from tests.support.release_world import World

from shipway.domain.deployment import Deployment


async def settled(
    world: World, place: Place, made: Deployment, wish: Wish, work: Awaitable[None] | None = None
) -> None:
    """Let it be done, and compare what came of it with what had to."""
    place.deployments[made.number] = made.id
    expected = _outcome(place, wish)
    before, known = await world.addresses(place), dict(world.stack.builder.pushed)
    await (work or world.stack.work())
    ended = await world.stack.deployment(made.id)
    image = _new_image(known, world.stack.builder.pushed)
    if ended.state == "live":
        _went_live(place, ended, wish, expected, image)
    else:
        _went_wrong(place, ended, wish, expected, image)
        assert (
            ended.failure is None
            or ended.failure.step not in ("build", "release")
            or before == (after := await world.addresses(place))
        ), f"what was live did not stay: {before} before, {after} after"
    await check(world)


def _outcome(place: Place, wish: Wish) -> Release | int | str:
    """A new release, the number of one that there is, or the code of why not."""
    service = place.service
    match wish.action:
        case "deploy":
            commit = wish.commit or place.head
            return "build" if commit.fault == "build" else service.today(commit)
        case "rollback" | "promote" if wish.base:
            return service.today(wish.base.commit, wish.base.image)
        case "config":
            return _refiled(service)
        case "reconfigure":
            return _reconfigured(service)
    number = wish.number or service.live or 0
    return service.trouble(service.releases[number]) or number


def _refiled(service: model.Service) -> Release | int:
    live = service.releases[service.live or 0]
    return service.live or 0 if live.files == service.files else replace(live, files=dict(service.files))


def _reconfigured(service: model.Service) -> Release | int | str:
    live = service.releases[service.live or 0]
    today = service.today(live.commit, live.image)
    return service.live or 0 if today == live and live.reproducible else today


def _went_live(place: Place, ended: Deployment, wish: Wish, expected: Release | int | str, image: str) -> None:
    service = place.service
    assert not isinstance(expected, str), f"{wish} is live, and had to be refused: {expected}"
    number = ended.release_number or 0
    if isinstance(expected, Release):
        assert expected.commit.fault == "", f"{wish} is live, and its app does not run"
        assert number == max(service.releases, default=0) + 1
        service.releases[number] = replace(expected, image=expected.image or image)
    else:
        assert number == expected
    service.lived.append(number)


def _went_wrong(place: Place, ended: Deployment, wish: Wish, expected: Release | int | str, image: str) -> None:
    if ended.state == "failed":
        assert ended.failure
        got = (ended.failure.step, ended.failure.code, ended.failure.message)
        assert got[:2] in _reasons(place, wish, expected), f"{wish} failed: {got}"
    else:
        assert ended.state == "cancelled", f"{wish} is {ended.state}"
    made = ended.release_number
    if isinstance(expected, Release) and made and made not in place.service.releases:
        place.service.releases[made] = replace(expected, image=expected.image or image)
    commit = (wish.commit or place.head) if wish.action == "deploy" and ended.state == "failed" else wish.commit
    place.failed.append((ended.id, replace(wish, commit=commit)))


def _reasons(place: Place, wish: Wish, expected: Release | int | str) -> set[tuple[str, str]]:
    """Steps and codes in which it may have failed."""
    if expected == "build":
        return {("build", "build-failed"), ("build", "dockerfile-error"), ("build", "build-command-failed")}
    if isinstance(expected, str):
        return {("release", expected)}
    release = expected if isinstance(expected, Release) else place.service.releases[expected]
    reasons = {("health", "app-exited")} if release.commit.fault == "app" else set()
    if wish.action == "config" and (trouble := place.service.trouble(release)):
        # Where it can't be done in place, instances have to be started.
        reasons.add(("deploy", trouble))
    return reasons


def _new_image(before: dict[str, str], after: dict[str, str]) -> str:
    """By digest: what the registry got meanwhile."""
    found = {f"{name.rpartition(':')[0]}@{digest}" for name, digest in after.items() if name not in before}
    assert len(found) <= 1
    return found.pop() if found else ""
