"""What every engine promises, on the fake one and on the real Docker."""

import asyncio
import contextlib
import time
from dataclasses import replace

import pytest
from tests.support.engines import (
    PATIENCE,
    Lab,
    event,
    exit_of,
    lines_of,
    only,
    unknown_image,
    until_it_answers,
)

from shipway.domain.errors import DeployFailed
from shipway.engines.engine import KeepsImages
from shipway.engines.fake import Behaviour, exits, ignores_sigterm, serves


class TestStarting:
    async def test_the_engine_answers(self, lab: Lab) -> None:
        await lab.engine.check()

    async def test_a_started_app_is_reached_by_its_address(self, lab: Lab) -> None:
        instance = await lab.engine.start(lab.workload(app=serves()))
        assert instance.state == "running"
        await until_it_answers(lab, instance.address)

    async def test_the_instance_is_found_as_it_was_started(self, lab: Lab) -> None:
        workload = lab.workload()
        started = await lab.engine.start(workload)
        found = await only(lab)
        assert (found.name, found.owner, found.state) == (workload.name, workload.owner, "running")
        assert (found.address, found.exit_code, found.restarts) == (started.address, None, 0)
        assert found.started_at is not None and started.started_at is not None
        assert abs((found.started_at - started.started_at).total_seconds()) < 5

    async def test_a_second_start_keeps_the_running_instance(self, lab: Lab) -> None:
        workload = lab.workload()
        await lab.engine.start(workload)
        before = await only(lab)
        again = await lab.engine.start(workload)
        assert again == before == await only(lab)

    async def test_two_concurrent_starts_of_one_name_make_one_instance(self, lab: Lab) -> None:
        workload = lab.workload()
        first, second = await asyncio.gather(lab.engine.start(workload), lab.engine.start(workload))
        assert first.address == second.address == (await only(lab)).address

    async def test_instances_started_together_have_addresses_of_their_own(self, lab: Lab) -> None:
        names = [f"app.web.{ordinal}" for ordinal in range(1, 5)]
        started = await asyncio.gather(*(lab.engine.start(lab.workload(name)) for name in names))
        assert len({instance.address for instance in started}) == len(names)

    async def test_a_crash_is_not_hidden_by_another_start(self, lab: Lab) -> None:
        workload, events = lab.workload(app=exits(3)), lab.engine.events()
        await lab.engine.start(workload)
        await exit_of(workload.name, events)
        again = await lab.engine.start(workload)
        assert (again.state, again.exit_code, again.address) == ("exited", 3, "")
        assert (await only(lab)).state == "exited"

    async def test_one_that_exited_runs_again_when_it_is_to_be_restarted(self, lab: Lab) -> None:
        workload, events = lab.workload(app=exits(3, after=0.2)), lab.engine.events()
        address = (await lab.engine.start(workload)).address
        await exit_of(workload.name, events)
        again = await lab.engine.start(replace(workload, restart=True))
        assert (again.state, again.address) == ("running", address)

    async def test_an_image_in_use_stays_and_one_that_is_not_there_may_be_removed(self, lab: Lab) -> None:
        assert isinstance(lab.engine, KeepsImages)
        workload = lab.workload()
        await lab.engine.start(workload)
        assert not await lab.engine.remove_image(workload.image)
        assert (await only(lab)).state == "running"
        assert await lab.engine.remove_image(f"127.0.0.1:1/nobody/has@sha256:{'0' * 64}")

    async def test_an_unknown_image_is_said_to_be_unknown(self, lab: Lab) -> None:
        async with unknown_image(lab) as image:
            with pytest.raises(DeployFailed) as failure:
                await lab.engine.start(replace(lab.workload(), image=image))
        assert failure.value.code == "image-not-found"
        assert await lab.engine.instances() == []


