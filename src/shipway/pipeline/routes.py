"""The one place that changes where requests go: it reads the store, computes the table whole, and applies it.

Serialised, because a table computed before another switch and applied after it would undo that switch.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from shipway.domain.route import Table
from shipway.domain.traffic import Traffic
from shipway.routers.router import Router
from shipway.routers.table import LiveService, build_table
from shipway.store import rollouts, services
from shipway.store.database import Database, Tx

T = TypeVar("T")


class Routes:
    """What is routed where, for all services of this installation."""

    def __init__(self, database: Database, router: Router) -> None:
        self._database = database
        self._router = router
        self._lock = asyncio.Lock()

    async def reconcile(self) -> None:
        """Make the proxy match the store. Raises `Unavailable`; the proxy then keeps what it had."""
        async with self._lock:
            await self._router.apply(await self._table({}))

    async def switch(
        self, service_id: str, deployment_id: str, record: Callable[[Tx, Mapping[str, Traffic]], Awaitable[T]]
    ) -> T:
        """Send a service's requests to a deployment's instances, `record` that in one transaction, return what it returns.
        It is given what each set had carried by then.

        The proxy first: the store never says what is not so. After a crash between the two, `reconcile` sends requests
        back to the old set, which still runs because nothing retired it, and the resumed step switches again. The new set
        stays in the proxy meanwhile, for the requests that it got: the store says beforehand that it may have some.
        """
        async with self._lock:
            async with self._database.write() as tx:
                await rollouts.set_state(tx, deployment_id, "switching")
            await self._router.apply(await self._table({service_id: deployment_id}))
            carried = await self._router.traffic()
            async with self._database.write() as tx:
                return await record(tx, carried)

    async def traffic(self) -> dict[str, Traffic]:
        """What each deployment's instances have carried and still carry."""
        return await self._router.traffic()

    async def _table(self, changes: dict[str, str]) -> Table:
        async with self._database.read() as tx:
            known = await services.listed(tx)
            stored = await rollouts.listed(tx)
        # A candidate is no business of the proxy's until it is its turn.
        sets = {each.deployment_id: each.targets for each in stored if each.state != "candidate"}
        live = [
            LiveService(service.id, service.hosts, _routed(changes.get(service.id, service.live_deployment_id), sets))
            for service in known
        ]
        return build_table(live, sets)


def _routed(deployment_id: str | None, sets: Mapping[str, tuple[object, ...]]) -> str:
    """A set without a `web` instance can't take requests: the service has no route then."""
    return deployment_id if deployment_id and sets.get(deployment_id) else ""
