"""Today's config for what is live, and what is told of it."""

from typing import TYPE_CHECKING

from shipway.cli.output import note
from shipway.client.models import Deployment

if TYPE_CHECKING:
    from shipway.client.client import Client


def reconfigure(client: "Client", path: str, *, require_zero_downtime: bool = False) -> Deployment:
    """Ask for it, and say when it is no more than that, or less."""
    made = client.reconfigure(path, require_zero_downtime=require_zero_downtime)
    if made["built_for"]:
        names = ", ".join(made["built_for"])
        note(f"What is live of {path} is built again: its image has not today's {names}.")
    elif made["action"] == "deploy":
        note(f"Nothing of {path} is live: its source is deployed.")
    return made
