"""`run`: a command once, in a container of its own."""

import click as plain_click
import rich_click as click

from shipway.cli import seat, session
from shipway.cli.options import json_option
from shipway.cli.output import note, print_json
from shipway.cli.quantities import DurationType, ReleaseNumberType
from shipway.cli.target import target, target_options


@click.command(context_settings={"allow_interspersed_args": False})
@click.argument("command", nargs=-1, required=True, type=plain_click.UNPROCESSED, metavar="[--] COMMAND...")
@target_options
@click.option("--type", "process", default="", metavar="TYPE", help="Process type whose limits it has.  [default: web]")
@click.option("--release", type=ReleaseNumberType(), help="Another release than the live one: v12.")
@click.option("-d", "--detach", is_flag=True, help="Print its id and return; it goes on by itself.")
@click.option("--timeout", type=DurationType(), help="Time after which it is ended: 90s, 30m, 12h, 2d.  [default: 24h]")
@click.option("--tty/--no-tty", "terminal", default=None, help="Give it a terminal.  [default: where this is one]")
@json_option
def run(
    command: tuple[str, ...],
    *,
    service: str,
    env: str,
    process: str,
    release: int | None,
    detach: bool,
    timeout: float | None,
    terminal: bool | None,
    as_json: bool,
) -> int:
    """Run a command once, in a container of its own, of what is live.

    It has the image, config, secrets and config files of the release; no volumes, and no requests. Its exit code becomes
    the exit code here. Its words are shown in `shipway runs`: no place for secrets.
    """
    options: dict[str, object] = {"process": process, "release": release, "detached": detach}
    options |= {} if timeout is None else {"timeout": timeout}
    with session.connect() as client:
        made = client.run(target(service, env), command, **options)
        if not detach:
            return seat.sit_before(client, made["id"], terminal=terminal)
    if as_json:
        print_json(made)
    else:
        click.echo(made["id"])
        note(f"It runs by itself. What it writes: shipway runs logs -f {made['id']}")
    return 0
