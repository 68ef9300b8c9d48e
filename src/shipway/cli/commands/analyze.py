"""`analyze`: what would be built from a directory, and why. Works with no server."""

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from shipway.cli.failures import FAILED
from shipway.cli.options import json_option
from shipway.cli.output import note, print_json, print_table

if TYPE_CHECKING:
    from shipway.domain.artifacts import Analysis


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, exists=True, file_okay=False), default=".")
@click.option("--subdirectory", default="", metavar="DIR", help="Directory inside it that holds the service.")
@click.option(
    "--provider", default="", metavar="NAME", help="As if the service's provider were set: node, dockerfile …"
)
@click.option("--target", default="", metavar="STAGE", help="As if the Dockerfile's target were set.")
@click.option("--dockerfile", is_flag=True, help="Print the Dockerfile that would be used, to keep and change.")
@json_option
def analyze(directory: Path, *, subdirectory: str, provider: str, target: str, dockerfile: bool, as_json: bool) -> int:
    """What would be built from a directory, and why.

    How it is started, on which port, by which evidence, and who decided: the service's settings go before shipway.toml,
    that before the Procfile, that before app.json, that before what is detected. Needs no server and no Docker.
    """
    from shipway.domain.codec import encode
    from shipway.domain.errors import DeployFailed
    from shipway.domain.service import ServiceSettings

    settings = ServiceSettings(provider=provider, target=target)
    try:
        found = _found(directory.resolve(), subdirectory, settings)
    except DeployFailed as error:
        if not as_json:
            raise
        told = {"code": error.code, "message": error.message, "hint": error.hint, "evidence": list(error.evidence)}
        print_json({"error": told})
        return FAILED
    if as_json:
        print_json(encode(found))
    elif dockerfile:
        click.echo(found.dockerfile, nl=not found.dockerfile.endswith("\n"))
    else:
        _explain(found)
    return 0


def _found(root: Path, subdirectory: str, settings: object) -> "Analysis":
    from shipway.builders import analysis
    from shipway.builders.bases import official_reference

    directory = (root / subdirectory).resolve()
    if not directory.is_dir() or not directory.is_relative_to(root):
        raise click.UsageError(f"{subdirectory!r} is not a directory inside {root}.")
    return analysis.analyze(directory, settings, official_reference, root=root, gitignore=True)  # type: ignore[arg-type]


def _explain(found: "Analysis") -> None:
    """The reasons, the process types as a table, and what to mind last, where it is seen."""
    from shipway.builders.declared import PRECEDENCE
    from shipway.builders.explanation import alternatives, evidence, title, warnings

    click.secho(title(found), bold=True)
    click.echo("\n".join([*evidence(found), *alternatives(found)]))
    click.echo()
    rows = [(each.name, str(each.quantity), each.command or "(the command of the image)") for each in found.processes]
    release = [("release", "once", found.release_command)] if found.release_command else []
    print_table(("PROCESS", "BEGINS WITH", "COMMAND"), [*rows, *release])
    click.echo(f"\nPort {found.port}. Who decides, the first before the others: {', '.join(PRECEDENCE)}.")
    for line in warnings(found):
        note(line)
