"""Secrets of environments: each a name with numbered versions, whose values are sealed until they are revoked, or elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update

from shipway.domain.clock import now
from shipway.domain.config import ChangeVerb
from shipway.domain.errors import NotFound, SecretMissing, SecretRevoked, Unavailable
from shipway.domain.ids import new_id
from shipway.domain.secret import KeptSecret, SecretReference, SecretVersion
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
    await _record(tx, environment_id, name, version, "set", actor=actor)
    return version


async def note(tx: Tx, environment_id: str, name: str, version: int, *, actor: str) -> None:
    """A version whose value is elsewhere, and who made it. Raises `NotFound` without the environment."""
    secret_id = await _ensure(tx, environment_id, name)
    one = (_versions.c.secret_id == secret_id) & (_versions.c.version == version)
    await tx.execute(delete(_versions).where(one))
    await tx.execute(insert(_versions).values(_row(secret_id, SecretVersion(version, actor, now()))))
    await tx.execute(update(_names).where(_names.c.id == secret_id).values(last_version=version))
    await _record(tx, environment_id, name, version, "set", actor=actor)


async def revoke(tx: Tx, environment_id: str, name: str, version: int, actor: str) -> None:
    """Forget the value of a version for ever. Revoked again it stays as it is. Raises `SecretMissing`."""
    found = await _version(tx, environment_id, name, version)
    if found.revoked_at is not None:
        return
    one = (_versions.c.secret_id == found.secret_id) & (_versions.c.version == version)
    await tx.execute(update(_versions).where(one).values(sealed="", revoked_at=now(), revoked_by=actor))
    await _record(tx, environment_id, name, version, "revoked", actor=actor)


async def remove(tx: Tx, environment_id: str, name: str, actor: str) -> None:
    """Forget all versions. Its row stays, for the number that comes next. Raises `SecretMissing`."""
    found = await known(tx, environment_id, name)
    await tx.execute(delete(_versions).where(_versions.c.secret_id == found))
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
    if not found.sealed:
        raise Unavailable(
            f"The value of {found.name}@{found.version} is not in the database: it was set with secrets_backend = vault.",
            hint=f"Go back to that setting, or set it anew: `shipway secrets set {found.name}`.",
        )
    return sealer.open(found.sealed, about(found.secret_id, found.version))


async def all_opened(tx: Tx, environment_id: str, sealer: Sealer) -> list[str]:
    """Every value that any version of an environment's secrets still has: what is not to be shown."""
    joined = select(_versions).join(_names, _versions.c.secret_id == _names.c.id)
    mine = joined.where(_names.c.environment_id == environment_id, _versions.c.sealed != "")
    return [sealer.open(row.sealed, about(row.secret_id, row.version)) for row in await tx.execute(mine)]


async def erased(tx: Tx, environment_id: str) -> set[str]:
    """Names of those that had more versions than can be had: some were revoked, or deleted with all others."""
    of_each = select(func.count()).where(_versions.c.secret_id == _names.c.id, _versions.c.revoked_at.is_(None))
    fewer = of_each.scalar_subquery() < _names.c.last_version
    mine = select(_names.c.name).where(_names.c.environment_id == environment_id, fewer)
    return set((await tx.execute(mine)).scalars())


async def sealed_names(tx: Tx) -> list[str]:
    """Those of which a value is in the database, of all environments."""
    joined = select(_names.c.name).join(_versions, _versions.c.secret_id == _names.c.id)
    return list((await tx.execute(joined.where(_versions.c.sealed != "").distinct().order_by(_names.c.name))).scalars())


async def known(tx: Tx, environment_id: str, name: str, version: int | None = None) -> str:
    """Its id, if it has any version, or that one. Raises `SecretMissing`."""
    one = (_names.c.environment_id == environment_id) & (_names.c.name == name)
    joined = select(_names.c.id).join(_versions, _versions.c.secret_id == _names.c.id).where(one)
    found = (await tx.execute(joined.where(_versions.c.version == version) if version else joined)).scalars().first()
    if found is None:
        raise _missing(f"version {version} of the secret {name}" if version else f"secret {name}")
    return str(found)


async def mirror(tx: Tx, environment_id: str, kept: Mapping[str, KeptSecret]) -> None:
    """Make what is known of an environment's secrets the same as what is kept elsewhere. Values that are sealed here stay."""
    mine = select(_names.c.name).where(_names.c.environment_id == environment_id)
    for name in sorted({*kept, *(await tx.execute(mine)).scalars()}):
        await _mirror(tx, environment_id, name, kept.get(name, KeptSecret(0, ())))


