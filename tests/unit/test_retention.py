"""Which images go: never one that is needed, whatever the numbers say."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipway.domain.retention import USES, KnownImage, Retention, Use, decide

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def image(number: int, **of: object) -> KnownImage:
    """The image of one build, some days old."""
    made = KnownImage(f"registry/acme/api@sha256:{number:064}", f"sha256:{number:064}", f"v{number}", "own")
    return replace(made, builds=(number,), created_at=NOW - timedelta(days=1000 - number), **of)  # type: ignore[arg-type]


def reasons(images: list[KnownImage], retention: Retention) -> dict[str, str]:
    return {each.image.label: each.reason for each in decide(images, retention, NOW)}


uses = st.frozensets(st.sampled_from(USES), max_size=3)
made = st.builds(
    lambda uses, origin, given_up, removed, age: {
        "uses": uses,
        "origin": origin,
        "given_up": given_up,
        "removed": removed,
        "created_at": NOW - timedelta(hours=age),
    },
    uses,
    st.sampled_from(("own", "own", "own", "elsewhere", "foreign")),
    st.booleans(),
    st.booleans(),
    st.integers(0, 5000),
)
images = st.lists(made, max_size=12).map(
    lambda all_of_them: [replace(image(number), **each) for number, each in enumerate(all_of_them, 1)]
)
retentions = st.builds(Retention, st.integers(0, 13), st.integers(0, 200))


@given(images, retentions)
def test_nothing_goes_that_is_in_use_or_not_the_services_own(known: list[KnownImage], retention: Retention) -> None:
    for verdict in decide(known, retention, NOW):
        if verdict.image.uses or verdict.image.origin != "own":
            assert verdict.fate != "goes"
        assert (verdict.fate == "gone") == verdict.image.removed
        assert verdict.why


@given(images, retentions)
def test_as_many_stay_as_are_to_be_kept_and_all_that_are_young(known: list[KnownImage], retention: Retention) -> None:
    there = [each for each in known if each.prunable]
    going = [each.image for each in decide(known, retention, NOW) if each.fate == "goes"]
    surplus = [each for each in going if each.prunable]
    if not retention.limited:
        assert not surplus
    assert len(there) - len(surplus) >= min(len(there), retention.keep)
    assert all(each.created_at and NOW - each.created_at >= timedelta(days=retention.days) for each in surplus)
    kept = [each for each in there if each not in surplus]
    # Of two that nothing needs, the older one goes first.
    newest = sorted(there, key=lambda each: each.builds, reverse=True)[: retention.keep]
    assert not retention.limited or all(each in kept for each in newest)


@given(images, retentions)
def test_what_was_decided_is_decided_no_further_once_it_is_done(known: list[KnownImage], retention: Retention) -> None:
    before = decide(known, retention, NOW)
    after = [replace(v.image, given_up=True, removed=True) if v.fate == "goes" else v.image for v in before]
    assert not [each for each in decide(after, retention, NOW) if each.fate == "goes"]


@given(images, retentions)
def test_what_a_crash_left_behind_goes_with_the_next_prune(known: list[KnownImage], retention: Retention) -> None:
    going = {v.image.reference for v in decide(known, retention, NOW) if v.fate == "goes"}
    left = [replace(each, given_up=True) if each.reference in going else each for each in known]
    assert {v.image.reference for v in decide(left, Retention(), NOW) if v.fate == "goes"} == going | {
        each.reference
        for each in known
        if each.given_up and not each.removed and not each.uses and each.origin == "own"
    }


@pytest.mark.parametrize("use", USES)
def test_what_it_is_used_for_is_the_reason(use: Use) -> None:
    assert reasons([image(1, uses=frozenset({use})), image(2)], Retention(1)) == {"v1": use, "v2": "newest"}


def test_the_newest_stay_and_those_younger_than_the_days_given() -> None:
    known = [image(4), image(3), image(2), image(1)]
    assert reasons(known, Retention(2)) == {"v4": "newest", "v3": "newest", "v2": "surplus", "v1": "surplus"}
    assert reasons(known, Retention(1, days=998)) == {"v4": "newest", "v3": "young", "v2": "surplus", "v1": "surplus"}
    assert set(reasons(known, Retention()).values()) == {"newest"}


def test_the_image_that_was_built_last_is_the_newest_whenever_it_was_built_first() -> None:
    again = replace(image(1), builds=(9, 1), label="v9")
    assert reasons([again, image(5)], Retention(1)) == {"v9": "newest", "v5": "surplus"}
