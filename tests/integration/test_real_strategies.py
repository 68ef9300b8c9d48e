"""How traffic moves, on real parts: a canary that is worse, a guard that undoes, an undo that starts nothing, pauses."""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from tests.support.real import APP, RealShipway, real_shipway
from tests.support.waiting import wait_until

pytestmark = pytest.mark.heavy

SOURCE = (APP / "app.py").read_text()
#: Every second answer is a 500.
BAD = SOURCE.replace(
    'writer.write(response("200 OK"', 'writer.write(response(next(FLIP), b"") if path == "/" else response("200 OK"'
).replace("busy: set", 'import itertools\nFLIP = itertools.cycle(["500 Internal Server Error", "200 OK"])\nbusy: set')
SERVICE = "/workspaces/t/projects/t/environments/production/services"


@pytest.fixture(scope="module")
def shipway() -> Iterator[RealShipway]:
    with real_shipway() as made:
        yield made


@dataclass
class Client:
    """Asks again and again, without cookies, and counts who answered what."""

    url: str
    host: str
    #: By release and status.
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)

    def ask(self, path: str = "") -> tuple[str, int]:
        """Once."""
        answer = httpx2.get(f"{self.url}{path}", headers={"Host": self.host}, timeout=30, trust_env=False)
        return answer.headers.get("X-Release", ""), answer.status_code


@contextmanager
def asking(client: Client, per_second: float = 60) -> Iterator[Client]:
    """Meanwhile, in a thread of its own."""
    ended = threading.Event()

    def loop() -> None:
        with httpx2.Client(trust_env=False, timeout=30) as http:
            while not ended.wait(1 / per_second):
                answer = http.get(client.url, headers={"Host": client.host, "Cookie": ""})
                http.cookies.clear()
                client.answers[answer.headers.get("X-Release", ""), answer.status_code] += 1

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield client
    finally:
        ended.set()
        thread.join()


def created(shipway: RealShipway, name: str, settings: Mapping[str, Any]) -> Client:
    """A service with one good release."""
    host = shipway.create(name, {"source": {"kind": "upload"}, "settings": {"drain_timeout": 2} | settings})
    assert deployed(shipway, name, SOURCE)["state"] == "live"
    return Client(f"http://127.0.0.1:{shipway.proxy_port}/", host)


def deployed(shipway: RealShipway, name: str, app: str) -> dict[str, Any]:
    """The deployment of this app, as it ended."""
    return shipway.wait(asked_for(shipway, name, app))


def asked_for(shipway: RealShipway, name: str, app: str) -> str:
    digest = shipway.upload(APP, {"app.py": f"{app}\n# {time.time()}\n"})
    return shipway.pipeline("deploy", name, {"upload": digest})


CANARY = {"strategy": {"type": "canary", "steps": [20, 50], "interval": 5, "sample": 50}}


def test_a_canary_that_fails_more_gives_all_requests_back(shipway: RealShipway) -> None:
    client = created(shipway, "worse", CANARY)
    with asking(client):
        ended = deployed(shipway, "worse", BAD)
        after = Counter(client.ask() for _ in range(50))
    assert ended["state"] == "failed"
    assert ended["failure"]["code"] == "canary-worse"
    assert "more 5xx" in ended["failure"]["message"]
    assert after == {("1", 200): 50}
    assert {status for release, status in client.answers if release == "1"} == {200}
    assert client.answers["2", 500], "it was never tried"


def test_a_canary_that_is_as_good_gets_all_requests(shipway: RealShipway) -> None:
    client = created(shipway, "equal", CANARY)
    with asking(client):
        ended = deployed(shipway, "equal", SOURCE)
    assert ended["state"] == "live"
    assert {status for _, status in client.answers} == {200}
    assert client.answers["1", 200] and client.answers["2", 200]
    assert client.ask() == ("2", 200)


def test_what_an_aborted_canary_was_asked_it_still_answers(shipway: RealShipway) -> None:
    drawn_out = {"steps": [50], "interval": 60, "sample": 5000}
    client = created(shipway, "aborted", {"drain_timeout": 15, "strategy": CANARY["strategy"] | drawn_out})
    made = asked_for(shipway, "aborted", SOURCE)
    wait_until(lambda: client.ask()[0] == "2")
    with ThreadPoolExecutor(20) as pool:
        slow = [pool.submit(client.ask, "slow") for _ in range(20)]
        time.sleep(1)
        assert shipway.api.post(f"/deployments/{made}/cancel").is_success
        wait_until(lambda: {client.ask() for _ in range(20)} == {("1", 200)})
        assert not all(each.done() for each in slow), "they had all been answered before"
        answered = Counter(each.result() for each in slow)
    assert shipway.wait(made)["state"] == "cancelled"
    assert set(answered) == {("1", 200), ("2", 200)}


def test_a_release_whose_errors_rise_is_undone_by_itself(shipway: RealShipway) -> None:
    client = created(shipway, "guarded", {"guard": {"mode": "undo", "window": 60}})
    with asking(client):
        wait_until(lambda: client.answers["1", 200] > 100)
        made = asked_for(shipway, "guarded", BAD)
        assert shipway.wait(made)["state"] == "live"
        wait_until(lambda: shipway.deployment(made)["guarded"] is not None)
        wait_until(lambda: client.ask() == ("1", 200))
    guarded = shipway.deployment(made)["guarded"]
    assert guarded["verdict"] == "undone"
    assert {status for _, status in client.answers} == {200, 500}, "the undo lost requests"


def test_an_undo_starts_nothing_and_loses_nothing(shipway: RealShipway) -> None:
    client = created(shipway, "undone", {"keep_warm": 120, "guard": {"mode": "off"}})
    deployed(shipway, "undone", SOURCE)
    with asking(client):
        for release in ("1", "2", "1", "2"):
            ended = shipway.wait(shipway.pipeline("rollback", "undone"))
            assert ended["state"] == "live"
            assert [move["verb"] for move in ended["plan"]["moves"]][:2] == ["adopt", "switch"]
            assert client.ask() == (release, 200)
    assert {status for _, status in client.answers} == {200}


def test_requests_are_held_while_it_is_paused_also_across_a_deployment(shipway: RealShipway) -> None:
    client = created(shipway, "paused", {})
    shipway.api.put(f"{SERVICE}/paused/traffic", json={"mode": "paused"}).raise_for_status()
    with asking(client, per_second=5):
        assert deployed(shipway, "paused", SOURCE)["state"] == "live"
        assert not client.answers
        shipway.api.put(f"{SERVICE}/paused/traffic", json={"mode": "open"}).raise_for_status()
        wait_until(lambda: bool(client.answers))
    assert set(client.answers) == {("2", 200)}, "it was not held, or went where it was sent at first"


def test_what_stops_first_tells_people_to_come_again(shipway: RealShipway) -> None:
    client = created(shipway, "recreated", {"strategy": {"type": "recreate"}})
    with asking(client):
        ended = deployed(shipway, "recreated", SOURCE)
        wait_until(lambda: client.ask() == ("2", 200))
    assert ended["plan"]["interrupts"] == ["web"]
    assert {status for _, status in client.answers} == {200, 503}
    wait_until(lambda: shipway.deployment(ended["id"])["cutover"] is not None)
    assert shipway.deployment(ended["id"])["cutover"]["verdict"] == "interrupted"
