"""Which service a command is for whose own words may look like a path."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import rich_click as click

from shipway.cli import session
from shipway.cli.options import SERVICE_PATH
from shipway.client import address

F = TypeVar("F", bound=Callable[..., Any])


def target_options(command: F) -> F:
    """`--service` and `--env`."""
    service = click.option(
        "--service",
        default="",
        metavar="PATH",
        shell_complete=SERVICE_PATH.shell_complete,
        help="workspace/project/environment/service, or the name of one beside the linked one.",
    )
    env = click.option("--env", default="", metavar="NAME", help="Another environment than the linked one's.")
    return service(env(command))


def target(service: str, env: str) -> str:
    """The service that is meant. Raises `ClientError`."""
    if "/" in service:
        found = address.parse(service)
    else:
        found = address.parse(session.service_path(None))
        found = replace(found, service=service) if service else found
    return str(address.parse(str(replace(found, environment=env) if env else found)))
