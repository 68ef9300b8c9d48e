"""When a live instance is asked, taken out and started again."""

from dataclasses import replace
from itertools import pairwise

import pytest

from shipway.domain.artifacts import Target
from shipway.domain.backoff import LONGEST, QUIET, Backoff
from shipway.domain.probe import Liveness, Probe, Question, readiness
from shipway.domain.restart import exit_reason
from shipway.worker.charge import Charge, Post

LIVENESS = Liveness(path="/livez", interval=10, failures=3)


def a_charge(*, failures: int = 3, startup: float = 60) -> Charge:
    post = Post("dep", "svc", Question(0, "/", (200,)), 5.0, failures, LIVENESS, startup, 30.0)
    return Charge(post, "host", Target("web.1", "10.0.0.2", 8080), unready=False, since=0.0)


def test_pauses_double_up_to_five_minutes_and_are_short_again_after_a_quiet_while() -> None:
    backoff, now, pauses = Backoff(), 0.0, []
    for _ in range(12):
        assert backoff.allows(now)
        backoff = backoff.restarted(now)
        assert not backoff.allows(now + backoff.pause - 0.01)
        now += backoff.pause
        pauses.append(backoff.pause)
    assert pauses[:5] == [1, 2, 4, 8, 16]
    assert pauses[-1] == LONGEST == 300
    assert backoff.restarted(now + QUIET).pause == 1


def test_one_that_hangs_again_and_again_is_started_less_and_less_often() -> None:
    charge, at = a_charge(), []
    for now in range(10_000):
        if charge.liveness_is_due(now):
            # It comes up well and hangs from its second answer on.
            charge.answered_liveness(not charge.alive, now)
        if charge.is_to_be_restarted(now):
            at.append(now)
            charge.backoff = charge.backoff.restarted(now)
            charge.began_again(now)
    pauses = [later - earlier for earlier, later in pairwise(at)]
    assert pauses[0] < 60
    assert LONGEST <= pauses[-1] < LONGEST + 60


def test_only_failures_in_a_row_count() -> None:
    charge = a_charge()
    for passed in (False, False, True, False, False):
        charge.answered_readiness(passed, 0)
        charge.answered_liveness(passed, 0)
    assert not charge.is_to_be_taken_out()
    assert not charge.is_to_be_restarted(1)
    charge.answered_readiness(False, 0)
    charge.answered_liveness(False, 0)
    assert charge.is_to_be_taken_out()
    assert charge.is_to_be_restarted(1)


def test_one_that_has_not_come_up_yet_has_its_startup_time() -> None:
    charge = a_charge(startup=60)
    for _ in range(9):
        charge.answered_liveness(False, 0)
    assert not charge.is_to_be_restarted(59)
    assert charge.is_to_be_restarted(60)


def test_one_that_is_busy_is_not_asked_twice() -> None:
    charge = a_charge()
    assert charge.is_due(0)
    charge.busy = True
    assert not charge.is_due(0)


def test_a_command_that_runs_keeps_no_other_question_waiting_and_is_not_run_twice() -> None:
    charge = a_charge()
    charge.post = replace(charge.post, question=Question(command="check"))
    assert charge.run_is_due(0)
    charge.running = True
    assert not charge.run_is_due(0)
    assert charge.is_due(0), "liveness is"
    charge.answered_liveness(True, 0)
    assert not charge.is_due(0)


def test_intervals_differ_a_little_so_that_not_all_are_asked_at_once() -> None:
    times = set()
    for _ in range(20):
        charge = a_charge()
        charge.answered_readiness(True, 100)
        times.add(charge.next_readiness)
    assert len(times) > 10
    assert all(104.5 <= each <= 105.5 for each in times)


@pytest.mark.parametrize(
    ("probe", "weak", "question"),
    [
        (Probe(path="/up", port=9, success=(204,)), False, Question(9, "/up", (204,))),
        (Probe(), False, Question(0, "/_health/", (200,))),
        (Probe(), True, Question(0)),
        (Probe("tcp", port=5432), False, Question(5432)),
        (Probe("none"), True, None),
        (Probe(path="/up", failures=0), False, None),
    ],
)
def test_what_passed_at_the_deployment_is_asked_on(probe: Probe, weak: bool, question: Question | None) -> None:
    assert readiness(probe, weak=weak) == question


@pytest.mark.parametrize(
    ("code", "oom", "told"),
    [
        (1, False, "exit code 1"),
        (139, False, "exit code 139 (SIGSEGV)"),
        (137, True, "out of memory"),
        (None, False, "ended"),
        (255, False, "exit code 255"),
    ],
)
def test_an_end_is_told_in_words(code: int | None, oom: bool, told: str) -> None:
    assert exit_reason(code, oom_killed=oom) == told
