"""Fixtures that several kinds of tests share."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from tests.support.postgres import postgres_server

#: Samples bring tests of their own, for builds to run.
collect_ignore = ["apps"]

# How fast inputs are made says something of the machine, and nothing of the code.
settings.register_profile("shipway", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shipway")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a PostgreSQL server that lives as long as the test run."""
    with postgres_server() as url:
        yield url
