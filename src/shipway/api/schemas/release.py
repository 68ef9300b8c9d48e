"""Releases."""

from datetime import datetime

from pydantic import BaseModel, Field

from shipway.api.schemas.fields import View
from shipway.api.schemas.settings import SettingsOut
from shipway.domain.release import Release


class ImageOut(View):
    """An image that can be run."""

    reference: str
    digest: str
    label: str = Field(description="Its tag in the built-in registry, or the reference as the user wrote it.")
    build: int = Field(description="0 for a foreign image.")
    revision: str


class ProcessOut(View):
    """One process type."""

    name: str
    command: str = Field(description="Empty: the image's own.")


class ReleaseOut(BaseModel):
    """Image, config, process types and settings, frozen."""

    number: int
    image: ImageOut
    commit: str
    processes: list[ProcessOut]
    port: int
    settings: SettingsOut
    config_names: list[str] = Field(description="Names of its config vars; the values stay where they are.")
    config_hash: str
    release_command: str
    derived_from: int | None
    created_at: datetime

    @classmethod
    def of(cls, release: Release) -> "ReleaseOut":
        """From the domain's value."""
        return cls(
            number=release.number,
            image=ImageOut.model_validate(release.image),
            commit=release.commit,
            processes=[ProcessOut.model_validate(process) for process in release.processes],
            port=release.port,
            settings=SettingsOut.model_validate(release.settings),
            config_names=sorted(release.given.config),
            config_hash=release.config_hash,
            release_command=release.release_command,
            derived_from=release.derived_from,
            created_at=release.created_at,
        )
