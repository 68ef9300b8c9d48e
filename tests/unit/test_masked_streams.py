"""No secret in a text that is shown, wherever the stream that brought it was cut."""

import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import shipway
from shipway.domain.masking import MASK, SHORTEST, Masking

#: Texts and secrets of different alphabets: what is left of a secret can be told.
PLAIN = st.text(string.ascii_lowercase + " ", max_size=30)
SECRETS = st.lists(st.text(string.digits, min_size=SHORTEST, max_size=12), min_size=1, max_size=3)


@st.composite
def cut_texts(draw: st.DrawFn) -> tuple[list[str], str, list[str]]:
    """Secrets, a text with some of them, and the text in pieces."""
    secrets = draw(SECRETS)
    parts = draw(st.lists(st.one_of(PLAIN, st.sampled_from(secrets)), min_size=1, max_size=6))
    text = " ".join(parts)
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    return secrets, text, [text[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


@given(cut_texts())
def test_of_a_secret_that_was_cut_at_most_its_first_three_characters_are_shown(
    given_text: tuple[list[str], str, list[str]],
) -> None:
    secrets, text, pieces = given_text
    mask = Masking(secrets).lines()
    shown = "".join(mask(piece) for piece in pieces)
    left = "".join(each if each.isdigit() else " " for each in shown).split()
    assert all(len(each) < SHORTEST for each in left), shown
    assert not any(secret in shown for secret in secrets)
    assert [each for each in shown if each.isalpha()] == [each for each in text if each.isalpha()]


@given(SECRETS, st.lists(st.one_of(PLAIN, st.text(string.digits, max_size=9)), max_size=6))
def test_no_secret_is_left_in_a_whole_text_however_they_overlap(secrets: list[str], parts: list[str]) -> None:
    shown = Masking(secrets)("".join(parts))
    assert not any(secret in shown for secret in secrets)


def test_what_overlaps_is_masked_as_one() -> None:
    assert Masking(["abcdef", "defghi"])("x abcdefghi y") == f"x {MASK} y"


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        (["it is hunter", "2-again, so"], ["it is •••", "•••, so"]),
        (["it is hu", "nter2-again"], ["it is hu", "•••"]),
        (["hunt", "er2-", "again!"], ["•••", "•••", "•••!"]),
        (["hunt", "", "er2-again"], ["•••", "", "•••"]),
        (["the hunter", "came home"], ["the •••", "came home"]),
    ],
)
def test_a_secret_over_several_lines_of_a_stream_is_masked_in_each(pieces: list[str], shown: list[str]) -> None:
    mask = Masking(["hunter2-again"]).lines()
    assert [mask(piece) for piece in pieces] == shown


def test_a_line_may_end_in_the_scheme_of_an_address_that_is_secret() -> None:
    mask = Masking(["postgres://ada:pw@db/shop"]).lines()
    assert mask("connecting to postgres") == "connecting to postgres"
    assert mask("to postgres://ada") == "to •••"
    assert mask(":pw@db/shop now") == "••• now"


def test_streams_don_t_know_of_one_another() -> None:
    masking = Masking(["hunter2"])
    first, second = masking.lines(), masking.lines()
    assert (first("hu"), second("nter2")) == ("hu", "nter2")


def test_nothing_reads_what_instances_say_but_what_masks_it() -> None:
    source = Path(shipway.__file__).parent
    readers = [path for path in source.rglob("*.py") if "engine.logs(" in path.read_text()]
    assert [str(path.relative_to(source)) for path in readers] == ["pipeline/said.py"]
