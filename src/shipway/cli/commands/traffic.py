"""`maintenance`, `pause`, `resume`: keep requests from a service without stopping it."""

from typing import Literal

import rich_click as click

from shipway.cli import session
from shipway.cli.options import json_option, path_argument
from shipway.cli.output import print_json

_TOLD = {
    "maintenance": "is under maintenance: requests are answered with 503 and a page. `shipway maintenance off` ends it.",
    "paused": "is paused: requests wait, for a minute at most. `shipway resume` lets them go on.",
    "open": "is open: requests reach its instances.",
}


@click.command()
@click.argument(
    "switch", type=click.Choice(["on", "off"]), help="on: answer every request with a page; off: no longer."
)
@path_argument
@json_option
def maintenance(switch: Literal["on", "off"], path: str | None, as_json: bool) -> None:
    """Answer a service's requests with a page, or no longer."""
    _set("maintenance" if switch == "on" else "open", path, as_json=as_json)


@click.command()
@path_argument
@json_option
def pause(path: str | None, as_json: bool) -> None:
    """Hold a service's requests; they go on with `resume`."""
    _set("paused", path, as_json=as_json)


@click.command()
@path_argument
@json_option
def resume(path: str | None, as_json: bool) -> None:
    """Let requests reach a service again, after a pause or maintenance."""
    _set("open", path, as_json=as_json)


def _set(mode: str, path: str | None, *, as_json: bool) -> None:
    service = session.service_path(path)
    with session.connect() as client:
        now = client.set_traffic(service, mode)
    print_json(now) if as_json else click.echo(f"{service} {_TOLD[now['mode']]}")
