"""HAProxy as a router, driven at run time: a switch is one map entry, and no connection notices.

Nothing is remembered between two calls: every `apply` reads what the proxy does (1 ms, also with hundreds of services),
plans the difference and runs it. So a crash of either side, or anyone's change by hand, is put right by the next one.
The files are written last, for the next start of HAProxy: until `apply` returns, the caller keeps the old instances.
"""

import asyncio
import contextlib
import grp
import os
import pwd
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from shipway.domain.errors import Unavailable
from shipway.domain.route import Table
from shipway.domain.traffic import Traffic
from shipway.routers.haproxy import process
from shipway.routers.haproxy.answers import leaving, read_counters, read_identity, read_state, read_traffic
from shipway.routers.haproxy.client import ADMIN, MASTER, Session, session
from shipway.routers.haproxy.files import save
from shipway.routers.haproxy.identity import Identity
from shipway.routers.haproxy.lock import locked
from shipway.routers.haproxy.plan import let_go, plan
from shipway.routers.haproxy.render import HOLD_FILE, KEEP_ALIVE, Base, files, rebase
from shipway.routers.haproxy.state import Slot, State, newcomers, wanted
from shipway.routers.haproxy.waiting import until

#: Seconds for a process that starts or reloads to answer.
READY = 10.0


