"""What instances and builds are given."""

from typing import TypedDict


class Exposed(TypedDict):
    """A value that had better be a secret."""

    name: str
    reason: str
    hint: str


class Config(TypedDict):
    """Config vars, those that are secrets by reference, and names of those that are the environment's, that builds get, and of
    what only builds get."""

    config: dict[str, str]
    secrets: dict[str, str]
    environment: list[str]
    buildtime: list[str]
    build_secrets: list[str]
    warnings: list[Exposed]


class VarChange(TypedDict):
    """One change of what instances or builds are given."""

    id: int
    at: str
    actor: str
    origin: str
    kind: str
    name: str
    change: str
    value: str
    reference: str
    buildtime: bool


class VarChangePage(TypedDict):
    """Newest first."""

    changes: list[VarChange]
    next_before: int | None
