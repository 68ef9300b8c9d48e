"""`secrets`: values that nobody is shown again, and which service is given them."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO

import rich_click as click

from shipway.cli import session
from shipway.cli.asking import at_a_terminal, came, confirm
from shipway.cli.holder import environment_option, holder_path
from shipway.cli.options import SERVICE_PATH, json_option, yes_option
from shipway.cli.output import ago, note, print_json, print_table
from shipway.client import address

if TYPE_CHECKING:
    from shipway.client.models import Secret, SecretUse

_words = click.argument(
    "words", nargs=-1, required=True, metavar="[PATH] NAME", shell_complete=SERVICE_PATH.shell_complete
)
_LATER = "It takes effect with the next deployment: `shipway reconfigure` makes one of what is live."
_LATER_EACH = "It takes effect with the next deployment of each of its services."


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def secrets(ctx: click.Context, as_json: bool) -> None:
    """List, set, bind and revoke secrets.

    They belong to an environment: PATH is workspace/project/environment, or that of a service in it; by default that of
    the linked one.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_secrets, path=None, as_json=as_json)


@secrets.command("list")
@click.argument("path", required=False, shell_complete=SERVICE_PATH.shell_complete)
@json_option
def list_secrets(path: str | None, as_json: bool) -> None:
    """All of an environment's, without their values, and who uses which version."""
    with session.connect() as client:
        known = client.secrets(_environment(path))
    rows = [row for each in known for row in _rows(each)]
    headers = ("NAME", "VERSION", "SET", "BY", "USED BY")
    print_json(known) if as_json else print_table(headers, rows, "No secrets are set.")


@secrets.command("set")
@_words
@click.option("--from-file", type=click.File("rb"), help="Read the value from a file, byte by byte.")
@json_option
def set_secret(words: tuple[str, ...], from_file: BinaryIO | None, as_json: bool) -> None:
    """Set NAME: a new version of it.

    The value is asked for, or read from standard input without its last line end, or from a file with it: never from the
    command line, which other users of this machine can see.
    """
    path, name = _one(words)
    value = _value(name, from_file)
    with session.connect() as client:
        made = client.set_secret(_environment(path), name, value)
    if as_json:
        print_json(made)
        return
    click.echo(f"{name} has version {made['versions'][0]['version']} now.")
    note(_LATER if made["used_by"] else f"No service uses it yet: `shipway secrets bind {name}`.")


@secrets.command("bind")
@click.argument(
    "words", nargs=-1, required=True, metavar="[PATH] NAME[@VERSION]", shell_complete=SERVICE_PATH.shell_complete
)
@click.option("--as", "variable", help="Variable that the service finds it in; by default NAME.")
@click.option("--file", help="File under /run/secrets that the service finds it in, instead of a variable.")
@environment_option
@json_option
def bind_secret(
    words: tuple[str, ...], *, variable: str | None, file: str | None, of_environment: bool, as_json: bool
) -> None:
    """Give a service a secret, from its next release on; or all services of an environment, by its path or --environment.

    NAME is the newest version when a release is made, which that release keeps; NAME@3 is that one; NAME@latest is looked
    up at each start, and such a release is not reproducible.
    """
    if variable and file:
        raise click.UsageError("It can be a variable or a file: choose --as or --file, or bind it twice.")
    path, reference = _one(words)
    name = file or variable or reference.partition("@")[0]
    home = _holder(path, of_environment=of_environment, file=bool(file))
    with session.connect() as client:
        now = client.bind(home, **{"files" if file else "variables": {name: reference}})
    if as_json:
        print_json(now)
    elif _is_service(home):
        click.echo(f"{home} finds {reference} in {f'/run/secrets/{name}' if file else name}.")
        note(_LATER)
    else:
        click.echo(f"All services of {home} find {reference} in {name}, but those with a variable {name} of their own.")
        note(_LATER_EACH)


@secrets.command("unbind")
@click.argument("words", nargs=-1, required=True, metavar="[PATH] VARIABLE", shell_complete=SERVICE_PATH.shell_complete)
@click.option("--file", is_flag=True, help="The name is that of a file under /run/secrets.")
@environment_option
@json_option
def unbind_secret(words: tuple[str, ...], *, file: bool, of_environment: bool, as_json: bool) -> None:
    """Give a service, or all of an environment, a secret no longer, from the next release on."""
    path, name = _one(words)
    home = _holder(path, of_environment=of_environment, file=file)
    with session.connect() as client:
        now = client.bind(home, **{"files" if file else "variables": {name: None}})
    if as_json:
        print_json(now)
        return
    if left := None if file else now["variables"].get(name):
        click.echo(f"{home} finds {left} in {name}, as its environment has it.")
    elif _is_service(home):
        click.echo(f"{home} no longer finds a secret in {f'/run/secrets/{name}' if file else name}.")
    else:
        click.echo(f"Services of {home} no longer find a secret in {name}, but those with one of their own.")
    note(_LATER if _is_service(home) else _LATER_EACH)


