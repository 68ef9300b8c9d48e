"""Which vault the settings mean, and what is said when they mean none."""

from pathlib import Path

import pytest

from shipway.domain.errors import Invalid
from shipway.settings import Settings
from shipway.store.database import Database
from shipway.vault.choice import vault_for
from shipway.vault.openbao import OpenBaoVault
from shipway.vault.sealed import SealedVault

URL = "https://vault.example.com:8200"


def settings(home: Path, **given: str) -> Settings:
    return Settings.load(home, {f"SHIPWAY_{name.upper()}": value for name, value in given.items()})


def chosen(home: Path, variables: dict[str, str], **given: str) -> object:
    return vault_for(settings(home, **given), Database("sqlite+aiosqlite://"), variables)


def test_the_store_keeps_values_unless_told_otherwise(tmp_path: Path) -> None:
    assert isinstance(chosen(tmp_path, {}), SealedVault)


@pytest.mark.parametrize(
    ("given", "variables"),
    [
        ({"vault_role_id": "role", "vault_secret_id_file": "/etc/secret-id"}, {}),
        ({"vault_token_file": "/etc/token"}, {}),
        ({}, {"VAULT_TOKEN": "hvs.token"}),
    ],
)
def test_each_way_to_log_in_is_enough(tmp_path: Path, given: dict[str, str], variables: dict[str, str]) -> None:
    made = chosen(tmp_path, variables, secrets_backend="vault", vault_url=URL, **given)
    assert isinstance(made, OpenBaoVault)
    assert "hvs.token" not in repr(made) + repr(vars(made))


def test_without_any_it_says_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="how to log in") as refused:
        chosen(tmp_path, {}, secrets_backend="vault", vault_url=URL)
    assert "vault_token_file" in refused.value.hint and "VAULT_TOKEN" in refused.value.hint


def test_a_file_of_authorities_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="vault_ca: /nowhere"):
        chosen(tmp_path, {"VAULT_TOKEN": "x"}, secrets_backend="vault", vault_url=URL, vault_ca="/nowhere")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"secrets_backend": "cloud"}, "secrets_backend is 'cloud'"),
        ({"secrets_backend": "vault"}, "vault_url"),
        ({"secrets_backend": "vault", "vault_url": "https://ada:hunter2@vault"}, "vault_url"),
        ({"vault_prefix": "../other"}, "vault_prefix"),
        ({"vault_mount": "a//b"}, "vault_mount"),
        ({"vault_role_id": "role"}, "vault_secret_id_file"),
    ],
)
def test_what_can_not_be_right_is_refused_without_showing_it(tmp_path: Path, given: dict[str, str], told: str) -> None:
    with pytest.raises(Invalid, match=told) as refused:
        settings(tmp_path, **given)
    assert "hunter2" not in refused.value.message
