"""`config`: config vars of a service, or of an environment for all its services."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, BinaryIO, TypedDict

import rich_click as click

from shipway.cli import dotenv, holder, session
from shipway.cli.commands.config_history import config_at, config_history, print_config
from shipway.cli.holder import deploy_option, environment_option, holder_argument, holder_path, split_holder
from shipway.cli.options import SERVICE_PATH, json_option
from shipway.cli.output import note, print_json
from shipway.domain.leaks import looks_secret

if TYPE_CHECKING:
    from shipway.client.models import Exposed


@click.group(invoke_without_command=True)
@click.option("--env-file", is_flag=True, help="As a .env file: the same as `config export`.")
@json_option
@click.pass_context
def config(ctx: click.Context, *, env_file: bool, as_json: bool) -> None:
    """List, set and unset config vars.

    They take effect with the next deployment; --deploy makes one of the code that is live, and no newer code. PATH is a
    service's, or an environment's: `acme/shop/production`.
    """
    if ctx.invoked_subcommand is not None:
        return
    if env_file:
        ctx.invoke(export_config, path=None, of_environment=False, own=False)
    else:
        ctx.invoke(list_config, path=None, of_environment=False, as_json=as_json)


config.add_command(config_history)
config.add_command(config_at)


@config.command("list")
@holder_argument
@environment_option
@json_option
def list_config(path: str | None, *, of_environment: bool, as_json: bool) -> None:
    """All that are in effect, with their values, whose they are, and what builds get of them."""
    with session.connect() as client:
        known = client.config(holder_path(path, of_environment=of_environment))
    if as_json:
        print_json(known)
        return
    print_config(known)
    _warn(known["warnings"])


@config.command("set")
@click.argument("words", nargs=-1, metavar="[PATH] NAME=VALUE...", shell_complete=SERVICE_PATH.shell_complete)
@click.option(
    "--from-file", type=click.File("rb"), help="Read NAME=VALUE lines from a .env file; - for standard input."
)
@click.option(
    "--buildtime/--no-buildtime",
    default=None,
    help="Whether builds get them as arguments, too; whoever has the image may find them in it.",
)
@click.option("--build-secret", is_flag=True, help="For builds alone, which may mount them; never shown again.")
@environment_option
@deploy_option
@json_option
def set_config(
    words: tuple[str, ...],
    *,
    from_file: BinaryIO | None,
    buildtime: bool | None,
    build_secret: bool,
    of_environment: bool,
    deploy: bool,
    as_json: bool,
) -> int:
    """Set some. What is secret is better read from a file: other users of this machine see what is typed."""
    path, pairs = split_holder(words)
    values = (dotenv.parse(from_file.read(), "--from-file") if from_file else {}) | dict(_pair(word) for word in pairs)
    if not values:
        raise click.UsageError("Nothing to set; write NAME=VALUE, or --from-file .env.")
    if build_secret and buildtime is not None:
        raise click.UsageError("A build secret is no build argument: choose --build-secret or --buildtime.")
    change: Change = {"build_secrets": values} if build_secret else {"values": values}
    if buildtime is not None:
        change["buildtime"] = dict.fromkeys(values, buildtime)
        _warn_of_secrets(values if buildtime else {})
    return _change(holder_path(path, of_environment=of_environment), change, deploy, as_json)


@config.command("import")
@click.argument("words", nargs=-1, metavar="[PATH] FILE")
@environment_option
@deploy_option
@json_option
def import_config(words: tuple[str, ...], *, of_environment: bool, deploy: bool, as_json: bool) -> int:
    """Set all that a .env file sets; - for standard input. What it does not name stays as it is."""
    path, files = split_holder(words[:-1])
    if not words or files:
        raise click.UsageError("Name one file, such as .env, or - for standard input.")
    with click.open_file(words[-1], "rb") as file:
        values = dotenv.parse(file.read(), words[-1])
    if not values:
        raise click.UsageError(f"{words[-1]} sets nothing; write NAME=value in it, one a line.")
    return _change(holder_path(path, of_environment=of_environment), {"values": values}, deploy, as_json)


@config.command("export")
@holder_argument
@environment_option
@click.option("--own", is_flag=True, help="Without those that are the environment's.")
def export_config(path: str | None, *, of_environment: bool, own: bool) -> None:
    """Print a .env file of all that have a value; `config import` reads it back."""
    with session.connect() as client:
        known = client.config(holder_path(path, of_environment=of_environment))
    left_out = known["environment"] if own else ()
    values = {name: value for name, value in sorted(known["config"].items()) if name not in left_out}
    # `color`: or click takes out of the values what a terminal would be coloured by.
    click.echo(dotenv.write(values), nl=False, color=True)


@config.command("unset")
@click.argument("words", nargs=-1, required=True, metavar="[PATH] NAME...", shell_complete=SERVICE_PATH.shell_complete)
@environment_option
@deploy_option
@json_option
def unset_config(words: tuple[str, ...], *, of_environment: bool, deploy: bool, as_json: bool) -> int:
    """Unset some. What a service no longer has itself, it has of its environment where that has it."""
    path, names = split_holder(words)
    return _change(holder_path(path, of_environment=of_environment), {"unset": names}, deploy, as_json)


class Change(TypedDict, total=False):
    """As the client takes it."""

    values: dict[str, str]
    unset: list[str]
    buildtime: dict[str, bool]
    build_secrets: dict[str, str]


def _change(path: str, change: Change, deploy: bool, as_json: bool) -> int:
    with session.connect() as client:
        now = client.change_config(path, **change)
        _warn(now["warnings"])
        if deploy:
            return holder.deploy(client, path, as_json=as_json)
    if as_json:
        print_json(now)
    else:
        done = [f"Set {name}." for name in (*change.get("values", ()), *change.get("build_secrets", ()))]
        click.echo("\n".join([*done, *(f"Unset {name}." for name in change.get("unset", ()))]))
        note("It takes effect with the next deployment; `shipway reconfigure`, or --deploy, makes one of what is live.")
    return 0


def _warn(warnings: Sequence["Exposed"]) -> None:
    for each in warnings:
        note(f"warning: {each['name']} should be a secret: {each['reason']}. {each['hint']}")


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
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise click.UsageError(f"The value of {name} is not text in UTF-8.") from error
    return name, value
