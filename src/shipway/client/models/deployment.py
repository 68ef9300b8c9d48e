"""Deployments."""

from typing import Literal, NotRequired, TypedDict

from shipway.client.models.plan import ImageOrigin, Plan

StepState = Literal["pending", "running", "complete", "error", "skipped"]


class Failure(TypedDict):
    """Why a deployment failed."""

    code: str
    message: str
    hint: str
    evidence: list[str]
    step: str


class Step(TypedDict):
    """One step of a deployment."""

    name: str
    state: StepState
    started_at: str | None
    finished_at: str | None
    seconds: float | None
    summary: str


class Cutover(TypedDict):
    """What a switch of traffic did to requests."""

    verdict: str
    old: int
    new: int
    in_flight: int
    drained: int
    cut: int
    errors_5xx: int
    broken: int
    slowest_ms: int
    interrupted: bool
    asked: int
    lost: int


class Guarded(TypedDict):
    """What the guard saw after the switch."""

    verdict: str
    why: str
    undone_by: int | None


class Rebuild(TypedDict):
    """A pruned image that a rollback builds again; `rebuilt` is `reproduced`, `differs`, or nothing yet."""

    release: int
    revision: str
    rebuilt: str | None
    otherwise: list[str]


class Deployment(TypedDict):
    """One attempt to make a release live; `steps`, `plan`, `cutover` and `position` are left out in lists."""

    id: str
    number: int
    service: str
    action: str
    state: str
    status_label: str
    trigger: str
    actor: str
    revision: dict[str, str]
    release: int | None
    failure: Failure | None
    weakly_verified: str
    cancel_requested: bool
    promote_requested: bool
    require_zero_downtime: bool
    created_at: str
    started_at: str | None
    live_at: str | None
    finished_at: str | None
    image_from: ImageOrigin | None
    rebuild: Rebuild | None
    built_for: list[str]
    guarded: Guarded | None
    steps: NotRequired[list[Step]]
    plan: NotRequired[Plan | None]
    cutover: NotRequired[Cutover | None]
    position: NotRequired[int | None]


class DeploymentPage(TypedDict):
    """Some deployments, newest first."""

    deployments: list[Deployment]
    next_before: int | None
