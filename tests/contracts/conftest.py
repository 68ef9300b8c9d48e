"""Fixtures that several suites share."""

from collections.abc import AsyncIterator

import pytest
from tests.support.engines import FakeLab, Lab, docker_lab


@pytest.fixture(params=["fake", "docker"])
async def lab(request: pytest.FixtureRequest) -> AsyncIterator[Lab]:
    """An engine, and apps for it to run."""
    if request.param == "fake":
        yield FakeLab()
    else:
        async with docker_lab() as made:
            yield made
