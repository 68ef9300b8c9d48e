"""The delivery: what a release names, looked up at the moment its instances start, for these alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shipway.domain.release import Release, refuse_changed
from shipway.domain.secret import secret_reference
from shipway.pipeline.platform import Platform
from shipway.store import secrets, services
from shipway.store.database import Tx
from shipway.store.sealing import Sealer, sealer


@dataclass(frozen=True, slots=True)
class Delivery:
    """Never kept anywhere, and never shown: it holds secrets."""

    #: Config vars and secrets.
    environment: Mapping[str, str] = field(repr=False)
    #: Of the environment, those that are secrets: by name only.
    secret_names: frozenset[str] = frozenset()
    #: Files under `/run/secrets`, by name.
    secret_files: Mapping[str, str] = field(default_factory=dict, repr=False)


async def delivery(platform: Platform, release: Release) -> Delivery:
    """What instances of `release` are to be handed now: of secrets the versions it names, and of `NAME@latest` the newest.

    All that is started passes here first. Raises `ReleaseChanged` when the release is not what it was, `SecretMissing` or
    `SecretRevoked` when a secret can't be had, and nothing of the release is to be started then: a version that was revoked
    is never brought back, by no rollback either. `Unavailable` when a value can't be opened.
    """
    refuse_changed(release)
    given = release.given
    if not (given.secrets or given.secret_files):
        return Delivery(dict(given.config))
    async with platform.database.read() as tx:
        environment_id = (await services.get(tx, release.service_id)).environment_id
        key = await sealer(tx, platform.settings.home)
        variables = await _opened(tx, environment_id, given.secrets, key)
        files = await _opened(tx, environment_id, given.secret_files, key)
    return Delivery({**given.config, **variables}, frozenset(variables), files)


async def _opened(tx: Tx, environment_id: str, named: Mapping[str, str], key: Sealer) -> dict[str, str]:
    return {name: await secrets.opened(tx, environment_id, secret_reference(text), key) for name, text in named.items()}
