"""The snapshot: what a release takes of a service's config as it is at this moment (S5.2)."""

from shipway.domain.release import Given
from shipway.domain.service import Service
from shipway.store import config, config_files
from shipway.store.database import Tx


async def snapshot(tx: Tx, service: Service) -> Given:
    """What a release of `service` that is made now gives its instances."""
    return Given(
        config=await config.merged(tx, service),
        files=await config_files.current(tx, service.id),
    )
