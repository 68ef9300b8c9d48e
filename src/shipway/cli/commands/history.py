"""`deployments` and `releases`: what was, newest first."""

import rich_click as click

from shipway.cli import session
from shipway.cli.options import json_option, path_argument
from shipway.cli.output import ago, note, print_json, print_table
from shipway.client.models import Deployment, Release

_limit_option = click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True)


@click.command()
@path_argument
@_limit_option
@click.option("--before", type=click.IntRange(1), help="Only those with a lower number.")
@json_option
def deployments(path: str | None, limit: int, before: int | None, as_json: bool) -> None:
    """A service's deployments."""
    with session.connect() as client:
        page = client.deployments(session.service_path(path), limit=limit, before=before)
    if as_json:
        print_json(page)
        return
    headers = ("", "STATE", "ACTION", "RELEASE", "WHEN", "BY", "WHY")
    print_table(headers, [_deployment(each) for each in page["deployments"]])
    if page["next_before"]:
        note(f"Older ones: --before {page['next_before']}")


@click.command()
@path_argument
@_limit_option
@json_option
def releases(path: str | None, limit: int, as_json: bool) -> None:
    """A service's releases: what `rollback --version` goes back to."""
    with session.connect() as client:
        known = client.releases(session.service_path(path), limit=limit)
    if as_json:
        print_json(known)
        return
    print_table(("", "IMAGE", "COMMIT", "PROCESSES", "CONFIG", "WHEN"), [_release(each) for each in known])


def _deployment(deployment: Deployment) -> tuple[str, ...]:
    failure = deployment["failure"]
    return (
        f"d{deployment['number']}",
        deployment["state"],
        deployment["action"],
        f"v{deployment['release']}" if deployment["release"] else "",
        ago(deployment["created_at"]),
        f"{deployment['actor']} ({deployment['trigger']})",
        failure["code"] if failure else deployment["revision"]["ref"],
    )


def _release(release: Release) -> tuple[str, ...]:
    return (
        f"v{release['number']}",
        release["image"]["label"],
        release["commit"][:12],
        " ".join(process["name"] for process in release["processes"]),
        release["config_hash"][:8],
        ago(release["created_at"]),
    )
