"""Sealing: values that the database holds but can't be read from it. AES-256-GCM, under a key in a file beside it."""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Table, select, text

from shipway.domain.errors import Unavailable
from shipway.store import sealing_keys
from shipway.store import tables as t
from shipway.store.database import Tx
from shipway.store.sealing_keys import KEY_FILE, Keys

__all__ = ["KEY_FILE", "SEALED", "Sealer", "sealer", "sealer_for_rotation"]

_NONCE_BYTES = 12
#: All tables that hold sealed values.
SEALED: Sequence[Table] = (t.registry_credentials, t.build_secrets, t.secret_versions, t.webhooks)
#: PostgreSQL's advisory lock of whoever seals; a rotation has it alone.
_LOCK = 0x5EA1


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals with the newest key and opens with any. `about` says what a value belongs to: it opens as that, and as nothing
    else. The first byte of what is sealed is the number of its key."""

    _keys: Keys

    def seal(self, text: str, about: str) -> str:
        """`text` as ASCII that tells nothing but its length; another one each time."""
        number, nonce = self._keys.newest, secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(self._keys.by_number[number]).encrypt(nonce, text.encode(), about.encode())
        return base64.b64encode(bytes([number]) + nonce + sealed).decode()

    def open(self, sealed: str, about: str) -> str:
        """What was sealed. Raises `Unavailable` when it was with another key, for something else, or has been changed."""
        try:
            data = base64.b64decode(sealed)
            key, nonce, rest = self._keys.by_number[data[0]], data[1 : 1 + _NONCE_BYTES], data[1 + _NONCE_BYTES :]
            return AESGCM(key).decrypt(nonce, rest, about.encode()).decode()
        except (InvalidTag, ValueError, LookupError) as error:
            raise Unavailable(
                f"The sealed value of {about} can't be opened with this installation's key.",
                hint=f"Was {KEY_FILE} replaced? Put back the one from the backup that the database is from.",
            ) from error


async def sealer(tx: Tx, home: Path) -> Sealer:
    """The installation's sealer, for this transaction; its key is made at the first call of all.

    Raises `Unavailable` when the key is gone while something is sealed with it: a new one would open none of that.
    """
    await _lock(tx, "pg_advisory_xact_lock_shared")
    return Sealer(await _keys(tx, home))


async def sealer_for_rotation(tx: Tx, home: Path) -> tuple[Sealer, Keys]:
    """The same and its keys, once nobody else has a sealer or gets one until the transaction ends. SQLite has one writer
    at a time anyhow."""
    await _lock(tx, "pg_advisory_xact_lock")
    keys = await _keys(tx, home)
    return Sealer(keys), keys


async def _lock(tx: Tx, function: str) -> None:
    if await tx.run_sync(lambda connection: connection.dialect.name) == "postgresql":
        await tx.execute(text(f"SELECT {function}({_LOCK})"))


async def _keys(tx: Tx, home: Path) -> Keys:
    path = home / KEY_FILE
    if not path.exists():
        await _refuse_a_new_key(tx, path)
        sealing_keys.make(path)
    return sealing_keys.load(path)


async def _refuse_a_new_key(tx: Tx, path: Path) -> None:
    for table in SEALED:
        # What was revoked is sealed with nothing.
        if (await tx.execute(select(table).where(table.c.sealed != "").limit(1))).first() is not None:
            raise Unavailable(
                f"{path} is gone, and what the table {table.name} holds was sealed with it.",
                hint=f"Put it back from a backup. If it is lost for good, empty the table {table.name}: a new key is then "
                "made, and the credentials have to be set again.",
            )
