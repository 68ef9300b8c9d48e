"""`runs`: one-off runs that are under way or over."""

import shlex
from typing import TYPE_CHECKING

import rich_click as click

from shipway.cli import session
from shipway.cli.lazy import DefaultGroup
from shipway.cli.options import json_option, path_argument
from shipway.cli.output import ago, note, on_one_line, print_facts, print_json, print_table

if TYPE_CHECKING:
    from shipway.client.models import Run

_id = click.argument("run_id", metavar="ID")
#: Characters of a command that the list shows.
_SHOWN = 60


@click.group(cls=DefaultGroup, default="list")
def runs() -> None:
    """List one-off runs, their logs, and stop them."""


@runs.command("list")
@path_argument
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True)
@json_option
def list_runs(path: str | None, limit: int, as_json: bool) -> None:
    """A service's runs, newest first."""
    with session.connect() as client:
        known = client.runs(session.service_path(path), limit=limit)
    if as_json:
        print_json(known)
        return
    headers = ("ID", "STATE", "EXIT", "WHO", "STARTED", "RELEASE", "WHERE", "COMMAND")
    print_table(headers, map(_row, known), "No runs. `shipway run -- COMMAND` makes one.")


@runs.command("show")
@_id
@json_option
def show_run(run_id: str, as_json: bool) -> None:
    """One, and why it ended as it did."""
    with session.connect() as client:
        run = client.find_run(run_id)
    if as_json:
        print_json(run)
        return
    print_facts(
        (
            ("Run", run["id"]),
            ("State", run["state"]),
            ("Exit code", _code(run)),
            ("Reason", run["reason"]),
            ("Command", on_one_line(shlex.join(run["command"]))),
            ("Service", run["service"]),
            ("Release", f"v{run['release']}"),
            ("Where", _where(run)),
            ("By", f"{run['actor']} ({run['trigger']})"),
            ("Asked for", run["created_at"]),
            ("Started", run["started_at"] or ""),
            ("Ended", run["finished_at"] or ""),
        )
    )


@runs.command("logs")
@_id
@click.option("-f", "--follow", is_flag=True, help="Go on with what it writes from now on, to its end.")
def run_logs(run_id: str, follow: bool) -> None:
    """What a detached run wrote, secrets masked."""
    with session.connect() as client:
        for text in client.run_log(run_id, follow_on=follow):
            click.echo(text, nl=False)


@runs.command("stop")
@_id
@json_option
def stop_run(run_id: str, as_json: bool) -> None:
    """End a run: SIGTERM, its grace, SIGKILL."""
    with session.connect() as client:
        run = client.stop_run(run_id)
    if as_json:
        print_json(run)
    elif run["finished_at"]:
        note(f"{run_id} was over already.")
    else:
        note(f"{run_id} is being stopped.")


def _row(run: "Run") -> tuple[str, ...]:
    command = on_one_line(shlex.join(run["command"]), _SHOWN)
    since = ago(run["started_at"] or run["created_at"])
    return run["id"], run["state"], _code(run), run["actor"], since, f"v{run['release']}", _where(run), command


def _code(run: "Run") -> str:
    return "" if run["exit_code"] is None else str(run["exit_code"])


def _where(run: "Run") -> str:
    if run["instance"]:
        return f"in {'.'.join(run['instance'].split('.')[-2:])}"
    return "attached" if run["attached"] else "detached"
