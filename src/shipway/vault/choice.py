"""Which vault the settings mean."""

import os
import ssl
from collections.abc import Mapping
from pathlib import Path

from shipway.domain.errors import Invalid
from shipway.settings import Settings
from shipway.store.database import Database
from shipway.vault.kv import KvClient, KvPlace
from shipway.vault.login import AppRole, GivenToken, Login
from shipway.vault.openbao import OpenBaoVault
from shipway.vault.sealed import SealedVault
from shipway.vault.vault import Vault

#: Where Vault's own command looks for a token.
_VARIABLE = "VAULT_TOKEN"


def vault_for(settings: Settings, database: Database, environment: Mapping[str, str] = os.environ) -> Vault:
    """Nothing is contacted yet. Raises `Invalid` when what it needs is missing from the settings."""
    if settings.secrets_backend == "store":
        return SealedVault(database, settings.home)
    place = KvPlace(
        settings.vault_url,
        settings.vault_mount.strip("/"),
        settings.vault_prefix.strip("/"),
        settings.vault_namespace,
        settings.vault_ca,
    )
    try:
        return OpenBaoVault(database, KvClient(place, _login(settings, environment)))
    except (OSError, ssl.SSLError) as error:
        raise Invalid(
            f"vault_ca: {settings.vault_ca} can't be read as certificates.", hint="Give a PEM file, or leave it empty."
        ) from error


def _login(settings: Settings, environment: Mapping[str, str]) -> Login:
    if settings.vault_role_id:
        return AppRole(
            settings.vault_role_id, Path(settings.vault_secret_id_file), settings.vault_approle_mount.strip("/")
        )
    if settings.vault_token_file:
        return GivenToken(Path(settings.vault_token_file))
    if token := environment.get(_VARIABLE, "").strip():
        return GivenToken(text=token)
    raise Invalid(
        "secrets_backend is vault, and nothing says how to log in to it.",
        hint=f"Set vault_role_id and vault_secret_id_file, or vault_token_file, or the variable {_VARIABLE}.",
    )
