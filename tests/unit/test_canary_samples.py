"""What a canary's step is judged by, out of counters that begin anew with the proxy."""

from typing import Any

from shipway.domain.artifacts import Target
from shipway.domain.strategy import Strategy
from shipway.domain.traffic import Traffic
from shipway.pipeline.steps.canary import _Trial
from shipway.store.rollouts import StoredRollout


def a_trial(then: Traffic) -> _Trial:
    nothing: Any = None
    target = (Target("web.1", "10.0.0.2", 8080),)
    own, old = (StoredRollout(name, "svc", name, "canary", target, ("web.1",)) for name in ("new", "old"))
    made = _Trial(nothing, Strategy("canary"), own, old)
    made._before = {"new": then}
    return made


def test_what_came_before_the_step_does_not_count() -> None:
    sample = a_trial(Traffic(requests=1000, errors_5xx=2))._sample(
        "new", {"new": Traffic(requests=1400, errors_5xx=30)}
    )
    assert (sample.requests, sample.errors_5xx) == (400, 28)


def test_after_a_reload_all_that_is_counted_since_counts_also_once_it_is_more_than_before() -> None:
    trial = a_trial(Traffic(requests=1000, errors_5xx=2))
    counted = [Traffic(requests=n, errors_5xx=e) for n, e in ((1100, 2), (50, 1), (1400, 30))]
    samples = [trial._sample("new", {"new": each}) for each in counted]
    assert [(each.requests, each.errors_5xx) for each in samples] == [(100, 0), (50, 1), (1400, 30)]
