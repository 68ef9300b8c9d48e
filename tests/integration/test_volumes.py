"""Volumes from deployment to deployment, on fakes: each instance finds its own data, and what nothing has goes to the bin."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.stack import AT_ONCE, DOCKERFILE, PATH, REPOSITORY, Stack, fake_stack

from shipway.domain.deployment import Deployment
from shipway.domain.errors import Conflict, Invalid, NotFound, Unavailable, WouldBin
from shipway.domain.volume import Volume
from shipway.engines.fake import exits
from shipway.operations import deletion, deployments, history, services, volumes
from shipway.worker.janitor import Janitor

DATA = Volume("data", "/data")


@pytest.fixture(autouse=True)
def _workers_settle_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shipway.pipeline.gate.SETTLED", 0.01)


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[Stack]:
    async with fake_stack(tmp_path, settings=replace(AT_ONCE, volumes=(DATA,))) as made:
        yield made


async def ended(stack: Stack, made: Deployment | None) -> Deployment:
    assert made is not None
    await stack.work()
    return await stack.deployment(made.id)


async def deployed(stack: Stack) -> Deployment:
    return await ended(stack, await stack.deploy())


async def scaled(stack: Stack, *, bins: bool = False, **counts: int) -> Deployment:
    return await ended(stack, await deployments.scale(stack.platform, stack.actor, PATH, counts, bins=bins))


async def rolled_back(stack: Stack, version: int | None = None) -> Deployment:
    return await ended(stack, await deployments.rollback(stack.platform, stack.actor, PATH, version=version))


async def declare(stack: Stack, *wanted: Volume) -> None:
    """Have the next release name these and no others."""
    known = await volumes.list_volumes(stack.platform, stack.actor, PATH)
    for volume in known.declared:
        await volumes.remove_volume(stack.platform, stack.actor, PATH, volume.name)
    for volume in wanted:
        await volumes.add_volume(stack.platform, stack.actor, PATH, volume)


async def data(stack: Stack, path: str = "/data") -> dict[str, str]:
    """What each instance that runs finds in its volume."""
    running = [each.name for each in await stack.engine.instances() if each.state == "running"]
    seen = {name: stack.engine.volumes.seen_by(name, path) for name in running}
    return {".".join(name.split(".")[-2:]): files.get("file", "") for name, files in seen.items()}


async def write(stack: Stack, **texts: str) -> None:
    """`web_2="text"` is written by `web.2`."""
    for each in await stack.engine.instances():
        process, ordinal = each.name.split(".")[-2:]
        if text := texts.get(f"{process}_{ordinal}"):
            stack.engine.volumes.seen_by(each.name, "/data")["file"] = text


async def known(stack: Stack) -> list[str]:
    """`data.web.1` and so on; with `(bin)` where it is there."""
    listed = (await volumes.list_volumes(stack.platform, stack.actor, PATH)).volumes
    return [f"{each.stored.place}{' (bin)' if each.until else ''}" for each in listed]


async def binned(stack: Stack) -> dict[str, str]:
    """Ids of what is in the bin, by place."""
    listed = (await volumes.list_volumes(stack.platform, stack.actor, PATH)).volumes
    return {str(each.stored.place): each.stored.id for each in listed if each.until}


class TestData:
    async def test_it_survives_a_deploy_a_rollback_and_a_restart(self, stack: Stack) -> None:
        await deployed(stack)
        await write(stack, web_1="kept")
        await deployed(stack)
        assert await data(stack) == {"web.1": "kept"}
        await rolled_back(stack)
        assert await data(stack) == {"web.1": "kept"}
        await ended(stack, await deployments.restart(stack.platform, stack.actor, PATH))
        assert await data(stack) == {"web.1": "kept"}

    async def test_it_survives_that_everything_is_stopped_and_started_again(self, stack: Stack) -> None:
        await deployed(stack)
        await write(stack, web_1="kept")
        for each in await stack.engine.instances():
            await stack.engine.stop(each.name, 0)
        await Janitor(stack.platform).round()
        assert await data(stack) == {"web.1": "kept"}

    async def test_it_survives_a_deployment_that_fails(self, stack: Stack) -> None:
        await deployed(stack)
        await write(stack, web_1="kept")
        (newest,) = await history.list_releases(stack.platform, stack.actor, PATH, limit=1)

        class Broken(dict):  # type: ignore[type-arg]
            def get(self, key: object, otherwise: object = None) -> object:
                return otherwise if newest.image.reference in str(key) else exits(1)

        stack.engine.behaviours = Broken()
        stack.sources.add(REPOSITORY, "main", {"Dockerfile": DOCKERFILE, "changed": "yes"})
        assert (await deployed(stack)).state == "failed"
        await Janitor(stack.platform).round()
        assert await data(stack) == {"web.1": "kept"}

    async def test_each_ordinal_has_its_own_and_new_ones_are_empty(self, stack: Stack) -> None:
        await deployed(stack)
        await write(stack, web_1="one")
        await scaled(stack, web=3)
        assert await data(stack) == {"web.1": "one", "web.2": "", "web.3": ""}

    async def test_only_the_process_types_that_are_meant_have_it(self, stack: Stack) -> None:
        stack.sources.add(REPOSITORY, "main", {"Dockerfile": DOCKERFILE, "Procfile": "web: app\nworker: work\n"})
        await declare(stack, Volume("data", "/data", "worker"))
        await deployed(stack)
        assert await known(stack) == ["data.worker.1"]

    async def test_the_first_deployment_makes_it_and_records_it_first(self, stack: Stack) -> None:
        stack.engine.denied_images.add("x")
        assert await known(stack) == []
        await deployed(stack)
        assert await known(stack) == ["data.web.1"]
        (listed,) = (await volumes.list_volumes(stack.platform, stack.actor, PATH)).volumes
        assert list(stack.engine.volumes.contents) == [listed.stored.id]

    async def test_what_has_one_is_not_kept_warm(self, stack: Stack) -> None:
        await services.change_service(stack.platform, stack.actor, PATH, settings={"keep_warm": 600})
        await deployed(stack)
        await declare(stack)
        await deployed(stack)
        assert [each.name.split(".")[-3] for each in await stack.engine.instances()] == ["d2"]


class TestScalingDown:
    async def test_it_is_refused_until_somebody_says_that_it_is_meant(self, stack: Stack) -> None:
        await scaled_to_three(stack)
        with pytest.raises(WouldBin, match=r"data\.web\.2, data\.web\.3"):
            await scaled(stack, web=1)
        assert len(await data(stack)) == 3
        view = await services.get_service(stack.platform, stack.actor, PATH)
        assert view.service.scale == {"web": 3}

    async def test_what_is_left_over_goes_into_the_bin(self, stack: Stack) -> None:
        await scaled_to_three(stack)
        made = await scaled(stack, web=1, bins=True)
        assert await known(stack) == ["data.web.1", "data.web.2 (bin)", "data.web.3 (bin)"]
        assert await data(stack) == {"web.1": "one"}
        assert "the volume data.web.2" in (stack.platform.logs.directory(made.id) / "finalize.log").read_text()

    async def test_it_stays_there_when_scaled_up_again_and_new_ones_are_empty(self, stack: Stack) -> None:
        await scaled_to_three(stack)
        await scaled(stack, web=1, bins=True)
        await scaled(stack, web=3)
        assert await data(stack) == {"web.1": "one", "web.2": "", "web.3": ""}

    async def test_restored_first_each_ordinal_has_its_own_data_back(self, stack: Stack) -> None:
        await scaled_to_three(stack)
        await scaled(stack, web=1, bins=True)
        for volume_id in (await binned(stack)).values():
            await volumes.restore_volume(stack.platform, stack.actor, PATH, volume_id)
        await Janitor(stack.platform).round()
        assert await known(stack) == ["data.web.1", "data.web.2", "data.web.3"], "they wait for their instances"
        await scaled(stack, web=3)
        assert await data(stack) == {"web.1": "one", "web.2": "two", "web.3": "three"}

    async def test_restored_and_not_used_it_goes_back_with_the_next_deployment(self, stack: Stack) -> None:
        await scaled_to_three(stack)
        await scaled(stack, web=1, bins=True)
        await volumes.restore_volume(stack.platform, stack.actor, PATH, (await binned(stack))["data.web.2"])
        await deployed(stack)
        assert await known(stack) == ["data.web.1", "data.web.2 (bin)", "data.web.3 (bin)"]

    async def test_one_whose_place_is_taken_is_not_restored(self, stack: Stack) -> None:
        await scaled_to_three(stack)
        await scaled(stack, web=1, bins=True)
        before = await binned(stack)
        await scaled(stack, web=2)
        with pytest.raises(Conflict, match=r"Another volume is data\.web\.2"):
            await volumes.restore_volume(stack.platform, stack.actor, PATH, before["data.web.2"])


class TestTheBin:
    async def test_what_is_no_longer_declared_goes_there_with_the_next_deployment(self, stack: Stack) -> None:
        await deployed(stack)
        await declare(stack)
        assert await known(stack) == ["data.web.1"], "nothing changes before"
        await deployed(stack)
        assert await known(stack) == ["data.web.1 (bin)"]

    async def test_a_rollback_finds_it_there(self, stack: Stack) -> None:
        await deployed(stack)
        await write(stack, web_1="kept")
        await declare(stack)
        await deployed(stack)
        made = await rolled_back(stack, 1)
        assert await data(stack) == {"web.1": "kept"}
        assert (
            "Out of the bin: the volume data.web.1"
            in (stack.platform.logs.directory(made.id) / "deploy.log").read_text()
        )

    async def test_declared_again_it_is_a_new_one(self, stack: Stack) -> None:
        await deployed(stack)
        await write(stack, web_1="kept")
        await declare(stack)
        await deployed(stack)
        await declare(stack, DATA)
        await deployed(stack)
        assert await data(stack) == {"web.1": ""}
        assert await known(stack) == ["data.web.1", "data.web.1 (bin)"]

    async def test_it_is_removed_when_its_time_is_over_and_not_before(
        self, stack: Stack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await deployed(stack)
        await declare(stack)
        await deployed(stack)
        in_time, late = (later(stack, days=6, hours=23), later(stack, days=7, hours=1))
        monkeypatch.setattr("shipway.pipeline.volumes.now", lambda: in_time)
        await Janitor(stack.platform).round()
        assert await known(stack) == ["data.web.1 (bin)"]
        monkeypatch.setattr("shipway.pipeline.volumes.now", lambda: late)
        await Janitor(stack.platform).round()
        assert (await known(stack), stack.engine.volumes.contents) == ([], {})

    async def test_what_is_in_use_is_never_removed(self, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
        await deployed(stack)
        late = later(stack, days=100)
        monkeypatch.setattr("shipway.pipeline.volumes.now", lambda: late)
        await Janitor(stack.platform).round()
        assert await known(stack) == ["data.web.1"]

    async def test_it_can_be_emptied_by_hand(self, stack: Stack) -> None:
        await scaled_to_three(stack)
        await scaled(stack, web=1, bins=True)
        ids = await binned(stack)
        await volumes.purge_volume(stack.platform, stack.actor, PATH, ids["data.web.2"])
        assert await known(stack) == ["data.web.1", "data.web.3 (bin)"]
        assert ids["data.web.2"] not in stack.engine.volumes.contents

    async def test_what_somebody_goes_back_to_in_the_same_instant_is_lost_whole_or_kept(self, stack: Stack) -> None:
        await deployed(stack)
        await write(stack, web_1="kept")
        await declare(stack)
        await deployed(stack)
        (binned_id,) = (await binned(stack)).values()
        starting, purged = asyncio.Event(), asyncio.Event()

        async def meanwhile(verb: str, when: str) -> None:
            if (verb, when) == ("remove_volume", "before") and not starting.is_set():
                await deployments.rollback(stack.platform, stack.actor, PATH)
                await starting.wait()
            elif (verb, when) == ("start", "before"):
                starting.set()
                await purged.wait()

        stack.engine.intercept = meanwhile
        async with stack.working(), asyncio.timeout(20):
            await volumes.purge_volume(stack.platform, stack.actor, PATH, binned_id)
            purged.set()
            while not await stack.is_idle():
                await asyncio.sleep(0.002)
        assert await data(stack) == {"web.1": ""}
        listed = (await volumes.list_volumes(stack.platform, stack.actor, PATH)).volumes
        assert {each.stored.id for each in listed} == set(stack.engine.volumes.contents), (
            "one is there that no row knows"
        )

    async def test_what_is_in_use_is_neither_purged_nor_restored(self, stack: Stack) -> None:
        await deployed(stack)
        (listed,) = (await volumes.list_volumes(stack.platform, stack.actor, PATH)).volumes
        for act in (volumes.purge_volume, volumes.restore_volume):
            with pytest.raises(Conflict, match="not in the bin"):
                await act(stack.platform, stack.actor, PATH, listed.stored.id)

    async def test_what_is_not_there_is_not_found(self, stack: Stack) -> None:
        for act in (volumes.purge_volume, volumes.restore_volume, volumes.remove_volume):
            with pytest.raises(NotFound):
                await act(stack.platform, stack.actor, PATH, "vol_nobody")


class TestDeletion:
    async def test_a_deleted_service_leaves_no_volume(self, stack: Stack) -> None:
        await deployed(stack)
        await deletion.delete_service(stack.platform, stack.actor, PATH, confirm=str(PATH))
        assert stack.engine.volumes.contents == {}

    async def test_what_a_crash_left_of_it_the_janitor_removes(self, stack: Stack) -> None:
        await deployed(stack)

        async def away(verb: str, when: str) -> None:
            if (verb, when) == ("remove_volume", "before"):
                raise Unavailable("The engine went away.")

        stack.engine.intercept = away
        with pytest.raises(Unavailable):
            await deletion.delete_service(stack.platform, stack.actor, PATH, confirm=str(PATH))
        assert stack.engine.volumes.contents
        stack.engine.intercept = None
        await Janitor(stack.platform).round()
        assert stack.engine.volumes.contents == {}


async def test_what_can_not_be_a_volume_is_refused(stack: Stack) -> None:
    with pytest.raises(Invalid):
        await volumes.add_volume(stack.platform, stack.actor, PATH, Volume("more", "/proc/x"))
    with pytest.raises(Conflict, match="in each other"):
        await volumes.add_volume(stack.platform, stack.actor, PATH, Volume("more", "/data/more"))


async def scaled_to_three(stack: Stack) -> None:
    await deployed(stack)
    await scaled(stack, web=3)
    await write(stack, web_1="one", web_2="two", web_3="three")


def later(stack: Stack, **by: int) -> object:
    from shipway.domain.clock import now

    return now() + timedelta(**by)
