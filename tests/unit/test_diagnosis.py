"""Each way of not being healthy is told by its own name."""

import pytest

from shipway.domain.probe import Probe
from shipway.domain.workload import Socket
from shipway.pipeline.diagnosis import Observation, diagnose, misplaced

ANYWHERE, LOOPBACK = Socket("0.0.0.0", 8080), Socket("127.0.0.1", 8080)


@pytest.mark.parametrize(
    ("seen", "code", "told"),
    [
        (Observation("a", exit_code=137, oom_killed=True), "out-of-memory", "memory"),
        (Observation("a", exit_code=1), "app-exited", "exit code 1"),
        (Observation("a", exit_code=139), "app-exited", "signal 11"),
        (Observation("a", exit_code=126), "command-not-executable", "126"),
        (Observation("a", exit_code=127), "command-not-found", "127"),
        (Observation("a", oom_killed=True, sockets=()), "out-of-memory", "a process of it was killed"),
        (Observation("a", 8080, answers={"/_health/": 500}), "server-error", "500"),
        (Observation("a", 8080, Probe(path="/up"), {"/up": 404}), "no-such-path", "404 on /up"),
        (Observation("a", 8080, Probe(path="/up"), {"/up": 400}), "bad-host", "400"),
        (Observation("a", 8080, Probe(path="/up"), {"/up": 301}), "redirects", "301"),
        (Observation("a", 8080, Probe(path="/up"), {"/up": 204}), "unexpected-status", "204"),
        (Observation("a", 8080, sockets=(LOOPBACK,), waited=9), "listening-on-loopback", "127.0.0.1:8080"),
        (Observation("a", 8080, sockets=(Socket("::", 3000),), waited=9), "listening-on-another-port", "3000"),
        (Observation("a", 8080, sockets=(), waited=9), "not-listening", "no port"),
        (Observation("a", 8080, sockets=(ANYWHERE,), waited=9), "no-answer", "8080"),
        (Observation("a", 8080, sockets=None, waited=9), "no-answer", "8080"),
    ],
)
def test_the_class_fits_what_was_seen(seen: Observation, code: str, told: str) -> None:
    failure = diagnose(seen)
    assert failure.code == code
    assert told in failure.message
    assert failure.hint


def test_without_an_error_in_them_the_last_lines_are_the_evidence() -> None:
    failure = diagnose(Observation("a", exit_code=1, tail=("starting", "bye")))
    assert failure.evidence == ("starting", "bye")


def test_what_was_seen_of_its_sockets_and_answers_is_the_evidence() -> None:
    tail = ("booting", "Listening on http://127.0.0.1:8080", "done")
    assert diagnose(Observation("a", 8080, sockets=(LOOPBACK,), tail=tail)).evidence == (
        "listens on 127.0.0.1 port 8080",
        "Listening on http://127.0.0.1:8080",
    )
    assert diagnose(Observation("a", 8080, answers={"/up": 404}, tail=tail)).evidence == ("GET /up → 404",)


def test_waiting_is_of_no_use_only_when_the_very_port_is_taken_on_loopback() -> None:
    assert misplaced(Observation("a", 8080, sockets=(LOOPBACK,))) is not None
    assert misplaced(Observation("a", 8080, sockets=(LOOPBACK, ANYWHERE))) is None
    assert misplaced(Observation("a", 8080, sockets=(Socket("127.0.0.1", 9999),))) is None
    assert misplaced(Observation("a", 8080, sockets=())) is None
    assert misplaced(Observation("a", 8080, sockets=None)) is None
