"""Deployments and their steps."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from shipway.api.schemas.fields import View
from shipway.api.schemas.plan import ImageOriginOut, PlanOut
from shipway.domain.cutover import Verdict
from shipway.domain.deployment import Action, Deployment, DeploymentState, StepRecord, StepState, status_label
from shipway.domain.names import ServicePath
from shipway.domain.rebuild import Outcome, Rebuild
from shipway.operations.history import DeploymentView


class FailureOut(View):
    """Why a deployment failed."""

    code: str = Field(description="The failure's class, the same between versions.")
    message: str
    hint: str
    evidence: list[str]
    step: str


class RevisionOut(View):
    """What was asked of the service's source; empty: the source's own."""

    ref: str
    upload: str
    image: str


class StepOut(BaseModel):
    """One step."""

    name: str
    state: StepState
    started_at: datetime | None
    finished_at: datetime | None
    seconds: float | None = Field(description="How long it took; null until it is over.")
    summary: str

    @classmethod
    def of(cls, step: StepRecord) -> "StepOut":
        """From the domain's value."""
        took = (step.finished_at - step.started_at).total_seconds() if step.started_at and step.finished_at else None
        return cls(
            name=step.name,
            state=step.state,
            started_at=step.started_at,
            finished_at=step.finished_at,
            seconds=took,
            summary=step.summary,
        )


class CutoverOut(View):
    """What the switch of traffic did to requests, by the proxy's own counts, until the last old instance was retired."""

    verdict: Verdict
    old: int = Field(description="Requests that ended on the old instances meanwhile, those in flight among them.")
    new: int = Field(description="Requests that ended on the new ones.")
    in_flight: int = Field(description="In flight on the old ones when traffic had moved.")
    drained: int = Field(description="Of these, ended by themselves.")
    cut: int = Field(description="Of these, cut when the drain timeout was reached.")
    errors_5xx: int = Field(description="Answers of 500 and above, from either; they don't weigh in the verdict.")
    broken: int = Field(description="Connections to an instance that failed or broke.")
    slowest_ms: int = Field(
        description="Longest time until an answer began; 0 when it is less than one, or can't be told from those before."
    )
    interrupted: bool = Field(description="The old instances had to stop first; requests got 503 with Retry-After.")
    asked: int = Field(description="Requests of Shipway's own around the switch, where the service is set to be asked.")
    lost: int = Field(description="Of these, without an answer of the app.")


class GuardedOut(View):
    """What watching over the deployment in the minutes after its switch came to."""

    verdict: Literal["good", "warned", "undone"] = Field(
        description="warned: it has more 5xx than what was live before; undone: so it was rolled back."
    )
    why: str = Field(description="A sentence with the figures.")
    undone_by: int | None = Field(description="Number of the deployment that undid it.")


class RebuildOut(BaseModel):
    """The image of an earlier release, which was pruned, built again."""

    release: int = Field(description="Number of the release that is gone back to.")
    revision: str = Field(description="Commit or upload that it was built from, and is again.")
    rebuilt: Outcome | None = Field(
        description="reproduced: it is the very image that the release had, which goes live itself. differs: it is another, "
        "which has a new release. Null until it is built."
    )
    otherwise: list[str] = Field(
        description="Names of build-time vars that are otherwise today: those it had are used."
    )

    @classmethod
    def of(cls, rebuild: Rebuild) -> "RebuildOut":
        """From the domain's value."""
        return cls(
            release=rebuild.number,
            revision=rebuild.checkout.revision,
            rebuilt=rebuild.outcome,
            otherwise=list(rebuild.otherwise),
        )


class DeploymentSummary(BaseModel):
    """One attempt to make a release live."""

    id: str
    number: int = Field(description="Counted per service.")
    service: str = Field(description="Its path.")
    action: Action
    state: DeploymentState
    status_label: str = Field(description="Building, Pushing, Deploying, Running, Failed, …")
    trigger: str
    actor: str
    revision: RevisionOut
    release: int | None = Field(description="Number of the release it makes live, once known.")
    failure: FailureOut | None
    weakly_verified: str = Field(description="Not empty: nothing strict vouches for its health, and what to do.")
    cancel_requested: bool
    promote_requested: bool
    require_zero_downtime: bool
    created_at: datetime
    started_at: datetime | None
    live_at: datetime | None
    finished_at: datetime | None
    image_from: ImageOriginOut | None = Field(description="Whose image its own release takes; null where it builds.")
    rebuild: RebuildOut | None = Field(description="Of a rollback whose release's image had been pruned; else null.")
    built_for: list[str] = Field(
        description="Of a reconfigure: names of the build-time vars and build secrets that are otherwise than the live image "
        "was built with, so that its revision is built again. Decided when its turn comes, until then what is expected; empty: "
        "the live image is taken."
    )
    guarded: GuardedOut | None = Field(description="Null while the guard watches, and where it is off.")

    @classmethod
    def of(cls, deployment: Deployment, path: ServicePath, label: str = "") -> "DeploymentSummary":
        """From the domain's value."""
        return cls(
            id=deployment.id,
            number=deployment.number,
            service=str(path),
            action=deployment.action,
            state=deployment.state,
            status_label=label or status_label(deployment.state, ""),
            trigger=deployment.trigger,
            actor=deployment.actor,
            revision=RevisionOut.model_validate(deployment.revision),
            release=deployment.release_number,
            failure=FailureOut.model_validate(deployment.failure) if deployment.failure else None,
            weakly_verified=deployment.weakly_verified,
            cancel_requested=deployment.cancel_requested,
            promote_requested=deployment.promote_requested,
            require_zero_downtime=deployment.zero_downtime,
            created_at=deployment.created_at,
            started_at=deployment.started_at,
            live_at=deployment.live_at,
            finished_at=deployment.finished_at,
            image_from=ImageOriginOut.model_validate(deployment.image_from) if deployment.image_from else None,
            rebuild=RebuildOut.of(deployment.rebuild) if deployment.rebuild else None,
            built_for=list(deployment.built_for),
            guarded=GuardedOut.model_validate(deployment.guarded) if deployment.guarded else None,
        )


class DeploymentOut(DeploymentSummary):
    """The same with its steps."""

    steps: list[StepOut]
    plan: PlanOut | None = Field(description="What it does to what runs, and why; null until that is decided.")
    cutover: CutoverOut | None = Field(description="Null until it is over, and where nothing was replaced.")
    position: int | None = Field(description="How many of the service's wait before it; null when it does not wait.")

    @classmethod
    def of_view(cls, view: DeploymentView) -> "DeploymentOut":
        """From the operations' view."""
        summary = DeploymentSummary.of(view.deployment, view.path, view.status_label)
        report = CutoverOut.model_validate(view.cutover) if view.cutover else None
        plan = PlanOut.model_validate(view.plan) if view.plan else None
        steps = steps_out(view.steps)
        return cls(**dict(summary), steps=steps, plan=plan, cutover=report, position=view.position)


class DeploymentPage(BaseModel):
    """Some deployments, newest first."""

    deployments: list[DeploymentSummary]
    next_before: int | None = Field(description="`before` of the next page; null on the last.")


def steps_out(steps: Sequence[StepRecord]) -> list[StepOut]:
    """All of them."""
    return [StepOut.of(step) for step in steps]
