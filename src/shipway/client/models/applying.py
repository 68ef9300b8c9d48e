"""What applying a file changed, or would."""

from typing import TypedDict

from shipway.client.models.config import Exposed
from shipway.client.models.deployment import Deployment


class KeyChange(TypedDict):
    """One key that says something else."""

    key: str
    change: str
    before: str | None
    after: str | None


class ServiceChange(TypedDict):
    """What becomes of one service."""

    service: str
    change: str
    changes: list[KeyChange]
    missing: list[KeyChange]


class Applied(TypedDict):
    """All that is changed."""

    environment: str
    created: bool
    changed: bool
    digest: str
    services: list[ServiceChange]
    config: list[KeyChange]
    others: list[str]
    warnings: list[Exposed]
    bins: list[str]
    deployments: list[Deployment]
    to_upload: list[str]
