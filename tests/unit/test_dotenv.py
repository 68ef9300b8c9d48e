"""`.env` files are read as other tools read them, and what is written is read back."""

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.variables import AWKWARD, NAMES, VALUES

from shipway.cli import dotenv


def test_the_forms_that_people_write_are_read() -> None:
    content = b"""\xef\xbb\xbf# a comment

PLAIN=value # a comment
export EXPORTED = spaced\x20\x20
EMPTY=
  INDENTED=1
DOUBLE="two\\nlines \\"quoted\\" \\\\ # kept" # dropped
SINGLE='as\\nit is' # dropped
SINGLE_QUOTE='it\\'s'
URL=postgres://u:p#w@host/db?a=b\r
NOT_FILLED_IN="$PLAIN ${PLAIN}"
LINES="one
  two=2
'three'"
KEY='-----BEGIN-----
AA==
-----END-----'\r
TWICE=1
TWICE=2
"""

    assert dotenv.parse(content, ".env") == {
        "PLAIN": "value",
        "EXPORTED": "spaced",
        "EMPTY": "",
        "INDENTED": "1",
        "DOUBLE": 'two\nlines "quoted" \\ # kept',
        "SINGLE": "as\\nit is",
        "SINGLE_QUOTE": "it's",
        "URL": "postgres://u:p#w@host/db?a=b",
        "NOT_FILLED_IN": "$PLAIN ${PLAIN}",
        "LINES": "one\n  two=2\n'three'",
        "KEY": "-----BEGIN-----\nAA==\n-----END-----",
        "TWICE": "2",
    }


@pytest.mark.parametrize(
    ("content", "line", "why"),
    [
        (b"A=1\n\n\nhunter2\n", 4, "NAME=value"),
        (b"A=1\r\n\r\nB='hunter2\r\n", 3, "begins a value with '"),
        (b'A="1\n2\n3"\nB="hunter2" x\n', 4, 'begins a value with "'),
        (b"=hunter2\n", 1, "NAME=value"),
        (b"A=1\nB=hunter2 \xff\n", 2, "UTF-8"),
    ],
)
def test_a_line_that_can_t_be_read_is_named_by_number_and_not_shown(content: bytes, line: int, why: str) -> None:
    with pytest.raises(click.UsageError) as raised:
        dotenv.parse(content, ".env")

    assert raised.value.message.startswith(f".env:{line} ") and why in raised.value.message
    assert "hunter2" not in raised.value.message


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("http://host:1/a=b", "A=http://host:1/a=b\n"),
        ("", "A=\n"),
        ("two words", "A='two words'\n"),
        ("$HOME `id`", "A='$HOME `id`'\n"),
        ("it's", 'A="it\'s"\n'),
        ("one\ntwo", 'A="one\\ntwo"\n'),
    ],
)
def test_values_are_quoted_where_that_is_needed(value: str, written: str) -> None:
    assert dotenv.write({"A": value}) == written


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_what_is_written_is_read_back(values: dict[str, str]) -> None:
    assert dotenv.parse(dotenv.write(values).encode(), ".env") == values


def test_the_most_awkward_values_are_read_back() -> None:
    assert dotenv.parse(dotenv.write(AWKWARD).encode(), ".env") == AWKWARD
