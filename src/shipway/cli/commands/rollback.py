"""`rollback`: an earlier release again, as it was or with today's config."""

from typing import TYPE_CHECKING

import rich_click as click

from shipway.cli import session
from shipway.cli.options import follow_options, path_argument, zero_downtime_option
from shipway.cli.output import note
from shipway.cli.progress.follow import started
from shipway.cli.rebuilds import rebuilding
from shipway.client.errors import ClientError

if TYPE_CHECKING:
    from shipway.client.client import Client
    from shipway.client.models import ConfigChange

config_option = click.option(
    "--config",
    type=click.Choice(["snapshot", "current"]),
    default="snapshot",
    show_default=True,
    help="snapshot: the release itself. current: a new one of its image, with today's config and settings.",
)


@click.command()
@path_argument
@click.option("--version", type=click.IntRange(1), help="Number of the release; by default the one before.")
@config_option
@zero_downtime_option
@follow_options
def rollback(
    path: str | None,
    *,
    version: int | None,
    config: str,
    require_zero_downtime: bool,
    no_follow: bool,
    as_json: bool,
) -> int:
    """Go back to an earlier release: same image, same config.

    What its config has otherwise than today's is told first. Deployments that come by themselves are held from then on:
    `shipway auto-deploy resume` ends that.
    """
    with session.connect() as client:
        service = session.service_path(path)
        chosen = _told_first(client, service, version, config)
        made = client.rollback(service, chosen, config=config, require_zero_downtime=require_zero_downtime)
        return started(client, made, no_follow=no_follow, as_json=as_json)


def told(change: "ConfigChange") -> str:
    """A change of config in a few words: of a secret with its versions."""
    kind = {"variable": "", "secret": "secret ", "secret-file": "/run/secrets/", "file": ""}[change["kind"]]
    versions = f" {change['before']} → {change['after']}" if change["kind"].startswith("secret") else ""
    return f"{kind}{change['name']} {change['change']}{versions if change['change'] == 'changed' else ''}"


def _told_first(client: "Client", path: str, version: int | None, config: str) -> int | None:
    """Tell what the release's config and today's have otherwise; returns which release that is, so that the one is taken
    which was told of. Who goes back is in a hurry: a plan that can't be made does not stand in the way."""
    try:
        plan = client.plan(path, "rollback", version=version, config=config)
    except ClientError:
        return version
    if plan is None:
        return version
    back = plan["image_from"]["number"] if plan["image_from"] else plan["release"]
    if plan["rebuilds_from"]:
        note(f"v{back}: {rebuilding(plan['rebuilds_from'])}.")
    if plan["today"]:
        kept = "gets today's config" if config == "current" else "keeps its own config (--config current: today's)"
        changes = ", ".join(map(told, plan["today"]))
        note(f"v{back} {kept}. Since then: {changes}.")
    return back
