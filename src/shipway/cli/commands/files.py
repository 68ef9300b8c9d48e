"""`files`: text that a service's instances find under /etc/config."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

from shipway.cli import session
from shipway.cli.options import SERVICE_PATH, json_option, path_argument
from shipway.cli.output import ago, note, print_json, print_table
from shipway.cli.progress.follow import follow
from shipway.cli.quantities import decimal
from shipway.client import address
from shipway.client.errors import ClientError

if TYPE_CHECKING:
    from shipway.client.client import Client
    from shipway.client.models import FilesChanged

F = TypeVar("F", bound=Callable[..., Any])

_deploy_option = click.option(
    "--deploy/--no-deploy", default=True, help="Whether running instances see it at once; else the next release has it."
)


def _words(metavar: str) -> Callable[[F], F]:
    return click.argument(
        "words", nargs=-1, required=True, metavar=f"[PATH] {metavar}", shell_complete=SERVICE_PATH.shell_complete
    )


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def files(ctx: click.Context, as_json: bool) -> None:
    """Config files: text that instances find under /etc/config.

    An edit is a release of its own: running instances see it without a restart. Not for secrets.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_files, path=None, as_json=as_json)


@files.command("list")
@path_argument
@json_option
def list_files(path: str | None, as_json: bool) -> None:
    """All of them, as the next release will have them."""
    with session.connect() as client:
        known = client.files(session.service_path(path))
    rows = [(each["path"], decimal(each["size"]), ago(each["updated_at"]), each["updated_by"]) for each in known]
    print_json(known) if as_json else print_table(("FILE", "SIZE", "SET", "BY"), rows, "There are no config files.")


@files.command("set")
@_words("FILE [SOURCE]")
@_deploy_option
@json_option
def set_file(words: tuple[str, ...], *, deploy: bool, as_json: bool) -> int:
    """Write FILE, named by its path below /etc/config, from the local file SOURCE, or - or nothing: standard input.

    Not for secrets: whoever may see the service may read it.
    """
    path, names = _split(words)
    if len(names) not in (1, 2):
        raise click.UsageError("Name the file by its path below /etc/config, and what to read: app.toml ./app.toml")
    name, source = names[0], names[1] if names[1:] else "-"
    text = _text(source)
    with session.connect() as client:
        return _tell(client, client.change_files(path, files={name: text}, deploy=deploy), f"Set {name}.", as_json)


@files.command("delete")
@_words("FILE...")
@_deploy_option
@json_option
def delete_files(words: tuple[str, ...], deploy: bool, as_json: bool) -> int:
    """Delete some, all at once."""
    path, names = _split(words)
    with session.connect() as client:
        changed = client.change_files(path, delete=names, deploy=deploy)
        return _tell(client, changed, f"Deleted {', '.join(names)}.", as_json)


@files.command("show")
@_words("FILE")
@json_option
def show_file(words: tuple[str, ...], as_json: bool) -> None:
    """Print what is in FILE."""
    path, name = _one(words)
    with session.connect() as client:
        shown = client.file(path, name)
    print_json(shown) if as_json else click.echo(shown["content"], nl=False)


@files.command("history")
@click.argument("words", nargs=-1, metavar="[PATH] [FILE]", shell_complete=SERVICE_PATH.shell_complete)
@json_option
def file_history(words: tuple[str, ...], as_json: bool) -> None:
    """Who changed what and when, newest first."""
    path, names = _split(words)
    if len(names) > 1:
        raise click.UsageError("Name one file, or none for all of them.")
    with session.connect() as client:
        told = client.file_history(path, "".join(names))
    rows = [(ago(each["at"]), each["actor"], each["change"], each["path"], each["sha256"][:12]) for each in told]
    print_json(told) if as_json else print_table(("WHEN", "WHO", "CHANGE", "FILE", "SHA-256"), rows, "None yet.")


def _one(words: Sequence[str]) -> tuple[str, str]:
    path, names = _split(words)
    if len(names) != 1:
        raise click.UsageError("Name one file by its path below /etc/config, such as app.toml.")
    return path, names[0]


def _split(words: Sequence[str]) -> tuple[str, list[str]]:
    """The service and the files. A first word that can be a service's path is one; a file of such a name is told from it
    by its whole path, /etc/config/a/b/c/d."""
    first = words[0] if words else ""
    try:
        named = str(address.parse(first)) if not first.startswith("/") else None
    except ClientError:
        named = None
    return session.service_path(named), [*words[1:]] if named else [*words]


def _text(source: str) -> str:
    try:
        with click.open_file(source, "rb") as file:
            content: bytes = file.read()
        return content.decode()
    except OSError as error:
        raise click.UsageError(f"{source} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        where = "What was typed" if source == "-" else source
        raise ClientError(
            f"{where} is not UTF-8 at byte {error.start}.", hint="Config files are text; save it as UTF-8."
        ) from error


def _tell(client: "Client", changed: "FilesChanged", done: str, as_json: bool) -> int:
    if not as_json:
        click.echo(done)
    if changed["deployment"]:
        return follow(client, changed["deployment"], as_json=as_json)
    if as_json:
        print_json(changed)
    else:
        note("The next release has it; nothing that runs was changed.")
    return 0
