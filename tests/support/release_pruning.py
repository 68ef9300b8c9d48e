"""Images are pruned: by somebody, beside a deployment, and by a process that dies over it."""

import asyncio
from collections.abc import Collection
from contextlib import suppress

from tests.support.release_crashes import Killed, restarted
from tests.support.release_place import Place
from tests.support.release_world import World

from shipway.operations import images


async def prune(world: World, place: Place, keep: int, in_flight: Collection[str] = ()) -> None:
    """All goes that has to, as it was explained, and nothing else."""
    going, left = place.images.going(keep, world.needed | {*in_flight}), {*place.images.left}
    explained = await images.explain_images(world.stack.platform, world.stack.actor, place.path, keep=keep)
    went = await _pruned(world, place, keep)
    assert went == {each.image.reference for each in explained if each.fate == "goes"}
    assert going - left <= went <= going, f"{went} went, and {going} had to"
    place.images.went(going)


async def killed_pruning(world: World, place: Place, keep: int, fatal: int) -> None:
    """Die before the effect of that number, and begin anew. Either nothing went, or all that had to is marked."""
    going = place.images.going(keep, world.needed)
    count = 0

    async def fate(_verb: str, _when: str) -> None:
        nonlocal count
        count += 1
        if count > fatal:
            raise Killed

    world.stack.intercept(fate)
    with suppress(Killed):
        await _pruned(world, place, keep)
    await restarted(world)
    if count > 1:
        place.images.were_left(going)
    if going - {each.image for each in place.service.releases.values()}:
        # No mark says of an image without a release that it was to go.
        await prune(world, place, keep)


async def pruned_beside(world: World, place: Place, keep: int, at: int) -> set[str]:
    """Work, and prune as soon as that many effects are done; what went."""
    begin, count = asyncio.Event(), 0

    async def counted(_verb: str, _when: str) -> None:
        nonlocal count
        count += 1
        if count > at:
            begin.set()

    async def in_time() -> set[str]:
        await begin.wait()
        return await _pruned(world, place, keep)

    pruning = asyncio.create_task(in_time())
    world.stack.intercept(counted)
    await world.stack.work()
    begin.set()
    went = await pruning
    world.stack.intercept(None)
    return went


async def _pruned(world: World, place: Place, keep: int) -> set[str]:
    verdicts = await images.prune_images(world.stack.platform, world.stack.actor, place.path, keep=keep)
    return {each.image.reference for each in verdicts if each.fate == "goes"}
