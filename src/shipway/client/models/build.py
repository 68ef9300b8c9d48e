"""Builds, and what they take."""

from typing import NotRequired, TypedDict

from shipway.client.models.deployment import Failure


class BaseImage(TypedDict):
    """An image that a build stood on."""

    reference: str
    digest: str


class Build(TypedDict):
    """One attempt to make an image; the last six are left out in lists."""

    number: int
    state: str
    deployment: int
    deployment_id: str
    revision: str
    provider: str
    digest: str
    size: int
    seconds: float | None
    steps: int
    cached: int
    failure: Failure | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    bases: NotRequired[list[BaseImage]]
    arguments: NotRequired[list[str]]
    secrets: NotRequired[list[str]]
    dockerfile_sha256: NotRequired[str]
    dockerfile: NotRequired[str]
    pinned_dockerfile: NotRequired[str]


class BuildPage(TypedDict):
    """Some builds, newest first."""

    builds: list[Build]
    next_before: int | None


class Freed(TypedDict):
    """What emptying a cache led to."""

    bytes: int
