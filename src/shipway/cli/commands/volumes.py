"""`volumes`: what a service keeps beyond its releases, and what is in the bin."""

from typing import TYPE_CHECKING

import rich_click as click

from shipway.cli import quantities, session
from shipway.cli.asking import confirm
from shipway.cli.options import SERVICE_PATH, json_option, path_argument, yes_option
from shipway.cli.output import ago, note, print_json, print_table
from shipway.client.errors import ClientError

if TYPE_CHECKING:
    from shipway.client.models import Declared, Volume, Volumes

_LATER = "It takes effect with the next deployment: `shipway deploy`."
_words = click.argument(
    "words", nargs=-1, required=True, metavar="[PATH] VOLUME...", shell_complete=SERVICE_PATH.shell_complete
)


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def volumes(ctx: click.Context, as_json: bool) -> None:
    """List, add, remove and restore volumes: directories that outlive releases.

    Each instance has one of its own, and the next release's instance of the same ordinal has the same.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_volumes, path=None, as_json=as_json)


@volumes.command("list")
@path_argument
@json_option
def list_volumes(path: str | None, as_json: bool) -> None:
    """All of a service's, with their sizes, and what is in the bin until when."""
    with session.connect() as client:
        known = client.volumes(session.service_path(path))
    if as_json:
        print_json(known)
        return
    print_table(("VOLUME", "PATH", "SIZE", "STATE", "SINCE", "ID"), _rows(known), "No volumes.")


@volumes.command("add")
@click.argument(
    "words", nargs=-1, required=True, metavar="[PATH] NAME:/DIR", shell_complete=SERVICE_PATH.shell_complete
)
@click.option("--process", default="", metavar="TYPE", help="The one process type whose instances have it.")
@json_option
def add_volume(words: tuple[str, ...], process: str, as_json: bool) -> None:
    """Give each instance one more, empty, from the next deployment on.

    For example: shipway volumes add data:/data. A name that there is already is moved.
    """
    path, wanted = _split(words)
    if len(wanted) != 1:
        raise click.UsageError("Say which one, and where; write data:/data.")
    name, colon, at = wanted[0].partition(":")
    if not (name and colon and at):
        raise click.UsageError(f"{wanted[0]!r} names no volume and its path; write data:/data.")
    with session.connect() as client:
        now = client.add_volume(session.service_path(path), name, at, process)
    _done(now, f"{name} is at {at}{f' of {process}' if process else ''}.", _LATER, as_json)


@volumes.command("remove")
@_words
@json_option
def remove_volume(words: tuple[str, ...], as_json: bool) -> None:
    """Have the next release do without some; what is in them goes into the bin then."""
    path, names = session.split_path(words)
    with session.connect() as client:
        for name in names:
            now = client.remove_volume(session.service_path(path), name)
    _done(now, f"Removed {', '.join(names)}.", f"{_LATER} What is in it goes into the bin then.", as_json)


@volumes.command("restore")
@_words
@json_option
def restore_volume(words: tuple[str, ...], as_json: bool) -> None:
    """Take some out of the bin.

    Named as the list has them, data.web.2, or by their id. They are had by the next instances that start there.
    """
    path, names = session.split_path(words)
    address = session.service_path(path)
    with session.connect() as client:
        for volume in _found(client.volumes(address), names):
            now = client.restore_volume(address, volume["id"])
    _done(now, f"Restored {', '.join(names)}.", "Scale up or deploy, so that an instance has it.", as_json)


@volumes.command("purge")
@_words
@yes_option
@json_option
def purge_volume(words: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Remove some that are in the bin, with all that is in them, for good."""
    path, names = session.split_path(words)
    address = session.service_path(path)
    with session.connect() as client:
        found = _found(client.volumes(address), names)
        if not yes:
            confirm(f"Remove {', '.join(map(_label, found))} for good?")
        for volume in found:
            now = client.purge_volume(address, volume["id"])
    _done(now, f"Removed {', '.join(map(_label, found))} for good.", "", as_json)


def _split(words: tuple[str, ...]) -> tuple[str | None, list[str]]:
    """As other commands do, but what names a volume and its path is no service's path."""
    if ":" in words[0]:
        return None, list(words)
    return session.split_path(words)


def _found(known: "Volumes", names: list[str]) -> list["Volume"]:
    """Those that are meant, each of them once: of one place that in the bin. Raises where several are."""
    if not names:
        raise click.UsageError("Say which: `shipway volumes` lists them.")
    return [_one(known["volumes"], name) for name in dict.fromkeys(names)]


def _one(known: list["Volume"], name: str) -> "Volume":
    candidates = [each for each in known if name in (each["id"], _label(each))]
    if not candidates:
        raise ClientError(f"There is no volume {name}.", hint="`shipway volumes` lists what there is.")
    binned = [each for each in candidates if each["state"] == "bin"]
    if len(binned) > 1:
        raise ClientError(
            f"{len(binned)} volumes that were {name} are in the bin.",
            hint="Name the one you mean by its id, `shipway volumes` has their sizes: "
            f"{', '.join(each['id'] for each in binned)}.",
        )
    return binned[0] if binned else candidates[0]


def _rows(known: "Volumes") -> list[tuple[str, ...]]:
    """Those that are there; then those that the next deployment makes."""
    declared = {each["name"]: each for each in known["declared"]}
    there = [_row(each, declared.get(each["name"])) for each in known["volumes"]]
    names = {each["name"] for each in known["volumes"] if each["state"] == "in-use"}
    new = [
        (f"{name}.{each['process'] or '*'}.*", each["path"], "", "with the next deployment", "", "")
        for name, each in declared.items()
        if name not in names
    ]
    return [*there, *new]


def _row(volume: "Volume", declared: "Declared | None") -> tuple[str, ...]:
    size = "" if volume["size"] is None else quantities.decimal(volume["size"])
    state = f"bin until {volume['until'][:10]}" if volume["until"] else "in use"
    since = ago(volume["binned_at"] or volume["created_at"])
    return _label(volume), declared["path"] if declared else "", size, state, since, volume["id"]


def _label(volume: "Volume") -> str:
    return f"{volume['name']}.{volume['process']}.{volume['ordinal']}"


def _done(now: "Volumes", what: str, then: str, as_json: bool) -> None:
    if as_json:
        print_json(now)
        return
    click.echo(what)
    if then:
        note(then)
