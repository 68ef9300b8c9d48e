"""`config`: a service's config vars."""

from typing import TextIO

import rich_click as click

from shipway.cli import dotenv, session
from shipway.cli.options import SERVICE_PATH, json_option, path_argument
from shipway.cli.output import note, print_json, print_table
from shipway.cli.progress.follow import started

_deploy_option = click.option("--deploy", is_flag=True, help="Deploy at once, so that it takes effect.")


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def config(ctx: click.Context, as_json: bool) -> None:
    """List, set and unset config vars.

    They take effect with the next deployment.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_config, path=None, as_json=as_json)


@config.command("list")
@path_argument
@json_option
def list_config(path: str | None, as_json: bool) -> None:
    """All of them, with their values."""
    with session.connect() as client:
        values = client.config(session.service_path(path))
    print_json(values) if as_json else print_table(("NAME", "VALUE"), sorted(values.items()), "No config vars are set.")


@config.command("set")
@click.argument("words", nargs=-1, metavar="[PATH] NAME=VALUE...", shell_complete=SERVICE_PATH.shell_complete)
@click.option("--from-file", type=click.File("r"), help="Read NAME=VALUE lines from a .env file; - for standard input.")
@_deploy_option
@json_option
def set_config(words: tuple[str, ...], from_file: TextIO | None, deploy: bool, as_json: bool) -> int:
    """Set some. What is secret is better read from a file: other users of this machine see what is typed."""
    path, pairs = session.split_path(words)
    values = (dotenv.parse(from_file, "--from-file") if from_file else {}) | dict(_pair(word) for word in pairs)
    if not values:
        raise click.UsageError("Nothing to set; write NAME=VALUE, or --from-file .env.")
    return _change(session.service_path(path), values, [], deploy, as_json)


@config.command("unset")
@click.argument("words", nargs=-1, required=True, metavar="[PATH] NAME...", shell_complete=SERVICE_PATH.shell_complete)
@_deploy_option
@json_option
def unset_config(words: tuple[str, ...], deploy: bool, as_json: bool) -> int:
    """Unset some."""
    path, names = session.split_path(words)
    return _change(session.service_path(path), {}, names, deploy, as_json)


def _change(path: str, values: dict[str, str], unset: list[str], deploy: bool, as_json: bool) -> int:
    with session.connect() as client:
        now = client.change_config(path, values=values, unset=unset)
        if deploy:
            return started(client, client.deploy(path), no_follow=False, as_json=as_json)
    if as_json:
        print_json(now)
    else:
        done = [f"Set {name}." for name in values] + [f"Unset {name}." for name in unset]
        click.echo("\n".join(done))
        note("It takes effect with the next deployment; --deploy makes one at once.")
    return 0


def _pair(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not (name and equals):
        raise click.UsageError(f"{word!r} sets nothing; write NAME=VALUE.")
    return name, value