@secrets.command("revoke")
@click.argument(
    "words", nargs=-1, required=True, metavar="[PATH] NAME@VERSION", shell_complete=SERVICE_PATH.shell_complete
)
@yes_option
@json_option
def revoke_secret(words: tuple[str, ...], *, yes: bool, as_json: bool) -> None:
    """Forget one version's value for ever: nothing is started with it again, no rollback brings it back."""
    path, reference = _one(words)
    name, _, version = reference.partition("@")
    if not version.isascii() or not version.isdecimal():
        raise click.UsageError(f"Which version? Write {name}@3; `shipway secrets` lists them.")
    if not yes:
        confirm(f"Forget the value of {reference} for ever?")
    with session.connect() as client:
        known = client.revoke_secret(_environment(path), name, int(version))
    if as_json:
        print_json(known)
        return
    click.echo(f"{reference} is revoked.")
    for warning in dict.fromkeys(_warnings(known, reference)):
        note(warning)


@secrets.command("delete")
@_words
@yes_option
@json_option
def delete_secret(words: tuple[str, ...], *, yes: bool, as_json: bool) -> None:
    """Forget NAME with all its versions; refused while something uses it."""
    path, name = _one(words)
    if not yes:
        confirm(f"Forget all versions of {name} for ever?")
    with session.connect() as client:
        client.delete_secret(_environment(path), name)
    print_json({"deleted": name}) if as_json else click.echo(f"{name} is deleted.")


@secrets.command("rotate-key")
@json_option
def rotate_key(as_json: bool) -> None:
    """Seal all that the installation keeps sealed with a new key. For administrators.

    The old key then opens nothing but old backups: keep it with these.
    """
    with session.connect() as client:
        sealed = client.rotate_key()
    print_json({"sealed": sealed}) if as_json else click.echo(f"Values sealed with a new key: {sealed}.")


def _environment(path: str | None) -> str:
    return str(address.parse_environment(path or session.service_path(None)))


def _holder(path: str | None, *, of_environment: bool, file: bool) -> str:
    """The path of the service, or of the environment, whose variable or file is meant."""
    home = holder_path(path, of_environment=of_environment)
    if file and not _is_service(home):
        raise click.UsageError("Files under /run/secrets are a service's own: name it, or choose a variable.")
    return home


def _is_service(home: str) -> bool:
    return isinstance(address.parse_holder(home), address.ServicePath)


def _one(words: Sequence[str]) -> tuple[str | None, str]:
    """The path, if there is one, and the one other word."""
    path = words[0] if "/" in words[0] else None
    rest = words[1:] if path else words
    if len(rest) == 2 and rest[1].isdecimal():
        raise click.UsageError(f"A version is written {rest[0]}@{rest[1]}.")
    if len(rest) != 1 or "=" in rest[0]:
        raise click.UsageError("Name one secret, after the path if you give one. Its value is never typed there.")
    return path, rest[0]


def _value(name: str, file: BinaryIO | None) -> str:
    if file is None and at_a_terminal():
        return str(click.prompt(f"Value of {name}", hide_input=True))
    content = file.read() if file else _typed()
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise click.UsageError(f"The value of {name} is no UTF-8 text; encode it, for example with base64.") from error
    value = text if file else text.removesuffix("\n").removesuffix("\r")
    return came(
        value, f"value of {name}", "Type it at a terminal, pipe it in, or name a file that has it: --from-file."
    )


def _typed() -> bytes:
    """As bytes, where there are any: read as text, its line ends would become others."""
    stream = getattr(sys.stdin, "buffer", None)
    return stream.read() if stream else sys.stdin.read().encode()


def _rows(secret: "Secret") -> list[tuple[str, str, str, str, str]]:
    """One for each version."""
    newest = secret["versions"][0]["version"]
    return [
        (
            secret["name"] if version["version"] == newest else "",
            f"{version['version']}{' (revoked)' if version['revoked_at'] else ''}",
            ago(version["created_at"]),
            version["created_by"],
            ", ".join(_use(use) for use in secret["used_by"] if _version(use, newest) == version["version"]),
        )
        for version in secret["versions"]
    ]


def _warnings(secret: "Secret", revoked: str) -> Iterator[str]:
    """Who has a version that is revoked, and who would take it next."""
    newest = secret["versions"][0]["version"]
    for use in secret["used_by"]:
        if use["release"] and use["reference"] == revoked:
            yield f"{use['path']} still runs with it (v{use['release']}): set a new one and deploy."
        elif not use["release"] and f"{secret['name']}@{_version(use, newest)}" == revoked:
            what = "set a new one" if use["reference"] != revoked else "bind another version"
            yield f"{use['path']} is set to take it, so nothing is deployed with that: {what}."


def _version(use: "SecretUse", newest: int) -> int:
    version = use["reference"].partition("@")[2]
    return int(version) if version.isdecimal() else newest


def _use(use: "SecretUse") -> str:
    what = use["name"] if use["kind"] == "variable" else f"/run/secrets/{use['name']}"
    live = f"v{use['release']} " if use["release"] else ""
    who = use["path"].rpartition("/")[2] if _is_service(use["path"]) else "all services"
    return f"{who} {live}({what})"
