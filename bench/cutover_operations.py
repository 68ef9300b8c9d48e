"""What `bench.cutover` does to a service, as data: how each operation is asked for, followed up, and how it must end."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any

from bench.cutover_account import CANARY
from bench.cutover_stage import ENDED, Refused, Stage

Ask = Callable[[Stage], str]
FollowUp = Callable[[Stage, str], None]

#: Seconds that an operation takes, about: random moments are taken from so long.
SPAN = 2.5


@dataclass(frozen=True)
class Operation:
    """One kind."""

    name: str
    #: How often it comes up, beside the others.
    weight: int
    #: Asks for it; returns the deployment's id.
    ask: Ask
    #: States in which its deployment may end.
    ends: frozenset[str]
    #: What is said to it later.
    follow_up: FollowUp | None = None
    #: What the API must be able to do to its deployment.
    needs: str = ""
    #: Setting of the service for the time of it, which this Shipway may not have.
    strategy: tuple[tuple[str, object], ...] = ()


def story(count: int, seed: int) -> list[Operation]:
    """`count` operations in random order: each kind once, if there are so many, the rest by weight."""
    random = Random(seed)
    once = random.sample(OPERATIONS, len(OPERATIONS))
    weights = [operation.weight for operation in OPERATIONS]
    drawn = (once + random.choices(OPERATIONS, weights, k=max(0, count - len(once))))[:count]
    return random.sample(drawn, len(drawn))


def redeploy(stage: Stage) -> str:
    """From changed source."""
    return stage.deploy()


def rollback(stage: Stage) -> str:
    """To the release that was live before."""
    return stage.pipeline("rollback", {})


def rollback_to_version(stage: Stage) -> str:
    """To one of the last ten that were live, the present one included."""
    return stage.pipeline("rollback", {"version": stage.random.choice(stage.releases()[:10])})


def restart(stage: Stage) -> str:
    """New instances of the same release."""
    return str(stage.call("POST", f"{stage.url}/restart")["id"])


def scale(stage: Stage) -> str:
    """To one, two or three."""
    answer = stage.call("PUT", f"{stage.url}/scale", {"web": stage.random.randint(1, 3)})
    return str(answer["deployment"]["id"])


def crash(stage: Stage) -> str:
    """A release that exits at once."""
    return stage.deploy("crash")


def deaf(stage: Stage) -> str:
    """A release that never listens."""
    return stage.deploy("deaf")


def ill(stage: Stage) -> str:
    """A release whose health check answers 500."""
    return stage.deploy("ill")


def cancel(stage: Stage, deployment_id: str) -> None:
    """Where it can be; too late is no failure."""
    with suppress(Refused):
        stage.call("POST", f"/deployments/{deployment_id}/cancel")


def cancel_soon(stage: Stage, deployment_id: str) -> None:
    """At a random moment."""
    stage.pause(stage.random.uniform(0, SPAN / 2))
    cancel(stage, deployment_id)


def cancel_when_ready(stage: Stage, deployment_id: str) -> None:
    """Once the new set is up and waits for a word."""
    if stage.wait(deployment_id, ("ready",))["state"] == "ready":
        stage.call("POST", f"/deployments/{deployment_id}/cancel")


def promote_when_ready(stage: Stage, deployment_id: str) -> None:
    """Once the new set is up and waits for a word."""
    path = stage.path_of("promote")
    if stage.wait(deployment_id, ("ready",))["state"] == "ready":
        stage.call("POST", path.format(deployment=deployment_id))


def abort_canary(stage: Stage, deployment_id: str) -> None:
    """Once it has had requests for a while: they all go back to the old release in one act."""
    if stage.until(lambda: _tried(stage.deployment(deployment_id)))["state"] not in ENDED:
        stage.pause(stage.random.uniform(0.5, 3))
        stage.call("POST", f"/deployments/{deployment_id}/cancel")


def _tried(deployment: dict[str, Any]) -> dict[str, Any] | None:
    """It, once it is on trial or has ended without."""
    begun = any(step["name"] == "canary" and step["started_at"] for step in deployment["steps"])
    return deployment if begun or deployment["state"] in ENDED else None


LIVE, FAILED, CANCELLED = (frozenset({state}) for state in ("live", "failed", "cancelled"))
_MANUAL = (("type", "bluegreen"), ("promote", "manual"))
#: A minute of a fifth of the requests, judged by nobody in that time.
_CANARY = (("type", "canary"), ("steps", [20]), ("interval", 60.0))

OPERATIONS = (
    Operation("redeploy", 8, redeploy, LIVE),
    Operation("rollback to the previous release", 4, rollback, LIVE),
    Operation("rollback to a version", 3, rollback_to_version, LIVE),
    Operation("restart", 3, restart, LIVE),
    Operation("scale", 3, scale, LIVE),
    Operation("deploy that crashes at start", 2, crash, FAILED),
    Operation("deploy that never listens", 1, deaf, FAILED),
    Operation("deploy whose health check fails", 1, ill, FAILED),
    Operation("deploy cancelled at a random moment", 3, redeploy, CANCELLED | LIVE, cancel_soon),
    Operation(CANARY, 3, redeploy, CANCELLED, abort_canary, strategy=_CANARY),
    Operation("blue-green, promoted", 2, redeploy, LIVE, promote_when_ready, "promote", _MANUAL),
    Operation("blue-green, cancelled", 2, redeploy, CANCELLED, cancel_when_ready, strategy=_MANUAL),
)
