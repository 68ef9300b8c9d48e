"""Config files on real parts: seen without a restart, back with their release, and whole after `kill -9`."""

import random
import time
from collections.abc import Iterator

import pytest
from tests.support.config_readers import deployed, edit, finished, instances, read, readers, rolled_back
from tests.support.real import RealShipway, real_shipway

pytestmark = pytest.mark.heavy

PATHS = ("app.conf", "nginx/conf.d/a.conf")


@pytest.fixture
def shipway() -> Iterator[RealShipway]:
    with real_shipway() as made:
        readers(made, 2)
        yield made


def seen(shipway: RealShipway) -> set[tuple[bytes, ...]]:
    """What instances see, each different answer once."""
    return {tuple(read(address, path) for path in PATHS) for address in instances(shipway).values()}


def test_five_releases_bring_back_their_files_byte_by_byte(shipway: RealShipway) -> None:
    had: dict[int, set[tuple[bytes, ...]]] = {1: seen(shipway)}
    for number in range(2, 6):
        texts = {path: f"{path} {number}\r\nä \x07 $HOME '\"\n" * number for path in PATHS}
        made = edit(shipway, texts, deploy=number != 4)
        finished(shipway, made) if made else deployed(shipway)
        had[number] = seen(shipway)
        assert had[number] == {tuple(text.encode() for text in texts.values())}
    for version in (2, 5, 3, 1, 4):
        rolled_back(shipway, version)
        assert seen(shipway) == had[version]


def test_a_kill_in_the_middle_of_an_edit_leaves_the_old_or_the_new_and_the_next_start_ends_it(
    shipway: RealShipway,
) -> None:
    chance = random.Random(5)
    before = instances(shipway)
    for number in range(6):
        old = seen(shipway)
        new = tuple(f"{number} {path}".encode() for path in PATHS)
        made = edit(shipway, {path: f"{number} {path}" for path in PATHS})
        time.sleep(chance.uniform(0, 0.3))
        shipway.kill()
        between = seen(shipway)
        assert between <= old | {new} and len(between) == 1
        shipway.start()
        ended = finished(shipway, made)
        assert (ended["state"], ended["release"], seen(shipway)) == ("live", number + 2, {new})
    assert instances(shipway) == before, "an instance was replaced"
