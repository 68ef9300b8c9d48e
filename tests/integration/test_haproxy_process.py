"""HAProxy's life beside Shipway's: started, found again, replaced, stopped; and what it does to a request."""

import asyncio
import os
import re
import shutil
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.proxy import App, Client, apps, eventually, free_port, get, haproxy, hold, load, table

from shipway.domain.errors import Unavailable
from shipway.domain.route import Route, Table
from shipway.routers.haproxy import process
from shipway.routers.haproxy import router as router_module
from shipway.routers.haproxy.answers import leaving, read_identity
from shipway.routers.haproxy.client import ADMIN, MASTER, session
from shipway.routers.haproxy.router import HAProxyRouter

pytestmark = pytest.mark.skipif(shutil.which("haproxy") is None, reason="haproxy is not installed")

SHOP, BLOG = "shop.localhost", "blog.localhost"


@pytest.fixture
async def proxy(tmp_path: Path) -> AsyncIterator[tuple[HAProxyRouter, int]]:
    async with haproxy(tmp_path, pool=2) as running:
        yield running


@pytest.fixture
def impatient(impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As elsewhere, and what does not come is given up."""
    monkeypatch.setattr(router_module, "READY", 2)


def config(home: Path) -> Path:
    return home / "proxy" / "haproxy.cfg"


async def pool(home: Path) -> int:
    """Backends of the proxy that serves now."""
    async with session(home / "proxy", ADMIN) as admin:
        return (await read_identity(admin)).pool


async def former(home: Path) -> list[int]:
    """Processes that only finish what they have."""
    async with session(home / "proxy", MASTER) as master:
        return await leaving(master)


async def test_a_full_pool_grows_and_drops_nothing(
    impatient: None, proxy: tuple[HAProxyRouter, int], tmp_path: Path
) -> None:
    router, port = proxy
    async with apps("v1", "v2", "blog") as (one, two, blog):
        await router.apply(table({SHOP: "v1", BLOG: "blog"}, [one], [blog]))
        reader, writer = await Client(port).upgrade(BLOG)
        idle = Client(port)
        await idle.request(SHOP)
        held = await hold(one, port, SHOP)
        async with load(port, SHOP) as count:
            await router.apply(table({SHOP: "v2", BLOG: "blog"}, [one], [two], [blog]))
            assert await pool(tmp_path) == 4
            assert idle.is_closed, "an idle connection could still ask the former process"
            idle.close()

            assert {(await get(port, SHOP)).body for _ in range(10)} == {"v2"}
            assert len(await former(tmp_path)) == 1
            await eventually(lambda: _in_flight(router, one, 1))
            assert await _in_flight(router, blog, 1), "what the former process serves is not counted"
            assert await held.finish() == "v1"
            await eventually(lambda: _in_flight(router, one, 0))
            one.stop()
            await router.apply(table({SHOP: "v2", BLOG: "blog"}, [two], [blog]))
        assert count.failures == []
        writer.write(b"still here")
        assert await reader.read(100) == b"still here"
        writer.close()
        await eventually(lambda: _all_left(tmp_path))


async def _in_flight(router: HAProxyRouter, app: App, count: int) -> bool:
    return (await router.traffic())[app.name].in_flight == count


async def _all_left(home: Path) -> bool:
    return not await former(home)


async def test_other_settings_take_effect_without_a_drop(
    impatient: None, proxy: tuple[HAProxyRouter, int], tmp_path: Path
) -> None:
    router, port = proxy
    async with apps("v1", "blog") as (one, blog):
        await router.apply(table({SHOP: "v1", BLOG: "blog"}, [one], [blog]))
        reader, writer = await Client(port).upgrade(BLOG)
        other = free_port()
        moved = HAProxyRouter(tmp_path, "127.0.0.1", other, pool=8)
        await moved.check()
        assert (await get(other, SHOP)).body == "v1"
        assert await pool(tmp_path) == 8
        with pytest.raises(ConnectionRefusedError):
            await get(port, SHOP)
        writer.write(b"still here")
        assert await reader.read(100) == b"still here"
        writer.close()


async def test_other_settings_are_used_when_the_proxy_is_started_anew(
    proxy: tuple[HAProxyRouter, int], tmp_path: Path
) -> None:
    router, port = proxy
    async with apps("v1") as (one,):
        await router.apply(table({SHOP: "v1"}, [one]))
        await router.shutdown()
        with socket.create_server(("127.0.0.1", port)):
            other = free_port()
            await HAProxyRouter(tmp_path, "127.0.0.1", other, pool=2).check()
        assert (await get(other, SHOP)).body == "v1"


async def test_a_new_port_that_is_taken_leaves_the_former_one_serving(
    impatient: None, proxy: tuple[HAProxyRouter, int], tmp_path: Path
) -> None:
    router, port = proxy
    taken = free_port()
    moved = HAProxyRouter(tmp_path, "127.0.0.1", taken, pool=2)
    async with apps("v1") as (one,):
        await router.apply(table({SHOP: "v1"}, [one]))
        async with load(port, SHOP) as count:
            with socket.create_server(("127.0.0.1", taken)), pytest.raises(Unavailable, match=f"port {taken}: address"):
                await moved.check()
            assert (await get(port, SHOP)).body == "v1"
        assert count.failures == []
        await moved.check()
        assert (await get(taken, SHOP)).body == "v1"


async def test_a_proxy_whose_socket_was_lost_is_left_to_serve(
    impatient: None, proxy: tuple[HAProxyRouter, int], tmp_path: Path
) -> None:
    router, port = proxy
    before = process.running(config(tmp_path))
    (tmp_path / "proxy" / ADMIN).unlink()
    with pytest.raises(Unavailable, match=f"process {before[0]}, {before[1]}"):
        await router.check()
    assert process.running(config(tmp_path)) == before
    assert (await get(port, SHOP)).status == 404


@pytest.mark.parametrize("victim", ["master", "worker"])
async def test_whichever_process_is_killed_the_next_check_brings_the_routes_back(
    proxy: tuple[HAProxyRouter, int], tmp_path: Path, victim: str
) -> None:
    router, port = proxy
    async with apps("v1") as (one,):
        await router.apply(table({SHOP: "v1"}, [one]))
        master, worker = sorted(process.running(config(tmp_path)))
        os.kill(master if victim == "master" else worker, signal.SIGKILL)
        await router.check()
        assert not {master, worker} & set(process.running(config(tmp_path)))
        assert (await get(port, SHOP)).body == "v1"


async def test_shutting_down_leaves_no_process_and_can_be_repeated(
    proxy: tuple[HAProxyRouter, int], tmp_path: Path
) -> None:
    router, port = proxy
    await router.shutdown()
    await router.shutdown()
    assert process.running(config(tmp_path)) == []
    with pytest.raises(Unavailable):
        await router.apply(Table())
    with pytest.raises(Unavailable):
        await router.traffic()
    await router.check()
    assert (await get(port, SHOP)).status == 404


async def test_shipway_is_not_the_parent_of_the_proxy(proxy: tuple[HAProxyRouter, int], tmp_path: Path) -> None:
    for pid in process.running(config(tmp_path)):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        state, parent, _, session_id = fields[:4]
        assert state != "Z"
        assert int(parent) != os.getpid()
        assert int(session_id) != os.getsid(0)
    assert not _zombies()


def _zombies() -> list[str]:
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    states = {pid: Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] for pid in children}
    return [pid for pid, state in states.items() if state == "Z"]


async def test_the_proxy_inherits_neither_sockets_nor_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHIPWAY_DATABASE_URL", "postgresql://shipway:s3cret@db/shipway")
    with socket.create_server(("127.0.0.1", 0)) as ours:
        os.set_inheritable(ours.fileno(), True)
        async with haproxy(tmp_path):
            inode = os.fstat(ours.fileno()).st_ino
            for pid in process.running(config(tmp_path)):
                links = [str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()]
                assert f"socket:[{inode}]" not in links
                assert b"s3cret" not in Path(f"/proc/{pid}/environ").read_bytes()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
async def test_requests_are_not_served_by_root(proxy: tuple[HAProxyRouter, int], tmp_path: Path) -> None:
    _, worker = sorted(process.running(config(tmp_path)))
    status = Path(f"/proc/{worker}/status").read_text()
    assert "0" not in re.findall(r"^[UG]id:\s(.+)$", status, re.MULTILINE)[0].split()
    assert "0" not in re.findall(r"^[UG]id:\s(.+)$", status, re.MULTILINE)[1].split()


async def test_a_port_that_is_taken_is_named_and_its_owner_left_alone(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Unavailable, match=f"port {port}: address already in use") as caught:
            await HAProxyRouter(tmp_path, "127.0.0.1", port, pool=2).check()
        assert "SHIPWAY_PROXY_PORT" in caught.value.hint
        assert process.running(config(tmp_path)) == []
        socket.create_connection(("127.0.0.1", port)).close()


async def test_two_proxies_never_share_a_port(proxy: tuple[HAProxyRouter, int], tmp_path: Path) -> None:
    other = HAProxyRouter(tmp_path / "other", "127.0.0.1", proxy[1], pool=2)
    try:
        with pytest.raises(Unavailable, match="address already in use"):
            await other.check()
    finally:
        await other.shutdown()


async def test_a_configuration_that_was_spoilt_is_reported(proxy: tuple[HAProxyRouter, int], tmp_path: Path) -> None:
    router, _ = proxy
    await router.shutdown()
    with config(tmp_path).open("a") as file:
        file.write("    garbage\n")
    with pytest.raises(Unavailable, match="unknown keyword 'garbage'"):
        await router.check()


async def test_a_home_with_a_long_path_works(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 20) / ("path with spaces" * 3)
    async with haproxy(home) as (router, port), apps("v1") as (one,):
        await router.apply(table({SHOP: "v1"}, [one]))
        assert (await get(port, SHOP)).body == "v1"


async def test_checks_that_come_together_start_one_proxy(tmp_path: Path) -> None:
    port = free_port()
    routers = [HAProxyRouter(tmp_path, "127.0.0.1", port, pool=2) for _ in range(4)]
    await asyncio.gather(*(router.check() for router in routers))
    try:
        assert len(process.running(config(tmp_path))) == 2  # the master and the process that serves
    finally:
        await routers[0].shutdown()


async def test_what_a_client_claims_about_itself_is_replaced(proxy: tuple[HAProxyRouter, int]) -> None:
    router, port = proxy
    async with apps("v1") as (one,):
        await router.apply(table({SHOP: "v1"}, [one]))
        client = Client(port)
        forged = {
            "X-Forwarded-For": "6.6.6.6",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": "bank.example.com",
            "X-Real-IP": "6.6.6.6",
            "Forwarded": "for=6.6.6.6",
            "Proxy": "http://evil.example.com",
            "Upgrade": "h2c",
        }
        seen = (await client.request(f"Shop.LOCALHOST.:{port}", "/headers", headers=forged)).body
        client.close()
    assert "x-forwarded-for: 127.0.0.1\r\n" in seen
    assert "x-forwarded-proto: http\r\n" in seen
    assert f"x-forwarded-host: Shop.LOCALHOST.:{port}\r\n" in seen
    assert not [text for text in ("6.6.6.6", "bank", "evil", "h2c") if text in seen]


async def test_an_unknown_host_a_stopped_service_and_a_dead_one_are_told_apart(
    proxy: tuple[HAProxyRouter, int],
) -> None:
    router, port = proxy
    async with apps("v1") as (one,):
        await router.apply(Table((Route("shop", (SHOP,), "v1"), Route("blog", (BLOG,), "")), {"v1": (one.target,)}))
        one.stop()
        unknown, stopped, dead = [await get(port, host) for host in ("nobody.localhost", BLOG, SHOP)]
    assert (unknown.status, stopped.status, dead.status) == (404, 503, 503)
    assert "No service at this host" in unknown.body
    assert "retry-after" not in unknown.headers
    assert stopped.headers["retry-after"] == dead.headers["retry-after"] == "5"


async def test_the_admin_socket_is_for_its_owner_only(proxy: tuple[HAProxyRouter, int], tmp_path: Path) -> None:
    for name in (ADMIN, MASTER):
        assert (tmp_path / "proxy" / name).stat().st_mode & 0o077 == 0
    assert (tmp_path / "proxy").stat().st_mode & 0o077 == 0
