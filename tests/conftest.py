"""Fixtures that several kinds of tests share."""

from collections.abc import Iterator

import pytest
from tests.support.postgres import postgres_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a PostgreSQL server that lives as long as the test run."""
    with postgres_server() as url:
        yield url
