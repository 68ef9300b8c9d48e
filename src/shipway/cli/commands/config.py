"""`config`: a service's config vars."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO, TypedDict

import rich_click as click

from shipway.cli import dotenv, session
from shipway.cli.options import SERVICE_PATH, json_option, path_argument
from shipway.cli.output import note, print_json, print_table
from shipway.cli.progress.follow import started
from shipway.domain.leaks import looks_secret

if TYPE_CHECKING:
    from shipway.client.models import Config

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
    """All of them, with their values, and what builds get of them."""
    with session.connect() as client:
        known = client.config(session.service_path(path))
    print_json(known) if as_json else print_table(("NAME", "VALUE", "BUILDS"), _rows(known), "No config vars are set.")


@config.command("set")
@click.argument("words", nargs=-1, metavar="[PATH] NAME=VALUE...", shell_complete=SERVICE_PATH.shell_complete)
@click.option("--from-file", type=click.File("r"), help="Read NAME=VALUE lines from a .env file; - for standard input.")
@click.option(
    "--buildtime/--no-buildtime",
    default=None,
    help="Whether builds get them as arguments, too; whoever has the image may find them in it.",
)
@click.option("--build-secret", is_flag=True, help="For builds alone, which may mount them; never shown again.")
@_deploy_option
@json_option
def set_config(
    words: tuple[str, ...],
    *,
    from_file: TextIO | None,
    buildtime: bool | None,
    build_secret: bool,
    deploy: bool,
    as_json: bool,
) -> int:
    """Set some. What is secret is better read from a file: other users of this machine see what is typed."""
    path, pairs = session.split_path(words)
    values = (dotenv.parse(from_file, "--from-file") if from_file else {}) | dict(_pair(word) for word in pairs)
    if not values:
        raise click.UsageError("Nothing to set; write NAME=VALUE, or --from-file .env.")
    if build_secret and buildtime is not None:
        raise click.UsageError("A build secret is no build argument: choose --build-secret or --buildtime.")
    change: Change = {"build_secrets": values} if build_secret else {"values": values}
    if buildtime is not None:
        change["buildtime"] = dict.fromkeys(values, buildtime)
        _warn_of_secrets(values if buildtime else {})
    return _change(session.service_path(path), change, deploy, as_json)


@config.command("unset")
@click.argument("words", nargs=-1, required=True, metavar="[PATH] NAME...", shell_complete=SERVICE_PATH.shell_complete)
@_deploy_option
@json_option
def unset_config(words: tuple[str, ...], deploy: bool, as_json: bool) -> int:
    """Unset some."""
    path, names = session.split_path(words)
    return _change(session.service_path(path), {"unset": names}, deploy, as_json)


class Change(TypedDict, total=False):
    """As the client takes it."""

    values: dict[str, str]
    unset: list[str]
    buildtime: dict[str, bool]
    build_secrets: dict[str, str]


def _change(path: str, change: Change, deploy: bool, as_json: bool) -> int:
    with session.connect() as client:
        now = client.change_config(path, **change)
        if deploy:
            return started(client, client.deploy(path), no_follow=False, as_json=as_json)
    if as_json:
        print_json(now)
    else:
        done = [f"Set {name}." for name in (*change.get("values", ()), *change.get("build_secrets", ()))]
        click.echo("\n".join([*done, *(f"Unset {name}." for name in change.get("unset", ()))]))
        note("It takes effect with the next deployment; --deploy makes one at once.")
    return 0


def _rows(known: "Config") -> list[tuple[str, str, str]]:
    """Config vars, then what only builds get, each by name."""
    values = [
        (name, value, "argument" if name in known["buildtime"] else "")
        for name, value in sorted(known["config"].items())
    ]
    return [*values, *((name, "(hidden)", "secret") for name in known["build_secrets"])]


def _warn_of_secrets(values: Mapping[str, str]) -> None:
    for name, value in values.items():
        if looks_secret(name, value):
            note(
                f"warning: {name} looks like a secret, and whoever has the image may find it there: use --build-secret."
            )


def _pair(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not (name and equals):
        raise click.UsageError(f"{word!r} sets nothing; write NAME=VALUE.")
    return name, value
