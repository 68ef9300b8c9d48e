"""What is said of a deployment in each of its states."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shipway.domain.artifacts import Health
from shipway.domain.deployment import STEPS, Deployment, DeploymentState, Failure, StepRecord
from shipway.domain.names import ServicePath
from shipway.domain.source import Revision
from shipway.operations.explanation import Explanation
from shipway.operations.history import DeploymentView

AT = datetime(2026, 11, 21, 10, tzinfo=UTC)
PATH = ServicePath("acme", "shop", "production", "api")
REFUSED = Failure("database-refused", "web.1 exited: it can't connect.", "Set it.", ("refused",), "health")


def explained(state: DeploymentState, *, doing: str = "", **changes: object) -> Explanation:
    """A deployment d7 that was made at ten and went on a minute at a time."""
    deployment = Deployment(
        "dep_1", "svc_1", 7, "deploy", state, "cli", "ann", Revision(), None, None, None, False, AT, None, None, None
    )
    steps = tuple(
        StepRecord(
            name, "running" if name == doing else "pending", AT + timedelta(minutes=2) if name == doing else None
        )
        for name in STEPS
    )
    position = changes.pop("position", None)
    known = {name: changes.pop(name) for name in ("health", "serving") if name in changes}
    return Explanation(
        DeploymentView(replace(deployment, **changes), PATH, steps, position=position),  # type: ignore[arg-type]
        **known,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (explained("queued", position=0), "It waits, and is the next of this service."),
        (explained("queued", position=2), "It waits: 2 of this service are before it."),
        (explained("running", doing="build"), "It is under way, in build."),
        (explained("running"), "It is under way, between two steps."),
        (explained("running", doing="health", cancel_requested=True), "under way, in health. It was asked to stop."),
        (
            explained("live", health=Health("GET /_health/ → 200")),
            "It has the traffic: every instance of `web` passed its probe, GET /_health/ → 200.",
        ),
        (explained("live", health=Health("GET / → 302", weak=True)), "GET / → 302. That is weak: only a fallback"),
        (explained("live", health=Health("running")), "no `web`; its processes started"),
        (explained("failed", failure=REFUSED, serving=6), "It failed in health. d6 has the traffic."),
        (explained("failed", failure=REFUSED), "It failed in health. Nothing of this service is live."),
        (explained("cancelled", serving=6), "It was cancelled before traffic moved. d6 has the traffic."),
        (explained("superseded", live_at=AT), "It had the traffic until a later deployment took it over."),
        (explained("superseded"), "gave way to a newer deployment before it began."),
    ],
)
def test_each_state_is_told_in_a_sentence(known: Explanation, said: str) -> None:
    assert said in known.summary


def test_since_when_is_when_the_present_state_began() -> None:
    assert explained("queued").since == AT
    assert explained("running", started_at=AT + timedelta(minutes=1)).since == AT + timedelta(minutes=1)
    assert explained("running", doing="build").since == AT + timedelta(minutes=2)
    assert explained("live", live_at=AT + timedelta(minutes=3)).since == AT + timedelta(minutes=3)
    assert explained("failed", failure=REFUSED, finished_at=AT + timedelta(minutes=4)).since == AT + timedelta(
        minutes=4
    )


def test_the_step_is_the_one_it_is_in_or_failed_in() -> None:
    assert explained("running", doing="push").step == "push"
    assert explained("failed", failure=REFUSED).step == "health"
    assert explained("live").step == ""
