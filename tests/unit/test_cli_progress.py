"""A deployment as it is shown in a terminal."""

import io
from typing import Any

import pytest
from rich.console import Console

from shipway.cli.progress.live import Live
from shipway.cli.progress.plain import Plain
from shipway.client.models import Deployment


def deployment(**states: Any) -> Deployment:
    """One whose steps are in these states; a number is how long a complete one took."""
    steps = [
        {
            "name": name,
            "state": "complete" if isinstance(state, float) else state,
            "seconds": state if isinstance(state, float) else None,
            "summary": "",
        }
        for name, state in states.items()
    ]
    known = {"id": "dep_1", "number": 7, "service": "a/b/c/d", "state": "running", "status_label": "Building"}
    return {**known, "position": None, "steps": steps}  # type: ignore[return-value]


def test_plain_lines_come_once_and_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    with Plain() as display:
        display.deployment(deployment(clone="running", build="pending"))
        display.log("clone", "cloning\n")
        display.deployment(deployment(clone=1.25, build="running"))
        display.log("build", "one\n")
        display.log("build", "two\n")
        display.deployment(deployment(clone=1.25, build="error"))
        display.deployment(deployment(clone=1.25, build="error"))

    assert capsys.readouterr().out.splitlines() == [
        "==> clone",
        "cloning",
        "==> clone: complete in 1.2 s",
        "==> build",
        "one",
        "two",
        "==> build: error",
    ]


def test_what_waits_says_for_how_many(capsys: pytest.CaptureFixture[str]) -> None:
    with Plain() as display:
        display.deployment({**deployment(), "position": 2})
        display.deployment({**deployment(), "position": 2})
        display.deployment({**deployment(), "position": 1})

    assert capsys.readouterr().out.splitlines() == ["==> queued, 2 before it", "==> queued, 1 before it"]


def test_a_terminal_shows_all_steps_and_the_last_lines_of_the_one_that_runs() -> None:
    display = Live()
    display.deployment(deployment(clone=1.25, push="skipped", build="running", health="pending"))
    display.log("clone", "cloned\n")
    display.log("build", "".join(f"[red]line {number}\n" for number in range(20)))

    console = Console(width=60, record=True, file=io.StringIO())
    console.print(display.render())
    shown = console.export_text()

    assert shown.splitlines()[0].strip() == "a/b/c/d d7: Building"
    assert "✓ clone  1.2 s" in shown
    assert "- push" in shown
    assert "· health" in shown
    assert "[red]line 19" in shown
    assert "line 11\n" not in shown
    assert "cloned" not in shown


def test_what_is_ready_says_so_whatever_else_it_is_called() -> None:
    display = Live()
    display.deployment({**deployment(promotion="running"), "state": "ready", "status_label": "Deploying"})
    console = Console(width=60, record=True, file=io.StringIO())
    console.print(display.render())
    assert console.export_text().splitlines()[0].strip() == "a/b/c/d d7: Ready"
