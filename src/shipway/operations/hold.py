"""Holding what deploys by itself: after a rollback, until somebody says that it may go on (S8.2).

A deployment by hand goes on while it is held, and does not end it: whoever deploys one fix by hand has not said that the next
push of what was rolled back may go live.
"""

from shipway.domain.names import ServicePath
from shipway.operations import access
from shipway.operations.access import Actor
from shipway.pipeline.platform import Platform
from shipway.store import services


async def hold(platform: Platform, actor: Actor, path: ServicePath) -> str:
    """Deploy nothing that comes by itself. Returns the reason that is told; one that there is stays."""
    async with platform.database.write() as tx:
        service = await access.service(tx, actor, path)
        reason = service.held or f"held by {actor.user.name}"
        await services.hold(tx, service.id, reason)
    return reason


async def resume(platform: Platform, actor: Actor, path: ServicePath) -> None:
    """Deploy what comes by itself again, from the next push on."""
    async with platform.database.write() as tx:
        service = await access.service(tx, actor, path)
        await services.hold(tx, service.id, "")
