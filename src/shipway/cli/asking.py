"""Asking whoever typed the command; and where nobody answers, saying what to type instead."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click


def at_a_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty()


def confirm(question: str) -> None:
    """Return when the answer is yes. Raises `Abort` when it is no, `UsageError` when there is none."""
    with _answered(question, "--yes"):
        yes = click.confirm(question, err=True)
    if not yes:
        raise click.Abort


def ask(question: str, *, instead: str, **options: Any) -> str:
    """What is typed, or comes from a pipe; `instead` is what to type in the command line where neither does (`UsageError`)."""
    with _answered(question, instead):
        return str(click.prompt(question, err=True, **options))


def came(value: str, what: str, ways: str) -> str:
    """A value that may have come from a pipe; an empty one is none (`UsageError`, with the ways to give it)."""
    if not value:
        raise click.UsageError(f"No {what} came in. {ways}")
    return value


@contextmanager
def _answered(question: str, instead: str) -> Iterator[None]:
    """The end of what can be read, and an interrupt at the terminal, are one to click: only the first needs a word."""
    try:
        yield
    except click.Abort as abort:
        if at_a_terminal():
            raise
        raise click.UsageError(
            f"Nobody answered: {question.rstrip('.?')}. Without a terminal, `{instead}` does."
        ) from abort
