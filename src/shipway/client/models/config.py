"""What instances and builds are given."""

from typing import TypedDict


class Config(TypedDict):
    """Config vars, and names of those that builds get and of what only builds get."""

    config: dict[str, str]
    buildtime: list[str]
    build_secrets: list[str]
