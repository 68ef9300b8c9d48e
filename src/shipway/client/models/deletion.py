"""What would be gone for good."""

from typing import TypedDict


class LostVolume(TypedDict):
    """A volume that goes, with what is in it."""

    id: str
    service: str
    name: str
    size: int | None
    binned: bool


class Loss(TypedDict):
    """What goes with it, and never comes back."""

    path: str
    environments: list[str]
    services: list[str]
    hosts: list[str]
    volumes: list[LostVolume]
    secrets: list[str]
    under_way: list[str]
