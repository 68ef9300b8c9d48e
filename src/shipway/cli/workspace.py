"""Which workspace, for commands about one."""

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from shipway.client import config

if TYPE_CHECKING:
    from shipway.client.client import Client

workspace_option = click.option("--workspace", help="By default that of the linked service, or the only one.")


def chosen_workspace(client: "Client", given: str | None) -> str:
    """The one that was given, else that of the linked service, else the only one."""
    if given:
        return given
    if linked := config.load().link(Path.cwd()):
        return linked.partition("/")[0]
    names = [each["name"] for each in client.workspaces()]
    if len(names) != 1:
        raise click.UsageError(f"Which workspace? Give --workspace: {', '.join(names) or 'there is none yet'}.")
    return names[0]
