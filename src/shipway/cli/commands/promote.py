"""`promote`: give a deployment that is ready its traffic, or a release to another environment."""

from typing import TYPE_CHECKING

import rich_click as click

from shipway.cli import session
from shipway.cli.options import follow_options, path_argument, wait_option, zero_downtime_option
from shipway.cli.progress.follow import started
from shipway.cli.quantities import ReleaseNumberType
from shipway.client import address
from shipway.client.errors import ClientError

if TYPE_CHECKING:
    from shipway.client.client import Client


@click.command()
@path_argument
@click.option(
    "--to", "target", metavar="ENVIRONMENT|PATH", help="Another environment, or service: it gets the release."
)
@click.option("--version", type=ReleaseNumberType(), help="With --to: which release; by default the live one.")
@click.option("--rebuild", is_flag=True, help="With --to: build its commit there, rather than take its image.")
@zero_downtime_option
@wait_option
@follow_options
def promote(
    path: str | None,
    *,
    target: str | None,
    version: int | None,
    rebuild: bool,
    require_zero_downtime: bool,
    wait: bool,
    no_follow: bool,
    as_json: bool,
) -> int:
    """Send a deployment that is ready its traffic; bring a release to another environment.

    Blue-green deployments get ready, and wait, where their promotion is manual. With --to the same image goes live in
    the other environment, with that one's config and settings: shipway promote acme/shop/staging/api --to production
    """
    source = session.service_path(path)
    if target is None and (version or rebuild or require_zero_downtime):
        raise click.UsageError("--version, --rebuild and --require-zero-downtime belong to --to.")
    with session.connect() as client:
        if target is None:
            made = client.promote(_ready(client, source))
        else:
            made = client.promote_release(
                source,
                destination(source, target),
                version=version,
                rebuild=rebuild,
                require_zero_downtime=require_zero_downtime,
            )
        return started(client, made, wait=wait, no_follow=no_follow, as_json=as_json)


def destination(source: str, target: str) -> str:
    """The path that `--to` means: a whole one, or the service of the same name in that environment."""
    if "/" in target:
        return str(address.parse(target))
    known = address.parse(source)
    return str(address.parse(f"{known.workspace}/{known.project}/{target}/{known.service}"))


def _ready(client: "Client", path: str) -> str:
    """The service's deployment that is ready; a restart that waits behind it may be newer."""
    known = client.deployments(path)["deployments"]
    for each in known:
        if each["state"] == "ready":
            return each["id"]
    newest = f"d{known[0]['number']} is {known[0]['state']}" if known else "it was never deployed"
    raise ClientError(
        f"Nothing of {path} is ready to be promoted: {newest}.",
        hint="Deployments get ready, and wait, with `shipway services set PATH --strategy bluegreen --promote manual`.",
    )
