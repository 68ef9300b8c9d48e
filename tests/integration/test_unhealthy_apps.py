"""Every app of the zoo that can't get healthy is really deployed over a healthy one, and told as its expected.json says."""

import asyncio
from collections.abc import Iterator

import pytest
from tests.support.images import ensure_test_image
from tests.support.real import RealShipway, real_shipway
from tests.support.unhealthy import NAMES, assert_told, expected_of, failed_over_a_healthy_one

#: On the tiny image, and over in seconds: one that exits, one whose command is missing, one that listens in vain, one
#: whose health check is a command.
QUICK = {"variable-missing-in-a-shell", "command-missing", "listens-on-loopback", "health-command-fails"}


@pytest.fixture(scope="module")
def shipway() -> Iterator[RealShipway]:
    asyncio.run(ensure_test_image())
    with real_shipway() as made:
        yield made


@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n in QUICK else pytest.mark.heavy) for n in NAMES])
def test_an_unhealthy_app_is_told_its_class_and_a_fix_and_the_one_before_serves_on(
    shipway: RealShipway, name: str
) -> None:
    known = failed_over_a_healthy_one(shipway, name)
    assert_told(known["failure"], expected_of(name))
    assert (known["step"], known["serving"]) == ("health", 1)
