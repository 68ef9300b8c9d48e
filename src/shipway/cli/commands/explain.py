"""`explain`: why a deployment failed, why it counts as healthy, or where it is."""

import re
from typing import TYPE_CHECKING

import rich_click as click

from shipway.cli import session
from shipway.cli.options import SERVICE_PATH, json_option
from shipway.cli.output import ago, print_json
from shipway.cli.quantities import DeploymentNumberType

if TYPE_CHECKING:
    from shipway.client.client import Client
    from shipway.client.models import Explanation

_ID = re.compile(r"dep_[a-z0-9]+")


@click.command()
@click.argument("words", nargs=-1, metavar="[PATH] [DEPLOYMENT]", shell_complete=SERVICE_PATH.shell_complete)
@json_option
def explain(words: tuple[str, ...], as_json: bool) -> None:
    """Why a deployment failed, why it counts as healthy, or where it is.

    The newest of a service, or the one that is named, such as d12.
    """
    path, rest = session.split_path(words)
    if len(rest) > 1:
        raise click.UsageError("Explain one deployment at a time, such as `shipway explain d12`.")
    with session.connect() as client:
        explanation = client.explanation(_deployment(client, path, rest))
    print_json(explanation) if as_json else _print(explanation)


def _deployment(client: "Client", path: str | None, rest: list[str]) -> str:
    """Its id, by id, by number, or as the service's newest."""
    if rest and _ID.fullmatch(rest[0]):
        return rest[0]
    number = DeploymentNumberType().convert(rest[0], None, None) if rest else None
    return client.status(session.service_path(path), number)["deployment"]["id"]


def _print(known: "Explanation") -> None:
    click.secho(f"d{known['number']} of {known['service']}: {known['state']}, {ago(known['since'])}", bold=True)
    click.echo(known["summary"])
    if failure := known["failure"]:
        click.echo(f"\n{failure['code']}: {failure['message']}")
        for line in failure["evidence"]:
            click.echo(f"       {line}")
    hint = failure["hint"] if failure else (known["health"] or {"hint": ""})["hint"]
    if hint:
        click.echo(f"hint: {hint}")
    if failure:
        click.echo(f"more: {failure['code']} in {known['reference']}")
