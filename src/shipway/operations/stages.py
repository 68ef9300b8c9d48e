"""A deployment in the words that users of other platforms know (S1.5): the stage table, the outcome, the update status."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from shipway.domain.deployment import (
    OPTIONAL_STEPS,
    SOURCE_STEPS,
    STEPS,
    UNFINISHED,
    Deployment,
    StepRecord,
    StepState,
)

StageName = Literal["Build", "Deploy"]
Outcome = Literal["active", "error"]
UpdateStatus = Literal["Pending", "Started", "Ready", "Failed"]
Mark = Literal["live", "superseded"]


@dataclass(frozen=True, slots=True)
class Stage:
    """One line of the stage table."""

    name: StageName
    status: StepState


def stages(deployment: Deployment, steps: Sequence[StepRecord]) -> tuple[Stage, Stage]:
    """Build and Deploy, summed up from their steps."""
    build = _status(deployment, {step.state for step in steps if step.name in SOURCE_STEPS})
    rest = (*STEPS[len(SOURCE_STEPS) :], *OPTIONAL_STEPS)
    # What is left to do once the traffic has moved can't undo it any more.
    deploy = "complete" if deployment.live_at else _status(deployment, {s.state for s in steps if s.name in rest})
    return Stage("Build", build), Stage("Deploy", deploy)


def outcome(deployment: Deployment) -> Outcome | None:
    """`active` once it is or was live, `error` when it never will be; `None` while that is open or it was never begun."""
    if deployment.live_at:
        return "active"
    return "error" if deployment.state in ("failed", "cancelled") else None


def update_status(deployment: Deployment) -> UpdateStatus:
    """As blue-green updates name it. Between its promotion and its switch it stays what it was: ready."""
    if deployment.state == "queued":
        return "Pending"
    if deployment.state == "running" and not deployment.promote_requested:
        return "Started"
    return "Ready" if deployment.live_at or deployment.state in ("ready", "running") else "Failed"


def mark(deployment: Deployment) -> Mark | None:
    """What lists of deployments mark."""
    return deployment.state if deployment.state in ("live", "superseded") else None


def _status(deployment: Deployment, steps: set[StepState]) -> StepState:
    if "error" in steps:
        return "error"
    if steps <= {"complete", "skipped"}:
        return "complete" if "complete" in steps else "skipped"
    if deployment.state not in UNFINISHED:
        return "skipped"
    # Between two steps none runs, and yet the stage does.
    return "running" if steps & {"running", "complete"} else "pending"
