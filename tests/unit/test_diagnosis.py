"""Each way of not being healthy is told by its own name."""

import pytest

from shipway.domain.probe import Probe
from shipway.domain.workload import Executed, Socket
from shipway.pipeline.diagnosis import Observation, diagnose, misplaced

CHECK = Probe("command", command="check --all")
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
        (
            Observation("a", 8080, CHECK, ran=Executed(1, "Error: no queue")),
            "health-command-failed",
            "code 1 in a: Error: no",
        ),
        (Observation("a", 8080, CHECK, ran=Executed(None), sockets=()), "health-command-failed", "within 30 s"),
        (Observation("a", 8080, CHECK, ran=Executed(127, "check: not found")), "health-command-failed", "code 127"),
        (Observation("a", oom_killed=True, ran=Executed(137)), "out-of-memory", "a process of it was killed"),
        (Observation("a", exit_code=1, ran=Executed(1)), "app-exited", "exit code 1"),
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


def test_what_a_health_check_s_command_said_is_the_evidence_and_may_name_the_cause() -> None:
    said = "asking\nError: connect ECONNREFUSED 10.0.0.9:5432"
    failure = diagnose(Observation("a", probe=CHECK, ran=Executed(1, said), tail=("listening",)))
    assert failure.code == "health-command-failed"
    assert "`check --all` ended with exit code 1 in a: " in failure.message and "10.0.0.9:5432" in failure.message
    assert failure.evidence[0] == "ended with exit code 1"
    assert "Error: connect ECONNREFUSED 10.0.0.9:5432" in failure.evidence
    assert "listening" not in failure.evidence


def test_of_a_command_that_says_much_the_lines_about_its_last_error_are_shown() -> None:
    said = [f"check {number}: ok" for number in range(40)]
    said[20] = "Error: no queue"
    evidence = diagnose(Observation("a", probe=CHECK, ran=Executed(1, "\n".join(said)))).evidence
    assert evidence[-1] == "Error: no queue" and len(evidence) == 11
    few = diagnose(Observation("a", probe=CHECK, ran=Executed(1, "Error: no queue\nthat is all"))).evidence
    assert few == ("ended with exit code 1", "Error: no queue", "that is all")


def test_of_a_command_that_says_nothing_the_instance_s_last_lines_are_shown() -> None:
    failure = diagnose(Observation("a", probe=CHECK, ran=Executed(1), tail=("migrating", "still migrating")))
    assert failure.evidence == ("ended with exit code 1", "migrating", "still migrating")


def test_waiting_is_of_no_use_only_when_the_very_port_is_taken_on_loopback() -> None:
    assert misplaced(Observation("a", 8080, sockets=(LOOPBACK,))) is not None
    assert misplaced(Observation("a", 8080, sockets=(LOOPBACK, ANYWHERE))) is None
    assert misplaced(Observation("a", 8080, sockets=(Socket("127.0.0.1", 9999),))) is None
    assert misplaced(Observation("a", 8080, sockets=())) is None
    assert misplaced(Observation("a", 8080, sockets=None)) is None
