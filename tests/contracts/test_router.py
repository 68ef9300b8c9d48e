"""What every router promises, on the fake and on HAProxy."""

import asyncio
import contextlib
import os
import shutil
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest
from tests.support.proxy import App, Browser, apps, connections, eventually, get, haproxy, hold

from shipway.domain.artifacts import Target
from shipway.domain.errors import Invalid
from shipway.domain.route import Canary, Route, Table
from shipway.domain.service import TrafficMode
from shipway.domain.traffic import Traffic
from shipway.routers import fake
from shipway.routers.fake import FakeRouter
from shipway.routers.haproxy import process, render
from shipway.routers.router import Router

SHOP = "shop.localhost"


class Held(Protocol):
    """A request in flight."""

    def finish(self) -> Awaitable[str | None]:
        """Let it end, and say who answered."""


class Visitor(Protocol):
    """A client that keeps its cookies."""

    async def ask(self, host: str) -> str | None:
        """Name of the instance that answered, `None` when there was none."""


class World(Protocol):
    """A router with instances behind it and a client before it."""

    router: Router

    async def targets(self, *names: str) -> tuple[Target, ...]:
        """Running instances of those names."""

    async def request(self, host: str) -> str | None:
        """Name of the instance that answered, `None` when there was none."""

    async def hold(self, name: str, host: str) -> Held:
        """A request in flight at that instance."""

    def visitor(self) -> Visitor:
        """Somebody who was never here."""

    async def until_waiting(self, count: int) -> None:
        """Return when that many requests have come and are not answered."""

    async def restart_proxy(self) -> None:
        """End the proxy as a crash does, and have it started again."""


class FakeVisitor:
    """Has its bucket."""

    def __init__(self, router: FakeRouter) -> None:
        self._router = router
        self._visitor = fake.Visitor()

    async def ask(self, host: str) -> str | None:
        return await self._router.request(host, self._visitor)


class FakeWorld:
    """The fake needs no instances."""

    def __init__(self) -> None:
        self.router = FakeRouter()
        self.router.patience = render.HELD

    async def request(self, host: str) -> str | None:
        return await self.router.request(host)

    async def targets(self, *names: str) -> tuple[Target, ...]:
        return tuple(Target(name, "10.0.0.1", 8080) for name in names)

    async def hold(self, name: str, host: str) -> Held:
        return self.router.hold(host)

    def visitor(self) -> Visitor:
        return FakeVisitor(self.router)

    async def until_waiting(self, count: int) -> None:
        async def waiting() -> bool:
            return self.router.waiting == count

        await eventually(waiting)

    async def restart_proxy(self) -> None:
        await self.router.check()


class RealVisitor:
    """Has its cookies."""

    def __init__(self, port: int) -> None:
        self._browser = Browser(port)

    async def ask(self, host: str) -> str | None:
        answer = await self._browser.request(host)
        return answer.body if answer.status == 200 else None


class RealWorld:
    """HAProxy with HTTP servers on loopback."""

    def __init__(self, router: Router, port: int, home: Path, stack: AsyncExitStack) -> None:
        self.router = router
        self._port = port
        self._home = home
        self._stack = stack
        self._apps: dict[str, App] = {}

    async def targets(self, *names: str) -> tuple[Target, ...]:
        for name in names:
            if name not in self._apps:
                (self._apps[name],) = await self._stack.enter_async_context(apps(name))
        return tuple(self._apps[name].target for name in names)

    async def request(self, host: str) -> str | None:
        answer = await get(self._port, host)
        return answer.body if answer.status == 200 else None

    async def hold(self, name: str, host: str) -> Held:
        return await hold(self._apps[name], self._port, host)

    def visitor(self) -> Visitor:
        return RealVisitor(self._port)

    async def until_waiting(self, count: int) -> None:
        async def waiting() -> bool:
            return await connections(self._home) == count

        await eventually(waiting)

    async def restart_proxy(self) -> None:
        for pid in process.running(self._home / "proxy" / "haproxy.cfg"):
            os.kill(pid, signal.SIGKILL)
        await self.router.check()


