"""People and what they prove themselves with (S13.1)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

CredentialKind = Literal["link", "session", "token"]


@dataclass(frozen=True, slots=True)
class User:
    """Someone who may act."""

    id: str
    name: str
    #: May do everything in every workspace.
    admin: bool
    #: Ids of the workspaces the user belongs to.
    workspaces: frozenset[str]


@dataclass(frozen=True, slots=True)
class IssuedCredential:
    """A credential as it may be shown: never its secret."""

    id: str
    label: str
    created_at: datetime
    expires_at: datetime | None
