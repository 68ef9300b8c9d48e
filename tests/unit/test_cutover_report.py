"""The cutover report: what is counted, and what it says of it."""

import pytest

from shipway.domain.cutover import Cutover, Drained, cutover, drained
from shipway.domain.traffic import Traffic

THEN = Traffic(in_flight=2, requests=100, errors_5xx=4, connection_errors=1)


def test_only_what_came_since_the_switch_is_counted() -> None:
    after = Traffic(in_flight=0, requests=107, errors_5xx=6, connection_errors=1)
    report = cutover([drained(THEN, after)], Traffic(requests=40, errors_5xx=1))
    assert report == Cutover(old=7, new=40, in_flight=2, drained=2, errors_5xx=3)
    assert report.verdict == "zero-drop proven", "an app's own 5xx came through"


def test_several_old_sets_are_told_together() -> None:
    report = cutover([Drained(2, 1), Drained(3, 4, cut=2)], Traffic(requests=5))
    assert (report.old, report.new, report.in_flight, report.drained, report.cut) == (5, 5, 5, 3, 2)


@pytest.mark.parametrize(
    ("report", "verdict"),
    [
        (Cutover(), "no traffic"),
        (Cutover(new=1), "zero-drop proven"),
        (Cutover(in_flight=1, drained=1), "zero-drop proven"),
        (Cutover(new=9, cut=1), "violated"),
        (Cutover(new=9, broken=1), "violated"),
        (Cutover(new=9, seen=False), "not known"),
        (Cutover(new=9, cut=1, seen=False), "violated"),
    ],
)
def test_the_verdict_is_about_what_was_dropped(report: Cutover, verdict: str) -> None:
    assert report.verdict == verdict
    assert report.summary.startswith(verdict)


@pytest.mark.parametrize("after", [None, Traffic(requests=3)], ids=["gone", "counting anew"])
def test_what_nobody_saw_is_not_claimed(after: Traffic | None) -> None:
    assert cutover([drained(THEN, after)], Traffic()).verdict == "not known"
    assert cutover([drained(None, Traffic())], Traffic()).verdict == "not known"
    assert cutover([drained(Traffic(), Traffic())], None).verdict == "not known"


def test_what_is_still_there_when_the_set_goes_is_cut() -> None:
    assert drained(THEN, Traffic(in_flight=1, requests=100, errors_5xx=4, connection_errors=1)) == Drained(0, 2, cut=1)


@pytest.mark.parametrize(
    ("then", "now", "new", "slowest"),
    [
        (Traffic(requests=9, slowest_ms=50), Traffic(requests=12, slowest_ms=80), 60, 80),
        (Traffic(requests=9, slowest_ms=50), Traffic(requests=12, slowest_ms=50), 60, 60),
        (Traffic(requests=9, slowest_ms=90), Traffic(requests=9, slowest_ms=90), 60, 60),
        (Traffic(requests=9, slowest_ms=90), Traffic(requests=12, slowest_ms=90), 60, 0),
    ],
    ids=["it rose", "it could not be longer", "nothing ended there", "one of those before"],
)
def test_the_slowest_is_told_where_it_was_after_the_switch(then: Traffic, now: Traffic, new: int, slowest: int) -> None:
    report = cutover([drained(then, now)], Traffic(requests=5, slowest_ms=new))
    assert report.slowest_ms == slowest
    assert ("slowest" in report.summary) is bool(slowest)


def test_what_nobody_saw_has_no_slowest() -> None:
    assert cutover([drained(None, Traffic())], Traffic(requests=5, slowest_ms=60)).slowest_ms == 0