@pytest.fixture(params=["fake", "haproxy"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    if request.param == "fake":
        yield FakeWorld()
        return
    if shutil.which("haproxy") is None:
        pytest.skip("haproxy is not installed")
    async with AsyncExitStack() as stack:
        router, port = await stack.enter_async_context(haproxy(tmp_path))
        yield RealWorld(router, port, tmp_path, stack)


async def assert_traffic(world: World, name: str, expected: Traffic) -> None:
    """A proxy counts a request just after its last byte, which is when the client has it."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(2):
            while await _counted(world, name) != expected:
                await asyncio.sleep(0.005)
    assert await _counted(world, name) == expected


async def _counted(world: World, name: str) -> Traffic:
    """Without times, which are as they are."""
    return replace((await world.router.traffic())[name], response_ms=0, slowest_ms=0)


async def test_a_proxy_that_runs_passes_its_check_again_and_again(world: World) -> None:
    await world.router.check()
    await world.router.check()


async def test_a_host_that_nobody_routed_is_served_by_nobody(world: World) -> None:
    assert await world.request(SHOP) is None


async def test_requests_go_to_the_set_its_route_names(world: World) -> None:
    await world.router.apply(Table((Route("shop", (SHOP,), "one"),), {"one": await world.targets("v1")}))
    assert await world.request(SHOP) == "v1"
    assert await world.request("other.localhost") is None


async def test_every_instance_of_a_set_gets_requests(world: World) -> None:
    await world.router.apply(Table((Route("shop", (SHOP,), "one"),), {"one": await world.targets("v1.1", "v1.2")}))
    assert {await world.request(SHOP) for _ in range(8)} == {"v1.1", "v1.2"}


async def test_a_switch_moves_all_hosts_of_its_service_and_no_other(world: World) -> None:
    old, new, blog = [await world.targets(name) for name in ("v1", "v2", "blog")]
    sets = {"one": old, "two": new, "three": blog}
    hosts = (SHOP, "www.shop.example.com")
    await world.router.apply(Table((Route("shop", hosts, "one"), Route("blog", ("blog.localhost",), "three")), sets))
    await world.router.apply(Table((Route("shop", hosts, "two"), Route("blog", ("blog.localhost",), "three")), sets))
    assert [await world.request(host) for host in hosts] == ["v2", "v2"]
    assert await world.request("blog.localhost") == "blog"


async def test_a_switch_back_reaches_the_old_set_again(world: World) -> None:
    sets = {"one": await world.targets("v1"), "two": await world.targets("v2")}
    for live in ("one", "two", "one"):
        await world.router.apply(Table((Route("shop", (SHOP,), live),), sets))
    assert await world.request(SHOP) == "v1"


async def test_a_host_can_be_given_to_a_service_and_taken_away(world: World) -> None:
    sets = {"one": await world.targets("v1")}
    await world.router.apply(Table((Route("shop", (SHOP, "extra.localhost"), "one"),), sets))
    assert await world.request("extra.localhost") == "v1"
    await world.router.apply(Table((Route("shop", (SHOP,), "one"),), sets))
    assert await world.request("extra.localhost") is None
    assert await world.request(SHOP) == "v1"


async def test_a_host_that_moves_to_another_service_is_served_by_that_one(world: World) -> None:
    sets = {"one": await world.targets("v1"), "two": await world.targets("blog")}
    await world.router.apply(Table((Route("shop", (SHOP,), "one"), Route("blog", (), "two")), sets))
    await world.router.apply(Table((Route("shop", (), "one"), Route("blog", (SHOP,), "two")), sets))
    assert await world.request(SHOP) == "blog"


async def test_a_service_without_a_set_is_served_by_nobody(world: World) -> None:
    sets = {"one": await world.targets("v1")}
    await world.router.apply(Table((Route("shop", (SHOP,), "one"),), sets))
    await world.router.apply(Table((Route("shop", (SHOP,), ""),), sets))
    assert await world.request(SHOP) is None


async def test_a_set_without_instances_serves_nobody(world: World) -> None:
    await world.router.apply(Table((Route("shop", (SHOP,), "one"),), {"one": ()}))
    assert await world.request(SHOP) is None


async def test_instances_can_join_and_leave_the_live_set(world: World) -> None:
    first, second = await world.targets("v1.1", "v1.2")
    routes = (Route("shop", (SHOP,), "one"),)
    await world.router.apply(Table(routes, {"one": (first,)}))
    await world.router.apply(Table(routes, {"one": (first, second)}))
    assert {await world.request(SHOP) for _ in range(8)} == {"v1.1", "v1.2"}
    await world.router.apply(Table(routes, {"one": (second,)}))
    assert {await world.request(SHOP) for _ in range(8)} == {"v1.2"}


async def test_an_instance_that_leaves_the_live_set_may_finish_what_it_has(world: World) -> None:
    first, second = await world.targets("v1.1", "v1.2")
    routes = (Route("shop", (SHOP,), "one"),)
    await world.router.apply(Table(routes, {"one": (first,)}))
    held = await world.hold("v1.1", SHOP)
    await world.router.apply(Table(routes, {"one": (first, second)}))
    await world.router.apply(Table(routes, {"one": (second,)}))
    assert await world.request(SHOP) == "v1.2"
    await assert_traffic(world, "one", Traffic(in_flight=1, leaving=1, requests=1))
    assert await held.finish() == "v1.1"
    await assert_traffic(world, "one", Traffic(requests=2))


async def test_applying_the_same_table_again_changes_nothing(world: World) -> None:
    table = Table((Route("shop", (SHOP,), "one"),), {"one": await world.targets("v1")})
    await world.router.apply(table)
    held = await world.hold("v1", SHOP)
    await world.router.apply(table)
    assert (await world.router.traffic())["one"].in_flight == 1
    assert await held.finish() == "v1"


async def test_what_is_in_flight_stays_where_it_is_and_is_counted_until_it_ends(world: World) -> None:
    sets = {"one": await world.targets("v1"), "two": await world.targets("v2")}
    await world.router.apply(Table((Route("shop", (SHOP,), "one"),), sets))
    held = await world.hold("v1", SHOP)
    await world.router.apply(Table((Route("shop", (SHOP,), "two"),), sets))
    assert await world.request(SHOP) == "v2"
    await assert_traffic(world, "one", Traffic(in_flight=1, requests=0))
    assert await held.finish() == "v1"
    await assert_traffic(world, "one", Traffic(in_flight=0, requests=1))
    await assert_traffic(world, "two", Traffic(in_flight=0, requests=1))


async def test_a_set_that_is_gone_is_cut_and_no_longer_counted(world: World) -> None:
    sets = {"one": await world.targets("v1"), "two": await world.targets("v2")}
    await world.router.apply(Table((Route("shop", (SHOP,), "one"),), sets))
    held = await world.hold("v1", SHOP)
    await world.router.apply(Table((Route("shop", (SHOP,), "two"),), {"two": sets["two"]}))
    assert await held.finish() is None
    assert set(await world.router.traffic()) == {"two"}
    assert await world.request(SHOP) == "v2"


async def test_a_set_counts_only_what_came_since_it_was_added(world: World) -> None:
    for name in ("v1", "v2", "v3"):
        await world.router.apply(Table((Route("shop", (SHOP,), name),), {name: await world.targets(name)}))
        assert [await world.request(SHOP) for _ in range(3)] == [name] * 3
        await assert_traffic(world, name, Traffic(in_flight=0, requests=3))


async def test_an_empty_table_leaves_nothing(world: World) -> None:
    await world.router.apply(Table((Route("shop", (SHOP,), "one"),), {"one": await world.targets("v1")}))
    await world.router.apply(Table())
    assert await world.request(SHOP) is None
    assert await world.router.traffic() == {}


async def test_routes_survive_a_crash_of_the_proxy(world: World) -> None:
    sets = {"one": await world.targets("v1"), "two": await world.targets("v2")}
    await world.router.apply(Table((Route("shop", (SHOP,), "one"),), sets))
    await world.router.apply(Table((Route("shop", (SHOP,), "two"),), sets))
    await world.restart_proxy()
    assert await world.request(SHOP) == "v2"
    assert set(await world.router.traffic()) == {"one", "two"}
    await world.router.apply(Table((Route("shop", (SHOP,), "one"),), sets))
    assert await world.request(SHOP) == "v1"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests are held for a second only."""
    monkeypatch.setattr(render, "HELD", 1)


class Shop:
    """A service with an old set and a new one, and another service beside it."""

    def __init__(self, world: World, sets: dict[str, tuple[Target, ...]]) -> None:
        self._world = world
        self._sets = sets

    async def routed(self, live: str, *, canary: int = 0, mode: TrafficMode = "open") -> None:
        """Apply the table in which `live` has the traffic and the new set a share of it."""
        share = Canary("new", canary) if canary else None
        shop = Route("shop", (SHOP,), live, share, mode)
        await self._world.router.apply(Table((shop, Route("blog", ("blog.localhost",), "blog")), self._sets))

    async def asked(self, count: int) -> Counter[str | None]:
        """Answers by instance, to clients that keep no cookies."""
        return Counter([await self._world.request(SHOP) for _ in range(count)])


@pytest.fixture
async def shop(world: World) -> Shop:
    return Shop(world, {name: await world.targets(name) for name in ("old", "new", "blog")})


async def test_a_canary_gets_its_share_of_the_requests(shop: Shop) -> None:
    await shop.routed("old", canary=20)
    answers = await shop.asked(2000)
    assert answers.keys() == {"old", "new"}
    assert 310 < answers["new"] < 490, "six standard deviations around 400"


async def test_all_of_the_requests_are_no_share(shop: Shop) -> None:
    await shop.routed("old", canary=99)
    with pytest.raises(Invalid):
        await shop.routed("old", canary=100)


async def test_whoever_got_the_canary_keeps_it_while_its_share_rises(world: World, shop: Shop) -> None:
    visitors = [world.visitor() for _ in range(200)]
    chosen: set[int] = set()
    for percent in (10, 50, 90):
        await shop.routed("old", canary=percent)
        answers = [await visitor.ask(SHOP) for visitor in visitors]
        assert [await visitor.ask(SHOP) for visitor in visitors] == answers
        got = {number for number, answer in enumerate(answers) if answer == "new"}
        assert chosen < got
        chosen = got
    assert len(chosen) < 200


async def test_an_aborted_canary_gets_nothing_more_and_may_finish_what_it_has(world: World, shop: Shop) -> None:
    await shop.routed("new")
    held = await world.hold("new", SHOP)
    await shop.routed("old", canary=99)
    visitor = world.visitor()
    await visitor.ask(SHOP)
    await shop.routed("old")
    assert await shop.asked(100) == {"old": 100}
    assert await visitor.ask(SHOP) == "old"
    assert await held.finish() == "new"


async def test_a_canary_that_goes_live_gets_everything(world: World, shop: Shop) -> None:
    await shop.routed("old", canary=1)
    visitor = world.visitor()
    await visitor.ask(SHOP)
    await shop.routed("new")
    assert await shop.asked(20) == {"new": 20}
    assert await visitor.ask(SHOP) == "new"


async def test_a_canary_is_no_business_of_another_service(world: World, shop: Shop) -> None:
    await shop.routed("old", canary=99)
    assert {await world.request("blog.localhost") for _ in range(20)} == {"blog"}


async def test_a_canary_survives_a_crash_of_the_proxy(world: World, shop: Shop) -> None:
    await shop.routed("old", canary=50)
    visitors = [world.visitor() for _ in range(20)]
    before = [await visitor.ask(SHOP) for visitor in visitors]
    await world.restart_proxy()
    assert [await visitor.ask(SHOP) for visitor in visitors] == before
    assert (await shop.asked(100)).keys() == {"old", "new"}
    await shop.routed("old")
    assert await shop.asked(20) == {"old": 20}


async def test_under_maintenance_nobody_is_served_but_other_services(world: World, shop: Shop) -> None:
    await shop.routed("old", mode="maintenance")
    assert await world.request(SHOP) is None
    assert await world.request("blog.localhost") == "blog"
    await shop.routed("new", mode="maintenance")
    assert await world.request(SHOP) is None
    await shop.routed("new")
    assert await world.request(SHOP) == "new"


@pytest.mark.parametrize("mode", ["maintenance", "paused"])
async def test_what_is_in_flight_when_a_service_closes_goes_on(world: World, shop: Shop, mode: TrafficMode) -> None:
    await shop.routed("old")
    held = await world.hold("old", SHOP)
    await shop.routed("old", mode=mode)
    assert await held.finish() == "old"


async def test_requests_to_a_paused_service_wait_and_go_to_what_is_live_then(world: World, shop: Shop) -> None:
    await shop.routed("old", mode="paused")
    requests = [asyncio.create_task(world.request(SHOP)) for _ in range(20)]
    await world.until_waiting(20)
    assert await world.request("blog.localhost") == "blog"
    await shop.routed("new", mode="paused")
    assert not any(request.done() for request in requests)
    await shop.routed("new")
    assert await asyncio.gather(*requests) == ["new"] * 20


async def test_a_request_is_not_held_for_ever(impatient: None, world: World, shop: Shop) -> None:
    await shop.routed("old", mode="paused")
    assert await world.request(SHOP) is None


async def test_requests_that_wait_are_answered_when_maintenance_begins(world: World, shop: Shop) -> None:
    await shop.routed("old", mode="paused")
    request = asyncio.create_task(world.request(SHOP))
    await world.until_waiting(1)
    await shop.routed("old", mode="maintenance")
    assert await request is None


async def test_a_paused_canary_gets_its_share_afterwards(world: World, shop: Shop) -> None:
    await shop.routed("old", canary=50)
    visitors = [world.visitor() for _ in range(20)]
    before = [await visitor.ask(SHOP) for visitor in visitors]
    await shop.routed("old", canary=50, mode="paused")
    await world.until_waiting(0)
    requests = [asyncio.create_task(visitor.ask(SHOP)) for visitor in visitors]
    await world.until_waiting(20)
    await shop.routed("old", canary=50)
    assert await asyncio.gather(*requests) == before


async def test_maintenance_survives_a_crash_of_the_proxy(world: World, shop: Shop) -> None:
    await shop.routed("old", mode="maintenance")
    await world.restart_proxy()
    assert await world.request(SHOP) is None
    assert await world.request("blog.localhost") == "blog"
    await shop.routed("old")
    assert await world.request(SHOP) == "old"


async def test_a_pause_survives_a_crash_of_the_proxy(world: World, shop: Shop) -> None:
    await shop.routed("old", mode="paused")
    await world.restart_proxy()
    request = asyncio.create_task(world.request(SHOP))
    await world.until_waiting(1)
    await shop.routed("new")
    assert await request == "new"
