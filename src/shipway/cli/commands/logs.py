"""`logs`: what a service's instances write, or what its deployment's steps wrote."""

import json
from typing import TYPE_CHECKING

import rich_click as click

from shipway.cli import session
from shipway.cli.options import json_option, path_argument
from shipway.cli.output import print_json
from shipway.cli.progress.plain import Plain
from shipway.client.models import LogLine

if TYPE_CHECKING:
    from shipway.client.client import Client


@click.command()
@path_argument
@click.option("-f", "--follow", is_flag=True, help="Go on with what is written from now on.")
@click.option(
    "--tail", type=click.IntRange(1, 100_000), help="Only the last so many lines.  [default: 100, all of a build]"
)
@click.option("--process", default="", help="Only instances of this process type.")
@click.option("--build", is_flag=True, help="The steps of the newest deployment instead.")
@json_option
def logs(path: str | None, *, follow: bool, tail: int | None, process: str, build: bool, as_json: bool) -> None:
    """What a service's instances or its build wrote."""
    with session.connect() as client:
        service = session.service_path(path)
        if build:
            _show_steps(client, service, follow, as_json)
            return
        for line in client.logs(service, follow_on=follow, tail=tail or 100, process=process):
            click.echo(json.dumps(line, ensure_ascii=False) if as_json else _told(line))


def _show_steps(client: "Client", service: str, follow: bool, as_json: bool) -> None:
    deployment = client.status(service)["deployment"]
    if as_json:
        names = [step["name"] for step in deployment["steps"] if step["state"] != "pending"]
        print_json({name: client.step_log(deployment["id"], name) for name in names})
        return
    with Plain() as display:
        if not follow:
            for step in deployment["steps"]:
                if text := client.step_log(deployment["id"], step["name"]):
                    display.log(step["name"], text)
            return
        for event in client.watch(deployment["id"]):
            if event.name == "log":
                display.log(event.data["step"], event.data["text"])


def _told(line: LogLine) -> str:
    process = ".".join(line["instance"].split(".")[-2:])
    origin = click.style(f"{line['at'][:23]} {process} |", fg="bright_black")
    return f"{origin} {line['text']}"
