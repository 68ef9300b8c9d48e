"""`auto-deploy`: which pushes a service deploys by itself, and holding that."""

from collections.abc import Sequence

import rich_click as click

from shipway.cli import session
from shipway.cli.options import json_option, path_argument
from shipway.cli.output import print_json
from shipway.client.models import AutoDeploy

_STATES = {"on": "on", "off": "off", "hold": "held", "resume": "on"}


@click.command("auto-deploy")
@click.argument(
    "act",
    type=click.Choice(["show", *_STATES]),
    help="on, off: whether pushes are deployed; hold: not until you say `resume`; show: how it is.",
)
@path_argument
@click.option("--branch", help="Deploy pushes of this branch; '' again the one that `shipway deploy` takes.")
@click.option(
    "--paths",
    "patterns",
    multiple=True,
    metavar="PATTERN",
    help="Only pushes that touch such paths, written as in .gitignore; repeatable; '' again all pushes.",
)
@json_option
def auto_deploy(act: str, path: str | None, *, branch: str | None, patterns: Sequence[str], as_json: bool) -> None:
    """Say which pushes a service deploys by itself, or hold that.

    Pushes are told by webhooks: `shipway webhooks create`. A rollback holds them by itself. Deployments by hand go on
    either way, and end no hold.
    """
    if act != "on" and (branch is not None or patterns):
        raise click.UsageError("--branch and --paths say what is deployed: give them with `on`.")
    service = session.service_path(path)
    with session.connect() as client:
        if act == "show":
            now = client.auto_deploy(service)
        else:
            chosen = [each for each in patterns if each] if patterns else None
            now = client.set_auto_deploy(service, _STATES[act], branch=branch, patterns=chosen)
    print_json(now) if as_json else click.echo(_told(service, now))


def _told(service: str, now: AutoDeploy) -> str:
    if now["state"] == "off":
        return f"{service} deploys nothing by itself."
    if now["state"] == "held":
        return f"Automatic deployments of {service} are held: {now['reason']}."
    branch = f"pushes of {now['branch']}" if now["branch"] else "pushes of the branch that it is deployed from"
    paths = f" that touch {', '.join(now['paths'])}" if now["paths"] else ""
    return f"{service} deploys {branch}{paths} by itself."