async def _mirror(tx: Tx, environment_id: str, name: str, kept: KeptSecret) -> None:
    secret_id = await _ensure(tx, environment_id, name)
    last = (await tx.execute(select(_names.c.last_version).where(_names.c.id == secret_id))).scalar_one()
    rows = {row.version: row for row in await tx.execute(select(_versions).where(_versions.c.secret_id == secret_id))}
    there = {each.version: each for each in kept.versions}
    # What was destroyed before anybody here knew of it, or with the whole secret, is no version of it.
    new = [
        each for each in there.values() if each.version not in rows and (not each.revoked_at or each.version > last > 0)
    ]
    for each in new:
        await tx.execute(insert(_versions).values(_row(secret_id, each)))
        await _record(tx, environment_id, name, each.version, "set", actor=each.created_by)
    for row in rows.values():
        one = (_versions.c.secret_id == secret_id) & (_versions.c.version == row.version)
        found = there.get(row.version)
        if found is None and not row.sealed:
            await tx.execute(delete(_versions).where(one))
        elif found and found.revoked_at and not row.revoked_at:
            ended = {"revoked_at": found.revoked_at, "revoked_by": found.revoked_by}
            await tx.execute(update(_versions).where(one).values(ended))
            await _record(tx, environment_id, name, row.version, "revoked", actor=found.revoked_by)
    await tx.execute(update(_names).where(_names.c.id == secret_id).values(last_version=kept.newest or last))


def about(secret_id: str, version: int) -> str:
    """What a value is sealed for."""
    return f"secret:{secret_id}:{version}"


async def _next(tx: Tx, environment_id: str, name: str) -> tuple[str, int]:
    secret_id = await _ensure(tx, environment_id, name)
    one = _names.c.id == secret_id
    await tx.execute(update(_names).where(one).values(last_version=_names.c.last_version + 1))
    return secret_id, (await tx.execute(select(_names.c.last_version).where(one))).scalar_one()


async def _ensure(tx: Tx, environment_id: str, name: str) -> str:
    # Two first versions at once: the second one waits, and finds the name.
    home = select(t.environments.c.id).where(t.environments.c.id == environment_id).with_for_update()
    if (await tx.execute(home)).first() is None:
        raise NotFound(
            f"The environment of the secret {name} is gone.", hint="`shipway environments` lists those there are."
        )
    one = (_names.c.environment_id == environment_id) & (_names.c.name == name)
    found = (await tx.execute(select(_names.c.id).where(one))).scalar_one_or_none()
    if found is None:
        found = new_id("sec")
        row = {"id": found, "environment_id": environment_id, "name": name, "last_version": 0, "created_at": now()}
        await tx.execute(insert(_names).values(row))
    return str(found)


async def _record(tx: Tx, environment_id: str, name: str, version: int, verb: ChangeVerb, *, actor: str) -> None:
    reference = str(SecretReference(name, version))
    await config_changes.record(tx, Owner(environment_id), "secret", name, verb, actor=actor, reference=reference)


def _row(secret_id: str, version: SecretVersion) -> dict[str, object]:
    made = {"created_by": version.created_by, "created_at": version.created_at}
    ended = {"revoked_at": version.revoked_at, "revoked_by": version.revoked_by}
    return {"secret_id": secret_id, "version": version.version, "sealed": ""} | made | ended


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
    joined = select(_names.c.name, _names.c.last_version, _versions).join(
        _versions, _versions.c.secret_id == _names.c.id
    )
    mine = joined.where(_names.c.environment_id == environment_id, _names.c.name == name)
    rows = (await tx.execute(mine)).all()
    # The last one of all, also when it has been deleted since: an older one never comes in its place.
    row = next((row for row in rows if row.version == (version or row.last_version)), None)
    version = version or next((row.last_version for row in rows), None)
    if row is None:
        raise _missing(f"version {version} of the secret {name}" if rows else f"secret {name}")
    return _Found(row.secret_id, row.name, row.version, row.sealed, row.revoked_at)


def _missing(what: str) -> SecretMissing:
    return SecretMissing(
        f"There is no {what} in this environment.",
        hint="`shipway secrets` lists them; `shipway secrets set` makes one.",
    )
