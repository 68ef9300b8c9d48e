"""The cutover report of a deployment: counted, kept, and shown wherever one looks."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.asgi import an_api
from tests.support.pages import visitor
from tests.support.stack import PATH, Stack, fake_stack

from shipway.domain.cutover import Cutover
from shipway.domain.deployment import Deployment
from shipway.domain.service import ServiceSettings
from shipway.operations import history, services
from shipway.operations.traffic import set_traffic
from shipway.routers.fake import Held

HOST = "api-production-shop.localhost"
PATIENT, IMPATIENT = ServiceSettings(drain_timeout=30.0, keep_warm=0), ServiceSettings(drain_timeout=0.2, keep_warm=0)


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[Stack]:
    async with fake_stack(tmp_path, settings=PATIENT) as made:
        yield made


async def report_of(stack: Stack, made: Deployment) -> Cutover | None:
    return (await history.get_deployment(stack.platform, stack.actor, made.id)).cutover


async def switched(stack: Stack, *, finish: bool = True) -> tuple[Deployment, Held]:
    """Deployed over a live one that has a request in flight; five more come after the switch."""
    await stack.deploy()
    await stack.work()
    held = stack.router.hold(HOST)
    made = await stack.deploy()
    async with stack.working():
        while (await stack.deployment(made.id)).state != "live":
            await asyncio.sleep(0.002)
        for _ in range(5):
            assert await stack.router.request(HOST)
        if finish:
            assert await held.finish()
        while not await stack.is_idle():
            await asyncio.sleep(0.002)
    return made, held


async def test_every_request_of_the_switch_is_accounted_for(stack: Stack) -> None:
    made, _ = await switched(stack)
    report = await report_of(stack, made)
    assert report == Cutover(old=1, new=5, in_flight=1, drained=1)
    assert report.verdict == "zero-drop proven"


async def test_a_request_that_outlasts_the_drain_timeout_is_told_as_cut(tmp_path: Path) -> None:
    async with fake_stack(tmp_path, settings=IMPATIENT) as stack:
        made, held = await switched(stack, finish=False)
        report = await report_of(stack, made)
        assert report == Cutover(old=0, new=5, in_flight=1, cut=1)
        assert report.verdict == "violated"
        assert await held.finish() is None


async def test_where_nothing_was_replaced_there_is_no_report(stack: Stack) -> None:
    made = await stack.deploy()
    await stack.work()
    assert await report_of(stack, made) is None


async def test_after_a_crash_in_between_nothing_is_claimed(stack: Stack) -> None:
    await stack.deploy()
    await stack.work()
    made = await stack.deploy()
    reached = asyncio.Event()

    async def hang_when_the_old_set_has_left(verb: str, when: str) -> None:
        if (verb, when) == ("apply", "after") and set(stack.router.table.sets) == {made.id}:
            reached.set()
            await asyncio.sleep(60)

    stack.router.intercept = hang_when_the_old_set_has_left
    async with stack.working(), asyncio.timeout(30):
        await reached.wait()
    revived = await stack.restarted()
    await revived.work()
    report = await report_of(revived, made)
    await revived.database.close()
    assert report is not None
    assert report.verdict == "not known"


async def test_a_request_that_a_half_done_switch_let_in_is_not_cut_by_the_restart(stack: Stack) -> None:
    await stack.deploy()
    await stack.work()
    made = await stack.deploy()
    reached = asyncio.Event()

    async def hang_when_traffic_has_moved(verb: str, when: str) -> None:
        if (verb, when) == ("apply", "after") and [each.set for each in stack.router.table.routes] == [made.id]:
            reached.set()
            await asyncio.sleep(60)

    stack.router.intercept = hang_when_traffic_has_moved
    async with stack.working(), asyncio.timeout(30):
        await reached.wait()
    held = stack.router.hold(HOST)
    assert held.set == made.id
    revived = await stack.restarted()
    await revived.platform.routes.reconcile()
    assert stack.router.hold(HOST).set != made.id, "until it is recorded, the former one serves"
    assert await held.finish(), "it was cut"
    await revived.work()
    assert (await revived.deployment(made.id)).state == "live"
    await revived.database.close()


async def test_an_interruption_is_told_as_one(stack: Stack) -> None:
    await services.change_service(stack.platform, stack.actor, PATH, settings={"strategy": {"type": "recreate"}})
    await stack.deploy()
    await stack.work()
    made = await stack.deploy()
    await stack.work()
    report = await report_of(stack, made)
    assert report is not None
    assert (report.verdict, report.interrupted) == ("interrupted", True)


@pytest.mark.parametrize(("status", "verdict"), [(200, "zero-drop proven"), (503, "violated"), (None, "violated")])
async def test_a_service_that_nobody_asks_gets_a_verdict_where_shipway_may_ask(
    stack: Stack, status: int | None, verdict: str
) -> None:
    await services.change_service(stack.platform, stack.actor, PATH, settings={"probe_switch": True})
    await stack.deploy()
    await stack.work()
    probe = stack.platform.prober

    async def through_the_proxy(address: str, port: int, path: str, *, host: str, timeout: float) -> int | None:
        if address != "127.0.0.1":
            return await probe(address, port, path, host=host, timeout=timeout)
        await stack.router.request(host)
        return status

    asking = replace(stack, platform=replace(stack.platform, prober=through_the_proxy))
    made = await asking.deploy()
    await asking.work()
    report = await report_of(asking, made)
    assert report is not None
    assert report.asked > 5
    assert (report.verdict, bool(report.lost)) == (verdict, status != 200)


async def test_nobody_is_asked_who_is_kept_out_anyway(stack: Stack) -> None:
    await services.change_service(stack.platform, stack.actor, PATH, settings={"probe_switch": True})
    await stack.deploy()
    await stack.work()
    await set_traffic(stack.platform, stack.actor, PATH, "maintenance")
    made = await stack.deploy()
    await stack.work()
    report = await report_of(stack, made)
    assert report is not None
    assert (report.asked, report.verdict) == (0, "no traffic")


async def test_it_is_shown_by_the_api_and_on_the_page(tmp_path: Path) -> None:
    async with an_api(tmp_path) as api:
        made, _ = await switched(api.stack)
        shown = (await api("GET", f"/deployments/{made.id}")).json()["cutover"]
        assert (shown["verdict"], shown["new"], shown["drained"], shown["cut"]) == ("zero-drop proven", 5, 1, 0)
        async with visitor(api.stack.platform) as admin:
            await admin.log_in()
            page = await admin.text(f"/dashboard/deployments/{made.id}")
        assert "Cutover: zero-drop proven" in page
        assert "1 to the old instances, 5 to the new ones" in page
