"""A build as it is remembered: what went into an image, by which means, and what came of it (S1.2)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shipway.domain.deployment import Failure

BuildState = Literal["running", "built", "pushed", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class BaseImage:
    """An image that a build stood on or copied from."""

    #: As the Dockerfile names it.
    reference: str
    #: Its registry's digest; the engine's id for one that is in no registry; empty when neither is known.
    digest: str


@dataclass(frozen=True, slots=True)
class Build:
    """One attempt to make an image. Values of build arguments and secrets are no part of it."""

    id: str
    deployment_id: str
    #: The deployment's number in its service.
    deployment: int
    #: n of the tag `v{n}`.
    number: int
    #: Commit, or SHA-256 of the upload.
    revision: str
    provider: str
    #: Of the Dockerfile's text.
    dockerfile_sha256: str
    #: Of the image for this machine's platform: what is run. Empty until it is pushed.
    digest: str
    #: Bytes in the registry; 0: not known.
    size: int
    bases: tuple[BaseImage, ...]
    arguments: tuple[str, ...]
    secrets: tuple[str, ...]
    steps: int
    cached: int
    #: Seconds that the builder took; `None` until it is over.
    seconds: float | None
    failure: Failure | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def state(self) -> BuildState:
        """How far it came."""
        if self.failure:
            return "cancelled" if self.failure.code == "cancelled" else "failed"
        if self.digest:
            return "pushed"
        return "built" if self.finished_at else "running"
