"""Which subnet a network gets, which address an instance gets, and what this machine's own routes say about both. Pure.

Every instance has a fixed address, so that it is the same after a crash, a restart of the engine and a reboot: the
proxy stays right while Shipway is not there to correct it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError

from shipway.domain.errors import Invalid

#: Length of the prefix of one environment's network.
PREFIX = 24
#: Length of the prefix of the end of it that the engine hands out by itself, to containers that are not ours.
_DYNAMIC_PREFIX = 28
_ETHERNET_MTU = 1500


@dataclass(frozen=True, slots=True)
class HostRoute:
    """One line of this machine's routing table."""

    interface: str
    network: IPv4Network


def parse_pool(text: str) -> IPv4Network:
    """The block that networks are cut from; raises `Invalid` when it is none or smaller than one of them."""
    try:
        pool = IPv4Network(text)
    except (AddressValueError, NetmaskValueError, ValueError) as error:
        raise Invalid(
            f"network_pool is {text!r}: {error}.", hint="Give an IPv4 block such as 10.201.0.0/16."
        ) from error
    if pool.prefixlen > PREFIX:
        raise Invalid(
            f"network_pool is {text!r}, too small for a single network.",
            hint=f"Each environment needs a /{PREFIX}; give a larger block such as 10.201.0.0/16.",
        )
    return pool


def free_subnets(
    pool: IPv4Network, taken: Collection[IPv4Network], routed: Collection[IPv4Network]
) -> list[IPv4Network]:
    """The blocks of `pool` that overlap no `taken` one, in order; those that `routed` ones lead elsewhere come last."""
    free = (block for block in pool.subnets(new_prefix=PREFIX) if not _overlaps(block, taken))
    return sorted(free, key=lambda block: _overlaps(block, routed))


def gateway(subnet: IPv4Network) -> IPv4Address:
    """The host's own address in the network."""
    return subnet[1]


def dynamic_range(subnet: IPv4Network) -> IPv4Network:
    """What the engine gives to containers that ask for no address; ours never lie in it."""
    return list(subnet.subnets(new_prefix=_DYNAMIC_PREFIX))[-1]


def next_address(subnet: IPv4Network, held: Collection[IPv4Address], after: IPv4Address) -> IPv4Address | None:
    """The first address behind `after` that nobody holds, round the subnet; `None` when all are held.

    Going round keeps an address unused for as long as possible after its instance is gone: whoever still knows it
    then reaches nobody, rather than another tenant's instance.
    """
    first, end = subnet[2], dynamic_range(subnet)[0]
    size = int(end) - int(first)
    start = int(after) - int(first) + 1 if first <= after < end else 0
    candidates = (first + (start + step) % size for step in range(size))
    return next((candidate for candidate in candidates if candidate not in held), None)


def parse_routes(text: str) -> list[HostRoute]:
    """Read `/proc/net/route`, best route first."""
    rows = [line.split() for line in text.splitlines()[1:]]
    rows.sort(key=lambda row: int(row[6]))
    return [HostRoute(row[0], IPv4Network((_address(row[1]), str(_address(row[7]))))) for row in rows]


def default_interface(routes: Iterable[HostRoute]) -> str | None:
    """The interface that leads to the rest of the world."""
    return next((route.interface for route in routes if route.network.prefixlen == 0), None)


def specific_networks(routes: Iterable[HostRoute]) -> list[IPv4Network]:
    """Where this machine has been told the way to, apart from the default route."""
    return [route.network for route in routes if route.network.prefixlen]


def mtu_to_set(host_mtu: int) -> int | None:
    """The MTU a bridge must be told when the host's way out carries less than Ethernet does; else `None`."""
    return host_mtu if 0 < host_mtu < _ETHERNET_MTU else None


def _overlaps(block: IPv4Network, others: Iterable[IPv4Network]) -> bool:
    return any(block.overlaps(other) for other in others)


def _address(little_endian: str) -> IPv4Address:
    return IPv4Address(int.from_bytes(bytes.fromhex(little_endian), "little"))
