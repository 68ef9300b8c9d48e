"""The one place that changes where requests go: it reads the store, computes the table whole, and applies it.

Serialised, because a table computed before another switch and applied after it would undo that switch.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from shipway.domain.route import Canary, Table
from shipway.domain.service import Service
from shipway.domain.traffic import Traffic
from shipway.routers.router import Router
from shipway.routers.table import LiveService, build_table
from shipway.store import rollouts, services
from shipway.store.database import Database, Tx
from shipway.store.rollouts import StoredRollout

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
        """What each set of instances has carried and still carries, by the deployment that started them."""
        return await self._router.traffic()

    async def _table(self, switched: Mapping[str, str]) -> Table:
        """From what the store says; with the services that are being switched, to which deployment."""
        async with self._database.read() as tx:
            known = await services.listed(tx)
            stored = await rollouts.listed(tx)
        # A candidate is no business of the proxy's until it is its turn.
        told = [each for each in stored if each.state != "candidate"]
        live = [_live(service, switched.get(service.id, service.live_deployment_id), told) for service in known]
        return build_table(live, {each.origin: each.serving or each.targets for each in told})


def _live(service: Service, deployment_id: str | None, told: Sequence[StoredRollout]) -> LiveService:
    mine = [each for each in told if each.service_id == service.id]
    # A set without a `web` instance can't take requests: the service has no route then.
    routed = next((each.origin for each in mine if each.deployment_id == deployment_id and each.serving), "")
    shares = (Canary(each.origin, each.percent) for each in mine if each.state == "canary" and each.serving)
    canary = next((share for share in shares if share.percent and share.set != routed), None)
    return LiveService(service.id, service.hosts, routed, canary, service.traffic)
