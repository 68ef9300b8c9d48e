"""`redeploy`, `reconfigure` and `retry`: what was deployed once more, with today's config."""

import rich_click as click

from shipway.cli import session
from shipway.cli.options import SERVICE_PATH, follow_options, path_argument, wait_option, zero_downtime_option
from shipway.cli.progress.follow import started
from shipway.cli.reconfiguring import reconfigure as ask


@click.command()
@path_argument
@click.option("--ref", default="", help="Another branch, tag or commit, for a service that is deployed from git.")
@zero_downtime_option
@wait_option
@follow_options
def redeploy(
    path: str | None, *, ref: str, require_zero_downtime: bool, wait: bool, no_follow: bool, as_json: bool
) -> int:
    """Deploy what is live once more, with today's config.

    The very commit, upload or image of the live release; `deploy` takes what its source has by now.
    """
    with session.connect() as client:
        made = client.redeploy(session.service_path(path), ref=ref, require_zero_downtime=require_zero_downtime)
        return started(client, made, wait=wait, no_follow=no_follow, as_json=as_json)


@click.command()
@path_argument
@zero_downtime_option
@wait_option
@follow_options
def reconfigure(path: str | None, *, require_zero_downtime: bool, wait: bool, no_follow: bool, as_json: bool) -> int:
    """Bring today's config to the code that is live.

    The live image in a new release, and no newer code; built again only where a build-time var or a build secret has changed.
    Where nothing has, nothing is started.
    """
    with session.connect() as client:
        made = ask(client, session.service_path(path), require_zero_downtime=require_zero_downtime)
        return started(client, made, wait=wait, no_follow=no_follow, as_json=as_json)


@click.command()
@click.argument("what", required=False, metavar="[PATH|ID]", shell_complete=SERVICE_PATH.shell_complete)
@wait_option
@follow_options
def retry(what: str | None, *, wait: bool, no_follow: bool, as_json: bool) -> int:
    """Try a deployment that failed once more: the same revision, today's config.

    The one with that ID, else the service's newest.
    """
    with session.connect() as client:
        by_id = what and "/" not in what
        identifier = what if by_id else client.status(session.service_path(what))["deployment"]["id"]
        return started(client, client.retry(str(identifier)), wait=wait, no_follow=no_follow, as_json=as_json)
