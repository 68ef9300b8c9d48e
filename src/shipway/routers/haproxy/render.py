"""The proxy's files as text: its configuration, its maps and the program that holds requests. Pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shipway.domain.traffic import Traffic
from shipway.routers.haproxy.identity import Identity
from shipway.routers.haproxy.state import Server, Slot, State, backends

#: Everything below this line of the configuration is state; what is above is the same whatever is routed.
STATE_MARK = "# Pool of backends, as routed now\n"

_CONFIG = """\
# Written by Shipway at every change of a route; edits are lost. Started in this directory as
#   haproxy -W -D -C <this directory> -S unix@master.sock,mode,600 -f <this file>
global
    description {identity}
    stats socket unix@admin.sock mode 600 level admin
    stats timeout 1m
    stats maxconn 100
    fd-hard-limit 65536
    noreuseport
    lua-load-per-thread hold.lua
{user}
defaults edge
    mode http
    # a request that is held when its client leaves is never sent; one that was sent is let be (defaults pool)
    option abortonclose
    balance leastconn
    option redispatch 1
    retries 3
    retry-on conn-failure
    http-reuse safe
    option idle-close-on-response
    timeout connect 3s
    timeout check 2s
    timeout queue 30s
    timeout http-request {keep_alive}s
    timeout http-keep-alive {keep_alive}s
    timeout client 5m
    timeout server 5m
    timeout client-fin 30s
    timeout tunnel 1h
    http-error status 404 content-type "text/html; charset=utf-8" string "{not_found}" hdr Cache-Control no-store
    http-error status 503 content-type "text/html; charset=utf-8" string "{unavailable}" \
hdr Cache-Control no-store hdr Retry-After 5

frontend web from edge
    bind {bind}
    http-request set-var(txn.service) req.hdr(host),field(1,:),lower,rtrim(.),map(hosts.map)
    http-request deny deny_status 404 unless {{ var(txn.service) -m found }}
    http-request lua.hold {held} if {{ var(txn.service),map(modes.map) -m str paused }}
    http-request set-var(txn.mode) var(txn.service),map(modes.map)
    http-request return status 503 content-type "text/html; charset=utf-8" string "{maintenance}" \
hdr Cache-Control no-store hdr Retry-After 60 if {{ var(txn.mode) -m str maintenance }}
    http-request return status 503 content-type "text/html; charset=utf-8" string "{paused}" \
hdr Cache-Control no-store hdr Retry-After 5 if {{ var(txn.mode) -m str paused }}
    http-request set-var(txn.canary) var(txn.service),map(canary.map)
    acl canary var(txn.canary) -m found
    http-request set-var(txn.percent) var(txn.canary),field(2,:)
    http-request set-var(txn.bucket) req.cook({cookie}) if canary {{ req.cook({cookie}) -m reg ^[0-9]{{1,2}}$ }}
    http-request set-var(txn.thrown) rand(100) if canary !{{ var(txn.bucket) -m found }}
    http-request set-var(txn.bucket) var(txn.thrown) if {{ var(txn.thrown) -m found }}
    http-request set-var(txn.backend) var(txn.service),map(live.map),map(sets.map),field(1,:)
    http-request set-var(txn.backend) var(txn.canary),field(1,:),map(sets.map),field(1,:) \
if canary {{ var(txn.bucket),sub(txn.percent) lt 0 }}
    http-request deny deny_status 503 unless {{ var(txn.backend) -m found }}
    http-request del-header Upgrade if {{ req.hdr(upgrade) -m sub -i h2c }}
    http-request del-header Forwarded
    http-request del-header Proxy
    http-request set-header X-Real-IP %[src]
    http-request set-header X-Forwarded-For %[src]
    http-request set-header X-Forwarded-Proto http
    http-request set-header X-Forwarded-Host %[req.hdr(host)]
    http-request set-header X-Forwarded-Port %[dst_port]
    http-response add-header Set-Cookie "{cookie}=%[var(txn.thrown)]; Path=/; HttpOnly; SameSite=Lax" \
if {{ var(txn.thrown) -m found }}
    use_backend %[var(txn.backend)]

defaults pool from edge
    no option abortonclose

