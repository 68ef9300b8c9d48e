"""Releases."""

from typing import Any, TypedDict

from shipway.client.models.deployment import Deployment
from shipway.client.models.plan import ImageOrigin


class Release(TypedDict):
    """Image, config, process types and settings, frozen."""

    number: int
    image: dict[str, Any]
    commit: str
    processes: list[dict[str, str]]
    port: int
    settings: dict[str, Any]
    config_names: list[str]
    config_hash: str
    reproducible: bool
    release_command: str
    derived_from: int | None
    image_from: ImageOrigin | None
    rebuilt: bool
    created_at: str
    pinned: bool
    image_pruned_at: str | None


class ReleaseDetail(Release):
    """Everything that one holds, and what became of it."""

    config: dict[str, str]
    secrets: dict[str, str]
    secret_files: dict[str, str]
    files: dict[str, str]
    hash: str
    made_live_by: list[Deployment]


class Change(TypedDict):
    """One thing that is not the same in two releases."""

    part: str
    name: str
    change: str
    before: str | None
    after: str | None


class Difference(TypedDict):
    """What is different between two releases."""

    before: int
    after: int
    changes: list[Change]
