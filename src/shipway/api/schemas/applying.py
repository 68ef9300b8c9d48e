"""Applying a file to an environment."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from shipway.api.schemas.config import WarningOut
from shipway.api.schemas.deployment import DeploymentSummary
from shipway.api.schemas.fields import Request, View
from shipway.domain.change import ChangeWord
from shipway.operations.applied import Applied, ServiceChange

FileText = Annotated[str, Field(max_length=8 * 1024 * 1024)]


class ApplyIn(Request):
    """A file, and what is in the files that it names."""

    text: FileText = Field(description="TOML; `shipway docs` explains it, `shipway docs --schema` is its schema.")
    files: dict[str, FileText] = Field(
        default={},
        max_length=200,
        json_schema_extra={"additionalProperties": False},
        description="By the `path` that it names them by.",
    )
    name: str = Field(
        default="shipway.toml",
        min_length=1,
        max_length=1000,
        description="What mistakes call it.",
    )


class KeyChangeOut(View):
    """One key that says something else."""

    key: str
    change: ChangeWord
    before: str | None = Field(description="For people; null: it was not set.")
    after: str | None


class ServiceChangeOut(BaseModel):
    """What becomes of one service that the file names."""

    service: str = Field(description="Its path.")
    change: Literal["created", "changed", "unchanged"]
    changes: list[KeyChangeOut]
    missing: list[KeyChangeOut] = Field(description="What it has that the file does not say; `prune` takes it back.")

    @classmethod
    def of(cls, service: ServiceChange) -> "ServiceChangeOut":
        """From the operation's value."""
        return cls(
            service=str(service.path),
            change="created" if service.created else "changed" if service.changes else "unchanged",
            changes=[KeyChangeOut.model_validate(each) for each in service.changes],
            missing=[KeyChangeOut.model_validate(each) for each in service.missing],
        )


class ApplyOut(BaseModel):
    """What was changed, or would be."""

    environment: str
    created: bool = Field(description="Whether the environment itself is new.")
    changed: bool = Field(description="Whether anything is not as the file says.")
    digest: str = Field(description="Of the changes: `expected` of the apply that is to make just these.")
    services: list[ServiceChangeOut]
    config: list[KeyChangeOut] = Field(description="Of the environment's own config vars.")
    others: list[str] = Field(description="Services that the file does not name, which are left alone.")
    warnings: list[WarningOut] = Field(description="Values of the file that look like credentials.")
    bins: list[str] = Field(description="Volumes that go into the bin once this is deployed.")
    deployments: list[DeploymentSummary]
    to_upload: list[str] = Field(description="Services that need an upload before they can be deployed.")

    @classmethod
    def of(cls, applied: Applied) -> "ApplyOut":
        """From the operation's answer."""
        path = applied.path
        return cls(
            environment=str(path),
            created=applied.created,
            changed=applied.changes,
            digest=applied.digest,
            services=[ServiceChangeOut.of(each) for each in applied.services],
            config=[KeyChangeOut.model_validate(each) for each in applied.config],
            others=list(applied.others),
            warnings=[WarningOut.model_validate(each) for each in applied.warnings],
            bins=[str(each) for each in applied.bins],
            deployments=[DeploymentSummary.of(made, service) for service, made in applied.deployments],
            to_upload=list(applied.to_upload),
        )
