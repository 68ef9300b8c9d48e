"""Private registries."""

from typing import TypedDict


class Registry(TypedDict):
    """What a private registry is told, without its password."""

    host: str
    username: str
    kind: str
    updated_at: str
    updated_by: str
