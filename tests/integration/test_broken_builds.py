"""Every broken repository of the zoo is really built, and has to fail as its expected.json says."""

import pytest
from tests.support.broken import NAMES, assert_told, expected_of, failure_of


@pytest.mark.heavy
@pytest.mark.parametrize("name", NAMES)
async def test_a_broken_repository_is_told_its_class_its_lines_and_a_fix(name: str) -> None:
    assert_told(await failure_of(name), expected_of(name))
