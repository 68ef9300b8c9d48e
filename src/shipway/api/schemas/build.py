"""Builds."""

from datetime import datetime

from pydantic import BaseModel, Field

from shipway.api.schemas.deployment import FailureOut
from shipway.api.schemas.fields import View
from shipway.domain.build import Build, BuildState
from shipway.operations.builds import BuildView


class BaseImageOut(View):
    """An image that a build stood on or copied from."""

    reference: str
    digest: str = Field(description="Its registry's digest, or the engine's id when it is in none; empty: not known.")


class BuildSummary(View):
    """One attempt to make an image."""

    number: int = Field(description="The image's tag is v{number}.")
    state: BuildState
    deployment: int = Field(description="Number of the deployment that it was made for.")
    deployment_id: str
    revision: str = Field(description="Commit, or SHA-256 of the upload.")
    provider: str
    digest: str = Field(description="Of the image in the built-in registry; empty until it is pushed.")
    size: int = Field(description="Bytes in the registry; 0: not known.")
    seconds: float | None
    steps: int = Field(description="Instructions that were carried out.")
    cached: int = Field(description="How many of them were there already.")
    failure: FailureOut | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class BuildOut(BuildSummary):
    """The same with all that went in."""

    bases: list[BaseImageOut]
    arguments: list[str] = Field(description="Names of its build arguments.")
    secrets: list[str] = Field(description="Names of its build secrets.")
    dockerfile_sha256: str
    dockerfile: str = Field(description="As it was built.")
    pinned_dockerfile: str = Field(description="The same with each base image by the digest that it had.")

    @classmethod
    def of(cls, view: BuildView) -> "BuildOut":
        """From the operations' view."""
        build: Build = view.build
        return cls(
            **dict(BuildSummary.model_validate(build)),
            bases=[BaseImageOut.model_validate(base) for base in build.bases],
            arguments=list(build.arguments),
            secrets=list(build.secrets),
            dockerfile_sha256=build.dockerfile_sha256,
            dockerfile=view.dockerfile,
            pinned_dockerfile=view.pinned,
        )


class BuildPage(BaseModel):
    """Some builds, newest first."""

    builds: list[BuildSummary]
    next_before: int | None = Field(description="`before` of the next page; null on the last.")


class Freed(BaseModel):
    """What emptying a cache led to."""

    bytes: int = Field(description="What became free.")
