"""`releases`: what each holds, and what is different between two."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import rich_click as click

from shipway.cli import session
from shipway.cli.lazy import DefaultGroup
from shipway.cli.options import SERVICE_PATH, json_option, path_argument
from shipway.cli.output import ago, print_facts, print_json, print_table
from shipway.cli.quantities import ReleaseNumberType, memory

if TYPE_CHECKING:
    from shipway.client.models import Change, ImageOrigin, Release, ReleaseDetail

#: How each part of a release is called where it has no name of its own, or in front of the one it has.
_PARTS = {
    "image": "image",
    "commit": "commit",
    "variable": "",
    "secret": "secret",
    "secret-file": "/run/secrets/",
    "file": "/etc/config/",
    "process": "process",
    "port": "port",
    "release-command": "release command",
    "setting": "setting",
}
_SIGNS = {"added": "+", "removed": "-", "changed": "~"}


@click.group(cls=DefaultGroup, default="list")
def releases() -> None:
    """List, show, compare and pin releases: what `rollback --version` goes back to."""


@releases.command("list")
@path_argument
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True)
@json_option
def list_releases(path: str | None, limit: int, as_json: bool) -> None:
    """A service's releases, newest first."""
    with session.connect() as client:
        known = client.releases(session.service_path(path), limit=limit)
    if as_json:
        print_json(known)
        return
    print_table(("", "IMAGE", "COMMIT", "PROCESSES", "CONFIG", "WHEN"), [_row(each) for each in known])


@releases.command("show")
@click.argument("words", nargs=-1, required=True, metavar="[PATH] NUMBER", shell_complete=SERVICE_PATH.shell_complete)
@json_option
def show(words: tuple[str, ...], as_json: bool) -> None:
    """Everything that one holds, such as v12; of secrets the version."""
    path, numbers = _numbers(words, 1)
    with session.connect() as client:
        release = client.release(session.service_path(path), numbers[0])
    print_json(release) if as_json else _print(release)


@releases.command("pin")
@click.argument("words", nargs=-1, required=True, metavar="[PATH] NUMBER", shell_complete=SERVICE_PATH.shell_complete)
@json_option
def pin(words: tuple[str, ...], as_json: bool) -> None:
    """Have the image of one stay, whatever the retention says."""
    _pin(words, pinned=True, as_json=as_json)


@releases.command("unpin")
@click.argument("words", nargs=-1, required=True, metavar="[PATH] NUMBER", shell_complete=SERVICE_PATH.shell_complete)
@json_option
def unpin(words: tuple[str, ...], as_json: bool) -> None:
    """Leave its image to the retention."""
    _pin(words, pinned=False, as_json=as_json)


@releases.command("diff")
@click.argument(
    "words", nargs=-1, required=True, metavar="[PATH] NUMBER NUMBER", shell_complete=SERVICE_PATH.shell_complete
)
@json_option
def diff(words: tuple[str, ...], as_json: bool) -> None:
    """What is different in the second: `shipway releases diff v11 v14`."""
    path, (before, after) = _numbers(words, 2)
    with session.connect() as client:
        found = client.difference(session.service_path(path), before, after)
    if as_json:
        print_json(found)
    elif not found["changes"]:
        click.echo(f"v{before} and v{after} hold the same.")
    else:
        click.echo("\n".join(map(told, found["changes"])))


def _pin(words: tuple[str, ...], *, pinned: bool, as_json: bool) -> None:
    path, numbers = _numbers(words, 1)
    with session.connect() as client:
        release = client.pin_release(session.service_path(path), numbers[0], pinned=pinned)
    if as_json:
        print_json(release)
    else:
        what = (
            "is pinned: its image stays" if pinned else "is not pinned: its image stays as long as the retention says"
        )
        click.echo(f"v{numbers[0]} {what}.")


def told(change: "Change") -> str:
    """A change in a line, as `~ LOG_LEVEL: info → debug`; what has several lines is shown in one, quoted."""
    part = _PARTS[change["part"]]
    glue = "" if part.endswith("/") else " "
    name = f"{part}{glue}{change['name']}".strip()
    values = [_short(change["part"], value) for value in (change["before"], change["after"]) if value is not None]
    return f"{_SIGNS[change['change']]} {name}: {' → '.join(values)}"


def origin(of: "ImageOrigin | None", path: str = "") -> str:
    """Whose image a release takes; its service where that is another."""
    if of is None:
        return ""
    return f"v{of['number']}" if of["service"] == path else f"v{of['number']} of {of['service']}"


def _short(part: str, value: str) -> str:
    if part == "file":
        return value[:12]
    return value if value.isprintable() and value else repr(value)


def _numbers(words: tuple[str, ...], count: int) -> tuple[str | None, list[int]]:
    path, rest = session.split_path(words)
    if len(rest) != count:
        example = " ".join(("v11", "v14")[:count])
        raise click.UsageError(
            f"Which? `shipway releases` lists them; write {'it' if count == 1 else 'two'}: {example}."
        )
    return path, [ReleaseNumberType().convert(word, None, None) for word in rest]


def _row(release: "Release") -> tuple[str, ...]:
    return (
        f"v{release['number']}",
        release["image"]["label"] + _marks(release),
        release["commit"][:12],
        " ".join(process["name"] for process in release["processes"]),
        release["config_hash"][:8] + ("" if release["reproducible"] else " (not reproducible)"),
        ago(release["created_at"]),
    )


def _marks(release: "Release") -> str:
    rebuilt = " (rebuilt)" if release["rebuilt"] else ""
    return rebuilt + (" (pruned)" if release["image_pruned_at"] else " (pinned)" if release["pinned"] else "")


def _print(release: "ReleaseDetail") -> None:
    print_facts(_facts(release))
    _print_named("Config vars", release["config"])
    _print_named("Secrets", release["secrets"])
    _print_named("Files under /run/secrets", release["secret_files"])
    _print_named("Files under /etc/config", release["files"])
    _print_named("Processes", {each["name"]: each["command"] or "(the image's own)" for each in release["processes"]})


def _facts(release: "ReleaseDetail") -> Iterator[tuple[str, str]]:
    settings = release["settings"]
    resources = settings["resources"]
    yield "Release", f"v{release['number']}, made {ago(release['created_at'])}"
    yield "Image", release["image"]["label"] + _marks(release)
    yield "Digest", release["image"]["digest"]
    yield "Commit", release["commit"]
    yield "Taken from", origin(release["image_from"])
    yield "Rebuilt", f"differs from v{release['derived_from']}, whose image was pruned" if release["rebuilt"] else ""
    yield "Release command", release["release_command"]
    yield "Port", str(release["port"])
    yield "Limits", f"{memory(resources['memory'])} memory, {resources['cpus']:g} cpus, {resources['pids']} pids"
    yield "Health", f"{settings['health']['type']} {settings['health']['path'] or '(the usual paths)'}"
    yield "Strategy", settings["strategy"]["type"]
    yield "Hash", release["hash"]
    yield "Made live by", ", ".join(f"d{each['number']} {ago(each['live_at'])}" for each in release["made_live_by"])


def _print_named(title: str, named: Mapping[str, str]) -> None:
    if named:
        click.secho(f"\n{title}", bold=True)
        print_facts(
            (name, value if value.isprintable() and value else repr(value)) for name, value in sorted(named.items())
        )
