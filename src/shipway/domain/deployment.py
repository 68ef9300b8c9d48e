"""The deployment: one attempt to make a release live (S1.2), its states (S1.4) and the names others use for them (S1.5)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shipway.domain.origin import ImageOrigin
from shipway.domain.rebuild import Rebuild
from shipway.domain.source import Revision

DeploymentState = Literal["queued", "running", "ready", "live", "superseded", "failed", "cancelled"]
#: `config`: the release that is live, with the config files of today; `promote`: another service's image; `reconfigure`: what
#: is live, with all of today's config.
Action = Literal["deploy", "rollback", "restart", "scale", "config", "promote", "reconfigure"]
StepState = Literal["pending", "running", "complete", "error", "skipped"]

#: The steps, named the same in code, log, API and UI (S6.1).
STEPS = ("clone", "analyze", "build", "push", "release", "deploy", "health", "route", "finalize")
SOURCE_STEPS = STEPS[:4]
#: Between health and route, where the plan has them.
OPTIONAL_STEPS = ("canary", "promotion", "handover")
#: Before these begin, a deployment can be cancelled and leaves the previous one untouched.
POINT_OF_NO_RETURN = "route"

#: Actions that bring code that the service has not run before.
BRING_CODE: tuple[Action, ...] = ("deploy", "promote")
#: Actions that bring what the service has not run before, code or config: tried out, watched over, preceded by the release
#: command.
BRING_NEW: tuple[Action, ...] = (*BRING_CODE, "reconfigure")

UNFINISHED: tuple[DeploymentState, ...] = ("queued", "running", "ready")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a deployment failed, for people and for programs."""

    code: str
    message: str
    hint: str = ""
    evidence: tuple[str, ...] = ()
    #: Step in which it failed.
    step: str = ""


@dataclass(frozen=True, slots=True)
class Guarded:
    """What a deployment's guard came to."""

    verdict: Literal["good", "warned", "undone"]
    #: A sentence with the figures.
    why: str = ""
    #: Number of the deployment that undid it.
    undone_by: int | None = None


@dataclass(frozen=True, slots=True)
class Deployment:
    """One attempt to make a release live."""

    id: str
    service_id: str
    #: Counted per service: `d57`.
    number: int
    action: Action
    state: DeploymentState
    #: `cli`, `api`, `dashboard`, …
    trigger: str
    #: Who asked, as shown to people.
    actor: str
    revision: Revision
    #: The release it makes live; known from the start for a rollback or restart, else once it is made.
    release_id: str | None
    release_number: int | None
    failure: Failure | None
    cancel_requested: bool
    created_at: datetime
    started_at: datetime | None
    live_at: datetime | None
    finished_at: datetime | None
    #: Set when nothing strict vouches for its health (S7.2): the hint to show.
    weakly_verified: str = ""
    #: Somebody said that a blue-green deployment that is ready may have the traffic.
    promote_requested: bool = False
    #: It is to fail rather than to interrupt the service.
    zero_downtime: bool = False
    #: What the guard saw after it went live; `None` while there is nothing to tell.
    guarded: Guarded | None = None
    #: Release whose image its own release takes, with today's config; `None` where it builds, or takes a release itself.
    image_from: ImageOrigin | None = None
    #: Of a rollback whose release's image was pruned: how it gets it again, and what came of it.
    rebuild: Rebuild | None = None
    #: Of a `reconfigure`: names of the build-time vars and build secrets that are otherwise than the live image was built with,
    #: so that what is live is built again; none: it takes the live image. Decided when it runs, until then what is expected.
    built_for: tuple[str, ...] = ()

    @property
    def builds(self) -> bool:
        """Whether it builds an image from source: a new one, or what is live or was pruned again."""
        return self.action == "deploy" or self.rebuild is not None or bool(self.built_for)

    @property
    def makes_release(self) -> bool:
        """Whether it is to make a new release, rather than taking an existing one."""
        return self.action in ("deploy", "reconfigure") or self.image_from is not None

    @property
    def brings_code(self) -> bool:
        """Whether the code that it makes live is new to the service."""
        return self.action in BRING_CODE

    @property
    def brings_new(self) -> bool:
        """Whether what it makes live is new to the service."""
        return self.action in BRING_NEW


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step of one deployment, as the journal has it."""

    name: str
    state: StepState
    started_at: datetime | None = None
    finished_at: datetime | None = None
    #: One line on how it went, for the table.
    summary: str = ""


def status_label(state: DeploymentState, step: str) -> str:
    """Building / Pushing / Deploying / Running / Failed, as other platforms name it."""
    if state in ("live", "superseded"):
        return "Running" if state == "live" else "Superseded"
    if state in ("failed", "cancelled", "queued", "ready"):
        return state.capitalize()
    return {"clone": "Building", "analyze": "Building", "build": "Building", "push": "Pushing"}.get(step, "Deploying")
