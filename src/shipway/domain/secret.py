"""Secrets as releases name them: by name and version, never by value (S5.2)."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shipway.domain.errors import Invalid
from shipway.domain.names import EnvironmentPath

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")
_TRACKS = "latest"


@dataclass(frozen=True, slots=True)
class SecretReference:
    """Which secret of the environment is meant, and which version of it."""

    name: str
    #: `None`: the newest; see `tracks` for when that is decided.
    version: int | None = None
    #: Decided at every start, rather than when the release is made: such a release is not reproducible.
    tracks: bool = False

    def __str__(self) -> str:
        if self.tracks:
            return f"{self.name}@{_TRACKS}"
        return self.name if self.version is None else f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class SecretVersion:
    """One value that a secret had or has, without the value."""

    version: int
    created_by: str
    created_at: datetime
    #: `None` while it can be used.
    revoked_at: datetime | None = None
    revoked_by: str = ""


@dataclass(frozen=True, slots=True)
class KeptSecret:
    """What a vault of somebody else's has of a secret."""

    #: Number of the version that was made last, also when that has been deleted since.
    newest: int
    #: Those that have a value, and those that were destroyed. One that is deleted, and may come back, is not among them.
    versions: tuple[SecretVersion, ...]


@dataclass(frozen=True, slots=True)
class SecretHome:
    """The environment whose secrets are meant."""

    environment_id: str
    path: EnvironmentPath


@dataclass(frozen=True, slots=True)
class SecretUse:
    """Where a service finds a secret, or will with its next release."""

    #: `acme/shop/production/api`; of the environment itself, for a variable of all its services.
    path: str
    #: Number of the release that is live with it; `None`: so far it is only set.
    release: int | None
    #: A variable, or a file under `/run/secrets`.
    kind: Literal["variable", "file"]
    name: str
    #: `NAME`, `NAME@3`, `NAME@latest`
    reference: str


@dataclass(frozen=True, slots=True)
class Secret:
    """An environment's secret: its versions, newest first, and who uses it. Never a value."""

    name: str
    versions: tuple[SecretVersion, ...]
    used_by: tuple[SecretUse, ...] = ()


def secret_reference(text: str) -> SecretReference:
    """From `NAME`, `NAME@3` or `NAME@latest`. Raises `Invalid`."""
    name, at, version = text.partition("@")
    secret_name(name)
    if not at:
        return SecretReference(name)
    if version == _TRACKS:
        return SecretReference(name, tracks=True)
    if not version.isascii() or not version.isdecimal() or int(version) == 0:
        raise Invalid(f"{text!r} names no version of a secret.", hint=f"Write {name}, {name}@3 or {name}@latest.")
    return SecretReference(name, int(version))


def anywhere(reference: str) -> str:
    """The same reference as it makes sense in another environment: the version of one there is none here. Raises `Invalid`."""
    found = secret_reference(reference)
    return found.name if found.version else reference


def secret_name(value: str) -> str:
    """`value` if it can name a secret, else raises `Invalid`."""
    if not _NAME.fullmatch(value):
        raise Invalid(f"{value!r} can't name a secret.", hint="Use letters, digits and _, not starting with a digit.")
    return value
