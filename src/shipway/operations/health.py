"""Whether the control plane can work at all."""

from shipway.domain.errors import ShipwayError, Unavailable
from shipway.pipeline.platform import Platform
from shipway.store import queue


async def check_health(platform: Platform) -> None:
    """Return when the database answers, else raise `Unavailable`."""
    try:
        async with platform.database.read() as tx:
            await queue.busy_services(tx)
    except ShipwayError:
        raise
    except Exception as error:
        raise Unavailable("The database does not answer.", hint="The server's log says why.") from error
