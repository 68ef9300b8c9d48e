"""Pruning and pinning from the command line."""

from pathlib import Path

import pytest
from tests.support.served import Served, fresh_server
from tests.support.stack import DOCKERFILE, PATH, REPOSITORY
from tests.support.terminal import Terminal

SERVICE = str(PATH)
#: For each test one of its own.
server = fresh_server


@pytest.fixture
def terminal(server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """With four releases of the one service, each of another image."""
    it = Terminal.open(monkeypatch, tmp_path, server)
    for number in range(1, 5):
        server.stack.sources.add(REPOSITORY, "main", {"Dockerfile": f"{DOCKERFILE}# {number}\n"})
        it.ok("deploy", SERVICE)
    return it


def words(terminal: Terminal, *arguments: str) -> list[list[str]]:
    return [line.split() for line in terminal.ok(*arguments).splitlines()[1:]]


def test_images_are_explained_and_then_removed_and_their_releases_stay(terminal: Terminal) -> None:
    assert terminal.ok("releases", "pin", SERVICE, "v1") == "v1 is pinned: its image stays.\n"
    explained = terminal.ok("prune", SERVICE, "--explain", "--keep", "1").splitlines()[1:]
    assert [line.split()[:2] for line in explained] == [["v4", "v4"], ["v3", "v3"], ["v2", "v2"], ["v1", "v1"]]
    assert "goes" in explained[2]
    assert "a release with it is pinned" in explained[3]
    assert "removed" in terminal.ok("prune", SERVICE, "--keep", "1").splitlines()[3]
    listed = terminal.ok("releases", SERVICE)
    assert "v2 (pruned)" in listed
    assert "v1 (pinned)" in listed
    assert "Image         v2 (pruned)" in terminal.ok("releases", "show", SERVICE, "v2")
    assert "is not pinned" in terminal.ok("releases", "unpin", SERVICE, "v1")


def test_a_rollback_to_a_release_without_image_builds_it_again_and_says_what_came_of_it(terminal: Terminal) -> None:
    terminal.ok("prune", SERVICE, "--keep", "1")
    told = "its image was pruned: built again from commit "
    assert f"Image      v1, {told}" in terminal.ok("plan", SERVICE, "--rollback", "--version", "1")
    done = terminal.shipway("rollback", SERVICE, "--version", "1")
    assert done.code == 0, done.err
    assert f"v1: {told}" in done.err
    assert "Rebuilt: reproduced: commit " in done.err
    assert "Rebuilt  reproduced: commit " in terminal.ok("status", SERVICE)
    assert "v1 (pruned)" not in terminal.ok("releases", SERVICE)


def test_without_a_retention_all_of_them_stay(terminal: Terminal) -> None:
    found = terminal.shipway("prune", SERVICE, "--json").json
    assert [each["fate"] for each in found] == ["stays"] * 4
    assert terminal.shipway("prune", SERVICE, "--keep", "0").code == 2
