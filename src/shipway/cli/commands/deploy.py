"""`deploy`: from a directory, a ref or an image to something that serves."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from shipway.cli import session
from shipway.cli.asking import at_a_terminal
from shipway.cli.options import (
    directory_option,
    follow_options,
    path_argument,
    wait_option,
    yes_option,
    zero_downtime_option,
)
from shipway.cli.output import note
from shipway.cli.progress.follow import started
from shipway.client import config
from shipway.client.address import slugify
from shipway.client.errors import ClientError

if TYPE_CHECKING:
    from shipway.client.client import Client

_DEFAULT_WORKSPACE = "default"


@click.command()
@path_argument
@click.option("--ref", default="", help="Branch, tag or commit, for a service that is deployed from git.")
@click.option("--image", default="", help="Image, for a service that runs one.")
@directory_option
@yes_option
@zero_downtime_option
@wait_option
@follow_options
def deploy(
    path: str | None,
    *,
    directory: Path | None,
    yes: bool,
    require_zero_downtime: bool,
    wait: bool,
    no_follow: bool,
    as_json: bool,
    **revision: str,
) -> int:
    """Deploy a directory, a revision or an image.

    It goes to the service at PATH, or the one this directory is linked to. Sends the directory when the service is
    deployed from uploads. In a directory that is linked to nothing, offers to make a service of it. A blue-green
    deployment that waits for your word is followed until it is ready.
    """
    with session.connect() as client:
        at = (directory or Path.cwd()).resolve()
        linked = config.load().link(at)
        target = path or linked or _new_service(client, at, yes)
        upload = ""
        if client.service(target)["source"]["kind"] == "upload" and not any(revision.values()):
            upload = send(client, _root(at, target, linked, chosen=directory is not None))
        made = client.deploy(target, upload=upload, require_zero_downtime=require_zero_downtime, **revision)
        return started(client, made, wait=wait, no_follow=no_follow, as_json=as_json)


def send(client: "Client", directory: Path) -> str:
    """Pack and upload a directory; returns the archive's digest."""
    from shipway.client.archive import pack

    with tempfile.TemporaryFile() as archive:
        report = pack(directory, archive)
        size = archive.tell()
        note(f"Sending {report.files} files, {size / 1024**2:.1f} MiB packed, of {directory}")
        for left_out in report.left_out:
            note(f"Left out: {left_out} (leads out of the directory, or is no file)")
        archive.seek(0)
        return client.upload(archive)


def _root(at: Path, target: str, linked: str, *, chosen: bool) -> Path:
    """The directory to send: the one that was named, else the one that the link was made in."""
    if chosen:
        return at
    root = config.load().linked_root(at)
    if root is None or (linked and linked != target):
        raise ClientError(
            f"{at} is not linked to {target}.",
            hint=f"Send it with `--directory .`, or deploy again what was sent last: `shipway services deploy {target}`.",
        )
    return root


def _new_service(client: "Client", directory: Path, yes: bool) -> str:
    """Make a service of a directory and link it."""
    workspaces = client.whoami()["workspaces"]
    path = f"{(workspaces or [_DEFAULT_WORKSPACE])[0]}/{slugify(directory.name)}/production/web"
    if not yes:
        _ask(directory, path)
    client.create_service(path, create_parents=True, source={"kind": "upload"})
    config.change(lambda known: known.with_link(directory, path))
    note(f"Created {path} and linked {directory} to it.")
    return path


def _ask(directory: Path, path: str) -> None:
    if not at_a_terminal():
        raise ClientError(
            f"{directory} is not linked to a service.",
            hint=f"`shipway link PATH` links it; `shipway deploy --yes` makes {path} of it.",
        )
    click.confirm(f"{directory} is not linked to a service. Make {path} of it?", default=True, abort=True, err=True)