class TestStopping:
    async def test_nothing_is_left_of_a_stopped_instance(self, lab: Lab) -> None:
        instance = await lab.engine.start(lab.workload(app=serves()))
        await until_it_answers(lab, instance.address)
        await lab.engine.stop(instance.name, grace=10)
        assert await lab.engine.instances() == []
        assert not await lab.answers(instance.address)

    async def test_stopping_what_is_not_there_is_fine(self, lab: Lab) -> None:
        await lab.engine.stop("nobody.web.1", grace=10)

    async def test_stopping_twice_at_once_is_fine(self, lab: Lab) -> None:
        instance = await lab.engine.start(lab.workload())
        await asyncio.gather(*(lab.engine.stop(instance.name, grace=10) for _ in range(3)))
        assert await lab.engine.instances() == []

    async def test_an_app_that_heeds_sigterm_is_not_waited_for(self, lab: Lab) -> None:
        instance = await lab.engine.start(lab.workload())
        async with asyncio.timeout(PATIENCE):
            await lab.engine.stop(instance.name, grace=600)

    async def test_an_app_that_ignores_sigterm_is_killed_after_its_grace(self, lab: Lab) -> None:
        instance = await lab.engine.start(lab.workload(app=ignores_sigterm()))
        events = lab.engine.events()
        began = time.monotonic()
        await lab.engine.stop(instance.name, grace=1)
        assert time.monotonic() - began >= 0.9
        assert (await exit_of(instance.name, events)).exit_code == 137

    async def test_what_has_exited_is_removed(self, lab: Lab) -> None:
        workload, events = lab.workload(app=exits(1)), lab.engine.events()
        await lab.engine.start(workload)
        await exit_of(workload.name, events)
        await lab.engine.stop(workload.name, grace=10)
        assert await lab.engine.instances() == []

    async def test_a_crash_looping_instance_is_removed_between_two_restarts(self, lab: Lab) -> None:
        workload, events = lab.workload(app=exits(1), restart=True), lab.engine.events()
        await lab.engine.start(workload)
        for _ in range(3):
            await exit_of(workload.name, events)
        await lab.engine.stop(workload.name, grace=10)
        assert await lab.engine.instances() == []

    async def test_a_stop_during_a_start_leaves_nothing(self, lab: Lab) -> None:
        workload = lab.workload()
        starting = asyncio.create_task(lab.engine.start(workload))
        await asyncio.sleep(0)
        await lab.engine.stop(workload.name, grace=10)
        await starting
        assert await lab.engine.instances() == []

    async def test_a_stop_after_a_cancelled_start_leaves_nothing(self, lab: Lab) -> None:
        for delay in (0, 0.003, 0.01, 0.03, 0.1):
            starting = asyncio.create_task(lab.engine.start(lab.workload()))
            await asyncio.sleep(delay)
            starting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await starting
            await lab.engine.stop("app.web.1", grace=10)
            assert await lab.engine.instances() == []

    async def test_a_name_can_be_used_again(self, lab: Lab) -> None:
        workload = lab.workload()
        await lab.engine.start(workload)
        await lab.engine.stop(workload.name, grace=10)
        assert (await lab.engine.start(workload)).state == "running"


