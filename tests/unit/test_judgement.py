"""The new release against the old one: equals are left alone, worse ones are not."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import pytest
from tests.support.canary_runs import Canary, Release, Tail, aborts

from shipway.domain.judgement import Sample, judge
from shipway.domain.latency import Reading, typical

OLD = Sample(9000, 9, 50.0)
TAILS: Sequence[Tail] = ("lognormal", "pareto", "hung")
#: Requests of the new release in a step, and how many whole runs of that.
SIZES = ((50, 10), (200, 4), (500, 2), (2000, 1))


@pytest.mark.parametrize("times", [1, pytest.param(10, marks=pytest.mark.heavy)])
def test_whole_canaries_of_equals_are_aborted_in_at_most_one_percent(times: int) -> None:
    aborted = total = 0
    for rate, steps, tail, (requests, runs) in product((0.0, 0.005, 0.05, 0.2), ((10, 50), (50,)), TAILS, SIZES):
        same = Release(rate)
        aborted += aborts(Canary(same, same, requests, steps, looks=30, tail=tail), times * runs, seed=7)
        total += times * runs
    assert total > 400 * times
    assert aborted / total <= 0.01


@pytest.mark.parametrize("steps", [(10, 50), (50,), (90,)])
def test_looking_often_finds_no_errors_that_are_not_there(steps: Sequence[int]) -> None:
    same = Release(0.05)
    assert aborts(Canary(same, same, 1000, steps, looks=100, tail="none"), 150, seed=7) == 0


@pytest.mark.parametrize(
    ("new", "requests", "share"),
    [(Release(0.05), 300, 10), (Release(0.05), 1000, 50), (Release(0.001, 3), 400, 10), (Release(0.001, 3), 1000, 50)],
)
def test_a_release_that_fails_at_five_percent_or_takes_three_times_as_long_is_aborted(
    new: Release, requests: int, share: int
) -> None:
    canary = Canary(new, Release(0.001), requests, (share,), looks=30)
    assert aborts(canary, 50, seed=7) >= 48


def test_a_release_of_which_everything_fails_is_worse_at_the_first_judgement_whatever_its_share() -> None:
    for old in (5, 100, 900):
        assert judge(Sample(100, 100), Sample(old, 0), sample=100).verdict == "worse"


def test_a_release_is_not_worse_for_failing_less() -> None:
    assert judge(Sample(1000, 0), Sample(1000, 200), sample=100).verdict == "good"


def test_a_rise_that_nobody_would_notice_is_not_worse_however_certain() -> None:
    assert judge(Sample(1_000_000, 6_000), Sample(1_000_000, 2_000), sample=100).verdict == "good"


def test_how_much_more_is_worse_can_be_asked_for() -> None:
    new, old = Sample(10_000, 800), Sample(10_000, 500)
    assert judge(new, old, sample=100).verdict == "worse"
    assert judge(new, old, sample=100, increase=1.0).verdict == "good"


def test_too_few_requests_are_no_ground_for_a_verdict() -> None:
    new = Sample(99, 99)
    assert judge(new, OLD, sample=100).verdict == "too few"
    assert judge(replace(new, requests=100), OLD, sample=100).verdict == "worse"
    assert judge(Sample(0, 0), OLD, sample=0).verdict == "too few"
    assert judge(Sample(1000, 0), Sample(0, 0), sample=100).verdict == "too few"


def test_the_sentence_has_the_figures() -> None:
    assert judge(Sample(250, 12), OLD, sample=100).why == (
        "more 5xx: 12 of 250 requests (4.80 %), against 9 of 9000 (0.10 %) of the old release"
    )
    assert judge(Sample(1000, 1, 151), OLD, sample=100).why == (
        "slower: 151 ms, against 50 ms of the old release over 1000 requests"
    )
    assert judge(Sample(1000, 1, 51), OLD, sample=100).why == (
        "5xx: 1 of 1000 requests (0.10 %), against 9 of 9000 (0.10 %) of the old release; "
        "51 ms, against 50 ms of the old release"
    )
    assert judge(Sample(1, 1), OLD, sample=100).why == "1 request to the new release, 9000 requests to the old one"


def test_milliseconds_that_nobody_would_notice_are_not_slower() -> None:
    assert judge(Sample(5000, 0, 14.0), Sample(5000, 0, 2.0), sample=100).verdict == "good"


def test_an_unknown_latency_is_no_ground_for_a_verdict() -> None:
    assert judge(Sample(1000, 0, None), OLD, sample=100).verdict == "good"
    assert judge(Sample(1000, 0, 5000.0), replace(OLD, latency=None), sample=100).verdict == "good"


def fading(values: Sequence[float], before: tuple[int, float] = (0, 0.0), every: int = 50) -> list[Reading]:
    """What the proxy says while these are answered, at every so many of them."""
    count, mean = before
    readings = [Reading(count, round(mean))]
    for value in values:
        count += 1
        mean += (value - mean) / min(count, 512)
        if count % every == 0:
            readings.append(Reading(count, round(mean)))
    return readings


def test_what_is_typical_is_told_while_the_mean_is_plain_and_when_it_fades() -> None:
    assert typical(fading([40.0] * 200)) == pytest.approx(40, abs=1)
    assert typical(fading([40.0] * 2000)) == pytest.approx(40, abs=1)


def test_what_was_answered_before_the_first_look_does_not_count() -> None:
    assert typical(fading([120.0] * 300, before=(5000, 40.0))) == pytest.approx(120, abs=8)
    assert typical(fading([120.0] * 300, before=(400, 40.0))) == pytest.approx(120, abs=8)


def test_of_several_instances_each_has_a_mean_of_its_own() -> None:
    two = [Reading(2 * each.requests, each.mean) for each in fading([120.0] * 300, before=(5000, 40.0))]
    assert typical(two, instances=2) == pytest.approx(120, abs=8)


def test_one_request_that_hung_is_not_typical() -> None:
    readings = fading([40.0] * 500 + [30_000.0] + [40.0] * 499)
    assert readings[-1].mean > 60, "the proxy's mean is spoilt"
    assert typical(readings) == pytest.approx(40, abs=5)


def test_of_too_few_requests_nothing_is_typical() -> None:
    assert typical([]) is None
    assert typical(fading([40.0] * 74, every=1)) is None
    assert typical(fading([40.0] * 75, every=1)) == 40


def test_a_proxy_that_counts_anew_costs_one_look() -> None:
    assert typical([*fading([40.0] * 100), *fading([40.0] * 100)]) == pytest.approx(40, abs=1)
    assert typical(fading([40.0] * 3000, every=3000) * 3) == pytest.approx(40, abs=1), "a look may come late"
