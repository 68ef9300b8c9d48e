"""Images of a service's releases, and what becomes of them."""

from datetime import datetime

from pydantic import BaseModel, Field

from shipway.api.schemas.fields import MOST, Request
from shipway.domain.retention import Fate, Reason, Verdict


class PruneIn(Request):
    """What to keep."""

    keep: int | None = Field(
        None,
        ge=1,
        le=MOST,
        description="How many of the newest images stay besides those in use; null: as the settings say.",
    )


class ImageFate(BaseModel):
    """One image, and whether it stays."""

    label: str = Field(description="Its tag in the built-in registry, or the reference as the user wrote it.")
    digest: str
    releases: list[int] = Field(description="Numbers of the service's releases that have it.")
    size: int = Field(description="Bytes in the registry, of which other images may share some; 0: not known.")
    created_at: datetime | None
    fate: Fate = Field(description="gone: it went before.")
    reason: Reason
    why: str = Field(description="The reason in words.")

    @classmethod
    def of(cls, verdict: Verdict) -> "ImageFate":
        """From the domain's value."""
        image = verdict.image
        return cls(
            label=image.label,
            digest=image.digest,
            releases=list(image.releases),
            size=image.size,
            created_at=image.created_at,
            fate=verdict.fate,
            reason=verdict.reason,
            why=verdict.why,
        )
