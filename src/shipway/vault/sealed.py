"""The default: values sealed in the database, in the same transaction as everything that is known of them."""

from collections.abc import Collection, Mapping
from pathlib import Path

from shipway.domain.secret import SecretHome, SecretReference
from shipway.store import secrets
from shipway.store.database import Database
from shipway.store.sealing import sealer
from shipway.vault.vault import Check


class SealedVault:
    """Seals with the installation's own key (`store/sealing.py`). Nobody else writes, so there is nothing to look for."""

    def __init__(self, database: Database, home: Path) -> None:
        self._database = database
        self._home = home

    async def prepare(self) -> None:
        """Nothing: a value that is elsewhere says so when it is wanted."""

    async def look(self, home: SecretHome) -> None:
        """The store knows."""

    async def put(self, home: SecretHome, name: str, value: str, *, actor: str) -> int:
        """Sealed."""
        async with self._database.write() as tx:
            key = await sealer(tx, self._home)
            return await secrets.put(tx, home.environment_id, name, value, key, actor=actor)

    async def revoke(self, home: SecretHome, name: str, version: int, *, actor: str) -> None:
        """Its value is overwritten with nothing."""
        async with self._database.write() as tx:
            await secrets.revoke(tx, home.environment_id, name, version, actor)

    async def remove(self, home: SecretHome, name: str, *, actor: str, check: Check) -> None:
        """All its rows go, in the transaction that `check` sees."""
        async with self._database.write() as tx:
            await check(tx)
            await secrets.remove(tx, home.environment_id, name, actor)

    async def forget(self, home: SecretHome) -> None:
        """They go with the environment's row."""

    async def opened(self, home: SecretHome, references: Collection[SecretReference]) -> Mapping[SecretReference, str]:
        """All of one moment."""
        async with self._database.read() as tx:
            key = await sealer(tx, self._home)
            return {each: await secrets.opened(tx, home.environment_id, each, key) for each in references}

    async def all_opened(self, home: SecretHome) -> Collection[str]:
        """Each version's."""
        async with self._database.read() as tx:
            return await secrets.all_opened(tx, home.environment_id, await sealer(tx, self._home))

    async def close(self) -> None:
        """The database is closed by whoever made it."""
