"""`apply` and `export`: an environment as a file."""

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from shipway.cli import session
from shipway.cli.asking import confirm
from shipway.cli.holder import HolderPathType, holder_path
from shipway.cli.options import json_option, yes_option
from shipway.cli.output import note, on_one_line, print_json
from shipway.cli.progress.follow import follow_all
from shipway.client.errors import ClientError

if TYPE_CHECKING:
    from shipway.client.models import Applied, KeyChange

_SIGNS = {"added": ("+", "green"), "changed": ("~", "yellow"), "removed": ("-", "red")}
_WIDEST = 80


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path), metavar="[FILE]")
@click.option(
    "--environment",
    metavar="PATH",
    type=HolderPathType(),
    help="workspace/project/environment; else that of the linked service.",
)
@click.option("--plan", "only_plan", is_flag=True, help="Tell what would change, and change nothing.")
@click.option(
    "--prune-missing", is_flag=True, help="What the file does not say of a service that it names goes back to default."
)
@click.option(
    "--deploy/--no-deploy", help="Deploy what changed, or is not live; where only config did, the code that is live."
)
@yes_option
@json_option
def apply(
    file: Path | None,
    *,
    environment: str | None,
    only_plan: bool,
    prune_missing: bool,
    deploy: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Make an environment what a shipway.toml says.

    It tells what would change, asks, and does it: all or nothing, and only what was told. FILE is ./shipway.toml unless
    another is named; what it does not say stays as it is. `shipway docs` explains the file.
    """
    source = file or Path("shipway.toml")
    path = holder_path(environment, of_environment=True)
    text, files = _read(source)
    what: dict[str, Any] = {"name": str(source), "prune": prune_missing}
    with session.connect() as client:
        planned = client.apply(path, text, files, plan=True, **what)
        if not as_json or only_plan:
            _show(planned, as_json=as_json)
        if only_plan or not (planned["changed"] or deploy):
            return 0 if only_plan or not as_json else _show(planned, as_json=True)
        if planned["changed"] and not yes:
            confirm(f"Change {path}?")
        done = client.apply(path, text, files, deploy=deploy, bins=yes, expected=planned["digest"], **what)
        for name in done["to_upload"]:
            note(
                f"Nothing was sent to {name} yet: `shipway deploy {path}/{name} --directory DIR`, or `git push` to it."
            )
        if done["deployments"]:
            return follow_all(client, done["deployments"], as_json=as_json)
    if as_json:
        return _show(done, as_json=True)
    if done["changed"]:
        click.echo(f"Applied to {path}.")
        note("It takes effect with the next deployment; --deploy makes one at once.")
    return 0


@click.command()
@click.argument("environment", required=False, type=HolderPathType(), metavar="[ENVIRONMENT]")
def export(environment: str | None) -> None:
    """Write an environment down as a shipway.toml.

    For example: shipway export > shipway.toml. It makes another environment like this one; applied to this one it changes
    nothing. No secret is in it.
    """
    with session.connect() as client:
        click.echo(client.export(holder_path(environment, of_environment=True)), nl=False)


def _read(file: Path) -> tuple[str, dict[str, str]]:
    """The file, and what is in those that it names."""
    try:
        text = file.read_text("utf-8-sig")
        named = list(_named(text))
        return text, {each: (file.parent / each).read_text("utf-8") for each in named}
    except UnicodeDecodeError as error:
        raise ClientError(f"{file}, or a file that it names, is not UTF-8.", hint="Save it as UTF-8.") from error
    except FileNotFoundError as error:
        hint = "`shipway docs` prints an example; `shipway export` writes one." if error.filename == str(file) else ""
        raise ClientError(f"There is no file {error.filename}.", hint=hint or f"{file} names it.") from error


def _named(text: str) -> Iterator[str]:
    """Files beside this one that hold config files. A file that is wrong is for the server to tell."""
    try:
        services = tomllib.loads(text).get("services", {})
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    for service in services.values() if isinstance(services, dict) else ():
        files = service.get("files", {}) if isinstance(service, dict) else {}
        for each in files.values() if isinstance(files, dict) else ():
            if isinstance(each, dict) and isinstance(each.get("path"), str):
                yield each["path"]


def _show(applied: "Applied", *, as_json: bool) -> int:
    if as_json:
        print_json(applied)
        return 0
    for line in _lines(applied):
        click.echo(line)
    for warning in applied["warnings"]:
        note(f"warning: {warning['name']} should be a secret: {warning['reason']}. {warning['hint']}")
    if applied["bins"]:
        note(f"Once deployed, volumes go into the bin: {', '.join(applied['bins'])}.")
    if applied["others"]:
        note(f"Not in the file, and left alone: {', '.join(applied['others'])}.")
    return 0


def _lines(applied: "Applied") -> Iterator[str]:
    environment = applied["environment"]
    if not applied["changed"]:
        yield f"{environment}: nothing to change."
    if applied["created"] or applied["config"]:
        yield from _told(environment, "created" if applied["created"] else "changed", applied["config"])
    for service in applied["services"]:
        yield from _told(service["service"], service["change"], service["changes"])
        if service["missing"]:
            yield f"  not in the file, and kept: {', '.join(each['key'] for each in service['missing'])}"


def _told(path: str, change: str, keys: Sequence["KeyChange"]) -> Iterator[str]:
    match change:
        case "created":
            yield click.style(f"{path} will be created{', with' if keys else '.'}", bold=True)
            yield from (f"  {each['key']}  {_shown(each['after'])}" for each in keys)
        case "changed":
            yield click.style(f"{path} will change:", bold=True)
            yield from map(_difference, keys)
        case _:
            yield f"{path} stays as it is."


def _difference(change: "KeyChange") -> str:
    sign, colour = _SIGNS[change["change"]]
    sides = " → ".join(_shown(change[side]) for side in ("before", "after") if change[side] is not None)
    return click.style(f"  {sign} {change['key']}", fg=colour) + f"  {sides}"


def _shown(value: str | None) -> str:
    return on_one_line(value or '""', _WIDEST)
