"""Images."""

from typing import TypedDict


class ImageFate(TypedDict):
    """One image of a service, and whether it stays."""

    label: str
    digest: str
    releases: list[int]
    size: int
    created_at: str | None
    fate: str
    reason: str
    why: str
