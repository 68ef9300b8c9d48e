"""The bin of volumes: what nothing has any more goes into it, and what has been in it for long enough is removed."""

from shipway.pipeline.platform import Platform
from shipway.pipeline.volumes import bin_the_unused, empty_the_bin
from shipway.store import volumes

#: Who put a volume into the bin where nobody's deployment did.
ITSELF = "shipway"


async def tend(platform: Platform) -> None:
    """One round. Raises `Unavailable` when the engine does not answer."""
    async with platform.database.read() as tx:
        having = await volumes.services_with_volumes(tx)
    for service_id in having:
        await bin_the_unused(platform, service_id, ITSELF)
    await empty_the_bin(platform)
