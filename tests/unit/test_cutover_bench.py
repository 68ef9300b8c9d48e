"""The accounts of the cutover bench: a failure that clients saw, or that was done to them, breaks a bound."""

from dataclasses import replace

import pytest
from bench.cutover_account import (
    BYSTANDER,
    CANARY,
    CHANGED,
    Accounts,
    Answer,
    Closed,
    Done,
    History,
    Ledger,
    Lived,
    Lost,
    Reign,
)
from bench.cutover_table import losses, moment, table

HISTORY = History((Reign(1, 0, 100), Reign(2, 99, 200), Reign(3, 199)), (1, 100, 200))
ECHOES = {CHANGED: 5, BYSTANDER: 5}


def accounts(*answers: Answer, lost: tuple[Lost, ...] = (), closed: tuple[Closed, ...] = ()) -> Accounts:
    """Of a run that was good but for these."""
    ledger = Ledger([answer(2, 150, 151), *answers], list(lost), list(closed))
    ledger.echoes.update(ECHOES)
    done = Done(1, "redeploy", "live", expected=True, asked=98, ended=101)
    return Accounts(ledger, [done], {CHANGED: HISTORY}, {CHANGED: 8}, {CHANGED: ("GET",)})


def answer(release: int, began: float, ended: float, service: str = CHANGED) -> Answer:
    return Answer(service, "GET", release, began, ended)


def test_a_run_without_a_loss_breaks_no_bound() -> None:
    assert accounts().broken() == []
    assert losses(accounts()) == []


def test_a_lost_request_breaks_a_bound_and_is_told_with_its_moment() -> None:
    found = accounts(lost=(Lost(CHANGED, "POST 1 MB", "status 503", 100.1, 100.2, "of the proxy"),))
    assert found.broken() == ["1 requests failed"]
    assert "status 503 of the proxy" in losses(found)[0]
    assert "ended 0.200 s after traffic had moved; in #1 redeploy" in losses(found)[0]
    assert "| POST 1 MB | 0 | 0 | 0 | 1 |" in table(found, 0)
    assert "| **requests failed** | 1 |" in table(found, 0)


@pytest.mark.parametrize(
    ("release", "began", "ended"),
    [(1, 99, 99.5), (1, 99.9, 103), (2, 98, 99.1), (2, 200, 203), (3, 1000, 1001)],
    ids=["before the move", "in flight at it", "the new one at once", "at the very end", "the last"],
)
def test_releases_answer_while_they_have_traffic(release: int, began: float, ended: float) -> None:
    assert accounts(answer(release, began, ended)).lost == []


@pytest.mark.parametrize(
    ("release", "began", "ended"),
    [(1, 100.1, 100.2), (2, 97, 98.9), (4, 150, 151)],
    ids=["after the move", "a candidate", "one that failed"],
)
def test_an_answer_of_a_release_without_traffic_is_lost(release: int, began: float, ended: float) -> None:
    found = accounts(answer(release, began, ended))
    assert [lost.why for lost in found.lost] == ["answered out of turn"]
    assert found.broken() == ["1 requests failed"]


def test_an_answer_of_a_service_without_a_history_is_lost() -> None:
    assert len(accounts(answer(1, 1, 2, service="stranger")).lost) == 1


def test_a_websocket_may_be_closed_a_drain_timeout_after_traffic_has_moved() -> None:
    assert accounts(closed=(Closed(CHANGED, 1, 50, 108),)).cut_early == []


@pytest.mark.parametrize(
    ("opened", "closed"), [(50, 107.9), (50, 90), (101, 150)], ids=["too soon", "before any move", "after the last"]
)
def test_a_websocket_that_is_cut_before_that_breaks_a_bound(opened: float, closed: float) -> None:
    found = accounts(closed=(Closed(CHANGED, 1, opened, closed),))
    assert found.broken() == ["1 websockets were cut before the drain timeout"]


def test_a_websocket_of_the_bystander_may_never_be_closed() -> None:
    found = accounts(closed=(Closed(BYSTANDER, 1, 50, 500, "closed"),))
    assert found.broken() == ["1 websockets of the bystander were closed"]
    assert losses(found) == [f"closed: {BYSTANDER} v1 at 500.000, opened 450.00 s before: closed"]


def test_an_operation_that_ends_otherwise_than_it_must_breaks_a_bound() -> None:
    odd = Done(2, "restart", "failed", expected=False, asked=1, ended=2, detail="d9 app-exited")
    found = replace(accounts(), operations=[odd])
    assert found.broken() == ["1 operations did not end as they must"]
    assert losses(found) == ["unexpected: #2 restart: failed d9 app-exited"]


def test_leftovers_break_a_bound() -> None:
    assert replace(accounts(), leftovers=("container x",)).broken() == ["left over at the end: container x"]


def test_what_was_never_answered_proves_nothing() -> None:
    found = replace(accounts(), asked={CHANGED: ("GET", "SSE")})
    assert found.broken() == [f"never answered: {CHANGED}, SSE"]


def test_websockets_that_never_spoke_prove_nothing() -> None:
    found = accounts()
    del found.ledger.echoes[BYSTANDER]
    assert found.broken() == [f"no websocket of {BYSTANDER} ever spoke"]


@pytest.mark.parametrize(
    ("lived", "told"),
    [
        (Lived("ignores SIGTERM", 5, 5, {137: 5}, 137), []),
        (Lived("ignores SIGTERM", 4, 5, {137: 5}, 137), ["4 of 5 redeploys of what ignores SIGTERM went live"]),
        (Lived("ignores SIGTERM", 5, 5, {0: 5}, 137), ["what ignores SIGTERM ended with 5 × 0"]),
        (Lived("ignores SIGTERM", 5, 5, {}, 137), ["what ignores SIGTERM ended with nothing"]),
    ],
    ids=["as it must", "not live", "another end", "no end"],
)
def test_an_app_must_have_made_its_end_as_difficult_as_it_says(lived: Lived, told: list[str]) -> None:
    assert replace(accounts(), stubborn=[lived]).broken() == told


def test_the_moment_of_a_loss_outside_all_operations_is_told() -> None:
    assert moment(accounts(), Lost(CHANGED, "GET", "x", 300, 301)).endswith("in no operation")


def test_aborted_canaries_that_nobody_met_prove_nothing() -> None:
    aborted = Done(2, CANARY, "cancelled", expected=True, asked=1, ended=2, release=9)
    found = replace(accounts(), operations=[aborted])
    assert found.broken() == ["none of 1 aborted canaries had a request"]
    met = replace(found, operations=[replace(aborted, release=2)])
    assert (met.broken(), met.by_canaries) == ([], 1)
