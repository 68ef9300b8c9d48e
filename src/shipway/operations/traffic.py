"""Maintenance and pause: keeping requests from a service's instances without stopping them (S10.3)."""

from shipway.domain.names import ServicePath
from shipway.domain.service import TrafficMode
from shipway.operations import access
from shipway.operations.access import Actor
from shipway.pipeline.platform import Platform
from shipway.store import services


async def set_traffic(platform: Platform, actor: Actor, path: ServicePath, mode: TrafficMode) -> None:
    """Open a service, close it for maintenance, or pause it: all its hosts, at once, whatever is in flight goes on.

    It stays so until the next call, also across deployments, rollbacks and restarts. Raises `Unavailable` when the proxy does
    not answer; the mode then counts from when it does.
    """
    async with platform.database.write() as tx:
        service = await access.service(tx, actor, path)
        await services.set_traffic(tx, service.id, mode)
    await platform.routes.reconcile()
