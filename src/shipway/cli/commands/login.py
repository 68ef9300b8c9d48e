"""`login`: use a server."""

import sys

import rich_click as click

from shipway.cli.asking import at_a_terminal, came
from shipway.cli.options import json_option
from shipway.cli.output import print_json
from shipway.client import config


@click.command()
@click.argument("url", help="The server's address: https://shipway.example.com")
@click.option("--token", help="An API token; asked for, or read from standard input, when it is not given.")
@json_option
def login(url: str, token: str | None, as_json: bool) -> None:
    """Use the server at URL from now on.

    A token on the command line can be seen by others on this machine: better have it asked for, or pipe it in.
    """
    from shipway.client.client import Client

    secret = came((token or _asked()).strip(), "token", "Type it at a terminal, or pipe it in.")
    with Client(url, secret) as client:
        address, me = client.url, client.whoami()
    config.change(lambda known: known.with_server(address, secret))
    if as_json:
        print_json({"url": address, **me})
    else:
        click.echo(f"Logged in to {address} as {me['name']}.")


def _asked() -> str:
    if at_a_terminal():
        return str(click.prompt("Token", hide_input=True))
    return sys.stdin.readline()
