"""`restart`, `scale`, `cancel`: change what runs."""

from typing import TYPE_CHECKING

import rich_click as click

from shipway.cli import quantities, session
from shipway.cli.asking import at_a_terminal, confirm
from shipway.cli.options import SERVICE_PATH, follow_options, json_option, path_argument, yes_option
from shipway.cli.output import note, print_json
from shipway.cli.progress.follow import started
from shipway.client.errors import ClientError

if TYPE_CHECKING:
    from shipway.client.client import Client
    from shipway.client.models import Scaled


@click.command()
@path_argument
@follow_options
def restart(path: str | None, no_follow: bool, as_json: bool) -> int:
    """New instances of what is live, without a gap."""
    with session.connect() as client:
        return started(client, client.restart(session.service_path(path)), no_follow=no_follow, as_json=as_json)


@click.command()
@click.argument(
    "words", nargs=-1, required=True, metavar="[PATH] TYPE=N...", shell_complete=SERVICE_PATH.shell_complete
)
@yes_option
@follow_options
def scale(words: tuple[str, ...], *, yes: bool, no_follow: bool, as_json: bool) -> int:
    """Set how many instances run.

    For example: shipway scale web=3 worker=2. It asks before it puts volumes into the bin.
    """
    path, counts = session.split_path(words)
    return scale_to(session.service_path(path), counts, yes=yes, no_follow=no_follow, as_json=as_json)


@click.command()
@click.argument("what", required=False, metavar="[PATH|ID]", shell_complete=SERVICE_PATH.shell_complete)
@json_option
def cancel(what: str | None, as_json: bool) -> None:
    """Stop a deployment before traffic moves.

    The one with that ID, else the service's newest.
    """
    with session.connect() as client:
        by_id = what and "/" not in what
        identifier = what if by_id else client.status(session.service_path(what))["deployment"]["id"]
        cancelled = client.cancel(str(identifier))
    if as_json:
        print_json(cancelled)
    else:
        done = cancelled["state"] == "cancelled"
        click.echo(f"d{cancelled['number']} is {'cancelled' if done else 'being cancelled'}.")


def _scaled(client: "Client", path: str, counts: dict[str, int], *, yes: bool) -> "Scaled":
    """Scaled, once somebody has said that volumes may go into the bin by it."""
    try:
        return client.scale(path, counts, bins=yes)
    except ClientError as error:
        if error.code != "would-bin" or not at_a_terminal():
            raise
        note(error.message)
        confirm("Scale all the same?")
    return client.scale(path, counts, bins=True)


def scale_to(path: str, counts: list[str], *, yes: bool, no_follow: bool, as_json: bool) -> int:
    """Scale, and follow the deployment that does it."""
    wanted = quantities.counts(counts)
    with session.connect() as client:
        scaled = _scaled(client, path, wanted, yes=yes)
        if scaled["deployment"]:
            return started(client, scaled["deployment"], no_follow=no_follow, as_json=as_json)
    if as_json:
        print_json(scaled)
    else:
        click.echo("Noted. Nothing is live; the next deployment starts as many.")
    return 0
