"""Secrets, without their values."""

from typing import TypedDict


class SecretVersion(TypedDict):
    """One value that a secret had or has."""

    version: int
    created_by: str
    created_at: str
    revoked_at: str | None
    revoked_by: str


class SecretUse(TypedDict):
    """Where a service finds a secret."""

    path: str
    release: int | None
    kind: str
    name: str
    reference: str


class Secret(TypedDict):
    """A secret with its versions, newest first."""

    name: str
    versions: list[SecretVersion]
    used_by: list[SecretUse]


class Bindings(TypedDict):
    """Which secrets next releases are given."""

    variables: dict[str, str]
    files: dict[str, str]
