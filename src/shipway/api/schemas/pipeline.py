"""Asking for deployments, and how one is going."""

from pydantic import BaseModel, Field

from shipway.api.schemas.deployment import DeploymentOut
from shipway.api.schemas.fields import MOST, GitRef, ImageReference, PathText, Request, View
from shipway.api.schemas.plan import ConfigChoice, ZeroDowntime
from shipway.domain.deployment import StepState
from shipway.domain.source import Revision
from shipway.operations.history import DeploymentView
from shipway.operations.stages import Mark, Outcome, StageName, UpdateStatus, mark, outcome, stages, update_status


class DeployIn(Request):
    """What to deploy; what is left out is the source's own."""

    ref: GitRef = Field(default="", description="Branch, tag or commit; for a git source.")
    upload: str = Field(default="", pattern=r"^([0-9a-f]{64})?$", description="Digest from POST /uploads.")
    image: ImageReference | None = Field(default=None, description="For an image source.")
    require_zero_downtime: ZeroDowntime = False

    def to_domain(self) -> Revision:
        """As the domain has it."""
        return Revision(self.ref, self.upload, self.image or "")


class RollbackIn(Request):
    """Where to go back to."""

    version: int | None = Field(
        default=None, ge=1, le=MOST, description="Number of the release; null: the last that was live before."
    )
    config: ConfigChoice = "snapshot"
    require_zero_downtime: ZeroDowntime = False


class RedeployIn(Request):
    """The live release's revision once more, or another."""

    ref: GitRef = Field(default="", description="Another branch, tag or commit; for a git source.")
    require_zero_downtime: ZeroDowntime = False


class ReconfigureIn(Request):
    """How today's config is brought to what is live."""

    require_zero_downtime: ZeroDowntime = False


class PromoteIn(Request):
    """Which release goes live in the service that is addressed."""

    source: PathText = Field(description="Path of the service that it is a release of; in the same workspace.")
    version: int | None = Field(default=None, ge=1, le=MOST, description="Its number there; null: the live one.")
    rebuild: bool = Field(default=False, description="Build its commit here, rather than take its image.")
    require_zero_downtime: ZeroDowntime = False


class StageOut(View):
    """One line of the stage table."""

    name: StageName
    status: StepState


class StatusOut(BaseModel):
    """How a deployment is going, in the words of several platforms."""

    service: str = Field(description="Its path.")
    workspace: str
    project: str
    environment: str
    name: str
    stages: list[StageOut]
    outcome: Outcome | None = Field(description="Null while it is open.")
    status_label: str = Field(description="Building, Pushing, Deploying, Running, Failed, …")
    update_status: UpdateStatus
    mark: Mark | None
    deployment: DeploymentOut

    @classmethod
    def of(cls, view: DeploymentView) -> "StatusOut":
        """From the operations' view."""
        path, deployment = view.path, view.deployment
        return cls(
            service=str(path),
            workspace=path.workspace,
            project=path.project,
            environment=path.environment,
            name=path.service,
            stages=[StageOut.model_validate(stage) for stage in stages(deployment, view.steps)],
            outcome=outcome(deployment),
            status_label=view.status_label,
            update_status=update_status(deployment),
            mark=mark(deployment),
            deployment=DeploymentOut.of_view(view),
        )


class MetricsOut(View):
    """How the last hundred deployments of a service went; seconds are medians, null where nothing was measured."""

    deployments: int
    succeeded: int
    failed: int
    cancelled: int
    success_rate: float | None = Field(description="Of those that ended by themselves, 0 to 1.")
    build_seconds: float | None
    deploy_seconds: float | None = Field(description="From the request to traffic.")
