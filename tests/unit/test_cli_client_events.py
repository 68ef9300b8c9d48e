"""Streams of events outlive a lost connection."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest

from shipway.client import events
from shipway.client.errors import ClientError, unreachable
from shipway.client.events import follow

LOG = 'event: log\ndata: {{"n": {n}}}\nid: build:{n}\n\n'
END = "event: end\ndata: {}\n\n"


class Server:
    """Answers each request with the next of what it was given: a text, or an error."""

    def __init__(self, *answers: str | ClientError) -> None:
        self._answers = list(answers)
        #: The id of the last event had, of each request.
        self.asked: list[str] = []

    @contextmanager
    def open(self, last_event_id: str) -> Iterator[httpx2.Response]:
        self.asked.append(last_event_id)
        answer = self._answers.pop(0)
        if isinstance(answer, ClientError):
            raise answer
        request = httpx2.Request("GET", "http://server/")
        yield httpx2.Response(200, headers={"Content-Type": "text/event-stream"}, text=answer, request=request)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_PAUSE", 0)


def told(server: Server, **options: float) -> list[int]:
    return [event.data["n"] for event in follow(server.open, **options)]


def test_a_stream_is_read_to_its_end() -> None:
    server = Server(LOG.format(n=1) + LOG.format(n=2) + END)

    assert told(server) == [1, 2]
    assert server.asked == [""]


def test_a_lost_connection_is_taken_up_after_the_last_event_had() -> None:
    gone = unreachable("http://server", "refused")
    server = Server(LOG.format(n=1), gone, gone, LOG.format(n=2), LOG.format(n=3) + END)

    assert told(server) == [1, 2, 3]
    assert server.asked == ["", "build:1", "build:1", "build:1", "build:2"]


def test_a_server_that_never_answered_is_told_at_once() -> None:
    server = Server(unreachable("http://server", "refused"))

    with pytest.raises(ClientError, match="No Shipway server answers at http://server"):
        told(server)


def test_a_server_that_stays_away_is_given_up() -> None:
    server = Server(LOG.format(n=1), *[unreachable("http://server", "refused")] * 3)

    with pytest.raises(ClientError, match="No Shipway server answers"):
        told(server, patience=0)


def test_what_a_server_refuses_is_not_asked_again() -> None:
    server = Server(LOG.format(n=1), ClientError("There is no such thing.", code="not-found", status=404), END)

    with pytest.raises(ClientError, match="no such thing"):
        told(server)
    assert server.asked == ["", "build:1"]


def test_a_problem_in_the_stream_is_raised_as_one() -> None:
    problem = 'event: error\ndata: {"detail": "The engine is gone.", "code": "unavailable", "hint": "Start it."}\n\n'

    with pytest.raises(ClientError) as raised:
        told(Server(LOG.format(n=1) + problem))

    assert (raised.value.message, raised.value.hint, raised.value.temporary) == (
        "The engine is gone.",
        "Start it.",
        True,
    )
