"""What a deployment is going to do."""

from typing import TypedDict


class Move(TypedDict):
    """One act on the world."""

    verb: str
    what: str


class ProcessChange(TypedDict):
    """How many instances of a process type there are."""

    name: str
    before: int
    after: int


class ConfigChange(TypedDict):
    """Something that instances are given, and that changes."""

    name: str
    change: str
    kind: str
    before: str
    after: str


class ImageOrigin(TypedDict):
    """The release whose image a new release takes."""

    service: str
    number: int


class Capacity(TypedDict):
    """An amount of what instances are given."""

    memory: int
    cpus: float
    devices: dict[str, int]


class Plan(TypedDict):
    """What a deployment does to what runs, in order, and why in that way."""

    summary: str
    release: int
    image: str
    replaces: int | None
    strategy: str
    mode: str
    reason: str
    why: str
    waits: bool
    interrupts: list[str]
    moves: list[Move]
    processes: list[ProcessChange]
    config: list[ConfigChange]
    needed: Capacity
    free: Capacity
    at_once: int
    warnings: list[str]
    image_from: ImageOrigin | None
    today: list[ConfigChange]
    rebuilds_from: str
