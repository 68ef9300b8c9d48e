"""How states look: a tone, an icon and a word each, because colour alone tells nothing to many."""

from dataclasses import dataclass

from shipway.domain.deployment import UNFINISHED, Deployment, StepRecord
from shipway.domain.service import ServiceState
from shipway.domain.vitals import Vitals
from shipway.domain.workload import Instance


@dataclass(frozen=True, slots=True)
class Look:
    """`tone` is a class of the style sheet, `icon` a macro's argument, `text` what people read."""

    tone: str
    icon: str
    text: str


_SERVICE = {
    "running": Look("ok", "live", "Running"),
    "deploying": Look("busy", "turning", "Deploying"),
    "degraded": Look("warn", "warning", "Degraded"),
    "failed": Look("bad", "cross", "Failed"),
    "stopped": Look("idle", "dash", "Stopped"),
}
_DEPLOYMENT = {
    "queued": Look("idle", "clock", "Queued"),
    "running": Look("busy", "turning", "In progress"),
    "ready": Look("busy", "clock", "Ready"),
    "live": Look("ok", "live", "Live"),
    "superseded": Look("idle", "check", "Superseded"),
    "failed": Look("bad", "cross", "Failed"),
    "cancelled": Look("idle", "dash", "Cancelled"),
}
_STEP = {
    "pending": Look("idle", "ring", "pending"),
    "running": Look("busy", "turning", "running"),
    "complete": Look("ok", "check", "complete"),
    "error": Look("bad", "cross", "failed"),
    "skipped": Look("idle", "dash", "skipped"),
}
_INSTANCE = {
    "starting": Look("busy", "turning", "Starting"),
    "running": Look("ok", "live", "Running"),
    "exited": Look("bad", "cross", "Exited"),
}
_UNREADY = Look("warn", "warning", "Not ready")
_NEVER_BEGAN = Look("idle", "dash", "not reached")
_CANCELLING = Look("busy", "turning", "Cancelling")


def of_service(state: ServiceState) -> Look:
    """A service's."""
    return _SERVICE[state]


def of_deployment(deployment: Deployment, label: str = "") -> Look:
    """A deployment's; `label` is the better word for a running one, such as Building."""
    known = _DEPLOYMENT[deployment.state]
    if deployment.state in UNFINISHED and deployment.cancel_requested:
        return _CANCELLING
    return Look(known.tone, known.icon, label) if label and deployment.state == "running" else known


def of_step(step: StepRecord, *, over: bool) -> Look:
    """A step's; one that has not begun when all is over never will."""
    return _NEVER_BEGAN if over and step.state == "pending" else _STEP[step.state]


def of_instance(instance: Instance, vitals: Vitals) -> Look:
    """An instance's, with how it ended."""
    if instance.state == "running" and instance.name in vitals.unready:
        return _UNREADY
    if instance.state != "exited":
        return _INSTANCE[instance.state]
    ending = "Out of memory" if instance.oom_killed else f"Exited with {instance.exit_code}"
    return Look("bad", "cross", ending)
