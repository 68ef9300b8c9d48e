"""A router in memory: the port's contract without a proxy, for tests of everything above it."""

from collections import Counter
from collections.abc import Awaitable, Callable

from shipway.domain.errors import Unavailable
from shipway.domain.route import Table
from shipway.domain.traffic import Traffic

Intercept = Callable[[str, str], Awaitable[None]]


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
        self._requests: Counter[str] = Counter()
        self._held: list[Held] = []

    async def request(self, host: str) -> str | None:
        """Name of the instance that serves one request for `host`; `None` when the answer is 404 or 503."""
        if (found := self._next(host)) is None:
            return None
        name, target = found
        self._requests[name] += 1
        return target

    def hold(self, host: str) -> Held:
        """Begin a request that stays in flight; the host must be served."""
        found = self._next(host)
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
            self._held = [held for held in self._held if held.set in table.sets]
            self._requests = Counter({name: count for name, count in self._requests.items() if name in table.sets})
            self.table = table

        await self._around("apply", effect)

    async def traffic(self) -> dict[str, Traffic]:
        """See the port."""
        await self._around("traffic", self._require)
        return {name: Traffic(self._in_flight(name), self._requests[name]) for name in self.table.sets}

    async def close(self) -> None:
        """See the port."""

    async def shutdown(self) -> None:
        """See the port."""
        await self._around("shutdown", self._require)

    def _next(self, host: str) -> tuple[str, str] | None:
        chosen = next((route.set for route in self.table.routes if host in route.hosts), "")
        targets = self.table.sets.get(chosen, ())
        if not targets:
            return None
        turn = self._requests[chosen] + self._in_flight(chosen)
        return chosen, targets[turn % len(targets)].name

    def _in_flight(self, chosen: str) -> int:
        return sum(held.set == chosen for held in self._held)

    def _require(self) -> None:
        if not self.available:
            raise Unavailable("The proxy does not answer.")

    async def _around(self, verb: str, effect: Callable[[], None]) -> None:
        if self.intercept:
            await self.intercept(verb, "before")
        effect()
        if self.intercept:
            await self.intercept(verb, "after")
