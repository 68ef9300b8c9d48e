"""`delete` of services, environments and projects: first what goes, then its name is typed."""

from typing import Any

import rich_click as click

from shipway.cli import quantities, session
from shipway.cli.asking import ask
from shipway.cli.options import SERVICE_PATH, json_option
from shipway.cli.output import note, print_json
from shipway.client.models import Loss, LostVolume


def delete_command(metavar: str, told: str, kind: click.ParamType[str] | None = None) -> click.Command:
    """The command for one noun; `metavar` is the form of its path, `told` what the command says of itself."""

    @click.command("delete", help=told)
    @click.argument("path", metavar=metavar, type=kind)
    @click.option("--confirm", metavar="PATH", help="The whole path again, instead of typing it.")
    @json_option
    def delete(path: str, confirm: str | None, as_json: bool) -> None:
        wanted = _checked(path, metavar)
        with session.connect() as client:
            loss = client.loss(wanted)
            if not as_json:
                _tell(loss)
            client.delete(wanted, confirm=confirm or _typed(wanted))
        print_json({"deleted": wanted} | dict[str, Any](loss)) if as_json else click.echo(f"Deleted {wanted}.")

    return delete


def _checked(path: str, metavar: str) -> str:
    parts = path.strip("/").split("/")
    if len(parts) != metavar.count("/") + 1 or not all(parts):
        raise click.UsageError(f"{path!r} must be {metavar}.")
    return "/".join(parts)


def _typed(wanted: str) -> str:
    return ask(f"This can't be undone. Type {wanted} to delete it", instead=f"--confirm {wanted}")


def _tell(loss: Loss) -> None:
    """On stderr, so that it is seen also where the result goes elsewhere."""
    note(f"Deleting {loss['path']} takes with it, for good:")
    told: list[tuple[str, list[str]]] = [
        ("environment", [each for each in loss["environments"] if each != loss["path"]]),
        ("service", [each for each in loss["services"] if each != loss["path"]]),
        ("host", loss["hosts"]),
        ("volume", [_volume(each) for each in loss["volumes"]]),
        ("secret", loss["secrets"]),
        ("deployment under way", loss["under_way"]),
    ]
    for noun, names in told:
        for name in names:
            note(f"  {noun}  {name}")
    note("  its releases, config, logs and history")


def _volume(volume: LostVolume) -> str:
    size = "" if volume["size"] is None else f" with {quantities.decimal(volume['size'])}"
    return f"{volume['name']} of {volume['service']}{size}{', in the bin' if volume['binned'] else ''}"


delete_service = delete_command(
    "WORKSPACE/PROJECT/ENVIRONMENT/SERVICE",
    "Stop and forget one with its releases, config, hosts and all that is in its volumes, for good.",
    SERVICE_PATH,
)
delete_environment = delete_command(
    "WORKSPACE/PROJECT/ENVIRONMENT",
    "Delete one with its services, config vars and secrets, for good.",
)
delete_project = delete_command(
    "WORKSPACE/PROJECT", "Delete one with its environments and all that is in them, for good."
)
