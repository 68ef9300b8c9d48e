"""Version ranges, in Python's, Poetry's and npm's notation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipway.builders.detectors.versions import Version, choose, satisfies

PYTHONS = ("3.14", "3.13", "3.12", "3.11", "3.10", "3.9")


@pytest.mark.parametrize(
    ("wanted", "lines"),
    [
        (">=3.10", ["3.14", "3.13", "3.12", "3.11", "3.10"]),
        (">=3.10,<3.13", ["3.12", "3.11", "3.10"]),
        (">= 3.10, < 3.13", ["3.12", "3.11", "3.10"]),
        ("^3.12", ["3.14", "3.13", "3.12"]),
        ("~3.12", ["3.12"]),
        ("~=3.12", ["3.14", "3.13", "3.12"]),
        ("~=3.12.1", ["3.12"]),
        ("==3.11.*", ["3.11"]),
        ("3.11.x", ["3.11"]),
        ("<=3.10", ["3.10", "3.9"]),
        (">3.12,!=3.13.*", ["3.14", "3.12"]),
        ("3.9 - 3.10", ["3.10", "3.9"]),
        ("3.9 || ^3.13", ["3.14", "3.13", "3.9"]),
        ("*", list(PYTHONS)),
        ("==3.11.4", []),
        (">=4", []),
    ],
)
def test_a_range_allows_the_lines_whose_newest_version_lies_in_it(wanted: str, lines: list[str]) -> None:
    assert [line for line in PYTHONS if satisfies(line, wanted)] == lines


@pytest.mark.parametrize(
    ("wanted", "number"),
    [(">=3.8", "3.13"), (">=3.9,<3.12", "3.11"), (">=3.14", "3.14"), ("==3.11.4", "3.11.4"), ("whatever", "3.13")],
)
def test_the_default_is_taken_where_it_will_do_else_the_newest_that_does(wanted: str, number: str) -> None:
    assert choose(wanted, "pyproject.toml:3", PYTHONS, "3.13") == Version(number, "pyproject.toml:3")


@given(st.text("0123456789.<>=~^!*x|-, v"))
def test_any_range_leads_to_some_version(wanted: str) -> None:
    assert choose(wanted, "here", PYTHONS, "3.13").number
