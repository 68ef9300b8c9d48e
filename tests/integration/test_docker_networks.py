"""Networks and addresses on the real Docker."""

import asyncio
import contextlib
import secrets
import subprocess
from collections.abc import AsyncIterator
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import aiodocker
import pytest
from tests.support.docker import Tap, docker_engine, execute, inspect
from tests.support.engines import PATIENCE, PORT, DockerLab, exit_of, until_it_answers
from tests.support.images import BUSYBOX

from shipway.domain.errors import Unavailable
from shipway.engines.fake import exits, serves


class TestNetworksOfDocker:
    async def test_environments_cannot_reach_each_other(self, docker: DockerLab) -> None:
        one = await docker.engine.start(docker.workload("one", serves()))
        await docker.engine.start(docker.workload("neighbour"))
        await docker.engine.start(docker.workload("stranger", network="acme.shop.staging"))
        await until_it_answers(docker, one.address)
        fetch = ("timeout", "2", "wget", "-q", "-O", "-", f"http://{one.address}:{PORT}/")
        assert "hello" in await execute(docker.container("neighbour"), *fetch)
        assert "hello" not in await execute(docker.container("stranger"), *fetch)

    async def test_aliases_resolve_in_their_network_only(self, docker: DockerLab) -> None:
        started = await docker.engine.start(docker.workload("one", aliases=("app.production.internal",)))
        await docker.engine.start(docker.workload("two"))
        await docker.engine.start(docker.workload("three", network="acme.shop.staging"))
        look_up = ("timeout", "2", "nslookup", "-type=a", "app.production.internal")
        assert started.address in await execute(docker.container("two"), *look_up)
        assert started.address not in await execute(docker.container("three"), *look_up)

    async def test_packets_are_no_larger_than_the_host_can_send(self, docker: DockerLab) -> None:
        started = await docker.engine.start(docker.workload())
        inside = int(await execute(docker.container(started.name), "cat", "/sys/class/net/eth0/mtu"))
        assert inside == min(1500, host_mtu())

    async def test_a_network_removed_behind_our_back_is_made_again(self, docker: DockerLab) -> None:
        workload = docker.workload(app=serves())
        await docker.engine.start(workload)
        await docker.engine.stop(workload.name, grace=10)
        async with aiodocker.Docker() as client:
            await (await client.networks.get(docker.container(workload.network))).delete()
        await until_it_answers(docker, (await docker.engine.start(workload)).address)

    async def test_a_network_made_twice_in_a_crash_is_one_again(self, docker: DockerLab) -> None:
        workload = docker.workload(app=serves())
        labels = {"shipway.installation": docker.installation}
        async with aiodocker.Docker() as client:
            for _ in range(2):
                await client.networks.create(
                    {"Name": docker.container(workload.network), "Labels": labels, **a_block()}
                )
        await until_it_answers(docker, (await docker.engine.start(workload)).address)

    async def test_a_start_cancelled_while_its_network_is_made_makes_no_second_one(
        self, docker: DockerLab, tap: Tap
    ) -> None:
        async with docker_engine(docker.installation, docker_host=tap.host) as engine:
            starting = asyncio.create_task(engine.start(docker.workload()))
            await tap.asked("networks/create")
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            assert len(await networks_of(docker.installation)) == 1
            await engine.start(docker.workload())
            assert len(await networks_of(docker.installation)) == 1

    async def test_an_address_taken_behind_our_back_is_left_to_its_holder(self, docker: DockerLab) -> None:
        first = await docker.engine.start(docker.workload("one"))
        next_one = str(IPv4Address(first.address) + 1)
        async with foreign_container(docker.container("acme.shop.production"), next_one):
            second = await docker.engine.start(docker.workload("two", serves()))
            assert second.address not in (first.address, next_one)
            await until_it_answers(docker, second.address)

    async def test_an_engine_that_begins_anew_knows_who_holds_which_address(self, docker: DockerLab) -> None:
        crashed, events = docker.workload("crashed", exits(1)), docker.engine.events()
        held = {(await docker.engine.start(docker.workload(name))).address for name in ("one", "two")}
        held.add((await docker.engine.start(crashed)).address)
        await exit_of(crashed.name, events)
        await until_it_has_let_go(docker.container(crashed.name))
        async with docker_engine(docker.installation) as another:
            assert (await another.start(docker.workload("three"))).address not in held
            assert (await another.start(docker.workload("one"))).address in held

    async def test_a_block_that_another_tool_uses_is_passed_over(self) -> None:
        pool = IPv4Network((f"10.{secrets.choice(range(210, 230))}.{secrets.randbelow(128) * 2}.0", 23))
        first, second = pool.subnets(new_prefix=24)
        async with foreign_network(first.supernet(new_prefix=24)), docker_engine(network_pool=str(pool)) as engine:
            started = await engine.start(DockerLab(engine, "").workload())
            assert IPv4Address(started.address) in second
            with pytest.raises(Unavailable, match="No free network"):
                await engine.start(DockerLab(engine, "").workload("other", network="acme.shop.staging"))


async def networks_of(installation: str) -> list[dict[str, Any]]:
    async with aiodocker.Docker() as client:
        return await client.networks.list(filters={"label": [f"shipway.installation={installation}"]})


async def until_it_has_let_go(container: str) -> None:
    """Docker goes on showing the address of an exited container for a moment."""
    async with asyncio.timeout(PATIENCE):
        while any(end["IPAddress"] for end in (await inspect(container))["NetworkSettings"]["Networks"].values()):
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.1)


def a_block() -> dict[str, Any]:
    """The part of a network's configuration that gives it a block hardly anybody uses."""
    block = f"10.{secrets.choice(range(230, 250))}.{secrets.randbelow(256)}.0/24"
    return {"IPAM": {"Config": [{"Subnet": block}]}}


@contextlib.asynccontextmanager
async def foreign_network(subnet: IPv4Network) -> AsyncIterator[None]:
    """A network of another tool."""
    async with aiodocker.Docker() as client:
        block = {"Subnet": str(subnet)}
        network = await client.networks.create({"Name": secrets.token_hex(6), "IPAM": {"Config": [block]}})
        try:
            yield
        finally:
            await network.delete()


@contextlib.asynccontextmanager
async def foreign_container(network: str, address: str) -> AsyncIterator[None]:
    """A container of another tool in one of our networks."""
    config = {
        "Image": BUSYBOX,
        "HostConfig": {"NetworkMode": network},
        "NetworkingConfig": {"EndpointsConfig": {network: {"IPAMConfig": {"IPv4Address": address}}}},
    }
    async with aiodocker.Docker() as client:
        container = await client.containers.create(config, name=secrets.token_hex(6))
        try:
            await container.start()
            yield
        finally:
            await container.delete(force=True)


def host_mtu() -> int:
    route = subprocess.run(["ip", "-o", "route", "get", "192.0.2.1"], capture_output=True, text=True, check=True).stdout
    interface = route.split(" dev ")[1].split()[0]
    return int(Path(f"/sys/class/net/{interface}/mtu").read_text())
