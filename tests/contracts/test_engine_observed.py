"""What every engine shows of what it runs, and what else it promises, on the fake one and on the real Docker."""

import asyncio
import time
from dataclasses import replace

import pytest
from tests.support.engines import (
    PATIENCE,
    PORT,
    FakeLab,
    Lab,
    event,
    exit_of,
    lines_of,
    only,
    unknown_image,
    until_it_answers,
)
from tests.support.images import BUSYBOX

from shipway.domain.errors import DeployFailed
from shipway.domain.workload import Owner, Socket
from shipway.engines.engine import InspectsImages, InspectsSockets
from shipway.engines.fake import Behaviour, exits, listens_on, serves


class TestSeeing:
    async def test_instances_are_found_by_owner_and_sorted_by_name(self, lab: Lab) -> None:
        mine = Owner("svc_1", "dep_1", "web")
        others = {"b": mine, "a": replace(mine, deployment="dep_2"), "c": replace(mine, service="svc_2")}
        for name, owner in others.items():
            await lab.engine.start(lab.workload(name, owner=owner))
        assert [i.name for i in await lab.engine.instances()] == ["a", "b", "c"]
        assert [i.name for i in await lab.engine.instances(service="svc_1")] == ["a", "b"]
        assert [i.name for i in await lab.engine.instances(service="svc_1", deployment="dep_1")] == ["b"]
        assert await lab.engine.instances(deployment="dep_9") == []

    async def test_a_candidate_that_exits_is_seen_at_once_with_its_code(self, lab: Lab) -> None:
        workload, events = lab.workload(app=exits(7)), lab.engine.events()
        await lab.engine.start(workload)
        exited_by = time.monotonic()
        seen = await exit_of(workload.name, events)
        assert (seen.owner, seen.exit_code) == (workload.owner, 7)
        assert time.monotonic() - exited_by < 2

    async def test_events_tell_of_what_happened_between_asking_for_them_and_reading_them(self, lab: Lab) -> None:
        events = lab.engine.events()
        started = await lab.engine.start(lab.workload())
        await lab.engine.stop(started.name, grace=10)
        assert (await event("started", started.name, events)).owner == started.owner
        assert (await exit_of(started.name, events)).exit_code == 143

    async def test_an_app_that_takes_too_much_memory_is_reported_as_that(self, lab: Lab) -> None:
        workload, events = lab.workload(app=exits(oom_killed=True)), lab.engine.events()
        await lab.engine.start(workload)
        await exit_of(workload.name, events)
        seen = await only(lab)
        assert (seen.state, seen.oom_killed, seen.exit_code) == ("exited", True, 137)

    async def test_what_an_app_listens_on_is_seen(self, lab: Lab) -> None:
        assert isinstance(lab.engine, InspectsSockets)
        started = await lab.engine.start(lab.workload("open", listens_on("0.0.0.0", PORT)))
        await lab.engine.start(lab.workload("closed", listens_on("127.0.0.1", 3000)))
        await lab.engine.start(lab.workload("deaf"))
        await until_it_answers(lab, started.address)
        async with asyncio.timeout(PATIENCE):
            while await lab.engine.listening("closed") != [Socket("127.0.0.1", 3000)]:
                await asyncio.sleep(0.02)
        assert await lab.engine.listening("open") in ([Socket("0.0.0.0", PORT)], [Socket("::", PORT)])
        assert await lab.engine.listening("deaf") == []
        assert await lab.engine.listening("nobody") is None

    async def test_what_has_exited_listens_nowhere_to_be_seen(self, lab: Lab) -> None:
        assert isinstance(lab.engine, InspectsSockets)
        workload, events = lab.workload(app=exits(0)), lab.engine.events()
        await lab.engine.start(workload)
        await exit_of(workload.name, events)
        assert await lab.engine.listening(workload.name) is None


class TestLogs:
    async def test_lines_come_with_their_streams(self, lab: Lab) -> None:
        app = Behaviour(output=("one", "two"), errors=("oh",), exit_code=0)
        workload, events = lab.workload(app=app), lab.engine.events()
        await lab.engine.start(workload)
        await exit_of(workload.name, events)
        told = await lines_of(lab, workload.name)
        assert [text for stream, text in told if stream == "stdout"] == ["one", "two"]
        assert [text for stream, text in told if stream == "stderr"] == ["oh"]

    async def test_the_last_lines_can_be_asked_for(self, lab: Lab) -> None:
        workload, events = lab.workload(app=exits(0, output=["one", "two", "three"])), lab.engine.events()
        await lab.engine.start(workload)
        await exit_of(workload.name, events)
        assert await lines_of(lab, workload.name, tail=2) == [("stdout", "two"), ("stdout", "three")]
        assert await lines_of(lab, workload.name, tail=0) == []

    async def test_a_followed_log_ends_when_the_instance_does(self, lab: Lab) -> None:
        workload = lab.workload(app=exits(0, after=0.3, output=["bye"]))
        await lab.engine.start(workload)
        assert await lines_of(lab, workload.name, follow=True) == [("stdout", "bye")]

    async def test_a_followed_log_ends_when_the_instance_is_stopped(self, lab: Lab) -> None:
        workload = lab.workload(app=Behaviour(output=("up",)))
        await lab.engine.start(workload)
        following = asyncio.create_task(lines_of(lab, workload.name, follow=True))
        await asyncio.sleep(0.1)
        await lab.engine.stop(workload.name, grace=10)
        assert ("stdout", "up") in await following

    async def test_a_followed_log_goes_on_over_a_restart_and_repeats_nothing(self, lab: Lab) -> None:
        workload, events = lab.workload(app=exits(1, after=0.2, output=["up"]), restart=True), lab.engine.events()
        await lab.engine.start(workload)
        following = asyncio.create_task(lines_of(lab, workload.name, follow=True))
        exits_seen = [await exit_of(workload.name, events) for _ in range(3)]
        await lab.engine.stop(workload.name, grace=10)
        told = await following
        assert set(told) == {("stdout", "up")}
        assert len(exits_seen) <= len(told) <= len(exits_seen) + 1

    async def test_a_log_that_is_not_followed_ends_while_the_instance_runs(self, lab: Lab) -> None:
        workload = lab.workload()
        await lab.engine.start(workload)
        assert await lines_of(lab, workload.name) == []

    async def test_an_unknown_name_has_no_log(self, lab: Lab) -> None:
        assert await lines_of(lab, "nobody.web.1", follow=True) == []


