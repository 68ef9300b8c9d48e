"""`registries`: private registries that a workspace's builds read packages and base images from."""

import sys

import rich_click as click

from shipway.cli import session
from shipway.cli.asking import at_a_terminal, came
from shipway.cli.options import json_option
from shipway.cli.output import ago, note, print_json, print_table
from shipway.cli.workspace import chosen_workspace, workspace_option
from shipway.domain.registries import TOKEN_USER

_FOR = {"any": "images, packages", "image": "images", "packages": "packages"}


@click.group(invoke_without_command=True)
@workspace_option
@json_option
@click.pass_context
def registries(ctx: click.Context, workspace: str | None, as_json: bool) -> None:
    """List, add and remove private registries that builds read from."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_registries, workspace=workspace, as_json=as_json)


@registries.command("list")
@workspace_option
@json_option
def list_registries(workspace: str | None, as_json: bool) -> None:
    """All of a workspace's. Passwords are never shown."""
    with session.connect() as client:
        known = client.registries(chosen_workspace(client, workspace))
    rows = [(each["host"], _user(each["username"]), _FOR[each["kind"]], ago(each["updated_at"])) for each in known]
    print_json(known) if as_json else print_table(("HOST", "USER", "FOR", "SET"), rows, "No registries are known.")


@registries.command("add")
@click.argument("host", help="registry.example.com, or registry.example.com:5000")
@click.option("--username", default=TOKEN_USER, show_default=False, help="Left out: the password is a token.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input; else it is asked for.")
@click.option("--kind", type=click.Choice(("any", "image", "packages")), default="any", help="What it is for.")
@workspace_option
@json_option
def add_registry(
    host: str, *, username: str, password_stdin: bool, kind: str, workspace: str | None, as_json: bool
) -> None:
    """Tell HOST who is there, from the next build on; replaces what it was told before.

    Installers find it by the host of the index that the app's own files name; base images by the host in FROM.
    """
    name, password = _host(host), _password(password_stdin)
    with session.connect() as client:
        body = {"username": username, "password": password, "kind": kind}
        made = client.put_registry(chosen_workspace(client, workspace), name, **body)
    if as_json:
        print_json(made)
    else:
        click.echo(f"Builds now log in to {made['host']} as {_user(made['username'])}, for {_FOR[made['kind']]}.")
        note("It takes effect with the next build: `shipway deploy`.")


@registries.command("remove")
@click.argument("host")
@workspace_option
@json_option
def remove_registry(host: str, workspace: str | None, as_json: bool) -> None:
    """Tell HOST nothing any more, from the next build on."""
    with session.connect() as client:
        client.remove_registry(chosen_workspace(client, workspace), _host(host))
    print_json({"removed": host}) if as_json else click.echo(f"Builds no longer log in to {host}.")


def _host(text: str) -> str:
    """Without what people copy along with it; whether it is one is for the server to say."""
    host = text.removeprefix("https://").removeprefix("http://").rstrip("/")
    if not host or "/" in host:
        raise click.UsageError(f"{text!r} is not a host; give it without a path: registry.example.com.")
    return host


def _user(username: str) -> str:
    return "(token)" if username == TOKEN_USER else username


def _password(from_input: bool) -> str:
    """Without the line end that it usually comes with."""
    if from_input or not at_a_terminal():
        piped = sys.stdin.read().rstrip("\r\n")
        return came(piped, "password", "Type it at a terminal, or pipe it in.")
    return str(click.prompt("Password", hide_input=True))
