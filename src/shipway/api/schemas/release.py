"""Releases."""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, Field

from shipway.api.schemas.deployment import DeploymentSummary
from shipway.api.schemas.fields import View
from shipway.api.schemas.plan import ImageOriginOut
from shipway.api.schemas.settings import SettingsOut
from shipway.domain.change import ChangeWord
from shipway.domain.difference import Part
from shipway.domain.release import Release
from shipway.domain.retention import Mark
from shipway.operations.releases import Comparison, ReleaseView


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
    reproducible: bool = Field(description="False: it holds a secret `NAME@latest`, which is looked up at each start.")
    release_command: str
    derived_from: int | None = Field(description="Number of the earlier release whose image it took.")
    image_from: ImageOriginOut | None = Field(description="Whose image it took, of this service or of another.")
    rebuilt: bool = Field(
        description="Its image is that of `derived_from`, pruned and built again, and differs from it."
    )
    created_at: datetime
    pinned: bool = Field(description="Its image stays whatever the retention says.")
    image_pruned_at: datetime | None = Field(
        description="Since when its image is gone: a rollback to it builds it again. Null: it is there."
    )

    @classmethod
    def of(cls, release: Release, mark: Mark, **more: Any) -> Self:
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
            reproducible=release.given.reproducible,
            release_command=release.release_command,
            derived_from=release.derived_from,
            image_from=ImageOriginOut.model_validate(release.image_from) if release.image_from else None,
            rebuilt=release.rebuilt,
            created_at=release.created_at,
            pinned=mark.pinned,
            image_pruned_at=mark.pruned_at,
            **more,
        )


class ReleaseDetail(ReleaseOut):
    """Everything that it holds, and what became of it. Of secrets the version, never the value."""

    config: dict[str, str] = Field(description="Its config vars with their values.")
    secrets: dict[str, str] = Field(description="Variables that are secrets, each with the secret's name and version.")
    secret_files: dict[str, str] = Field(description="Files under /run/secrets, likewise.")
    files: dict[str, str] = Field(description="Files under /etc/config, each with the SHA-256 of its content.")
    hash: str = Field(
        description="Over all that makes its instances what they are; checked before any is started. Empty for one that is "
        "older than this check."
    )
    made_live_by: list[DeploymentSummary] = Field(description="The last one first.")

    @classmethod
    def of_view(cls, view: ReleaseView) -> "ReleaseDetail":
        """From the operations' view."""
        release, given = view.release, view.release.given
        return cls.of(
            release,
            view.mark,
            config=dict(given.config),
            secrets=dict(given.secrets),
            secret_files=dict(given.secret_files),
            files=dict(given.files),
            hash=release.hash,
            made_live_by=[DeploymentSummary.of(each, view.path) for each in view.made_live_by],
        )


class ChangeOut(View):
    """One thing that is not the same in two releases."""

    part: Part = Field(description="variable: a config var; secret: a variable that is one.")
    name: str = Field(description="Which of them; empty where there is only one.")
    change: ChangeWord
    before: str | None = Field(description="Of a secret its version, of a file the hash of its content; null: none.")
    after: str | None


class DifferenceOut(BaseModel):
    """What is different between two releases."""

    before: int
    after: int
    changes: list[ChangeOut]

    @classmethod
    def of(cls, comparison: Comparison) -> "DifferenceOut":
        """From the operations' view."""
        return cls(
            before=comparison.before.number,
            after=comparison.after.number,
            changes=[ChangeOut.model_validate(each) for each in comparison.changes],
        )
