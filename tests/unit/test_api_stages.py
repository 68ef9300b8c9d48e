"""A deployment in other platforms' words (S1.5)."""

from dataclasses import replace

import pytest

from shipway.domain.clock import now
from shipway.domain.deployment import STEPS, Deployment, StepRecord, StepState
from shipway.domain.source import Revision
from shipway.operations.stages import mark, outcome, stages, update_status

QUEUED = Deployment(
    id="dep_1",
    service_id="svc_1",
    number=1,
    action="deploy",
    state="queued",
    trigger="api",
    actor="admin",
    revision=Revision(),
    release_id=None,
    release_number=None,
    failure=None,
    cancel_requested=False,
    created_at=now(),
    started_at=None,
    live_at=None,
    finished_at=None,
)
RUNNING = replace(QUEUED, state="running")
LIVE = replace(QUEUED, state="live", live_at=now())
FAILED = replace(QUEUED, state="failed")


def steps(*states: StepState) -> list[StepRecord]:
    """The nine steps in these states, the rest pending."""
    return [StepRecord(name, (dict(enumerate(states)).get(at, "pending"))) for at, name in enumerate(STEPS)]


@pytest.mark.parametrize(
    ("deployment", "states", "build", "deploy"),
    [
        (QUEUED, [], "pending", "pending"),
        (RUNNING, ["running"], "running", "pending"),
        (RUNNING, ["complete"], "running", "pending"),
        (RUNNING, ["complete"] * 4, "complete", "pending"),
        (RUNNING, ["complete"] * 5, "complete", "running"),
        (RUNNING, ["skipped"] * 4 + ["running"], "skipped", "running"),
        (LIVE, ["complete"] * 8 + ["running"], "complete", "complete"),
        (LIVE, ["complete"] * 8 + ["error"], "complete", "complete"),
        (FAILED, ["complete", "complete", "error"], "error", "skipped"),
        (FAILED, ["complete"] * 6 + ["error"], "complete", "error"),
        (replace(QUEUED, state="cancelled"), [], "skipped", "skipped"),
    ],
)
def test_the_stage_table_sums_up_the_steps(
    deployment: Deployment, states: list[StepState], build: StepState, deploy: StepState
) -> None:
    assert [stage.status for stage in stages(deployment, steps(*states))] == [build, deploy]


def test_a_step_that_only_some_deployments_have_counts_as_one_of_its_stage() -> None:
    failed = [*steps(*["complete"] * 7), StepRecord("canary", "error")]
    assert stages(FAILED, failed)[1].status == "error"


@pytest.mark.parametrize(
    ("deployment", "words"),
    [
        (QUEUED, (None, "Pending", None)),
        (RUNNING, (None, "Started", None)),
        (LIVE, ("active", "Ready", "live")),
        (replace(LIVE, state="superseded"), ("active", "Ready", "superseded")),
        (replace(RUNNING, state="ready"), (None, "Ready", None)),
        (replace(RUNNING, promote_requested=True), (None, "Ready", None)),
        (replace(FAILED, promote_requested=True), ("error", "Failed", None)),
        (FAILED, ("error", "Failed", None)),
        (replace(QUEUED, state="cancelled"), ("error", "Failed", None)),
        (replace(QUEUED, state="superseded"), (None, "Failed", "superseded")),
    ],
)
def test_outcome_update_status_and_mark(deployment: Deployment, words: tuple[object, ...]) -> None:
    assert (outcome(deployment), update_status(deployment), mark(deployment)) == words
