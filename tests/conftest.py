"""Fixtures that several kinds of tests share."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from tests.support.postgres import postgres_server

#: Samples bring tests of their own, for builds to run.
collect_ignore = ["apps"]

# How fast inputs are made says something of the machine, and nothing of the code.
# `make test HEAVY=1` asks for `thorough`.
_unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The same inputs each time, so that a change is judged by what it changes; new ones are looked for by
# `--hypothesis-profile=exploring`.
settings.register_profile("quick", _unhurried, max_examples=40, derandomize=True)
settings.register_profile("thorough", _unhurried, max_examples=500, derandomize=True)
settings.register_profile("exploring", _unhurried, max_examples=2000)
settings.load_profile("quick")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a PostgreSQL server that lives as long as the test run."""
    with postgres_server() as url:
        yield url
