"""Asking for a confirmation, at a terminal and without one."""

import io

import click
import pytest

from shipway.cli import asking


class Keyboard(io.StringIO):
    """What is typed; at a terminal, or from a pipe."""

    def __init__(self, typed: str, *, terminal: bool) -> None:
        super().__init__(typed)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@pytest.mark.parametrize("terminal", [True, False])
def test_who_says_yes_goes_on_and_who_says_no_does_not(monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:
    monkeypatch.setattr("sys.stdin", Keyboard("y\nn\n", terminal=terminal))

    asking.confirm("Really?")
    with pytest.raises(click.Abort):
        asking.confirm("Really?")


def test_where_nobody_answers_it_says_what_to_type_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Keyboard("", terminal=False))

    with pytest.raises(click.UsageError, match=r"Nobody answered: Really\. Without a terminal, `--yes` does\."):
        asking.confirm("Really?")
    with pytest.raises(click.UsageError, match="`link PATH` does"):
        asking.ask("Which", instead="link PATH")


def test_who_interrupts_at_a_terminal_knows_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Keyboard("", terminal=True))

    with pytest.raises(click.Abort):
        asking.confirm("Really?")
