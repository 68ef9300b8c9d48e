"""What git's complaints mean. The complaints are git's own, word for word."""

import pytest

from shipway.sources.git.failures import explain, last_lines, refuses_commit

URL = "https://git.example.com/app.git"


@pytest.mark.parametrize(
    ("complaint", "code"),
    [
        ("fatal: could not read Username for 'https://h': terminal prompts disabled", "repository-denied"),
        (
            "remote: Invalid username or token.\nfatal: Authentication failed for 'https://h/app.git/'",
            "repository-denied",
        ),
        ("fatal: unable to access 'https://h/a/': The requested URL returned error: 403", "repository-denied"),
        ("git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.", "repository-denied"),
        ("remote: HTTP Basic: Access denied.", "repository-denied"),
        ("fatal: unable to access 'https://h/a/': Could not resolve host: h", "repository-unreachable"),
        ("fatal: unable to access 'http://h/a/': Failed to connect to h port 1 after 0 ms", "repository-unreachable"),
        ("fatal: repository 'https://h/a.git/' not found", "repository-unreachable"),
        ("fatal: '/srv/x' does not appear to be a git repository", "repository-unreachable"),
        ("fatal: unable to access 'https://h/': The requested URL returned error: 502", "repository-unreachable"),
        ("fatal: unable to access 'https://h/': server certificate verification failed.", "repository-unreachable"),
        ("error: RPC failed; curl 28 Operation too slow. Less than 1000 bytes/sec", "repository-unreachable"),
        ("Host key verification failed.\nfatal: Could not read from remote repository.", "repository-unreachable"),
        ("fatal: detected dubious ownership in repository at '/srv/x/.git'", "repository-unreachable"),
        ("fatal: transport 'ext' not allowed", "bad-url"),
        ("fatal: Unable to find remote helper for 'foo'", "bad-url"),
    ],
)
def test_trouble_with_the_repository_has_a_class_a_hint_and_evidence(complaint: str, code: str) -> None:
    failure = explain(URL, complaint)
    assert failure is not None
    assert failure.code == code
    assert URL in failure.message
    assert failure.hint
    assert failure.evidence[-1] == complaint.splitlines()[-1]


@pytest.mark.parametrize(
    "complaint",
    [
        "fatal: bad object refs/shipway/0123",
        "fatal: Unable to create '/h/git-cache/x.git/shallow.lock': File exists.",
        "error: object file ./objects/ab/cd is empty",
        "fatal: write error: No space left on device",
        "",
    ],
)
def test_trouble_on_this_machine_is_not_blamed_on_the_repository(complaint: str) -> None:
    assert explain(URL, complaint) is None


@pytest.mark.parametrize(
    "complaint",
    [
        "fatal: remote error: upload-pack: not our ref ffff",
        "error: Server does not allow request for unadvertised object ffff",
        "fatal: dumb http transport does not support shallow capabilities",
    ],
)
def test_a_server_that_will_not_hand_out_a_commit_by_its_id_is_recognised(complaint: str) -> None:
    assert refuses_commit(complaint)
    assert not refuses_commit("fatal: Authentication failed")


def test_the_evidence_is_the_last_few_lines_that_say_something() -> None:
    assert last_lines("one\n\ntwo\nhint: read the manual\n  three  \nfour\n") == ("two", "three", "four")
