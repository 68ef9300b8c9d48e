"""Canaries, maintenance and pause on a real HAProxy: what clients see of them, under load and across reloads."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.proxy import App, Browser, Client, apps, connections, eventually, get, haproxy, load, table

from shipway.domain.route import Canary, Route, Table
from shipway.domain.service import TrafficMode
from shipway.routers.haproxy import process, render
from shipway.routers.haproxy import router as router_module
from shipway.routers.haproxy.answers import read_identity
from shipway.routers.haproxy.client import ADMIN, Session, session
from shipway.routers.haproxy.plan import Command
from shipway.routers.haproxy.router import HAProxyRouter

pytestmark = pytest.mark.skipif(shutil.which("haproxy") is None, reason="haproxy is not installed")

SHOP, BLOG = "shop.localhost", "blog.localhost"

#: As an earlier Shipway wrote it, in short.
EARLIER = """\
global
    description shipway 127.0.0.1:{port} 0123456789ab 4
    stats socket unix@admin.sock mode 600 level admin
defaults
    mode http
    option idle-close-on-response
    timeout connect 3s
    timeout client 5m
    timeout server 5m
    timeout http-keep-alive 1s
frontend web
    bind 127.0.0.1:{port}
    http-request set-var(txn.service) req.hdr(host),field(1,:),lower,rtrim(.),map(hosts.map)
    http-request set-var(txn.backend) var(txn.service),map(live.map),map(sets.map),field(1,:)
    use_backend %[var(txn.backend)]

# Pool of backends, as routed now
backend p1
    server v1 127.0.0.1:{app}
