"""Times, durations and states as people read them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipway.domain.clock import now
from shipway.domain.deployment import OPTIONAL_STEPS, STEPS, StepRecord
from shipway.domain.vitals import Vitals
from shipway.domain.workload import Instance, Owner
from shipway.web import states
from shipway.web.timeline import WIDTH, bars
from shipway.web.words import ago, lasting, purpose

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(5, "just now"), (60, "1 min ago"), (3599, "59 min ago"), (7200, "2 h ago"), (86_400 * 40, "40 d ago")],
)
def test_a_moment_is_said_by_its_age(seconds: int, said: str) -> None:
    assert ago(now() - timedelta(seconds=seconds)) == said.replace(" ", "\u00a0" if said != "just now" else " ")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-1, "0 ms"),
        (0.02, "20 ms"),
        (0.9996, "1.0 s"),
        (1.44, "1.4 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min 0 s"),
        (200, "3 min 20 s"),
        (3600, "1 h 0 min"),
        (90_000, "25 h 0 min"),
    ],
)
def test_a_duration_is_said_as_exactly_as_it_matters(seconds: float, said: str) -> None:
    assert lasting(seconds) == said.replace(" ", "\u00a0")


def test_every_step_says_what_it_is_for() -> None:
    assert all(purpose(step) for step in (*STEPS, *OPTIONAL_STEPS, "abandon"))


def test_a_step_that_was_never_reached_does_not_wait_for_ever() -> None:
    step = StepRecord("route", "pending")
    assert states.of_step(step, over=False).text == "pending"
    assert states.of_step(step, over=True).text == "not reached"


def test_an_instance_says_how_it_ended() -> None:
    ended = Instance("web.1", Owner("svc", "dep"), "exited", "", exit_code=3)
    killed = Instance("web.1", Owner("svc", "dep"), "exited", "", exit_code=137, oom_killed=True)
    told = [states.of_instance(each, Vitals(unready=frozenset({"web.1"}))).text for each in (ended, killed)]
    assert told == ["Exited with 3", "Out of memory"]


def test_an_instance_that_runs_and_gets_no_requests_is_not_ready() -> None:
    running = Instance("web.1", Owner("svc", "dep"), "running", "10.0.0.2")
    assert states.of_instance(running, Vitals()).text == "Running"
    assert states.of_instance(running, Vitals(unready=frozenset({"web.1"}))).text == "Not ready"


def step(name: str, start: float, end: float | None) -> StepRecord:
    finish = None if end is None else NOON + timedelta(seconds=end)
    return StepRecord(name, "complete" if end is not None else "running", NOON + timedelta(seconds=start), finish)


def test_the_bars_show_where_the_time_went() -> None:
    seen = bars((step("clone", 0, 10), step("build", 10, 90), step("push", 90, None)), NOON + timedelta(seconds=100))
    assert {name: (bar.start, bar.length) for name, bar in seen.items()} == {
        "clone": (0, 10),
        "build": (10, 80),
        "push": (90, 10),
    }


def test_what_has_not_begun_has_no_bar() -> None:
    assert bars((StepRecord("clone", "pending"), StepRecord("build", "skipped")), NOON) == {}


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)), min_size=1, max_size=9))
def test_a_bar_is_always_seen_and_never_leaves_the_line(spans: list[tuple[float, float]]) -> None:
    steps = tuple(step(f"s{index}", start, start + length) for index, (start, length) in enumerate(spans))
    for bar in bars(steps, NOON).values():
        assert bar.length > 1
        assert 0 <= bar.start <= bar.start + bar.length <= WIDTH + 0.01
