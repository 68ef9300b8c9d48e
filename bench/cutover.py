"""Change an app at random under constant load, kill Shipway in the middle of it, and count what clients lost:
`python -m bench.cutover [OPERATIONS [SEED]]`.

200 operations by default, in a random order that the printed seed gives again: redeploys, rollbacks, restarts, scaling,
deployments that fail or are cancelled, canaries and blue-green ones where Shipway has them; in a quarter of them Shipway is
killed (SIGKILL) and started again. Beside the app stands another that nobody touches. Then four apps that make their own end
difficult are redeployed five times each. Clients of all sorts (cutover_load.py) ask on meanwhile, and every answer must be
whole and come from a release that had traffic. At the end Docker, the store and the proxy must agree, with nothing left over.

Exit code 1 when a bound is broken. It takes some 4 s for each operation and three minutes beside, and is ended after
15 s for each and ten minutes. Everything of it has its own names and is removed by them, also on Ctrl-C.
"""

import asyncio
import secrets
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from tests.support.real import RealShipway, real_shipway

from bench import cutover_stubborn as stubborn
from bench.cutover_account import BYSTANDER, CHANGED, Accounts, Done, Ledger, Lived
from bench.cutover_leftovers import leftovers, look, networks, remains
from bench.cutover_load import FEWEST, MIX, Clients
from bench.cutover_operations import story
from bench.cutover_run import perform
from bench.cutover_stage import Stage
from bench.cutover_table import losses, table

Do = Callable[..., Awaitable[Any]]

#: Longer than the slow requests take: none is ever cut.
DRAIN = 8.0
#: Seconds in which all must be tidy, once nothing is under way.
TIDY = 75.0
SETTINGS: Mapping[str, Any] = {
    "drain_timeout": DRAIN,
    "stop_grace": 10,
    "keep_warm": 3,
    "health": {"path": "/_health/", "timeout": 8},
    "resources": {"memory": 96 * 1024 * 1024, "cpus": 0.5},
}
#: What each service is asked, each of which must be answered.
ASKED = {
    service: tuple(kind.name for kind in kinds)
    for service, kinds in ((CHANGED, MIX), (BYSTANDER, FEWEST), *((app.name, app.kinds) for app in stubborn.APPS))
}


@dataclass
class Bench:
    """One run: what it does, and what was seen so far."""

    shipway: RealShipway
    count: int
    seed: int
    ledger: Ledger = field(default_factory=Ledger)
    operations: list[Done] = field(default_factory=list)
    kills: list[float] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    began: float = field(default_factory=time.monotonic)

    @property
    def limit(self) -> float:
        """Seconds after which it is ended."""
        return 600 + 15 * self.count

    def stage(self, service: str) -> Stage:
        """Where operations on a service happen."""
        return Stage(self.shipway, service, Random(f"{self.seed} {service}"), self.stopping, self.kills)

    def clients(self, service: str) -> Clients:
        """Those of one service."""
        return Clients(self.shipway.proxy_port, f"{service}-production-t.localhost", service, self.ledger)

    async def run(self) -> Accounts:
        """All of it. Raises `TimeoutError` when it takes too long."""
        with ThreadPoolExecutor(1) as pool:
            try:
                async with asyncio.timeout(self.limit):
                    return await self._run(lambda *call: asyncio.get_running_loop().run_in_executor(pool, *call))
            finally:
                self.stopping.set()

    async def _run(self, do: Do) -> Accounts:
        app, bystander = self.stage(CHANGED), self.stage(BYSTANDER)
        difficult = {each.name: self.stage(each.name) for each in stubborn.APPS}
        await do(self._prepare, app, bystander)
        await do(stubborn.prepare, difficult, SETTINGS)
        at_first = networks(self.shipway.installation)
        async with self.clients(BYSTANDER).running(FEWEST, websockets=2):
            async with self.clients(CHANGED).running(MIX, websockets=2):
                await do(perform, app, story(self.count, self.seed), self._note)
                await do(app.settle, 120)
            async with AsyncExitStack() as load:
                for each in stubborn.APPS:
                    await load.enter_async_context(self.clients(each.name).running(each.kinds))
                lived = await do(stubborn.redeploy, difficult)
        accounts: Accounts = await do(self._account, (app, bystander, *difficult.values()), at_first, lived)
        return accounts

    def _prepare(self, app: Stage, bystander: Stage) -> None:
        for stage in (app, bystander):
            stage.create(SETTINGS)
        # Two of the app, so that there is one to go back to.
        for stage in (app, app, bystander):
            stubborn.insist(stage, stage.deploy())

    def _account(self, stages: Sequence[Stage], at_first: frozenset[str], lived: Sequence[Lived]) -> Accounts:
        scale = sum(stage.call("GET", stage.url)["scale"].get("web", 1) for stage in stages)
        return Accounts(
            ledger=self.ledger,
            operations=self.operations,
            histories={stage.service: stage.history() for stage in stages},
            drain={CHANGED: DRAIN},
            asked=ASKED,
            leftovers=self._leftovers(services=len(stages), networks=at_first, scale=scale),
            stubborn=lived,
        )

    def _leftovers(self, **wanted: Any) -> tuple[str, ...]:
        """What is over after two rounds of the janitor, who is the net under a kill."""
        deadline = time.monotonic() + TIDY
        while found := leftovers(look(self.shipway.home, self.shipway.installation), **wanted):
            if time.monotonic() > deadline:
                return tuple(found)
            time.sleep(1)
        return ()

    def _note(self, done: Done) -> None:
        self.operations.append(done)
        if done.number % 5 and done.expected:
            return
        print(
            f"[{done.number}/{self.count}] {time.monotonic() - self.began:.0f} s: {len(self.ledger.answers):,} requests "
            f"answered, {len(self.ledger.lost)} failed, {len(self.kills)} kills; last: {done.name}: {done.outcome} "
            f"in {done.ended - done.asked:.1f} s{'' if done.expected else f' UNEXPECTED {done.detail}'}",
            flush=True,
        )


def main() -> None:
    """Run it, print the table, exit with 1 when a bound is broken."""
    given = [int(argument) for argument in sys.argv[1:]]
    count, seed = (*given, *(200, secrets.randbelow(10**6))[len(given) :])
    # However it is told to end, also in the background of a script, where Ctrl-C is ignored at first, it cleans up.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    with real_shipway() as shipway:
        bench = Bench(shipway, count, seed)
        print(f"{count} operations, seed {seed}, at most {bench.limit:.0f} s", flush=True)
        try:
            accounts = asyncio.run(bench.run())
        except (KeyboardInterrupt, TimeoutError) as error:
            print(f"Ended before its time ({error!r}): {'; '.join(map(str, bench.ledger.lost[:20])) or 'nothing lost'}")
            accounts = None
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
    remaining = remains(shipway.installation, shipway.registry_port)
    if accounts is None:
        sys.exit("\n".join(remaining) or 1)
    accounts = replace(accounts, leftovers=(*accounts.leftovers, *remaining))
    print(table(accounts, len(bench.kills)), *losses(accounts), sep="\n")
    broken = accounts.broken()
    print("\n".join(f"BROKEN: {bound}" for bound in broken) or f"\nEvery bound holds (seed {seed}).")
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
