"""The delivery: what a release names, looked up at the moment its instances start, for these alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shipway.domain.release import Release, refuse_changed
from shipway.domain.secret import secret_reference
from shipway.pipeline.platform import Platform
from shipway.store import services


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
    is never brought back, by no rollback either. `Unavailable` or `VaultRefused` when a value can't be
    opened.
    """
    refuse_changed(release)
    given = release.given
    if not (given.secrets or given.secret_files):
        return Delivery(dict(given.config))
    named = {text: secret_reference(text) for text in (*given.secrets.values(), *given.secret_files.values())}
    async with platform.database.read() as tx:
        service = await services.get(tx, release.service_id)
    values = await platform.vault.opened(service.secret_home, named.values())
    variables = {name: values[named[text]] for name, text in given.secrets.items()}
    files = {name: values[named[text]] for name, text in given.secret_files.items()}
    return Delivery({**given.config, **variables}, frozenset(variables), files)
