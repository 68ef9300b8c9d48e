"""The other one: values in HashiCorp Vault or OpenBao, and only there. The store has an index of what is kept."""

import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from shipway.domain.errors import Conflict, Invalid, NotFound, Unavailable, VaultRefused
from shipway.domain.locks import Locks
from shipway.domain.secret import KeptSecret, SecretHome, SecretReference, secret_name
from shipway.store import secrets
from shipway.store.database import Database
from shipway.vault.kv import KvClient
from shipway.vault.vault import Check

#: Seconds for which what masks is taken to be all there is, unless something was put or opened here meanwhile.
_KNOWN_FOR = 5.0


@dataclass(slots=True)
class _Seen:
    """What is known of an environment, in memory alone: to mask it, also while Vault does not answer."""

    kept: Mapping[str, KeptSecret] = field(default_factory=dict)
    #: By name and version: in a key-value engine, a version never gets another value.
    values: dict[tuple[str, int], str] = field(default_factory=dict, repr=False)
    #: Whether that was ever all there is; and until when, by the monotonic clock, it is taken to be.
    complete: bool = False
    good_until: float = 0.0

    def changed(self) -> None:
        """By us; what is masked is asked for again, and until then it is all that was known."""
        self.kept, self.good_until = {}, 0.0


class OpenBaoVault:
    """Each secret is `<prefix>/<workspace>/<project>/<environment>/<NAME>`, its versions are the engine's own, and its value
    is the field `value`. Others may write there, too: `look` brings what they did into the store's index."""

    def __init__(self, database: Database, client: KvClient) -> None:
        self._database = database
        self._client = client
        self._seen: dict[str, _Seen] = {}
        # What is put or destroyed while somebody looks would be missed, and taken out of the index again.
        self._one_at_a_time = Locks()

    async def prepare(self) -> None:
        """Raises `Conflict` when there are values in the database: nothing would ever open them."""
        async with self._database.read() as tx:
            left = await secrets.sealed_names(tx)
        if left:
            raise Conflict(
                f"The values of {len(left)} secrets are sealed in the database, and secrets_backend is vault.",
                hint=f"With secrets_backend = store, delete those: {', '.join(left[:5])}. Then set them anew with vault.",
            )

    async def look(self, home: SecretHome) -> None:
        """One question, and one for each secret. Writes only what is new."""
        async with self._one_at_a_time(home.environment_id):
            await self._look(home)

    async def put(self, home: SecretHome, name: str, value: str, *, actor: str) -> int:
        """First there, then in the index: if Shipway dies in between, the next look finds it."""
        async with self._one_at_a_time(home.environment_id):
            version = await self._client.write(self._path(home, name), value)
            seen = self._seen_of(home)
            seen.values[name, version] = value
            seen.changed()
            try:
                async with self._database.write() as tx:
                    await secrets.note(tx, home.environment_id, name, version, actor=actor)
            except NotFound:
                await self._client.destroy(self._path(home, name), [version])
                raise
        return version

    async def revoke(self, home: SecretHome, name: str, version: int, *, actor: str) -> None:
        """Destroyed there, which nobody can take back; then in the index."""
        async with self._one_at_a_time(home.environment_id):
            await self._look(home)
            async with self._database.read() as tx:
                await secrets.known(tx, home.environment_id, name, version)
            await self._client.destroy(self._path(home, name), [version])
            self._seen_of(home).changed()
            async with self._database.write() as tx:
                await secrets.revoke(tx, home.environment_id, name, version, actor)

    async def remove(self, home: SecretHome, name: str, *, actor: str, check: Check) -> None:
        """All its versions are destroyed, and the engine goes on counting from there: no number means two values."""
        async with self._one_at_a_time(home.environment_id):
            await self._look(home)
            async with self._database.read() as tx:
                await check(tx)
                await secrets.known(tx, home.environment_id, name)
            path = self._path(home, name)
            kept = await self._client.kept(path)
            await self._client.destroy(path, range(1, kept.newest + 1) if kept else ())
            self._seen_of(home).changed()
            async with self._database.write() as tx:
                await secrets.remove(tx, home.environment_id, name, actor)

    async def forget(self, home: SecretHome) -> None:
        """Also the engine's own metadata: an environment that is made anew at this path begins with nothing."""
        for name in await self._names(home):
            await self._client.forget(self._path(home, name))
        self._seen.pop(home.environment_id, None)

    async def opened(self, home: SecretHome, references: Collection[SecretReference]) -> Mapping[SecretReference, str]:
        """Asked for at each call. What is started with them is to be masked later, also if Vault is gone by then."""
        found, seen = {}, self._seen_of(home)
        for each in references:
            version, found[each] = await self._client.read(self._path(home, each.name), each.version)
            seen.values[each.name, version] = found[each]
        if not seen.complete:
            with suppress(Unavailable, VaultRefused):
                await self._fetch_all(home, seen)
        return found

    async def all_opened(self, home: SecretHome) -> Collection[str]:
        """Each version is fetched once. While Vault does not answer, what was fetched before, if that was ever all: else
        nothing may be shown, and this raises."""
        seen = self._seen_of(home)
        if time.monotonic() >= seen.good_until:
            try:
                await self._fetch_all(home, seen)
            except (Unavailable, VaultRefused):
                if not seen.complete:
                    raise
        return list(seen.values.values())

    async def close(self) -> None:
        """Its connections."""
        await self._client.close()

    async def _fetch_all(self, home: SecretHome, seen: _Seen) -> None:
        before = set(seen.values)
        kept = await self._kept(home)
        there = {(name, each.version) for name, one in kept.items() for each in one.versions if each.revoked_at is None}
        for name, version in there - seen.values.keys():
            # Destroyed, or made no secret of ours, just now.
            with suppress(Conflict):
                seen.values[name, version] = (await self._client.read(self._path(home, name), version))[1]
        seen.values = {key: value for key, value in seen.values.items() if key in there or key not in before}
        seen.complete, seen.good_until = True, time.monotonic() + _KNOWN_FOR

    async def _look(self, home: SecretHome) -> None:
        kept = await self._kept(home)
        seen = self._seen_of(home)
        if seen.kept == kept and kept:
            return
        async with self._database.write() as tx:
            await secrets.mirror(tx, home.environment_id, kept)
        seen.kept = kept

    async def _kept(self, home: SecretHome) -> dict[str, KeptSecret]:
        found = {name: await self._client.kept(self._path(home, name)) for name in await self._names(home)}
        return {name: each for name, each in found.items() if each}

    async def _names(self, home: SecretHome) -> list[str]:
        return [each for each in await self._client.names(self._path(home)) if _can_be_ours(each)]

    def _seen_of(self, home: SecretHome) -> _Seen:
        return self._seen.setdefault(home.environment_id, _Seen())

    def _path(self, home: SecretHome, *name: str) -> str:
        return self._client.place.path(*str(home.path).split("/"), *name)


def _can_be_ours(name: str) -> bool:
    try:
        return bool(secret_name(name))
    except Invalid:
        return False
