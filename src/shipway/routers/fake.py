"""A router in memory: the port's contract without a proxy, for tests of everything above it."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from shipway.domain.errors import Invalid, Unavailable
from shipway.domain.route import Route, Table
from shipway.domain.traffic import Traffic

Intercept = Callable[[str, str], Awaitable[None]]


@dataclass
class Visitor:
    """A client that keeps what it is given, as a browser keeps a cookie."""

    #: 0 to 99: a canary of a higher percent gets its requests. `None` before its first request to a canary's service.
    bucket: int | None = None


class Held:
    """A request in flight, until `finish`."""

    def __init__(self, router: "FakeRouter", chosen: str, target: str) -> None:
        self._router = router
        #: The set and the instance that serve it.
        self.set = chosen
        self.target = target

    async def finish(self) -> str | None:
        """Let it end: the name of the instance that answered, `None` when its set was removed under it."""
        return self.target if self._router.finish(self) else None


class FakeRouter:
    """Keeps the last table applied and counts what is asked of it."""

    def __init__(self) -> None:
        self.table = Table()
        #: Awaited with a method's name and `before` or `after` its effect; may raise, as a crash there would.
        self.intercept: Intercept | None = None
        #: False: every method raises `Unavailable`, as when the proxy is gone.
        self.available = True
        #: Added to what is counted, by set: errors and times that a test makes up.
        self.made_up: dict[str, Traffic] = {}
        #: Seconds that a request to a paused service waits.
        self.patience = 60.0
        #: Requests that wait because their service is paused.
        self.waiting = 0
        self._changed = asyncio.Event()
        self._thrown = 0
        self._requests: Counter[str] = Counter()
        self._held: list[Held] = []

    async def request(self, host: str, visitor: Visitor | None = None) -> str | None:
        """Name of the instance that serves one request for `host`; `None` when the answer is 404 or 503."""
        await self._admitted(host)
        if (found := self._next(host, visitor or Visitor())) is None:
            return None
        name, target = found
        self._requests[name] += 1
        return target

    def hold(self, host: str) -> Held:
        """Begin a request that stays in flight; the host must be served."""
        found = self._next(host, Visitor())
        assert found is not None, f"nothing serves {host}"
        held = Held(self, *found)
        self._held.append(held)
        return held

    def finish(self, held: Held) -> bool:
        """End a request in flight; False when it was cut before."""
        if held not in self._held:
            return False
        self._held.remove(held)
        self._requests[held.set] += 1
        return True

    async def check(self) -> None:
        """See the port."""
        await self._around("check", self._require)

    async def apply(self, table: Table) -> None:
        """See the port."""

        def effect() -> None:
            self._require()
            for canary in (route.canary for route in table.routes if route.canary):
                if not 0 < canary.percent < 100:
                    raise Invalid(f"{canary.set} is to get {canary.percent} % of the requests.")
            self._held = [held for held in self._held if held.set in table.sets]
            self._requests = Counter({name: count for name, count in self._requests.items() if name in table.sets})
            self.table = table
            self._changed.set()
            self._changed = asyncio.Event()

        await self._around("apply", effect)

    async def traffic(self) -> dict[str, Traffic]:
        """See the port."""
        await self._around("traffic", self._require)
        counted = {
            name: Traffic(self._in_flight(name), self._requests[name], leaving=self._leaving(name))
            for name in self.table.sets
        }
        return {name: traffic.plus(self.made_up.get(name, Traffic())) for name, traffic in counted.items()}

    async def close(self) -> None:
        """See the port."""

    async def shutdown(self) -> None:
        """See the port."""
        await self._around("shutdown", self._require)

    def _route(self, host: str) -> Route | None:
        return next((route for route in self.table.routes if host in route.hosts), None)

    async def _admitted(self, host: str) -> None:
        """Return when the host's service is not paused, or has been for too long."""
        self.waiting += 1
        try:
            async with asyncio.timeout(self.patience):
                while (route := self._route(host)) and route.mode == "paused":
                    await self._changed.wait()
        except TimeoutError:
            pass
        finally:
            self.waiting -= 1

    def _next(self, host: str, visitor: Visitor) -> tuple[str, str] | None:
        route = self._route(host)
        if route is None or route.mode != "open":
            return None
        chosen = self._chosen(route, visitor)
        targets = self.table.sets.get(chosen, ())
        if not targets:
            return None
        turn = self._requests[chosen] + self._in_flight(chosen)
        return chosen, targets[turn % len(targets)].name

    def _chosen(self, route: Route, visitor: Visitor) -> str:
        if route.canary is None:
            return route.set
        if visitor.bucket is None:
            visitor.bucket = self._throw()
        return route.canary.set if visitor.bucket < route.canary.percent else route.set

    def _throw(self) -> int:
        """Dice that show each of a hundred numbers once in a hundred throws, so that tests end the same way each time."""
        self._thrown += 1
        return self._thrown * 37 % 100

    def _in_flight(self, chosen: str) -> int:
        return sum(held.set == chosen for held in self._held)

    def _leaving(self, chosen: str) -> int:
        staying = {target.name for target in self.table.sets[chosen]}
        return sum(held.set == chosen and held.target not in staying for held in self._held)

    def _require(self) -> None:
        if not self.available:
            raise Unavailable("The proxy does not answer.")

    async def _around(self, verb: str, effect: Callable[[], None]) -> None:
        if self.intercept:
            await self.intercept(verb, "before")
        effect()
        if self.intercept:
            await self.intercept(verb, "after")
