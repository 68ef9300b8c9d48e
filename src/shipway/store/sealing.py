"""Sealing: values that the database holds but can't be read from it. AES-256-GCM, under a key in a file beside it."""

import base64
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Table, select

from shipway.domain.errors import Unavailable
from shipway.store import tables as t
from shipway.store.database import Tx

#: Name of the key's file in the home directory.
KEY_FILE = "sealing.key"
_KEY_BYTES = 32
_NONCE_BYTES = 12
#: First byte of what is sealed: which key, once there are several.
_FIRST_KEY = b"\x01"
#: All tables that hold sealed values.
_SEALED: Sequence[Table] = (t.registry_credentials, t.build_secrets, t.secret_versions)


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals and opens with one key. `about` says what a value belongs to: it opens as that, and as nothing else."""

    _key: bytes = field(repr=False)

    def seal(self, text: str, about: str) -> str:
        """`text` as ASCII that tells nothing but its length; another one each time."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(self._key).encrypt(nonce, text.encode(), about.encode())
        return base64.b64encode(_FIRST_KEY + nonce + sealed).decode()

    def open(self, sealed: str, about: str) -> str:
        """What was sealed. Raises `Unavailable` when it was with another key, for something else, or has been changed."""
        try:
            data = base64.b64decode(sealed)
            nonce, rest = data[1 : 1 + _NONCE_BYTES], data[1 + _NONCE_BYTES :]
            return AESGCM(self._key).decrypt(nonce, rest, about.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise Unavailable(
                f"The sealed value of {about} can't be opened with this installation's key.",
                hint=f"Was {KEY_FILE} replaced? Put back the one from the backup that the database is from.",
            ) from error


async def sealer(tx: Tx, home: Path) -> Sealer:
    """The installation's sealer; its key is made at the first call of all.

    Raises `Unavailable` when the key is gone while something is sealed with it: a new one would open none of that.
    """
    path = home / KEY_FILE
    if not path.exists():
        await _refuse_a_new_key(tx, path)
        _make(path)
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise Unavailable(f"{path} is damaged: a key has {_KEY_BYTES} bytes.", hint="Put it back from a backup.")
    return Sealer(key)


async def _refuse_a_new_key(tx: Tx, path: Path) -> None:
    for table in _SEALED:
        if (await tx.execute(select(table).limit(1))).first() is not None:
            raise Unavailable(
                f"{path} is gone, and what the table {table.name} holds was sealed with it.",
                hint=f"Put it back from a backup. If it is lost for good, empty the table {table.name}: a new key is then "
                "made, and the credentials have to be set again.",
            )


def _make(path: Path) -> None:
    """Whole or not at all, and never over another one: whoever comes second uses the first one's."""
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        os.link(unfinished, path)
    except FileExistsError:
        pass
    finally:
        unfinished.unlink()
