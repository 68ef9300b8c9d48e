"""Secrets of environments: each a name with numbered versions, whose values are sealed until they are revoked."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from shipway.domain.clock import now
from shipway.domain.errors import SecretMissing, SecretRevoked
from shipway.domain.ids import new_id
from shipway.domain.secret import SecretReference, SecretVersion
from shipway.store import config_changes
from shipway.store import tables as t
from shipway.store.config_changes import Owner
from shipway.store.database import Tx
from shipway.store.sealing import Sealer

_names, _versions = t.secrets, t.secret_versions


@dataclass(frozen=True, slots=True)
class _Found:
    """A version as it lies there."""

    secret_id: str
    name: str
    version: int
    sealed: str
    revoked_at: datetime | None


async def listed(tx: Tx, environment_id: str) -> dict[str, tuple[SecretVersion, ...]]:
    """The versions of all of an environment's, newest first, by name."""
    joined = select(_names.c.name, _versions).join(_versions, _versions.c.secret_id == _names.c.id)
    mine = joined.where(_names.c.environment_id == environment_id)
    found: dict[str, tuple[SecretVersion, ...]] = {}
    for row in await tx.execute(mine.order_by(_names.c.name, _versions.c.version.desc())):
        one = SecretVersion(row.version, row.created_by, row.created_at, row.revoked_at, row.revoked_by)
        found[row.name] = (*found.get(row.name, ()), one)
    return found


async def put(tx: Tx, environment_id: str, name: str, value: str, sealer: Sealer, *, actor: str) -> int:
    """A new version of it, with the next number. A number is never given twice, also not after the secret was deleted:
    releases go by it for ever."""
    secret_id, version = await _next(tx, environment_id, name)
    sealed = sealer.seal(value, about(secret_id, version))
    row = {"secret_id": secret_id, "version": version, "sealed": sealed, "created_by": actor, "created_at": now()}
    await tx.execute(insert(_versions).values(row))
    reference = str(SecretReference(name, version))
    await config_changes.record(tx, Owner(environment_id), "secret", name, "set", actor=actor, reference=reference)
    return version


async def revoke(tx: Tx, environment_id: str, name: str, version: int, actor: str) -> None:
    """Forget the value of a version for ever. Revoked again it stays as it is. Raises `SecretMissing`."""
    found = await _version(tx, environment_id, name, version)
    if found.revoked_at is not None:
        return
    one = (_versions.c.secret_id == found.secret_id) & (_versions.c.version == version)
    await tx.execute(update(_versions).where(one).values(sealed="", revoked_at=now(), revoked_by=actor))
    reference = str(SecretReference(name, version))
    await config_changes.record(tx, Owner(environment_id), "secret", name, "revoked", actor=actor, reference=reference)


async def remove(tx: Tx, environment_id: str, name: str, actor: str) -> None:
    """Forget all versions. Its row stays, for the number that comes next. Raises `SecretMissing`."""
    found = await _version(tx, environment_id, name, None)
    await tx.execute(delete(_versions).where(_versions.c.secret_id == found.secret_id))
    await config_changes.record(tx, Owner(environment_id), "secret", name, "unset", actor=actor)


async def pinned(tx: Tx, environment_id: str, reference: SecretReference) -> SecretReference:
    """The reference as a release holds it: with the version that is the newest now, unless it says which, or that it follows
    the newest. Raises `SecretMissing` or `SecretRevoked` when its value can't be had."""
    found = await _usable(tx, environment_id, reference)
    return reference if reference.tracks else SecretReference(reference.name, found.version)


async def opened(tx: Tx, environment_id: str, reference: SecretReference, sealer: Sealer) -> str:
    """Its value, of the newest version where it names none. Raises `SecretMissing`, `SecretRevoked`, or `Unavailable` when
    it can't be opened."""
    found = await _usable(tx, environment_id, reference)
    return sealer.open(found.sealed, about(found.secret_id, found.version))


async def all_opened(tx: Tx, environment_id: str, sealer: Sealer) -> list[str]:
    """Every value that any version of an environment's secrets still has: what is not to be shown."""
    joined = select(_versions).join(_names, _versions.c.secret_id == _names.c.id)
    mine = joined.where(_names.c.environment_id == environment_id, _versions.c.sealed != "")
    return [sealer.open(row.sealed, about(row.secret_id, row.version)) for row in await tx.execute(mine)]


def about(secret_id: str, version: int) -> str:
    """What a value is sealed for."""
    return f"secret:{secret_id}:{version}"


async def _next(tx: Tx, environment_id: str, name: str) -> tuple[str, int]:
    # Two first versions at once: the second one waits, and finds the name.
    await tx.execute(select(t.environments.c.id).where(t.environments.c.id == environment_id).with_for_update())
    one = (_names.c.environment_id == environment_id) & (_names.c.name == name)
    counted = update(_names).where(one).values(last_version=_names.c.last_version + 1)
    if not (await tx.execute(counted)).rowcount:
        row = {"id": new_id("sec"), "environment_id": environment_id, "name": name, "last_version": 1}
        await tx.execute(insert(_names).values(row | {"created_at": now()}))
    found = (await tx.execute(select(_names).where(one))).one()
    return found.id, found.last_version


async def _usable(tx: Tx, environment_id: str, reference: SecretReference) -> _Found:
    found = await _version(tx, environment_id, reference.name, reference.version)
    if found.revoked_at is not None:
        newest = "" if reference.version else "newest "
        raise SecretRevoked(
            f"The {newest}version {found.version} of the secret {found.name} was revoked.",
            hint=f"Set a new one, `shipway secrets set {found.name}`, and deploy.",
        )
    return found


async def _version(tx: Tx, environment_id: str, name: str, version: int | None) -> _Found:
    joined = select(_names.c.name, _versions).join(_versions, _versions.c.secret_id == _names.c.id)
    mine = joined.where(_names.c.environment_id == environment_id, _names.c.name == name)
    rows = (await tx.execute(mine.order_by(_versions.c.version.desc()))).all()
    row = next((row for row in rows if version in (None, row.version)), None)
    if row is None:
        what = f"version {version} of the secret {name}" if rows else f"secret {name}"
        raise SecretMissing(
            f"There is no {what} in this environment.",
            hint="`shipway secrets` lists them; `shipway secrets set` makes one.",
        )
    return _Found(row.secret_id, row.name, row.version, row.sealed, row.revoked_at)
