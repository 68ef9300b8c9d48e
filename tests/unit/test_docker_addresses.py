"""Subnets, addresses and routes."""

from ipaddress import IPv4Address, IPv4Network

import pytest

from shipway.domain.errors import Invalid
from shipway.engines.docker import addresses

POOL = IPv4Network("10.201.0.0/22")
SUBNET = IPv4Network("10.201.7.0/24")
ROUTES = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
wlan0\t00000000\t010200C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
tun0\t0002C90A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
"""


def blocks(*texts: str) -> list[IPv4Network]:
    return [IPv4Network(text) for text in texts]


def test_the_first_free_block_comes_first() -> None:
    taken = blocks("10.201.0.0/24", "172.17.0.0/16")
    assert addresses.free_subnets(POOL, taken, []) == blocks("10.201.1.0/24", "10.201.2.0/24", "10.201.3.0/24")


def test_a_larger_block_of_another_tool_takes_all_it_covers() -> None:
    assert addresses.free_subnets(POOL, blocks("10.201.0.0/23"), []) == blocks("10.201.2.0/24", "10.201.3.0/24")


def test_blocks_that_the_host_has_other_routes_for_are_the_last_resort() -> None:
    free = addresses.free_subnets(POOL, [], blocks("10.201.0.0/23"))
    assert free == blocks("10.201.2.0/24", "10.201.3.0/24", "10.201.0.0/24", "10.201.1.0/24")


@pytest.mark.parametrize("text", ["10.201.0.0/25", "10.201.0.1/16", "10.201", "pool", ""])
def test_a_pool_that_is_none_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(Invalid, match="network_pool"):
        addresses.parse_pool(text)


def test_addresses_go_round_and_reuse_late() -> None:
    held = {IPv4Address("10.201.7.2")}
    assert addresses.next_address(SUBNET, held, IPv4Address("10.201.7.1")) == IPv4Address("10.201.7.3")
    assert addresses.next_address(SUBNET, held, IPv4Address("10.201.7.9")) == IPv4Address("10.201.7.10")
    assert addresses.next_address(SUBNET, held, IPv4Address("10.201.7.239")) == IPv4Address("10.201.7.3")
    assert addresses.next_address(SUBNET, held, IPv4Address("10.201.7.250")) == IPv4Address("10.201.7.3")


def test_every_address_is_given_once_and_none_is_the_hosts_or_the_engines() -> None:
    held: set[IPv4Address] = set()
    last = addresses.gateway(SUBNET)
    while (address := addresses.next_address(SUBNET, held, last)) is not None:
        held.add(last := address)
    assert len(held) == 238
    assert addresses.gateway(SUBNET) not in held
    assert not held & set(addresses.dynamic_range(SUBNET))


def test_the_routing_table_is_read_best_route_first() -> None:
    routes = addresses.parse_routes(ROUTES)
    assert addresses.default_interface(routes) == "eth0"
    assert addresses.specific_networks(routes) == blocks("10.201.2.0/24")


def test_a_machine_without_a_way_out_has_no_default_interface() -> None:
    assert addresses.default_interface(addresses.parse_routes("")) is None


@pytest.mark.parametrize(("host", "bridge"), [(1400, 1400), (1500, None), (9000, None), (0, None)])
def test_only_a_small_mtu_is_set(host: int, bridge: int | None) -> None:
    assert addresses.mtu_to_set(host) == bridge
