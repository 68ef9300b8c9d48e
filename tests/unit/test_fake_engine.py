"""What tests of others rely on in the fake engine, beyond the contract."""

import pytest

from shipway.domain.errors import DeployFailed, Unavailable
from shipway.domain.workload import Instance, Owner, Workload
from shipway.engines.engine import Engine, InspectsImages, InspectsSockets, KeepsVolumes
from shipway.engines.fake import FakeEngine, exits, listens_on, never_listens, serves

IMAGE = "app@sha256:1"


def workload(name: str = "app.web.1", process: str = "web", image: str = IMAGE) -> Workload:
    return Workload(name, Owner("svc_1", "dep_1", process), image, None, {"PORT": "5000"}, "net")


class Crash(Exception):
    """What a test lets a verb raise."""


async def started(engine: FakeEngine) -> Instance:
    return await engine.start(workload())


def test_it_is_an_engine() -> None:
    engine: Engine = FakeEngine()
    assert isinstance(engine, InspectsSockets)
    assert isinstance(engine, InspectsImages)
    assert isinstance(engine, KeepsVolumes)


async def test_an_app_serves_where_its_port_variable_says_unless_scripted() -> None:
    engine = FakeEngine()
    address = (await started(engine)).address
    assert await engine.request(address, 5000, "/") == 200
    assert await engine.request(address, 8080, "/") is None
    assert await engine.request("10.0.0.1", 5000, "/") is None


async def test_statuses_may_differ_by_path() -> None:
    engine = FakeEngine()
    engine.behaviours[IMAGE] = serves(404, paths={"/": 200})
    address = (await started(engine)).address
    assert await engine.request(address, 5000, "/_health/") == 404
    assert await engine.request(address, 5000, "/") == 200


@pytest.mark.parametrize("behaviour", [never_listens(), listens_on("127.0.0.1"), exits(0), serves(boot=60)])
async def test_who_does_not_listen_refuses(behaviour: object) -> None:
    engine = FakeEngine()
    engine.behaviours[IMAGE] = behaviour  # type: ignore[assignment]
    events = engine.events()
    address = (await started(engine)).address
    await anext(events)
    if behaviour == exits(0):
        await anext(events)
    assert await engine.request(address, 5000, "/") is None


async def test_processes_of_one_image_may_behave_differently() -> None:
    engine = FakeEngine()
    engine.behaviours[IMAGE] = serves(500)
    engine.behaviours[IMAGE, "worker"] = never_listens()
    web, worker = await engine.start(workload()), await engine.start(workload("app.worker.1", "worker"))
    assert await engine.request(web.address, 5000, "/") == 500
    assert await engine.request(worker.address, 5000, "/") is None


async def test_a_one_off_ends_well_unless_scripted_by_process() -> None:
    engine = FakeEngine()
    engine.behaviours[IMAGE] = serves()
    assert await engine.run(workload("one", "release"), [].append, timeout=5) == 0
    engine.behaviours[IMAGE, "release"] = exits(3)
    assert await engine.run(workload("two", "release"), [].append, timeout=5) == 3


async def test_a_resolved_image_behaves_as_the_reference_it_came_from() -> None:
    engine = FakeEngine()
    engine.behaviours["ghcr.io/acme/api:1"] = serves(503)
    reference, _ = await engine.resolve_image("ghcr.io/acme/api:1")
    instance = await engine.start(workload(image=reference))
    assert await engine.request(instance.address, 5000, "/") == 503


async def test_an_image_may_be_denied() -> None:
    engine = FakeEngine()
    engine.denied_images.add(IMAGE)
    with pytest.raises(DeployFailed) as failure:
        await started(engine)
    assert failure.value.code == "image-pull-denied"


@pytest.mark.parametrize(("moment", "left"), [("before", 0), ("after", 1)])
async def test_a_caller_can_be_crashed_before_and_after_an_effect(moment: str, left: int) -> None:
    engine = FakeEngine()

    async def crash(verb: str, when: str) -> None:
        if (verb, when) == ("start", moment):
            raise Crash

    engine.intercept = crash
    with pytest.raises(Crash):
        await started(engine)
    assert len(await engine.instances()) == left


async def test_every_effect_is_intercepted_on_both_sides() -> None:
    engine, seen = FakeEngine(), []

    async def note(verb: str, when: str) -> None:
        seen.append((verb, when))

    engine.intercept = note
    await started(engine)
    await engine.stop("app.web.1", grace=1)
    await engine.run(workload("one", "release"), [].append, timeout=5)
    await engine.remove_network("net")
    await engine.resolve_image(IMAGE)
    verbs = ("start", "stop", "run", "remove_network", "resolve_image")
    assert seen == [(verb, when) for verb in verbs for when in ("before", "after")]


async def test_an_engine_that_has_gone_away_says_so_and_what_ran_runs_on() -> None:
    engine = FakeEngine()
    events = engine.events()
    await started(engine)
    engine.go_away()
    with pytest.raises(Unavailable):
        await engine.instances()
    assert (await anext(events)).kind == "started"
    with pytest.raises(Unavailable):
        await anext(events)
    engine.available = True
    assert [instance.state for instance in await engine.instances()] == ["running"]


async def test_an_address_is_never_given_twice() -> None:
    engine = FakeEngine()
    addresses = set()
    for _ in range(300):
        addresses.add((await started(engine)).address)
        await engine.stop("app.web.1", grace=0)
    assert len(addresses) == 300
