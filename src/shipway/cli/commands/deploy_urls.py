"""`deploy-urls`: URLs that deploy one service, for CI."""

import rich_click as click

from shipway.cli import session
from shipway.cli.options import json_option, path_argument
from shipway.cli.output import ago, note, print_json, print_table


@click.group("deploy-urls", invoke_without_command=True)
@click.pass_context
def deploy_urls(ctx: click.Context) -> None:
    """List, create and remove URLs that deploy one service, for CI.

    Such a URL can do nothing else: `curl -fsS -X POST URL`.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_deploy_urls, path=None, as_json=False)


@deploy_urls.command("list")
@path_argument
@json_option
def list_deploy_urls(path: str | None, as_json: bool) -> None:
    """A service's. The URLs themselves are never shown again."""
    with session.connect() as client:
        known = client.deploy_urls(session.service_path(path))
    rows = [(each["id"], each["label"], ago(each["created_at"]), ago(each["used_at"]) or "never") for each in known]
    empty = "No deploy URLs yet. `shipway deploy-urls create` makes one."
    print_json(known) if as_json else print_table(("ID", "LABEL", "CREATED", "USED"), rows, empty)


@deploy_urls.command("create")
@path_argument
@click.option("--label", default="ci", show_default=True, help="Who has it; shown as who deployed.")
@json_option
def create_deploy_url(path: str | None, label: str, as_json: bool) -> None:
    """A new one. Whoever has it can deploy the service; it is shown this once."""
    with session.connect() as client:
        made = client.create_deploy_url(session.service_path(path), label)
    if as_json:
        print_json(made)
        return
    note(
        "Keep it as a secret of your CI: it is not shown again. POST to it deploys; ?ref= takes another branch or commit."
    )
    click.echo(made["url"])


@deploy_urls.command("remove")
@click.argument("url", metavar="ID")
@path_argument
@json_option
def remove_deploy_url(url: str, path: str | None, as_json: bool) -> None:
    """Make one worthless at once."""
    with session.connect() as client:
        client.remove_deploy_url(session.service_path(path), url)
    print_json({"removed": url}) if as_json else click.echo(f"{url} is removed.")
