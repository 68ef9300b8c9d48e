"""`deployments`: what was, newest first."""

import rich_click as click

from shipway.cli import session
from shipway.cli.options import json_option, path_argument
from shipway.cli.output import ago, note, print_json, print_table
from shipway.client.models import Deployment

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
