"""What every router promises, on the fake and on HAProxy."""

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

import pytest
from tests.support.proxy import App, apps, get, haproxy, hold

from shipway.domain.artifacts import Target
from shipway.domain.route import Route, Table
from shipway.domain.traffic import Traffic
from shipway.routers.fake import FakeRouter
from shipway.routers.haproxy import process
from shipway.routers.router import Router

SHOP = "shop.localhost"


class Held(Protocol):
    """A request in flight."""

    def finish(self) -> Awaitable[str | None]:
        """Let it end, and say who answered."""


class World(Protocol):
    """A router with instances behind it and a client before it."""

    router: Router

    async def targets(self, *names: str) -> tuple[Target, ...]:
        """Running instances of those names."""

    async def request(self, host: str) -> str | None:
        """Name of the instance that answered, `None` when there was none."""

    async def hold(self, name: str, host: str) -> Held:
        """A request in flight at that instance."""

    async def restart_proxy(self) -> None:
        """End the proxy as a crash does, and have it started again."""


class FakeWorld:
    """The fake needs no instances."""

    def __init__(self) -> None:
        self.router = FakeRouter()
        self.request = self.router.request

    async def targets(self, *names: str) -> tuple[Target, ...]:
        return tuple(Target(name, "10.0.0.1", 8080) for name in names)

    async def hold(self, name: str, host: str) -> Held:
        return self.router.hold(host)

    async def restart_proxy(self) -> None:
        await self.router.check()


class RealWorld:
    """HAProxy with HTTP servers on loopback."""

    def __init__(self, router: Router, port: int, home: Path, stack: AsyncExitStack) -> None:
        self.router = router
        self._port = port
        self._config = home / "proxy" / "haproxy.cfg"
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

    async def restart_proxy(self) -> None:
        for pid in process.running(self._config):
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
            while (await world.router.traffic())[name] != expected:
                await asyncio.sleep(0.005)
    assert (await world.router.traffic())[name] == expected


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
    assert await held.finish() == "v1.1"


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
