"""What the cutover bench does, and what it reads off Shipway: the order, the reigns of releases, the leftovers."""

from dataclasses import replace
from typing import Any

import pytest
from bench.cutover_account import History, Reign
from bench.cutover_history import history
from bench.cutover_leftovers import Seen, leftovers
from bench.cutover_operations import OPERATIONS, story

BASE = 1_600_000_000.0


def at(second: float | None) -> str | None:
    return None if second is None else f"2020-09-13T12:26:{40 + second:09.6f}Z"


def deployment(
    number: int,
    release: int | None,
    *,
    asked: float,
    routed: float | None,
    live: float | None,
    ended: float | None = None,
) -> dict[str, Any]:
    steps = [
        {"name": "health", "started_at": at(asked), "finished_at": at(routed)},
        {"name": "route", "started_at": at(routed), "finished_at": at(live)},
    ]
    times = {"created_at": at(asked), "live_at": at(live), "finished_at": at(ended)}
    return {"number": number, "release": release, "steps": steps} | times


FIRST = deployment(1, 1, asked=0, routed=2, live=3)
SECOND = deployment(2, 2, asked=5, routed=7, live=8)


def test_a_release_reigns_from_its_step_route_until_the_next_is_live() -> None:
    told = history([SECOND, FIRST])
    assert told == History((Reign(1, BASE + 2, BASE + 8), Reign(2, BASE + 7)), (BASE + 3, BASE + 8))


def test_a_step_that_a_kill_interrupted_may_have_begun_earlier() -> None:
    assert history([FIRST, SECOND], [BASE + 6]).reigns[1] == Reign(2, BASE + 5)
    assert history([FIRST, SECOND], [BASE + 4, BASE + 9]).reigns[1] == Reign(2, BASE + 7)


def test_what_never_reached_its_step_route_never_reigns() -> None:
    failed = deployment(3, 3, asked=10, routed=None, live=None, ended=12)
    assert history([FIRST, failed]) == history([FIRST])


def test_an_aborted_canary_may_have_answered_from_its_trial_until_it_ended() -> None:
    aborted = deployment(3, 3, asked=10, routed=None, live=None, ended=15)
    aborted["steps"].insert(1, {"name": "canary", "started_at": at(11), "finished_at": at(12)})
    assert history([FIRST, aborted]).reigns == (Reign(1, BASE + 2), Reign(3, BASE + 11, BASE + 15))


def test_an_aborted_canary_drains_from_the_end_of_its_trial_on() -> None:
    aborted = deployment(3, 3, asked=10, routed=None, live=None, ended=15)
    aborted["steps"].insert(1, {"name": "canary", "started_at": at(11), "finished_at": at(12)})
    assert history([FIRST, aborted]).moves == (BASE + 3, BASE + 12)


def test_a_canary_that_went_live_may_have_answered_from_its_trial_on() -> None:
    tried = deployment(2, 2, asked=5, routed=7, live=8)
    tried["steps"].insert(1, {"name": "canary", "started_at": at(6), "finished_at": at(7)})
    assert history([FIRST, tried]).reigns[1] == Reign(2, BASE + 6)


def test_what_failed_in_its_step_route_may_have_answered_until_it_ended() -> None:
    failed = deployment(3, 3, asked=10, routed=11, live=None, ended=12)
    assert history([FIRST, failed]).reigns == (Reign(1, BASE + 2), Reign(3, BASE + 11, BASE + 12))


def test_the_same_seed_tells_the_same_story_and_another_another() -> None:
    assert story(60, 7) == story(60, 7)
    assert story(60, 7) != story(60, 8)
    assert len(story(200, 1)) == 200
    assert len(story(5, 1)) == 5


def test_a_story_that_is_long_enough_has_every_operation() -> None:
    assert {operation.name for operation in story(len(OPERATIONS), 3)} == {operation.name for operation in OPERATIONS}


TIDY = Seen(
    containers={"app.1": True, "app.2": True},
    networks=frozenset({"t.t.production"}),
    stored={"dep_1": frozenset({"app.1", "app.2"})},
    proxied={"dep_1": frozenset({"app.1", "app.2"})},
    stray=frozenset(),
    led_to=frozenset({"dep_1"}),
)


def left(seen: Seen) -> list[str]:
    return leftovers(seen, services=1, networks=frozenset({"t.t.production"}), scale=2)


def test_where_docker_store_and_proxy_agree_nothing_is_left_over() -> None:
    assert left(TIDY) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"containers": {**TIDY.containers, "old.1": False}}, "container without a rollout: old.1"),
        ({"containers": {"app.1": True, "app.2": False}}, "rollout without a running container: app.2"),
        ({"networks": TIDY.networks | {"x"}}, "network that was not there at first: x"),
        ({"proxied": {**TIDY.proxied, "dep_0": frozenset()}}, "set of the proxy without a rollout: dep_0"),
        ({"proxied": {}}, "rollout without a set in the proxy: dep_1"),
        ({"proxied": {"dep_1": frozenset({"app.1"})}}, "server or instance of dep_1 that the other has not: app.2"),
        ({"stray": frozenset({"old.1"})}, "server without a set in the proxy: old.1"),
        ({"led_to": frozenset()}, "set of the proxy that no request is led to: dep_1"),
        ({"stored": {**TIDY.stored, "dep_0": frozenset()}}, "2 rollouts for 1 services"),
        ({"containers": {**TIDY.containers, "app.3": True}}, "3 containers run where 2 are wanted"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_disagreement_is_told(change: dict[str, Any], told: str) -> None:
    assert told in left(replace(TIDY, **change))
