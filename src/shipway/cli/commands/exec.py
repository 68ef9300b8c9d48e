"""`exec` and `shell`: beside the app of a running instance."""

import click as plain_click
import rich_click as click

from shipway.cli import seat, session
from shipway.cli.target import target, target_options

_instance = click.option("--instance", default="", metavar="web.2", help="Which one.  [default: the first that runs]")
_terminal = click.option(
    "--tty/--no-tty", "terminal", default=None, help="Give it a terminal.  [default: where this is one]"
)


@click.command("exec", context_settings={"allow_interspersed_args": False})
@click.argument("command", nargs=-1, required=True, type=plain_click.UNPROCESSED, metavar="[--] COMMAND...")
@target_options
@_instance
@_terminal
def exec_(command: tuple[str, ...], *, service: str, env: str, instance: str, terminal: bool | None) -> int:
    """Run a command inside a running instance.

    It runs beside the app, with its files, its user, its environment, and within its limits. Its exit code becomes the exit
    code here. What it changes there is gone with the instance.
    """
    with session.connect() as client:
        made = client.enter(target(service, env), command, instance=instance)
        return seat.sit_before(client, made["id"], terminal=terminal)


@click.command()
@target_options
@_instance
@_terminal
def shell(*, service: str, env: str, instance: str, terminal: bool | None) -> int:
    """Open a shell inside a running instance.

    Bash, or else sh; an image may have neither.
    """
    with session.connect() as client:
        made = client.enter(target(service, env), instance=instance)
        return seat.sit_before(client, made["id"], terminal=terminal)