class TestRunning:
    async def test_a_one_off_runs_to_its_end(self, lab: Lab) -> None:
        written: list[str] = []
        workload = lab.workload("app.release", exits(4, output=["migrating", "done"]))
        assert await lab.engine.run(workload, written.append, timeout=PATIENCE) == 4
        assert written == ["migrating", "done"]

    async def test_a_finished_one_off_is_not_run_again(self, lab: Lab) -> None:
        workload = lab.workload("app.release", exits(4, after=0.2, output=["once"]))
        assert await lab.engine.run(workload, [].append, timeout=PATIENCE) == 4
        assert await lab.engine.run(workload, [].append, timeout=PATIENCE) == 4
        assert await lines_of(lab, workload.name) == [("stdout", "once")]

    async def test_two_concurrent_runs_are_one(self, lab: Lab) -> None:
        workload = lab.workload("app.release", exits(4, after=0.2, output=["once"]))
        codes = await asyncio.gather(*(lab.engine.run(workload, [].append, timeout=PATIENCE) for _ in range(2)))
        assert codes == [4, 4]
        assert await lines_of(lab, workload.name) == [("stdout", "once")]

    async def test_a_run_whose_caller_crashed_is_taken_up_again(self, lab: Lab) -> None:
        workload, written = lab.workload("app.release", exits(0, after=1, output=["once"])), []
        first = asyncio.create_task(lab.engine.run(workload, [].append, timeout=PATIENCE))
        await asyncio.sleep(0.5)
        first.cancel()
        assert await lab.engine.run(workload, written.append, timeout=PATIENCE) == 0
        assert written == ["once"]

    async def test_a_run_that_takes_too_long_is_ended(self, lab: Lab) -> None:
        with pytest.raises(DeployFailed) as failure:
            await lab.engine.run(lab.workload("app.release"), [].append, timeout=1)
        assert failure.value.code == "timeout"
        assert await lab.engine.run(lab.workload("app.release"), [].append, timeout=PATIENCE) != 0

    async def test_a_run_that_is_stopped_returns(self, lab: Lab) -> None:
        running = asyncio.create_task(lab.engine.run(lab.workload("app.release"), [].append, timeout=PATIENCE))
        await asyncio.sleep(0.5)
        await lab.engine.stop("app.release", grace=10)
        assert await running == 143

    async def test_a_one_off_is_no_instance_and_makes_no_event(self, lab: Lab) -> None:
        events = lab.engine.events()
        await lab.engine.run(lab.workload("app.release", exits(0)), [].append, timeout=PATIENCE)
        assert await lab.engine.instances() == []
        await lab.engine.start(lab.workload())
        assert (await anext(events)).name == "app.web.1"

    async def test_a_stopped_one_off_runs_anew(self, lab: Lab) -> None:
        workload = lab.workload("app.release", exits(0))
        await lab.engine.run(workload, [].append, timeout=PATIENCE)
        await lab.engine.stop(workload.name, grace=10)
        assert await lab.engine.run(replace(workload, image=BUSYBOX), [].append, timeout=PATIENCE) == 0


class TestNetworks:
    async def test_a_network_in_use_stays_and_an_unused_one_goes(self, lab: Lab) -> None:
        workload = lab.workload(app=serves())
        started = await lab.engine.start(workload)
        await lab.engine.remove_network(workload.network)
        await until_it_answers(lab, started.address)
        await lab.engine.stop(workload.name, grace=10)
        await lab.engine.remove_network(workload.network)
        await lab.engine.remove_network(workload.network)
        again = await lab.engine.start(workload)
        await until_it_answers(lab, again.address)


class TestImages:
    async def test_an_image_that_is_there_is_resolved(self, lab: Lab) -> None:
        assert isinstance(lab.engine, InspectsImages)
        if isinstance(lab, FakeLab):
            lab.engine.exposed_ports[BUSYBOX] = PORT
        reference, port = await lab.engine.resolve_image(BUSYBOX)
        assert "sha256:" in reference
        assert port == PORT
        assert (await lab.engine.start(replace(lab.workload(), image=reference))).state == "running"

    async def test_an_image_that_does_not_exist_is_not_resolved(self, lab: Lab) -> None:
        assert isinstance(lab.engine, InspectsImages)
        async with unknown_image(lab) as image:
            with pytest.raises(DeployFailed) as failure:
                await lab.engine.resolve_image(image)
        assert failure.value.code == "image-not-found"
