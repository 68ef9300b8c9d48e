"""`volumes`, and scaling what has some, from the command line, against a server over loopback."""

from pathlib import Path

import pytest
from tests.support.served import Served, fresh_server
from tests.support.stack import PATH
from tests.support.terminal import Terminal

SERVICE = str(PATH)
#: For each test one of its own.
server = fresh_server


@pytest.fixture
def terminal(server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    it = Terminal.open(monkeypatch, tmp_path, server)
    it.ok("link", SERVICE)
    return it


@pytest.fixture
def two(terminal: Terminal) -> Terminal:
    """With two instances that have a volume."""
    terminal.ok("volumes", "add", "data:/data")
    terminal.ok("scale", "web=2")
    terminal.ok("deploy", SERVICE)
    return terminal


def rows(terminal: Terminal) -> list[list[str]]:
    return [line.split()[:2] for line in terminal.ok("volumes", "list", SERVICE).splitlines()[1:]]


def states(terminal: Terminal) -> dict[int, str]:
    listed = terminal.shipway("volumes", "--json").json["volumes"]
    return {each["ordinal"]: each["state"] for each in listed}


def test_at_first_there_are_none(terminal: Terminal) -> None:
    assert terminal.shipway("volumes").err == "No volumes.\n"


def test_one_that_is_added_comes_with_the_next_deployment(terminal: Terminal) -> None:
    done = terminal.shipway("volumes", "add", SERVICE, "data:/data", "--process", "web")
    assert (done.code, done.out) == (0, "data is at /data of web.\n")
    assert "next deployment" in done.err
    assert "data.web.*  /data" in terminal.ok("volumes")
    terminal.ok("deploy", SERVICE)
    assert rows(terminal) == [["data.web.1", "/data"]]
    assert "data:/data" in terminal.ok("services", "show", SERVICE)


@pytest.mark.parametrize("words", [("data",), ("data:",), (":/data",), ("data:/a", "more:/b"), ()])
def test_what_names_no_volume_and_path_is_a_usage_error(terminal: Terminal, words: tuple[str, ...]) -> None:
    assert terminal.shipway("volumes", "add", *words).code == 2


def test_a_path_that_can_not_be_is_refused_with_why(terminal: Terminal) -> None:
    done = terminal.shipway("volumes", "add", "data:/proc/x")
    assert done.code == 1
    assert "it would hide /proc" in done.err


def test_scaling_down_is_refused_where_nobody_can_be_asked(two: Terminal) -> None:
    done = two.shipway("scale", "web=1")
    assert done.code == 1
    assert "puts volumes into the bin, and 7 days later removes them: data.web.2" in done.err
    assert "--yes" in done.err
    assert states(two) == {1: "in-use", 2: "in-use"}


@pytest.mark.parametrize(("answer", "code", "state"), [("y\n", 0, "bin"), ("n\n", 130, "in-use")])
def test_a_person_is_asked(two: Terminal, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, state: str) -> None:
    monkeypatch.setattr("shipway.cli.commands.change.at_a_terminal", lambda: True)
    done = two.shipway("scale", "web=1", typed=answer)
    assert done.code == code
    assert "data.web.2" in done.err
    assert states(two) == {1: "in-use", 2: state}


def test_what_is_in_the_bin_is_restored_by_its_name_or_purged(two: Terminal) -> None:
    two.ok("scale", "web=1", "--yes")
    assert "bin until" in two.ok("volumes")
    assert two.ok("volumes", "restore", "data.web.2") == "Restored data.web.2.\n"
    assert states(two) == {1: "in-use", 2: "in-use"}
    two.ok("scale", "web=2")
    two.ok("services", "scale", SERVICE, "web=1", "--yes")
    unanswered = two.shipway("volumes", "purge", "data.web.2")
    assert (unanswered.code, "`--yes` does" in unanswered.err) == (2, True)
    assert two.ok("volumes", "purge", SERVICE, "data.web.2", "--yes") == "Removed data.web.2 for good.\n"
    assert states(two) == {1: "in-use"}


def test_which_of_two_in_the_bin_is_meant_has_to_be_said(two: Terminal) -> None:
    for _ in range(2):
        two.ok("scale", "web=1", "--yes")
        two.ok("scale", "web=2")
    two.ok("scale", "web=1", "--yes")
    binned = [each["id"] for each in two.shipway("volumes", "--json").json["volumes"] if each["state"] == "bin"]
    for command in ("restore", "purge"):
        refused = two.shipway("volumes", command, "data.web.2")
        assert (refused.code, all(each in refused.err for each in binned)) == (1, True), refused
    two.ok("volumes", "restore", binned[-1])
    listed = two.shipway("volumes", "--json").json["volumes"]
    assert [each["state"] for each in listed if each["ordinal"] == 2] == ["in-use", *["bin"] * (len(binned) - 1)]


def test_what_is_in_use_is_not_purged(two: Terminal) -> None:
    done = two.shipway("volumes", "purge", "data.web.1", "--yes")
    assert (done.code, "is not in the bin" in done.err) == (1, True)


def test_what_there_is_not_is_said_to_be_unknown(two: Terminal) -> None:
    for verb in ("restore", "purge"):
        done = two.shipway("volumes", verb, "data.web.9")
        assert (done.code, "There is no volume data.web.9" in done.err) == (1, True)


def test_one_that_is_removed_goes_into_the_bin_with_the_next_deployment(two: Terminal) -> None:
    two.ok("volumes", "remove", "data")
    assert states(two) == {1: "in-use", 2: "in-use"}
    assert "Into the bin" in two.ok("plan", SERVICE)
    two.ok("deploy", SERVICE)
    assert states(two) == {1: "bin", 2: "bin"}


def test_the_plan_says_why_the_old_ones_stop_first(two: Terminal) -> None:
    assert "the same volumes as the old ones (data.web.1 and 1 more)" in two.ok("plan", SERVICE)
    done = two.shipway("deploy", SERVICE, "--require-zero-downtime")
    assert (done.code, "would interrupt web" in done.err + done.out) == (1, True)
