"""Whose config a command is about: a service's own, or an environment's, which is for all its services."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import rich_click as click

from shipway.cli import session
from shipway.cli.options import ServicePathType
from shipway.cli.output import note
from shipway.cli.progress.follow import follow_all, started
from shipway.cli.reconfiguring import reconfigure
from shipway.client import address
from shipway.client.errors import ClientError

if TYPE_CHECKING:
    from shipway.client.client import Client

environment_option = click.option(
    "--environment", "of_environment", is_flag=True, help="That of the environment, which all its services have."
)
deploy_option = click.option(
    "--deploy/--no-deploy",
    help="Have the code that is live run with it at once, and no newer code; of an environment all that is live in it.",
)


class HolderPathType(ServicePathType):
    """`workspace/project/environment`, or with the `/service`."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check its form; whether it exists is for the server to say."""
        try:
            return str(address.parse_holder(value))
        except ClientError as error:
            self.fail(f"{error.message} {error.hint}", param, ctx)


holder_argument = click.argument(
    "path", required=False, type=HolderPathType(), help="Of a service, or of an environment; else the linked service."
)


def holder_path(path: str | None, *, of_environment: bool) -> str:
    """The path that was given, else the linked service's, or that of its environment. Raises `ClientError`."""
    home = address.parse_holder(session.service_path(path))
    return str(home.home if of_environment and isinstance(home, address.ServicePath) else home)


def split_holder(words: Sequence[str]) -> tuple[str | None, list[str]]:
    """The path among a command's words, if it begins with one, and the others."""
    if words and "/" in words[0] and "=" not in words[0]:
        return str(address.parse_holder(words[0])), list(words[1:])
    return None, list(words)


def deploy(client: "Client", path: str, *, as_json: bool) -> int:
    """Bring a service, or all of an environment that are live, to today's config, and follow; returns the exit code."""
    home = address.parse_holder(path)
    if isinstance(home, address.ServicePath):
        return started(client, reconfigure(client, path), no_follow=False, as_json=as_json)
    known = client.services(home.workspace, home.project, home.environment)
    if not as_json and not any(service["live"] for service in known):
        note(f"Nothing in {path} is live: it takes effect when something is deployed.")
    made = [reconfigure(client, service["path"]) for service in known if service["live"]]
    return follow_all(client, made, as_json=as_json)
