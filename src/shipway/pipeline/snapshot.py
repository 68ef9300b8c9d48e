"""The snapshot: what a release takes of a service's config as it is at this moment (S5.2)."""

from collections.abc import Mapping

from shipway.domain.errors import SecretMissing, SecretRevoked
from shipway.domain.release import Given
from shipway.domain.secret import secret_reference
from shipway.domain.service import Service
from shipway.store import config, config_files, secret_bindings, secrets
from shipway.store.database import Tx


async def snapshot(tx: Tx, service: Service) -> Given:
    """What a release of `service` that is made now gives its instances. Raises `SecretMissing` or `SecretRevoked` when
    something refers to a secret whose value can't be had: better told here, before anything is started."""
    bound = await secret_bindings.effective(tx, service)
    return Given(
        config=await config.merged(tx, service),
        secrets=await _pinned(tx, service, bound.variables, "variable"),
        secret_files=await _pinned(tx, service, bound.files, "file"),
        files=await config_files.current(tx, service.id),
    )


async def check_to_be_had(tx: Tx, service: Service, given: Given) -> None:
    """Raises `SecretMissing` or `SecretRevoked` when what a release of `service` holds can't be had any more."""
    await _pinned(tx, service, given.secrets, "variable")
    await _pinned(tx, service, given.secret_files, "file")


async def _pinned(tx: Tx, service: Service, references: Mapping[str, str], what: str) -> dict[str, str]:
    pinned: dict[str, str] = {}
    for name, text in references.items():
        try:
            pinned[name] = str(await secrets.pinned(tx, service.environment_id, secret_reference(text)))
        except (SecretMissing, SecretRevoked) as error:
            raise type(error)(f"The {what} {name} refers to {text}. {error.message}", hint=error.hint) from error
    return pinned