class HAProxyRouter:
    """The `Router` port on one HAProxy of this installation's own, whose files are in `home/proxy`.

    `pool` is the number of sets it has room for at first. When they are all taken it doubles, by a reload that drops
    nothing but may keep that one `apply` waiting for up to ten seconds.
    """

    def __init__(self, home: Path, host: str, port: int, *, pool: int = 64) -> None:
        self._directory = home.resolve() / "proxy"
        self._config = self._directory / "haproxy.cfg"
        self._base = Base(host, port, _user())
        self._pool = pool
        self._order = asyncio.Lock()

    async def check(self) -> None:
        """Start HAProxy when it does not run, as it was routed last; reload it when it runs with other settings."""
        async with self._turn():
            running = await self._running() or await self._start()
            expected = self._base.identity(max(self._pool, running.pool))
            if running != expected:
                self._require_port(running, expected)
                await self._reload(replace(await self._state(), pool=expected.pool))

    async def apply(self, table: Table) -> None:
        """See the port. Raises `Invalid` for names and addresses that HAProxy can't hold, before changing anything."""
        async with self._turn():
            while (target := await self._matched(table)) is None:
                await self._grow(table)
            await self._save(target)
            await self._release(target)

    async def traffic(self) -> dict[str, Traffic]:
        """See the port. Counts begin anew when HAProxy is started or reloaded; what is in flight is always complete."""
        async with session(self._directory, ADMIN) as admin:
            counted = await read_traffic(admin)
        for pid in await self._leaving():
            for name, former in (await self._former_traffic(pid)).items():
                if name in counted:
                    # Which instances have left by now, a former process was not told.
                    counted[name] = counted[name].plus(replace(former, leaving=former.in_flight))
        return counted

    async def close(self) -> None:
        """Nothing to let go of: each call has its own connection."""

    async def shutdown(self) -> None:
        """Stop HAProxy, cutting what is in flight. For the end of an installation; a later `check` starts it again."""
        async with self._turn():
            await process.stop(self._config)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        async with self._order, locked(self._directory / "lock"):
            yield

    async def _matched(self, table: Table) -> State | None:
        """Make the proxy match `table` and return how it is then; `None` when the pool has no room for its new sets."""
        async with session(self._directory, ADMIN) as admin:
            actual = await read_state(admin)
            new = newcomers(table, actual)
            vacant = await _vacant(admin, actual, len(new))
            if len(vacant) < len(new):
                return None
            target = wanted(table, actual, vacant)
            for command in plan(actual, target):
                await admin.run(command)
            return target

    async def _release(self, target: State) -> None:
        """Have former processes let go of requests that they hold; those that can't be reached hold them to the end."""
        with contextlib.suppress(Unavailable):
            for pid in await self._leaving():
                async with session(self._directory, MASTER) as master:
                    former = master.to(pid)
                    for command in let_go(await read_state(former), target):
                        await former.run(command)

    async def _grow(self, table: Table) -> None:
        actual = await self._state()
        pool = 2 * actual.pool
        while pool < len(actual.sets) + len(newcomers(table, actual)):
            pool *= 2
        await self._reload(replace(actual, pool=pool))

    async def _state(self) -> State:
        async with session(self._directory, ADMIN) as admin:
            return await read_state(admin)

    async def _start(self) -> Identity:
        await until(self._settled, READY)
        if not process.running(self._config):
            await asyncio.to_thread(save, self._directory, self._files_to_start_from())
            await process.start(self._config)
            await until(self._answering, READY)
        if running := await self._running():
            return running
        raise _stuck(process.running(self._config))

    async def _settled(self) -> bool:
        """Whether HAProxy is up or gone, rather than about to be."""
        return not process.running(self._config) or await self._answering()

    async def _answering(self) -> bool:
        return await self._running() is not None

    def _files_to_start_from(self) -> dict[str, str]:
        """Those that are there stay as they are routed; an earlier Shipway may have left some out."""
        fresh = files(self._base, State(self._pool))
        missing = {name: text for name, text in fresh.items() if not (self._directory / name).exists()}
        if self._config.name in missing:
            return fresh
        return missing | {
            HOLD_FILE: fresh[HOLD_FILE],
            self._config.name: rebase(self._base, self._config.read_text()),
        }

    async def _reload(self, state: State) -> None:
        """Have a new process serve in `state`, and wait until its predecessor can get no more requests.

        The predecessor finishes the requests and websockets it has, and `traffic` counts them while it does.
        """
        await self._save(state)
        await process.verify(self._config)
        async with session(self._directory, MASTER) as master:
            await master.ask_last("reload")
        await self._until_reloaded(self._base.identity(state.pool))
        await self._until_left()

    def _require_port(self, running: Identity, expected: Identity) -> None:
        """Raise `Unavailable` for a new port that is taken: HAProxy would stop accepting for a second before it gave up."""
        if running.bind.rpartition(":")[2] != expected.bind.rpartition(":")[2]:
            process.require_free(self._base.host, self._base.port)

    async def _until_reloaded(self, expected: Identity) -> None:
        async def reloaded() -> bool:
            return await self._running() == expected

        if not await until(reloaded, READY):
            raise Unavailable(
                "HAProxy did not take its new configuration and keeps the former one.",
                hint="If proxy_host was changed: is it an address of this machine?",
            )

    async def _until_left(self) -> None:
        async def left() -> bool:
            with contextlib.suppress(Unavailable):  # the master is away for a moment while it reloads
                return not await self._leaving()
            return False

        await until(left, KEEP_ALIVE)

    async def _running(self) -> Identity | None:
        """What HAProxy runs with; `None` unless both the master and the serving process answer."""
        with contextlib.suppress(Unavailable):
            await self._leaving()
            async with session(self._directory, ADMIN) as admin:
                return await read_identity(admin)
        return None

    async def _leaving(self) -> list[int]:
        async with session(self._directory, MASTER) as master:
            return await leaving(master)

    async def _former_traffic(self, pid: int) -> dict[str, Traffic]:
        try:
            async with session(self._directory, MASTER) as master:
                return await read_traffic(master.to(pid))
        except Unavailable:
            if pid in await self._leaving():
                raise
            return {}  # it has finished in the meantime

    async def _save(self, state: State) -> None:
        """Write the files, to the end also when cancelled: another turn must not find them half written."""
        writing = asyncio.ensure_future(asyncio.to_thread(save, self._directory, files(self._base, state)))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait([writing])
            raise


async def _vacant(admin: Session, actual: State, count: int) -> list[Slot]:
    """Up to `count` slots for new sets: empty backends without a request that waits to be tried again."""
    slots: list[Slot] = []
    for backend in actual.empty():
        if len(slots) == count:
            break
        counted = await read_counters(admin, backend)
        if counted.in_flight == 0:
            slots.append(Slot(backend, counted))
    return slots


def _stuck(pids: list[int]) -> Unavailable:
    return Unavailable(
        f"HAProxy runs (process {', '.join(map(str, pids))}) but does not answer on its sockets.",
        hint="It goes on serving. End that process to have Shipway start a new one in its place.",
    )


def _user() -> str:
    """The distribution's own user for HAProxy when root starts it, so that root does not parse strangers' requests."""
    with contextlib.suppress(KeyError):
        if os.geteuid() == 0 and pwd.getpwnam("haproxy") and grp.getgrnam("haproxy"):
            return "haproxy"
    return ""
