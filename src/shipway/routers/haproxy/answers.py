"""What HAProxy's answers mean: its state and its counters, asked for and read."""

import csv
import io
from collections import Counter
from dataclasses import replace
from operator import itemgetter
from typing import NamedTuple

from shipway.domain.traffic import Traffic, mean
from shipway.routers.haproxy.client import Session
from shipway.routers.haproxy.identity import Identity
from shipway.routers.haproxy.render import parse_slot
from shipway.routers.haproxy.state import Server, State


async def read_identity(session: Session) -> Identity:
    """The configuration that the process runs with."""
    lines = (await session.ask("show info")).splitlines()
    return Identity.parse(next((value for line in lines if (value := line.removeprefix("description: ")) != line), ""))


async def read_state(session: Session) -> State:
    """The state the process is in."""
    slots = await _read_map(session, "sets.map")
    return State(
        pool=(await read_identity(session)).pool,
        hosts=await _read_map(session, "hosts.map"),
        live=await _read_map(session, "live.map"),
        canaries=await _read_map(session, "canary.map"),
        modes=await _read_map(session, "modes.map"),
        sets={name: parse_slot(value) for name, value in slots.items()},
        servers=parse_servers(await session.ask("show servers state")),
    )


async def read_traffic(session: Session) -> dict[str, Traffic]:
    """What each set in the process has carried since it moved in."""
    slots = {name: parse_slot(value) for name, value in (await _read_map(session, "sets.map")).items()}
    counted = parse_counters(await session.ask("show stat -1 6 -1"))
    return {name: counted[slot.backend].since(slot.before) for name, slot in slots.items()}


async def read_counters(session: Session, backend: str) -> Traffic:
    """Everything one backend has counted."""
    return parse_counters(await session.ask(f"show stat {backend} 2 -1"))[backend]


async def leaving(master: Session) -> list[int]:
    """Process ids of former processes that still have connections to finish, after a reload."""
    _, _, former = (await master.ask("show proc")).partition("# old workers")
    return [int(line.split()[0]) for line in former.splitlines() if " worker " in line]


async def _read_map(session: Session, name: str) -> dict[str, str]:
    answer = await session.ask(f"show map {name}")
    lines = [] if answer.startswith("Unknown map") else answer.splitlines()  # a process of an earlier Shipway
    return {key: value for _, key, value in (line.split(" ", 2) for line in lines)}


def parse_servers(text: str) -> dict[str, dict[str, Server]]:
    """Servers by backend and name, from `show servers state`."""
    header, *lines = text.splitlines()[1:]
    columns = header.removeprefix("# ").split()
    backend, name, address, admin, port = map(
        columns.index, ("be_name", "srv_name", "srv_addr", "srv_admin_state", "srv_port")
    )
    servers: dict[str, dict[str, Server]] = {}
    for row in map(str.split, lines):
        server = Server(row[address], int(row[port]), active=row[admin] == "0")
        servers.setdefault(row[backend], {})[row[name]] = server
    return servers


def parse_counters(text: str) -> dict[str, Traffic]:
    """Counters by backend, from `show stat`. Its sessions include those that wait for a server or a retry.

    Times are taken from servers, which are there as long as their set; a backend has served others before.
    """
    header, *lines = csv.reader(io.StringIO(text.removeprefix("# ")))
    read = itemgetter(*map(header.index, ("pxname", "svname", "status", *_Row._fields)))
    totals: dict[str, _Row] = {}
    servers: dict[str, list[_Row]] = {}
    leaving: Counter[str] = Counter()
    for backend, server, status, *values in map(read, lines):
        row = _Row(*map(int, values))
        if server == "BACKEND":
            totals[backend] = row
        else:
            servers.setdefault(backend, []).append(row)
            leaving[backend] += row.scur if status.startswith("MAINT") else 0
    return {
        backend: replace(_traffic(total, servers.get(backend, [])), leaving=leaving[backend])
        for backend, total in totals.items()
    }


class _Row(NamedTuple):
    """What is read of a line of `show stat`, by its own names."""

    scur: int
    req_tot: int
    hrsp_5xx: int
    econ: int
    eresp: int
    rtime: int
    rtime_max: int


def _traffic(backend: _Row, servers: list[_Row]) -> Traffic:
    return Traffic(
        in_flight=backend.scur,
        requests=backend.req_tot,
        errors_5xx=backend.hrsp_5xx,
        connection_errors=backend.econ + backend.eresp,
        response_ms=mean([(server.req_tot, server.rtime) for server in servers]),
        slowest_ms=max((server.rtime_max for server in servers), default=0),
    )
