"""How a failure is told: one line of what, one of what next, and an exit code that programs can go by."""

import os
import sys
import traceback
from dataclasses import dataclass

import click

from shipway.client.errors import ClientError
from shipway.domain.errors import DeployFailed, ShipwayError, Unavailable

FAILED, USAGE, TRY_AGAIN, INTERRUPTED = 1, 2, 75, 130


@dataclass(frozen=True, slots=True)
class Told:
    """A failure for people, and its exit code for programs."""

    message: str
    hint: str = ""
    code: int = FAILED
    evidence: tuple[str, ...] = ()


def tell(error: BaseException) -> int:
    """Print what went wrong and return the exit code."""
    told = explained(error)
    sys.stdout.flush()
    if told.message:
        _print("error:", "red", told.message)
    for line in told.evidence:
        click.echo(f"       {line}", err=True)
    if told.hint:
        _print("hint:", "cyan", told.hint)
    return told.code


def explained(error: BaseException) -> Told:
    """What an exception means to whoever typed the command."""
    match error:
        case click.Abort() | KeyboardInterrupt():
            # Whoever interrupts a command knows what happened to it.
            return Told("", code=INTERRUPTED)
        case click.UsageError():
            return Told(error.format_message(), _usage_hint(error), USAGE)
        case click.ClickException():
            return Told(error.format_message(), code=error.exit_code)
        case ClientError():
            return Told(error.message, error.hint, TRY_AGAIN if error.temporary else FAILED, error.evidence)
        case ShipwayError():
            return _domain(error)
    return _unexpected(error)


def _domain(error: ShipwayError) -> Told:
    evidence = error.evidence if isinstance(error, DeployFailed) else ()
    return Told(error.message, error.hint, TRY_AGAIN if isinstance(error, Unavailable) else FAILED, evidence)


def _unexpected(error: BaseException) -> Told:
    if os.environ.get("SHIPWAY_DEBUG"):
        traceback.print_exception(error)
    if isinstance(error, OSError) and error.filename:
        return Told(f"{error.filename}: {error.strerror}.")
    return Told(
        f"The command itself failed: {type(error).__name__}: {error}",
        "This is a bug of ours. With SHIPWAY_DEBUG=1 in the environment it shows where.",
    )


def _usage_hint(error: click.UsageError) -> str:
    command = error.ctx.command_path if error.ctx else "shipway"
    return f"`{command} --help` shows what it takes."


def _print(label: str, colour: str, text: str) -> None:
    """On one line, where it is one; an example in it keeps its lines."""
    first, *more = text.strip().splitlines() or [""]
    click.echo(f"{click.style(label, fg=colour, bold=True)} {first}", err=True)
    for line in more:
        click.echo(f"       {line}", err=True)
