"""`prune`: remove images of old releases, and say why each stays or goes."""

from typing import TYPE_CHECKING

import rich_click as click

from shipway.cli import session
from shipway.cli.options import json_option, path_argument
from shipway.cli.output import ago, note, print_json, print_table
from shipway.cli.quantities import decimal

if TYPE_CHECKING:
    from shipway.client.models import ImageFate


@click.command()
@path_argument
@click.option("--explain", "--dry-run", "explain", is_flag=True, help="Only say why each image would stay or go.")
@click.option("--keep", type=click.IntRange(1), help="So many of the newest, instead of the number in the settings.")
@json_option
def prune(path: str | None, explain: bool, keep: int | None, as_json: bool) -> None:
    """Remove images of old releases from the registry; the releases stay.

    What is live, pinned or in use stays, and what a rollback goes back to. This happens by itself after each deployment
    where the setting `retention` says how many images to keep. (`shipway builds prune` empties a build cache.)
    """
    with session.connect() as client:
        service = session.service_path(path)
        images = client.images(service, keep=keep) if explain else client.prune_images(service, keep=keep)
    if as_json:
        print_json(images)
        return
    print_table(("IMAGE", "RELEASES", "SIZE", "MADE", "", "WHY"), [_row(each, done=not explain) for each in images])
    going = sum(each["fate"] == "goes" for each in images)
    note(f"{going} of {len(images)} images {'would go' if explain else 'removed'}. Releases stay for ever.")


def _row(image: "ImageFate", *, done: bool) -> tuple[str, ...]:
    return (
        image["label"],
        " ".join(f"v{number}" for number in image["releases"]),
        decimal(image["size"]) if image["size"] else "",
        ago(image["created_at"]),
        "removed" if done and image["fate"] == "goes" else image["fate"],
        image["why"],
    )
