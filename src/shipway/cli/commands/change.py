"""`rollback`, `restart`, `scale`, `cancel`: change what runs."""

import rich_click as click

from shipway.cli import quantities, session
from shipway.cli.options import SERVICE_PATH, follow_options, json_option, path_argument
from shipway.cli.output import print_json
from shipway.cli.progress.follow import started


@click.command()
@path_argument
@click.option("--version", type=click.IntRange(1), help="Number of the release; by default the one before.")
@follow_options
def rollback(path: str | None, version: int | None, no_follow: bool, as_json: bool) -> int:
    """Go back to an earlier release: same image, same config."""
    with session.connect() as client:
        made = client.rollback(session.service_path(path), version)
        return started(client, made, no_follow=no_follow, as_json=as_json)


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
@follow_options
def scale(words: tuple[str, ...], no_follow: bool, as_json: bool) -> int:
    """Set how many instances run.

    For example: shipway scale web=3 worker=2
    """
    path, counts = session.split_path(words)
    return scale_to(session.service_path(path), counts, no_follow=no_follow, as_json=as_json)


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


def scale_to(path: str, counts: list[str], *, no_follow: bool, as_json: bool) -> int:
    """Scale, and follow the deployment that does it."""
    wanted = quantities.counts(counts)
    with session.connect() as client:
        scaled = client.scale(path, wanted)
        if scaled["deployment"]:
            return started(client, scaled["deployment"], no_follow=no_follow, as_json=as_json)
    if as_json:
        print_json(scaled)
    else:
        click.echo("Noted. Nothing is live; the next deployment starts as many.")
    return 0
