"""Switches on a real HAProxy under load: nothing is dropped, and what leaves is really gone."""

import asyncio
import contextlib
import shutil
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.proxy import App, Client, apps, eventually, get, haproxy, hold, load, table

from shipway.domain.route import Route, Table
from shipway.routers.haproxy.answers import read_state
from shipway.routers.haproxy.client import ADMIN, Session, session
from shipway.routers.haproxy.plan import Command
from shipway.routers.haproxy.router import HAProxyRouter
from shipway.routers.haproxy.state import State

pytestmark = pytest.mark.skipif(shutil.which("haproxy") is None, reason="haproxy is not installed")

SHOP, BLOG = "shop.localhost", "blog.localhost"


@pytest.fixture
async def proxy(tmp_path: Path) -> AsyncIterator[tuple[HAProxyRouter, int]]:
    async with haproxy(tmp_path, pool=64) as running:
        yield running


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every command that changes the proxy, as it is run."""
    seen: list[str] = []
    run = Session.run

    async def recorded(self: Session, command: Command) -> None:
        seen.append(command.text)
        await run(self, command)

    monkeypatch.setattr(Session, "run", recorded)
    return seen


async def state(home: Path) -> State:
    """What the proxy does now."""
    async with session(home / "proxy", ADMIN) as admin:
        return await read_state(admin)


async def test_two_hundred_switches_under_load_drop_nothing(proxy: tuple[HAProxyRouter, int], tmp_path: Path) -> None:
    router, port = proxy
    blog = await App("blog").start()
    live = await App("v0").start()
    draining: list[App] = []

    async def apply() -> None:
        await router.apply(table({SHOP: live.name, BLOG: "blog"}, [blog], [live], *([app] for app in draining)))

    await apply()
    reader, writer = await Client(port).upgrade(BLOG)
    async with load(port, SHOP) as count:
        slow = asyncio.create_task(get(port, SHOP, "/after/3"))
        for number in range(1, 201):
            draining.append(live)
            live = await App(f"v{number}").start()
            await apply()
            draining = await _stop_the_drained(router, draining)
        assert (await slow).status == 200
        await eventually(lambda: _served_by(count.served, live))
    while draining:
        draining = await _stop_the_drained(router, draining)
    await apply()

    assert count.failures == []
    assert len(count.served) > 150, "the load did not see the switches"
    writer.write(b"still here")
    assert await reader.read(100) == b"still here"
    assert {name for servers in (await state(tmp_path)).servers.values() for name in servers} == {"blog", live.name}
    writer.close()
    live.stop()
    blog.stop()


async def _stop_the_drained(router: HAProxyRouter, draining: Sequence[App]) -> list[App]:
    """As the pipeline does: what has nothing in flight dies, with idle connections open to it."""
    traffic = await router.traffic()
    for app in (done := [app for app in draining if traffic[app.name].in_flight == 0]):
        app.stop()
    await asyncio.sleep(0.01)
    return [app for app in draining if app not in done]


async def _drained(router: HAProxyRouter, app: App) -> bool:
    return (await router.traffic())[app.name].in_flight == 0


async def _served_by(served: dict[str, int], app: App) -> bool:
    return served.get(app.name, 0) > 0


async def test_a_restarted_shipway_finds_its_routes_and_alters_nothing(
    proxy: tuple[HAProxyRouter, int], tmp_path: Path, commands: list[str]
) -> None:
    router, port = proxy
    async with apps("v1", "v2") as (one, two), load(port, SHOP) as count:
        wanted = table({SHOP: "v2"}, [one], [two])
        await router.apply(wanted)
        before = await state(tmp_path)
        commands.clear()
        count.failures.clear()  # 404 until the first apply

        successor = HAProxyRouter(tmp_path, "127.0.0.1", port, pool=64)
        await successor.check()
        await successor.apply(wanted)
        await successor.apply(wanted)

        assert commands == []
        assert await state(tmp_path) == before
        await eventually(lambda: _served_by(count.served, two))
    assert count.failures == []


async def test_a_crash_between_any_two_commands_of_a_switch_is_put_right(
    proxy: tuple[HAProxyRouter, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    router, port = proxy
    run = Session.run
    survives = crashed = 0

    async def crashing(self: Session, command: Command) -> None:
        nonlocal survives
        if survives == 0:
            raise ConnectionAbortedError("crash")
        survives -= 1
        await run(self, command)

    async with apps("v1", "v2") as (one, two):
        before, after = table({SHOP: "v1"}, [one]), table({SHOP: "v2", "new.localhost": "v2"}, [one], [two])
        await router.apply(before)
        async with load(port, SHOP) as count:
            for commands in range(20):
                monkeypatch.setattr(Session, "run", crashing)
                survives = commands
                with contextlib.suppress(ConnectionAbortedError):
                    await router.apply(after)
                    break
                crashed += 1
                monkeypatch.setattr(Session, "run", run)
                assert (await get(port, SHOP)).body in ("v1", "v2")
                await router.apply(after)
                assert [(await get(port, host)).body for host in (SHOP, "new.localhost")] == ["v2", "v2"]
                await router.apply(table({SHOP: "v1"}, [one], [two]))
                await eventually(lambda: _drained(router, two))
                await router.apply(before)
    assert crashed >= 6
    assert count.failures == []


async def test_two_shipways_of_one_home_never_give_two_sets_the_same_place(
    proxy: tuple[HAProxyRouter, int], tmp_path: Path
) -> None:
    _, port = proxy
    async with apps("v1", "blog") as (one, blog):
        both = table({SHOP: "v1", BLOG: "blog"}, [one], [blog])
        others = [HAProxyRouter(tmp_path, "127.0.0.1", port, pool=64) for _ in range(4)]
        await asyncio.gather(*(other.apply(both) for other in others))
        assert (await get(port, SHOP)).body == "v1"
        assert (await get(port, BLOG)).body == "blog"
        assert len((await state(tmp_path)).taken) == 2


async def test_an_instance_that_comes_back_at_another_address_is_served_from_there(
    proxy: tuple[HAProxyRouter, int],
) -> None:
    router, port = proxy
    async with apps("v1", "v1") as (first, again):
        await router.apply(table({SHOP: "v1"}, [first]))
        client = Client(port)
        assert (await client.request(SHOP)).status == 200
        first.stop()
        await router.apply(table({SHOP: "v1"}, [again]))
        assert (await client.request(SHOP)).status == 200
        assert again.accepted > 0
        client.close()


async def test_a_dying_instance_costs_no_request_while_another_serves(proxy: tuple[HAProxyRouter, int]) -> None:
    router, port = proxy
    async with apps("v1.1", "v1.2") as (first, second):
        await router.apply(table({SHOP: "v1.1"}, [first, second]))
        first.stop()
        answers = [await get(port, SHOP) for _ in range(50)]
        assert {(answer.status, answer.body) for answer in answers} == {(200, "v1.2")}


async def test_connections_to_instances_are_kept_and_used_again(proxy: tuple[HAProxyRouter, int]) -> None:
    router, port = proxy
    async with apps("v1") as (app,):
        await router.apply(table({SHOP: "v1"}, [app]))
        await get(port, SHOP)
        before = app.accepted
        client = Client(port)
        for _ in range(20):
            assert (await client.request(SHOP)).status == 200
        client.close()
        assert app.accepted - before < 5, "every request opened a connection of its own"


async def test_the_proxys_own_failures_are_counted_for_the_set(proxy: tuple[HAProxyRouter, int]) -> None:
    router, port = proxy
    async with apps("v1") as (app,):
        await router.apply(table({SHOP: "v1"}, [app]))
        held = await hold(app, port, SHOP)
        app.stop()
        assert await held.finish() is None
        await eventually(lambda: _failed(router, "v1"))


async def _failed(router: HAProxyRouter, name: str) -> bool:
    traffic = (await router.traffic())[name]
    return traffic.errors_5xx == 1 and traffic.connection_errors == 1 and traffic.in_flight == 0


async def test_one_switch_among_five_hundred_services_is_one_command(tmp_path: Path, commands: list[str]) -> None:
    async with haproxy(tmp_path, pool=1024) as (router, port), apps("v1", "v2") as (one, two):
        targets = [replace(one.target, name=f"other{number}") for number in range(500)]
        routes = [Route(f"svc_{n}", (f"app{n}.localhost",), f"dep_{n}") for n in range(500)]
        sets = {**{f"dep_{n}": (target,) for n, target in enumerate(targets)}, "v1": (one.target,), "v2": (two.target,)}
        await router.apply(Table((Route("shop", (SHOP,), "v1"), *routes), sets))
        assert (await get(port, SHOP)).body == "v1"
        commands.clear()
        started = time.perf_counter()
        await router.apply(Table((Route("shop", (SHOP,), "v2"), *routes), sets))
        assert time.perf_counter() - started < 1
        assert commands == ["set map live.map shop v2"]
        assert (await get(port, SHOP)).body == "v2"