backend p2
backend p3
backend p4
"""


@pytest.fixture
async def proxy(tmp_path: Path) -> AsyncIterator[tuple[HAProxyRouter, int]]:
    async with haproxy(tmp_path, pool=4) as running:
        yield running


def shop(live: str, *sets: App, canary: Canary | None = None, mode: TrafficMode = "open") -> Table:
    """The shop, with sets named after their instance."""
    return Table((Route("shop", (SHOP,), live, canary, mode),), {app.name: (app.target,) for app in sets})


async def until_waiting(home: Path, count: int) -> None:
    async def connected() -> bool:
        return await connections(home) == count

    await eventually(connected)


async def test_the_cookie_is_for_the_proxy_alone_and_given_while_there_is_a_canary(
    proxy: tuple[HAProxyRouter, int],
) -> None:
    router, port = proxy
    async with apps("v1", "v2") as (one, two):
        await router.apply(shop("v1", one, two))
        assert "set-cookie" not in (await get(port, SHOP)).headers
        await router.apply(shop("v1", one, two, canary=Canary("v2", 50)))
        given = (await get(port, SHOP)).headers["set-cookie"]
        assert re.fullmatch(r"shipway_canary=\d{1,2}; Path=/; HttpOnly; SameSite=Lax", given)
        browser = Browser(port)
        await browser.request(SHOP)
        assert "set-cookie" not in (await browser.request(SHOP)).headers
        await router.apply(shop("v1", one, two))
        assert "set-cookie" not in (await get(port, SHOP)).headers


@pytest.mark.parametrize(("bucket", "answer"), [("0", "v2"), ("29", "v2"), ("30", "v1"), ("99", "v1")])
async def test_a_bucket_below_the_percent_gets_the_canary(
    proxy: tuple[HAProxyRouter, int], bucket: str, answer: str
) -> None:
    router, port = proxy
    async with apps("v1", "v2") as (one, two):
        await router.apply(shop("v1", one, two, canary=Canary("v2", 30)))
        assert {(await get(port, SHOP, Cookie=f"shipway_canary={bucket}")).body for _ in range(10)} == {answer}


async def test_a_forged_bucket_counts_as_none(proxy: tuple[HAProxyRouter, int]) -> None:
    router, port = proxy
    async with apps("v1", "v2") as (one, two):
        await router.apply(shop("v1", one, two, canary=Canary("v2", 50)))
        for forged in ("-1", "100", "1e1", "x", "", "0x1", "0 "):
            answer = await get(port, SHOP, Cookie=f"shipway_canary={forged}")
            if forged.strip() != "0":
                assert "shipway_canary=" in answer.headers["set-cookie"], forged
            assert answer.status == 200


async def test_canaries_that_come_and_go_under_load_drop_nothing(
    proxy: tuple[HAProxyRouter, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    router, port = proxy
    commands: list[str] = []
    run = Session.run

    async def recorded(self: Session, command: Command) -> None:
        commands.append(command.text)
        await run(self, command)

    async with apps("v1", "v2") as (one, two):
        await router.apply(shop("v1", one, two))
        monkeypatch.setattr(Session, "run", recorded)
        async with load(port, SHOP) as count:
            for _ in range(20):
                for percent in (10, 50, 90):
                    await router.apply(shop("v1", one, two, canary=Canary("v2", percent)))
                    await asyncio.sleep(0.02)
                await router.apply(shop("v1", one, two))
        assert count.failures == []
        assert count.served["v1"] and count.served["v2"]
    assert len(commands) == 20 * 4, "each step is one act, and so is the abort"


async def test_maintenance_answers_with_a_page_of_its_own(proxy: tuple[HAProxyRouter, int]) -> None:
    router, port = proxy
    async with apps("v1") as (one,):
        await router.apply(shop("v1", one, mode="maintenance"))
        client = Client(port)
        answers = [await client.request(SHOP), await client.request(SHOP, "/pay", body="text")]
        client.close()
        assert [answer.status for answer in answers] == [503, 503]
        assert {answer.headers["retry-after"] for answer in answers} == {"60"}
        assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
        assert "<h1>Down for maintenance</h1>" in answers[0].body
        assert one.requests == 0


async def test_a_pause_that_lasts_too_long_tells_when_to_come_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(render, "HELD", 1)
    async with haproxy(tmp_path) as (router, port), apps("v1") as (one,):
        await router.apply(shop("v1", one, mode="paused"))
        answer = await get(port, SHOP)
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert "<h1>Please try again</h1>" in answer.body


async def test_hundreds_of_requests_are_held_and_none_is_lost(proxy: tuple[HAProxyRouter, int], tmp_path: Path) -> None:
    router, port = proxy
    async with apps("v1", "v2", "blog") as (one, two, blog):
        sets = {app.name: (app.target,) for app in (one, two, blog)}
        other = Route("blog", (BLOG,), "blog")
        await router.apply(Table((Route("shop", (SHOP,), "v1"), other), sets))
        reader, writer = await Client(port).upgrade(SHOP)
        await router.apply(Table((Route("shop", (SHOP,), "v1", mode="paused"), other), sets))
        clients = [Client(port) for _ in range(300)]
        requests = [asyncio.create_task(client.request(SHOP, body="text")) for client in clients]
        await until_waiting(tmp_path, 301)
        async with load(port, BLOG) as count:
            await router.apply(Table((Route("shop", (SHOP,), "v2", mode="paused"), other), sets))
            writer.write(b"still here")
            assert await reader.read(100) == b"still here"
            assert not any(request.done() for request in requests)
            await router.apply(Table((Route("shop", (SHOP,), "v2"), other), sets))
            answers = await asyncio.gather(*requests)
        assert {(answer.status, answer.body) for answer in answers} == {(200, "v2")}
        assert count.failures == []
        for client in clients:
            client.close()
        writer.close()


async def test_a_held_request_of_somebody_who_left_never_reaches_an_instance(
    proxy: tuple[HAProxyRouter, int], tmp_path: Path
) -> None:
    router, port = proxy
    async with apps("v1") as (one,):
        await router.apply(shop("v1", one, mode="paused"))
        leaving = asyncio.create_task(get(port, SHOP))
        await until_waiting(tmp_path, 1)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        await until_waiting(tmp_path, 0)
        await router.apply(shop("v1", one))
        assert (await get(port, SHOP)).body == "v1"
        await eventually(lambda: _counted(router, "v1", 1))


async def test_a_client_that_only_closes_its_side_gets_its_answer(proxy: tuple[HAProxyRouter, int]) -> None:
    router, port = proxy
    async with apps("v1") as (one,):
        await router.apply(shop("v1", one))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /after/0.2 HTTP/1.1\r\nHost: {SHOP}\r\nConnection: close\r\n\r\n".encode())
        writer.write_eof()
        assert (await reader.read()).endswith(b"v1")
        writer.close()


@pytest.mark.parametrize("stands", [True, False], ids=["its set stands", "its set is gone"])
async def test_requests_that_a_former_process_holds_are_let_go_too(
    impatient: None, proxy: tuple[HAProxyRouter, int], tmp_path: Path, stands: bool
) -> None:
    router, port = proxy
    async with apps("v1", "v2") as (one, two):
        await router.apply(shop("v1", one, mode="paused"))
        requests = [asyncio.create_task(get(port, SHOP)) for _ in range(5)]
        await until_waiting(tmp_path, 5)
        await HAProxyRouter(tmp_path, "127.0.0.1", port, pool=8).check()
        await router.apply(shop("v2", one, two, mode="paused"))
        assert not any(request.done() for request in requests)
        await router.apply(shop("v2", two, *([one] if stands else [])))
        answers = await asyncio.gather(*requests)
        assert {answer.status for answer in answers} == {200 if stands else 503}
        assert all(answer.body == "v1" if stands else "retry-after" in answer.headers for answer in answers)


async def test_an_earlier_shipways_proxy_is_reloaded_once_and_keeps_its_routes(
    impatient: None, proxy: tuple[HAProxyRouter, int], tmp_path: Path
) -> None:
    router, port = proxy
    home = tmp_path / "proxy"
    async with apps("v1") as (one,):
        await router.shutdown()
        for added in ("hold.lua", "modes.map", "canary.map"):
            (home / added).unlink()
        (home / "hosts.map").write_text(f"{SHOP} shop\n")
        (home / "live.map").write_text("shop v1\n")
        (home / "sets.map").write_text("v1 p1\n")
        (home / "haproxy.cfg").write_text(EARLIER.format(port=port, app=one.port))
        await process.start(home / "haproxy.cfg")
        await eventually(lambda: _answers(port))
        reader, writer = await Client(port).upgrade(SHOP)
        async with load(port, SHOP) as count:
            await router.check()
        assert count.failures == []
        reloaded = await _identity(tmp_path)
        assert reloaded == render.Base("127.0.0.1", port, router_module._user()).identity(4)
        assert [(home / added).read_text() for added in ("modes.map", "canary.map")] == ["", ""]
        before = process.running(home / "haproxy.cfg")
        await router.check()
        assert process.running(home / "haproxy.cfg") == before, "it was reloaded again"
        writer.write(b"still here")
        assert await reader.read(100) == b"still here"
        writer.close()
        await router.apply(shop("v1", one, mode="maintenance"))
        assert (await get(port, SHOP)).status == 503


async def test_an_earlier_shipways_files_are_enough_to_start_from(
    proxy: tuple[HAProxyRouter, int], tmp_path: Path
) -> None:
    router, port = proxy
    async with apps("v1") as (one,):
        await router.apply(table({SHOP: "v1"}, [one]))
        await router.shutdown()
        for added in ("hold.lua", "modes.map", "canary.map"):
            (tmp_path / "proxy" / added).unlink()
        await router.check()
        assert (await get(port, SHOP)).body == "v1"


async def test_response_times_are_those_of_the_set_and_not_of_who_had_its_place(
    proxy: tuple[HAProxyRouter, int],
) -> None:
    router, port = proxy
    async with apps("slow", "quick") as (slow, quick):
        await router.apply(table({SHOP: "slow"}, [slow]))
        await get(port, SHOP, "/after/0.3")
        await eventually(lambda: _counted(router, "slow", 1))
        seen = (await router.traffic())["slow"]
        assert seen.slowest_ms >= 300
        assert seen.response_ms >= 300
        await router.apply(Table())
        # all four places, so that it gets the one that the slow one had
        everywhere = [replace(quick.target, name=f"quick.{number}") for number in range(4)]
        await router.apply(Table((Route("shop", (SHOP,), "q0"),), {f"q{n}": (t,) for n, t in enumerate(everywhere)}))
        await get(port, SHOP)
        await eventually(lambda: _counted(router, "q0", 1))
        assert all(each.slowest_ms < 300 and each.response_ms < 300 for each in (await router.traffic()).values())


async def _counted(router: HAProxyRouter, name: str, requests: int) -> bool:
    return (await router.traffic())[name].requests == requests


async def _answers(port: int) -> bool:
    try:
        return (await get(port, SHOP)).status == 200
    except OSError:
        return False


async def _identity(home: Path) -> object:
    async with session(home / "proxy", ADMIN) as admin:
        return await read_identity(admin)
