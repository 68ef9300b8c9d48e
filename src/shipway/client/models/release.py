"""Releases."""

from typing import Any, TypedDict


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
    release_command: str
    derived_from: int | None
    created_at: str
