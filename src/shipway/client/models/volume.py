"""Volumes."""

from typing import TypedDict


class Declared(TypedDict):
    """One volume that a service's next release names."""

    name: str
    path: str
    process: str


class Volume(TypedDict):
    """One instance's volume."""

    id: str
    name: str
    process: str
    ordinal: int
    state: str
    size: int | None
    created_at: str
    binned_at: str | None
    binned_by: str
    until: str | None


class Volumes(TypedDict):
    """All of a service's."""

    declared: list[Declared]
    volumes: list[Volume]
