"""Arguments and options that many commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import rich_click as click
from click.shell_completion import CompletionItem

from shipway.client import address
from shipway.client.errors import ClientError

F = TypeVar("F", bound=Callable[..., Any])


class ServicePathType(click.ParamType[str]):
    """`workspace/project/environment/service`, completed from what the server has."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check its form; whether it exists is for the server to say."""
        try:
            return str(address.parse(value))
        except ClientError as error:
            self.fail(f"{error.message} {error.hint}", param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Paths of the services one may see; nothing when the server does not answer."""
        from shipway.cli import session

        try:
            with session.connect() as client:
                paths = [service["path"] for service in client.services()]
        except ClientError:
            return []
        return [CompletionItem(path) for path in paths if path.startswith(incomplete)]


SERVICE_PATH = ServicePathType()

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
path_argument = click.argument(
    "path", required=False, type=SERVICE_PATH, help="workspace/project/environment/service; else the linked one."
)
required_path_argument = click.argument("path", type=SERVICE_PATH, help="workspace/project/environment/service")
home_option = click.option(
    "--home", type=click.Path(path_type=Path, file_okay=False), help="Where the installation keeps its state."
)
directory_option = click.option(
    "--directory",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Instead of the present directory.",
)
zero_downtime_option = click.option(
    "--require-zero-downtime", is_flag=True, help="Refuse, rather than interrupt the service."
)
wait_option = click.option("--wait", is_flag=True, help="When it is ready, go on until it is promoted or cancelled.")
yes_option = click.option("--yes", "-y", is_flag=True, help="Don't ask.")


def follow_options(command: F) -> F:
    """`--no-follow` and `--json`, for what starts a deployment."""
    no_follow = click.option("--no-follow", is_flag=True, help="Return as soon as the deployment is queued.")
    return no_follow(json_option(command))
