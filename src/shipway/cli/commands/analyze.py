"""`analyze`: what would be built from a directory, and why. Works with no server."""

from pathlib import Path

import rich_click as click

from shipway.cli.options import json_option
from shipway.cli.output import print_json


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, exists=True, file_okay=False), default=".")
@click.option("--dockerfile", is_flag=True, help="Print the Dockerfile that would be used, to keep and change.")
@json_option
def analyze(directory: Path, dockerfile: bool, as_json: bool) -> None:
    """What would be built from a directory, and why.

    How it is started, on which port, and by which evidence. Needs no server.
    """
    from shipway.builders import analysis
    from shipway.builders.bases import official_reference
    from shipway.domain.codec import encode
    from shipway.domain.service import ServiceSettings

    found = analysis.analyze(directory.resolve(), ServiceSettings(), official_reference, gitignore=True)
    if as_json:
        print_json(encode(found))
    elif dockerfile:
        click.echo(found.dockerfile, nl=not found.dockerfile.endswith("\n"))
    else:
        click.echo("\n".join(analysis.explain(found)))
