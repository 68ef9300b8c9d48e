"""`auto-deploy`: hold what deploys by itself, or let it go on."""

from typing import Literal

import rich_click as click

from shipway.cli import session
from shipway.cli.options import json_option, path_argument
from shipway.cli.output import print_json


@click.command("auto-deploy")
@click.argument(
    "act",
    type=click.Choice(["hold", "resume"]),
    help="hold: deploy nothing that comes by itself, such as pushes; resume: do again.",
)
@path_argument
@json_option
def auto_deploy(act: Literal["hold", "resume"], path: str | None, as_json: bool) -> None:
    """Hold a service's automatic deployments, or let them go on.

    A rollback holds them by itself. Deployments by hand go on either way, and end no hold.
    """
    service = session.service_path(path)
    with session.connect() as client:
        now = client.set_auto_deploy(service, "held" if act == "hold" else "on")
    if as_json:
        print_json(now)
    elif now["state"] == "held":
        click.echo(f"Automatic deployments of {service} are held: {now['reason']}.")
    else:
        click.echo(f"Automatic deployments of {service} go on with the next push.")
