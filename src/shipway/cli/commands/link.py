"""`link` and `unlink`: which service a directory is."""

from pathlib import Path

import rich_click as click

from shipway.cli import session
from shipway.cli.asking import ask
from shipway.cli.options import directory_option, json_option, path_argument
from shipway.cli.output import print_json
from shipway.client import config
from shipway.client.errors import ClientError


@click.command()
@path_argument
@directory_option
@json_option
def link(path: str | None, directory: Path | None, as_json: bool) -> None:
    """Link a directory to a service: commands there need no PATH.

    It counts for all directories below it as well.
    """
    at = (directory or Path.cwd()).resolve()
    with session.connect() as client:
        known = [service["path"] for service in client.services()] if path is None else [client.service(path)["path"]]
    chosen = known[0] if len(known) == 1 else _chosen(known)
    config.change(lambda remembered: remembered.with_link(at, chosen))
    print_json({"directory": str(at), "path": chosen}) if as_json else click.echo(f"{at} is now {chosen}.")


@click.command()
@directory_option
@json_option
def unlink(directory: Path | None, as_json: bool) -> None:
    """Forget a directory's link."""
    at = directory or Path.cwd()
    root = config.load().linked_root(at)
    if root is None:
        raise ClientError(f"{at} is not linked.", hint="`shipway link PATH` links it.")
    config.change(lambda remembered: remembered.without_link(root))
    print_json({"directory": str(root)}) if as_json else click.echo(f"{root} is linked no more.")


def _chosen(known: list[str]) -> str:
    if not known:
        raise ClientError(
            "There is no service yet.", hint="`shipway deploy` makes one; or `shipway services create PATH`."
        )
    return ask("Which service", instead="shipway link PATH", type=click.Choice(known))