"""

_PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    "<title>{title}</title><style>body{{font:1.1rem/1.5 system-ui,sans-serif;margin:15vh auto;max-width:34rem;"
    "padding:0 1rem;color-scheme:light dark}}</style><h1>{title}</h1><p>{text}</p></html>"
)
_NOT_FOUND = _PAGE.format(title="No service at this host", text="Nothing is routed at this name. Is it spelled right?")
_UNAVAILABLE = _PAGE.format(
    title="Not available right now",
    text="The service at this host is stopped, starting, or not answering. Try again in a few seconds.",
)

_MAINTENANCE = _PAGE.format(
    title="Down for maintenance", text="This service is being worked on and will be back. Please try again later."
)
_PAUSED = _PAGE.format(
    title="Please try again", text="This service takes a break that lasts longer than requests can wait."
)

#: What holds the requests of services that are paused.
HOLD_FILE = "hold.lua"
_HOLD = Path(__file__).with_name(HOLD_FILE).read_text()
#: Seconds that a request is held.
HELD = 60
#: Keeps a visitor with the canary, or with the others: a number from 0 to 99; those below the canary's percent get it.
COOKIE = "shipway_canary"
#: Seconds an idle client connection is kept; so long a former process may still get requests after a reload.
KEEP_ALIVE = 10


@dataclass(frozen=True, slots=True)
class Base:
    """What stays the same while routes change."""

    host: str
    port: int
    #: System user and group that serve requests; empty: whoever starts HAProxy.
    user: str = ""

    def text(self, pool: int) -> str:
        """The configuration down to the pool."""
        return self._text(str(self.identity(pool)))

    def identity(self, pool: int) -> Identity:
        """What a process says of itself that was started with this base and a pool of that size."""
        fingerprint = hashlib.sha256((self._text("") + _HOLD).encode()).hexdigest()[:12]
        return Identity(_join(self.host, self.port), fingerprint, pool)

    def _text(self, identity: str) -> str:
        return _CONFIG.format(
            identity=identity,
            user=f"    user {self.user}\n    group {self.user}\n" if self.user else "",
            keep_alive=KEEP_ALIVE,
            not_found=_NOT_FOUND,
            unavailable=_UNAVAILABLE,
            maintenance=_MAINTENANCE,
            paused=_PAUSED,
            held=HELD,
            cookie=COOKIE,
            bind=_join(self.host, self.port),
        )


def files(base: Base, state: State) -> dict[str, str]:
    """Names and contents of the files that make a new HAProxy process come up in this state, in the order to write them.

    A crash between two writes must not lead a host to another's instances: the maps go from set to host, so a
    half-written state leads nowhere at worst.
    """
    return {
        HOLD_FILE: _HOLD,
        "modes.map": _map(state.modes),
        "sets.map": _map({name: slot.backend for name, slot in state.sets.items()}),
        "haproxy.cfg": config(base, state),
        "canary.map": _map(state.canaries),
        "live.map": _map(state.live),
        "hosts.map": _map(state.hosts),
    }


def config(base: Base, state: State) -> str:
    """The whole configuration, with the servers in the pool that take requests."""
    taken = state.taken
    blocks = (_backend(name, state.servers.get(name, {}) if name in taken else {}) for name in backends(state.pool))
    return base.text(state.pool) + STATE_MARK + "".join(blocks)


def rebase(base: Base, text: str) -> str:
    """A configuration with the state of `text`, an earlier one, on this base."""
    pool = text.partition(STATE_MARK)[2]
    return base.text(sum(line.startswith("backend ") for line in pool.splitlines())) + STATE_MARK + pool


def slot_text(slot: Slot) -> str:
    """A slot as a value of sets.map in the running proxy: `p3:1042:7:0`. A new process has counted nothing: `p3`."""
    counted = slot.before
    return f"{slot.backend}:{counted.requests}:{counted.errors_5xx}:{counted.connection_errors}"


def parse_slot(text: str) -> Slot:
    """The reverse of `slot_text`, for both forms."""
    backend, *counted = text.split(":")
    requests, errors_5xx, connection_errors = map(int, counted or (0, 0, 0))
    return Slot(backend, Traffic(requests=requests, errors_5xx=errors_5xx, connection_errors=connection_errors))


def endpoint(server: Server) -> str:
    """Address and port as HAProxy reads them."""
    return _join(server.address, server.port)


def server_options() -> str:
    """What every server is given, on its line in the configuration as at run time.

    The two `pool-` words repeat the defaults: without them 2.6 keeps no idle connections to servers added at run time
    and opens a new one for every request.
    """
    return "check inter 2s fastinter 500ms downinter 500ms fall 2 rise 1 pool-purge-delay 5s pool-max-conn -1"


def _backend(name: str, servers: Mapping[str, Server]) -> str:
    active = {server: place for server, place in servers.items() if place.active}
    lines = (f"    server {server} {endpoint(place)} {server_options()}\n" for server, place in active.items())
    return f"backend {name}\n{''.join(lines)}"


def _map(entries: Mapping[str, str]) -> str:
    return "".join(f"{key} {value}\n" for key, value in entries.items())


def _join(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
