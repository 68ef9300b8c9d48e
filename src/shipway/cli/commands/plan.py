"""`plan`: what a deployment would do, before it is asked for."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import rich_click as click

from shipway.cli import quantities, session
from shipway.cli.commands.releases import origin
from shipway.cli.commands.rollback import config_option, told
from shipway.cli.options import SERVICE_PATH, json_option, zero_downtime_option
from shipway.cli.output import print_facts, print_json
from shipway.cli.rebuilds import rebuilding
from shipway.client.models import Capacity, Plan, ProcessChange
from shipway.domain.headcount import headcount
from shipway.domain.process import WEB

_MOVES = {
    "evict": "stop what is kept warm of {}, to make room",
    "run": "run the release command of {}",
    "adopt": "take over {}, still there",
    "start": "start {}",
    "park": "stop {}, to come back should this fail",
    "publish": "let them see the config files of {}",
    "switch": "send the requests to {}",
    "stop": "drain and stop {}",
}
_OF_INSTANCES = ("adopt", "start", "park", "stop")


@click.command()
@click.argument("words", nargs=-1, metavar="[PATH] [TYPE=N...]", shell_complete=SERVICE_PATH.shell_complete)
@click.option("--rollback", is_flag=True, help="Of a rollback.")
@click.option("--version", type=click.IntRange(1), help="Release to go back to; by default the one before.")
@config_option
@click.option("--restart", is_flag=True, help="Of a restart.")
@click.option("--reconfigure", is_flag=True, help="Of what is live, with today's config.")
@click.option(
    "--promote-from", metavar="PATH", type=SERVICE_PATH, help="Of a promotion from that service; PATH gets it."
)
@click.option("--rebuild", is_flag=True, help="With --promote-from: its commit is built here.")
@click.option("--scale", is_flag=True, help="Of a scaling: `shipway plan --scale web=3`.")
@zero_downtime_option
@json_option
def plan(words: tuple[str, ...], *, require_zero_downtime: bool, as_json: bool, **options: Any) -> None:
    """What a deployment would do, and why in that way.

    Of the service's source with today's config, unless an option says otherwise. Nothing changes.
    """
    path, counts = session.split_path(words)
    action, body = _asked(counts, **options)
    with session.connect() as client:
        made = client.plan(session.service_path(path), action, require_zero_downtime=require_zero_downtime, **body)
    if as_json:
        print_json(made)
    elif made is None:
        click.echo("Nothing is live; the next deployment starts as many.")
    else:
        _print(made)


def _asked(
    counts: list[str],
    *,
    rollback: bool,
    version: int | None,
    config: str,
    restart: bool,
    reconfigure: bool,
    scale: bool,
    promote_from: str | None,
    rebuild: bool,
) -> tuple[str, dict[str, Any]]:
    """The action, and what the API takes for it."""
    flags = {
        "rollback": rollback,
        "restart": restart,
        "reconfigure": reconfigure,
        "scale": scale,
        "promote-from": promote_from,
    }
    chosen = [name for name, given in flags.items() if given] or ["deploy"]
    if len(chosen) > 1:
        raise click.UsageError(f"--{chosen[0]} and --{chosen[1]} exclude each other.")
    if version and not (rollback or promote_from):
        raise click.UsageError("--version belongs to --rollback and --promote-from.")
    if (config != "snapshot" and not rollback) or (rebuild and not promote_from):
        raise click.UsageError("--config belongs to --rollback, --rebuild to --promote-from.")
    if counts and not scale:
        raise click.UsageError(f"{counts[0]!r} belongs to --scale.")
    if scale:
        return "scale", {"counts": quantities.counts(counts)}
    if promote_from:
        return "promote", {"source": promote_from, "version": version, "rebuild": rebuild}
    return chosen[0], {"version": version, "config": config} if rollback else {}


def _print(made: Plan) -> None:
    click.secho(made["summary"], bold=True)
    if made["why"]:
        click.echo(f"because {made['why']}")
    click.echo()
    print_facts(_facts(made))
    click.echo()
    for number, line in enumerate(_moves(made), 1):
        click.echo(f"{number}. {line}")
    for warning in made["warnings"]:
        click.echo(f"\n{click.style('warning:', fg='yellow', bold=True)} {warning}")


def _facts(made: Plan) -> Iterator[tuple[str, str]]:
    image = ", of ".join(filter(None, (made["image"], origin(made["image_from"]))))
    yield "Image", f"{image}, {rebuilding(made['rebuilds_from'])}" if made["rebuilds_from"] else image
    yield "Config", ", ".join(map(told, made["config"]))
    yield "Since then", ", ".join(map(told, made["today"]))
    yield "Processes", ", ".join(map(_process, made["processes"]))
    yield "Needed", _amount(made["needed"])
    yield "Free", _amount(made["free"])


def _process(change: ProcessChange) -> str:
    before = "" if change["before"] == change["after"] else f"{change['before']} → "
    return f"{change['name']} {before}{change['after']}"


def _amount(of: Capacity) -> str:
    """Of what is given away more than once there is none."""
    memory = quantities.memory(max(0, of["memory"]))
    devices = [f"{max(0, count)} {kind}" for kind, count in sorted(of["devices"].items())]
    return ", ".join([f"{memory} memory", f"{max(0.0, of['cpus']):g} cpus", *devices])


def _moves(made: Plan) -> Iterator[str]:
    """In order, those of a kind that follow each other in one line."""
    trial = _trial(made)
    for verb, moves in groupby(made["moves"], key=lambda move: move["verb"]):
        if trial and verb in ("park", "switch"):
            yield trial
            trial = ""
        yield _move(verb, [move["what"] for move in moves], made["at_once"])


def _trial(made: Plan) -> str:
    """What comes before anything is stopped; a canary is compared with old instances that serve beside it."""
    if made["waits"]:
        return "wait for `shipway promote`"
    compared = any(each["name"] == WEB and each["before"] and each["after"] for each in made["processes"])
    tried = made["strategy"] == "canary" and made["mode"] == "overlap" and compared
    return "send it some of the requests, step by step" if tried else ""


def _move(verb: str, names: list[str], at_once: int) -> str:
    told = headcount(names) if verb in _OF_INSTANCES else " and ".join(names)
    many = f", {at_once} at a time" if verb == "start" and len(names) > at_once else ""
    return _MOVES[verb].format(told) + many
