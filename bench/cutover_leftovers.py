"""Whether what runs, what the store says and what the proxy knows are one and the same: `bench.cutover`'s last look.

It asks Docker, the database file and the proxy's socket themselves, not Shipway.
"""

import json
import socket
import sqlite3
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Seen:
    """What each of the three has of one installation. Names are without the installation's."""

    #: Containers of services by name: whether they run.
    containers: Mapping[str, bool]
    networks: frozenset[str]
    #: Names of the instances of each rollout in the store, by its set's name in the proxy.
    stored: Mapping[str, frozenset[str]]
    #: Names of the servers of each set in the proxy.
    proxied: Mapping[str, frozenset[str]]
    #: Servers in backends that no set lives in.
    stray: frozenset[str]
    #: Sets that some service's requests are led to.
    led_to: frozenset[str]


def leftovers(seen: Seen, *, services: int, networks: frozenset[str], scale: int) -> list[str]:
    """Every difference, a sentence each. `services` are live, with `scale` instances in all, on these `networks`."""
    return list(_differences(seen, services=services, networks=networks, scale=scale))


def _differences(seen: Seen, *, services: int, networks: frozenset[str], scale: int) -> Iterator[str]:
    wanted = frozenset(name for names in seen.stored.values() for name in names)
    running = frozenset(name for name, runs in seen.containers.items() if runs)
    yield from _each("container without a rollout", seen.containers.keys() - wanted)
    yield from _each("rollout without a running container", wanted - running)
    yield from _each("network that was not there at first", seen.networks - networks)
    yield from _each("set of the proxy without a rollout", seen.proxied.keys() - seen.stored.keys())
    yield from _each("rollout without a set in the proxy", seen.stored.keys() - seen.proxied.keys())
    yield from _each("server without a set in the proxy", seen.stray)
    yield from _each("set of the proxy that no request is led to", seen.proxied.keys() - seen.led_to)
    for name in seen.proxied.keys() & seen.stored.keys():
        yield from _each(f"server or instance of {name} that the other has not", seen.proxied[name] ^ seen.stored[name])
    if len(seen.stored) != services:
        yield f"{len(seen.stored)} rollouts for {services} services"
    if len(running) != scale:
        yield f"{len(running)} containers run where {scale} are wanted"


def _each(what: str, names: Iterable[str]) -> list[str]:
    return [f"{what}: {name}" for name in sorted(names)]


def look(home: Path, installation: str) -> Seen:
    """What there is now."""
    maps = {name: _map(home, name) for name in ("sets.map", "live.map")}
    backends = {set_: value.partition(":")[0] for set_, value in maps["sets.map"].items()}
    servers = _servers(home)
    stray = (server for backend, names in servers.items() if backend not in backends.values() for server in names)
    return Seen(
        containers=containers(installation),
        networks=networks(installation),
        stored=_stored(home),
        proxied={set_: frozenset(servers.get(backend, ())) for set_, backend in backends.items()},
        stray=frozenset(stray),
        led_to=frozenset(maps["live.map"].values()),
    )


def containers(installation: str) -> dict[str, bool]:
    """Of services, running or not."""
    form = ["--filter", f"name=^/{installation}\\.", "--format", "{{json .}}"]
    rows = [json.loads(line) for line in _docker("ps", "-a", *form)]
    named = {row["Names"].removeprefix(f"{installation}."): row["State"] == "running" for row in rows}
    return {name: runs for name, runs in named.items() if not name.startswith("sandbox.")}


def networks(installation: str) -> frozenset[str]:
    """All of the installation's."""
    names = _docker("network", "ls", "--filter", f"name=^{installation}\\.", "--format", "{{.Name}}")
    return frozenset(name.removeprefix(f"{installation}.") for name in names)


def remains(installation: str, registry_port: int) -> list[str]:
    """What Docker has of an installation that is gone: nothing, but for images, which are removed here."""
    for image in _docker("images", "-q", "--filter", f"reference=127.0.0.1:{registry_port}/*/*/*/*"):
        subprocess.run(["docker", "rmi", "-f", image], capture_output=True)
    found = (*_docker("ps", "-a", "--filter", f"name=^/{installation}\\.", "--format", "{{.Names}}"),)
    volumes = _docker("volume", "ls", "-q", "--filter", f"name=^{installation}\\.")
    return [f"after the end: {name}" for name in (*found, *volumes, *networks(installation))]


def _docker(*arguments: str) -> list[str]:
    done = subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True)
    return list(dict.fromkeys(done.stdout.split("\n")[:-1]))


def _stored(home: Path) -> dict[str, frozenset[str]]:
    with sqlite3.connect(f"file:{home / 'shipway.db'}?mode=ro", uri=True) as database:
        database.row_factory = sqlite3.Row
        rows = [dict(row) for row in database.execute("select * from rollouts")]
    return {row.get("origin") or row["deployment_id"]: frozenset(json.loads(row["instances"])) for row in rows}


def _map(home: Path, name: str) -> dict[str, str]:
    lines = (line.split() for line in _proxy(home, f"show map {name}") if line)
    return {key: value for _, key, value in lines}


def _servers(home: Path) -> dict[str, set[str]]:
    _, header, *lines = _proxy(home, "show servers state")
    columns = header.removeprefix("# ").split()
    found: dict[str, set[str]] = {}
    for row in (line.split() for line in lines if line):
        found.setdefault(row[columns.index("be_name")], set()).add(row[columns.index("srv_name")])
    return found


def _proxy(home: Path, command: str) -> list[str]:
    with socket.socket(socket.AF_UNIX) as admin:
        admin.connect(str(home / "proxy" / "admin.sock"))
        admin.sendall(f"{command}\n".encode())
        return b"".join(iter(lambda: admin.recv(65536), b"")).decode().split("\n")
