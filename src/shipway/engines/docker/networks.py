"""The networks of environments and the addresses in them: made when missing, remembered, found again after a restart."""

import json
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path
from typing import Any

from aiodocker import DockerError
from aiodocker.networks import DockerNetwork

from shipway.domain.errors import DeployFailed, Unavailable
from shipway.domain.locks import Locks
from shipway.engines.docker import addresses, labels, render
from shipway.engines.docker.cancellation import to_its_end
from shipway.engines.docker.connection import Connection

_ROUTES = Path("/proc/net/route")
_INTERFACES = Path("/sys/class/net")


@dataclass(slots=True)
class _Ledger:
    """Who holds which address of one network: running containers and stopped ones, and those about to be made."""

    subnet: IPv4Network
    held: dict[str, IPv4Address] = field(default_factory=dict)
    last: IPv4Address = field(init=False)

    def __post_init__(self) -> None:
        self.last = max(self.held.values(), default=addresses.gateway(self.subnet))

    def reserve(self, name: str) -> IPv4Address | None:
        if name not in self.held:
            address = addresses.next_address(self.subnet, set(self.held.values()), self.last)
            if address is None:
                return None
            self.held[name] = self.last = address
        return self.held[name]


class Networks:
    """One bridge per environment, so that environments can't reach each other (S6.10)."""

    def __init__(self, connection: Connection, installation: str, pool: str) -> None:
        self._connection = connection
        self._installation = installation
        self._pool = addresses.parse_pool(pool)
        self._ledgers: dict[str, _Ledger] = {}
        self._locks = Locks()

    async def reserve(self, network: str, name: str) -> str:
        """An address in `network` for the workload `name`, the same until it is released; makes the network when missing.

        Raises `DeployFailed` (`cannot-start`) when all addresses are held, `Unavailable` when the pool is used up.
        """
        async with self._locks(network):
            known = self._ledgers.get(network)
            address = known.reserve(name) if known else None
            if address is None:
                self._ledgers[network] = ledger = await self._read(network)
                address = ledger.reserve(name)
        if address is None:
            raise DeployFailed(
                f"Every address of the network {network} is held.",
                code="cannot-start",
                hint="Scale down, or move services to another environment.",
            )
        return str(address)

    def release(self, name: str) -> None:
        """Let another workload have the address."""
        for ledger in self._ledgers.values():
            ledger.held.pop(name, None)

    def forget(self, network: str) -> None:
        """Look again before the next reservation: someone else changed the network or took an address of it."""
        self._ledgers.pop(network, None)

    async def remove(self, network: str) -> None:
        """Remove it unless any container, running or not, is in it."""
        async with self._locks(network):
            if not await self._containers(network):
                self.forget(network)
                for found in await self._named(network):
                    await self._delete(found)

    async def _read(self, network: str) -> _Ledger:
        """The ledger as the engine has it; Docker itself says only who is running, the containers say who holds."""
        found = await self._find(network)
        if found is None:
            return _Ledger(await self._create(network))
        running = found["Containers"].items()
        held = {identity: IPv4Interface(end["IPv4Address"]).ip for identity, end in running if end["IPv4Address"]}
        for container in await self._containers(network):
            end = container["NetworkSettings"]["Networks"][self._qualified(network)]
            held.pop(container["Id"], None)
            if address := (end["IPAMConfig"] or {}).get("IPv4Address") or end["IPAddress"]:
                held[container["Labels"].get(labels.NAME, container["Id"])] = IPv4Address(address)
        return _Ledger(IPv4Network(found["IPAM"]["Config"][0]["Subnet"]), held)

    async def _find(self, network: str) -> dict[str, Any] | None:
        """The network as Docker has it, once. A crash while it was made can leave two of the name, and then no container
        starts in either: the one that is not in use goes."""
        found = await self._named(network)
        for candidate in tuple(found):
            if len(found) > 1 and await self._delete(candidate):
                found.remove(candidate)
        return await found[0].show() if found else None

    async def _create(self, network: str) -> IPv4Network:
        routes = addresses.parse_routes(_read_text(_ROUTES))
        mtu = _mtu(addresses.default_interface(routes))
        for subnet in addresses.free_subnets(self._pool, await self._taken(), addresses.specific_networks(routes)):
            wanted = render.network(self._installation, network, subnet, mtu)
            try:
                await to_its_end(self._connection.docker.networks.create(wanted))
            except DockerError as error:
                if not _overlaps(error):
                    raise
            else:
                return subnet
        raise Unavailable(
            f"No free network is left in {self._pool}.",
            hint="Remove environments that are not used, or set network_pool in settings.toml to a larger block.",
        )

    async def _taken(self) -> list[IPv4Network]:
        networks = await self._connection.docker.networks.list()
        blocks = [
            block["Subnet"] for network in networks for block in network["IPAM"]["Config"] or () if "Subnet" in block
        ]
        return [IPv4Network(block) for block in blocks if ":" not in block]

    async def _containers(self, network: str) -> list[Any]:
        return await self._connection.docker.containers.list(
            all=True, filters=json.dumps({"network": [self._qualified(network)]})
        )

    async def _named(self, network: str) -> list[DockerNetwork]:
        name, docker = self._qualified(network), self._connection.docker
        # The filter finds parts of names, too.
        found = await docker.networks.list(filters={"name": [name]})
        return [DockerNetwork(docker, one["Id"]) for one in found if one["Name"] == name]  # type: ignore[no-untyped-call]

    async def _delete(self, network: DockerNetwork) -> bool:
        """Whether it is gone; one in use stays."""
        try:
            await network.delete()
        except DockerError as error:
            if error.status not in (403, 404):
                raise
            return error.status == 404
        return True

    def _qualified(self, network: str) -> str:
        return render.qualified(self._installation, network)


def _overlaps(error: DockerError) -> bool:
    return error.status in (400, 403) and "overlap" in error.message.lower()


def _mtu(interface: str | None) -> int | None:
    text = _read_text(_INTERFACES / interface / "mtu") if interface else ""
    return addresses.mtu_to_set(int(text)) if text else None


def _read_text(path: Path) -> str:
    """Its contents, or nothing where the engine's host is no Linux or can't be seen."""
    try:
        return path.read_text()
    except OSError:
        return ""
