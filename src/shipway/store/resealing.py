"""A new key for all that is sealed, and the end of the old one.

The file and the database can't change in one act, so the file has both keys in between: first it gets the new one beside the
old, then all values are sealed anew in one transaction, then the old one goes. Whatever is cut off in the middle can be
opened, and the next rotation ends it instead of beginning another.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Row, Table, select, update

from shipway.store import build_secrets, registry_credentials, sealing_keys, secrets, webhooks
from shipway.store import tables as t
from shipway.store.database import Database, Tx
from shipway.store.sealing import KEY_FILE, SEALED, Sealer, sealer_for_rotation

_ABOUT: Mapping[Table, Callable[[Row[Any]], str]] = {
    t.registry_credentials: lambda row: registry_credentials.about(row.workspace_id, row.host),
    t.build_secrets: lambda row: build_secrets.about(row.service_id, row.name),
    t.secret_versions: lambda row: secrets.about(row.secret_id, row.version),
    t.webhooks: lambda row: webhooks.about(row.id),
}


async def rotate_key(database: Database, home: Path) -> int:
    """Seal everything with a new key; how many values. Raises `Unavailable` when one can't be opened, and nothing has
    changed then but that the file holds one more key, which the next call goes on with."""
    path = home / KEY_FILE
    async with database.write() as tx:
        _, keys = await sealer_for_rotation(tx, home)
        if len(keys.by_number) == 1:
            keys = keys.with_new()
            # In the transaction: whoever seals after it finds the new key, and whoever did before is seen here.
            sealing_keys.save(path, keys)
        sealed = await _reseal(tx, Sealer(keys))
    async with database.write() as tx:
        _, keys = await sealer_for_rotation(tx, home)
        sealing_keys.save(path, keys.only_newest())
    return sealed


async def _reseal(tx: Tx, sealer: Sealer) -> int:
    done = 0
    for table in SEALED:
        for row in (await tx.execute(select(table).where(table.c.sealed != "").with_for_update())).all():
            about = _ABOUT[table](row)
            value = sealer.seal(sealer.open(row.sealed, about), about)
            mine = [column == getattr(row, column.name) for column in table.primary_key]
            await tx.execute(update(table).where(*mine).values(sealed=value))
            done += 1
    return done