class TestRestarting:
    async def test_a_candidate_that_crashes_stays_down(self, lab: Lab) -> None:
        workload, events = lab.workload(restart=False), lab.engine.events()
        await lab.engine.start(workload)
        await event("started", workload.name, events)
        await lab.crash(workload.name)
        assert (await exit_of(workload.name, events)).exit_code == 137
        assert (await only(lab)).state == "exited"

    async def test_an_instance_that_crashes_comes_back_with_the_same_address(self, lab: Lab) -> None:
        workload, events = lab.workload(app=serves(), restart=True), lab.engine.events()
        address = (await lab.engine.start(workload)).address
        await event("started", workload.name, events)
        await lab.crash(workload.name)
        await exit_of(workload.name, events)
        await event("started", workload.name, events)
        back = await only(lab)
        assert (back.state, back.address, back.restarts) == ("running", address, 1)
        await until_it_answers(lab, address)

    async def test_a_second_start_turns_restarts_on_and_keeps_the_instance(self, lab: Lab) -> None:
        workload, events = lab.workload(restart=False), lab.engine.events()
        await lab.engine.start(workload)
        before = await only(lab)
        assert await lab.engine.start(replace(workload, restart=True)) == before
        await event("started", workload.name, events)
        await lab.crash(workload.name)
        await event("started", workload.name, events)
        assert (await only(lab)).address == before.address

    async def test_an_instance_is_started_again_at_the_same_address_and_its_log_goes_on(self, lab: Lab) -> None:
        app = replace(serves(), output=("hello",))
        workload, events = lab.workload(app=app, restart=True), lab.engine.events()
        before = await lab.engine.start(workload)
        await until_it_answers(lab, before.address)
        await lab.engine.restart(workload.name, grace=10)
        assert (await exit_of(workload.name, events)).exit_code == 143
        await event("started", workload.name, events)
        back = await only(lab)
        assert (back.state, back.address, back.owner) == ("running", before.address, before.owner)
        assert back.started_at and before.started_at and back.started_at > before.started_at
        await until_it_answers(lab, before.address)
        assert (await lines_of(lab, workload.name)).count(("stdout", "hello")) == 2

    async def test_who_follows_a_log_hears_an_instance_that_is_started_again(self, lab: Lab) -> None:
        workload = lab.workload(app=Behaviour(output=("hello",)), restart=True)
        await lab.engine.start(workload)
        async with asyncio.timeout(PATIENCE), contextlib.aclosing(lab.engine.logs(workload.name, follow=True)) as lines:
            assert (await anext(lines)).text == "hello"
            await lab.engine.restart(workload.name, grace=10)
            while (await anext(lines)).text != "hello":
                pass

    async def test_one_that_hangs_is_killed_after_its_grace_and_started_again(self, lab: Lab) -> None:
        workload, events = lab.workload(app=ignores_sigterm(), restart=True), lab.engine.events()
        await lab.engine.start(workload)
        await event("started", workload.name, events)
        await lab.engine.restart(workload.name, grace=0)
        assert (await exit_of(workload.name, events)).exit_code == 137
        await event("started", workload.name, events)
        assert (await only(lab)).state == "running"

    async def test_one_that_was_started_again_comes_back_after_a_crash(self, lab: Lab) -> None:
        workload, events = lab.workload(restart=True), lab.engine.events()
        await lab.engine.start(workload)
        await lab.engine.restart(workload.name, grace=10)
        await event("started", workload.name, events)
        await event("started", workload.name, events)
        await lab.crash(workload.name)
        await event("started", workload.name, events)
        assert (await only(lab)).state == "running"

    async def test_one_that_has_exited_is_started_and_nobody_is_not(self, lab: Lab) -> None:
        workload, events = lab.workload(app=exits(3, after=0.2)), lab.engine.events()
        await lab.engine.start(workload)
        await exit_of(workload.name, events)
        await lab.engine.restart(workload.name, grace=10)
        await event("started", workload.name, events)
        await lab.engine.restart("nobody.web.1", grace=10)
        assert (await only(lab)).name == workload.name

    async def test_an_instance_that_was_started_again_twice_at_once_runs(self, lab: Lab) -> None:
        workload = lab.workload(restart=True)
        await lab.engine.start(workload)
        await asyncio.gather(*(lab.engine.restart(workload.name, grace=10) for _ in range(2)))
        assert (await only(lab)).state == "running"

    async def test_a_second_start_turns_restarts_off(self, lab: Lab) -> None:
        workload, events = lab.workload(restart=True), lab.engine.events()
        await lab.engine.start(workload)
        await lab.engine.start(replace(workload, restart=False))
        await lab.crash(workload.name)
        await exit_of(workload.name, events)
        assert (await only(lab)).state == "exited"
