"""The port: who keeps the values of secrets. Names, versions and who is given what are in the store with any of them."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Protocol

from shipway.domain.secret import SecretHome, SecretReference
from shipway.store.database import Tx

#: Called in a transaction; what it raises keeps the secret where it is.
Check = Callable[[Tx], Awaitable[None]]


class Vault(Protocol):
    """Each verb has transactions of its own: call it outside of any. All raise `Unavailable` while the values can't be
    reached, and `VaultRefused` when whoever keeps them does not let Shipway in; nothing has changed then, and the same call
    may be made again."""

    async def prepare(self) -> None:
        """Called once, at the start, before all others. Does not ask anything that may be down: what runs has to go on
        without it. Raises `Conflict` when values lie where this one never looks."""

    async def look(self, home: SecretHome) -> None:
        """Let the store know which secrets and versions there are, before somebody reads that from it. Costs nothing where
        nobody else can write."""

    async def put(self, home: SecretHome, name: str, value: str, *, actor: str) -> int:
        """A new version; its number, which is higher than all there were. Raises `NotFound` without the environment."""

    async def revoke(self, home: SecretHome, name: str, version: int, *, actor: str) -> None:
        """Destroy a version's value for ever. Again: nothing. Raises `SecretMissing`."""

    async def remove(self, home: SecretHome, name: str, *, actor: str, check: Check) -> None:
        """Destroy the values of all versions, and forget it unless `check` objects. Raises `SecretMissing`."""

    async def forget(self, home: SecretHome) -> None:
        """The environment goes, and nothing of it is to be left. Safe to repeat."""

    async def opened(self, home: SecretHome, references: Collection[SecretReference]) -> Mapping[SecretReference, str]:
        """The values as they are at this moment, of the newest version where a reference names none. Raises `SecretMissing`
        and `SecretRevoked`; never falls back to another version."""

    async def all_opened(self, home: SecretHome) -> Collection[str]:
        """Every value that any version still has, to keep it out of what is shown. One that `opened` gave is among them."""

    async def close(self) -> None:
        """Let go of connections."""
