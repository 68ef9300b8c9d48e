"""`config history` and `config at`: what config vars were, and who changed them."""

from typing import TYPE_CHECKING

import rich_click as click

from shipway.cli import session
from shipway.cli.holder import environment_option, holder_path, split_holder
from shipway.cli.moments import moment
from shipway.cli.options import json_option
from shipway.cli.output import ago, note, on_one_line, print_json, print_table

if TYPE_CHECKING:
    from shipway.client.models import Config, VarChange

_MOST = 60


@click.command("history")
@click.argument("words", nargs=-1, metavar="[PATH] [NAME]")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True)
@click.option("--before", type=click.IntRange(1), help="Only changes with a lower number.")
@environment_option
@json_option
def config_history(
    words: tuple[str, ...], *, limit: int, before: int | None, of_environment: bool, as_json: bool
) -> None:
    """Every change, newest first, or those of NAME: who made it, when, and what to."""
    path, names = split_holder(words)
    if len(names) > 1:
        raise click.UsageError("Give one NAME, or none for all.")
    with session.connect() as client:
        where = holder_path(path, of_environment=of_environment)
        page = client.config_changes(where, name="".join(names), limit=limit, before=before)
    if as_json:
        print_json(page)
        return
    print_table(("", "WHEN", "BY", "OF", "CHANGE"), [_row(each) for each in page["changes"]], "Nothing was ever set.")
    if page["next_before"]:
        note(f"Older ones: --before {page['next_before']}")


@click.command("at")
@click.argument("words", nargs=-1, required=True, metavar="[PATH] TIME")
@environment_option
@json_option
def config_at(words: tuple[str, ...], *, of_environment: bool, as_json: bool) -> None:
    """What the config was at a TIME: `2h ago`, `2026-11-21`, or `2026-11-21T14:00` with `Z` for UTC."""
    path, told = split_holder(words)
    when = moment(" ".join(told))
    with session.connect() as client:
        known = client.config(holder_path(path, of_environment=of_environment), at=when.isoformat())
    print_json(known) if as_json else print_config(known)


def print_config(known: "Config") -> None:
    """Config vars, of secrets which, then what only builds get, each by name."""
    told = {name: on_one_line(value) for name, value in known["config"].items()}
    told |= {name: f"(secret {reference})" for name, reference in known["secrets"].items()}
    rows = [
        (
            name,
            value,
            "environment" if name in known["environment"] else "service",
            "argument" if name in known["buildtime"] else "",
        )
        for name, value in sorted(told.items())
    ]
    hidden = [(name, "(hidden)", "service", "secret") for name in known["build_secrets"]]
    print_table(("NAME", "VALUE", "OF", "BUILDS"), [*rows, *hidden], "No config vars are set.")


def _row(change: "VarChange") -> tuple[str, ...]:
    return f"{change['id']}", ago(change["at"]), change["actor"], change["origin"], _told(change)


def _told(change: "VarChange") -> str:
    """In words: `set LOG_LEVEL=debug`, `unset secret TOKEN`."""
    kind = "" if change["kind"] == "variable" else f"{change['kind'].replace('-', ' ')} "
    told = f"{change['change']} {kind}{change['name']}"
    if change["change"] != "set" or change["kind"] == "build-secret":
        return told
    if change["reference"]:
        return f"{told} to secret {change['reference']}"
    builds = ", for builds too" if change["buildtime"] else ""
    return f"{told}={on_one_line(change['value'], _MOST)}{builds}"
