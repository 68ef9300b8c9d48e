"""`webhooks`: let code hosts tell of pushes, and see what came of each."""

import rich_click as click

from shipway.cli import session
from shipway.cli.options import json_option
from shipway.cli.output import ago, note, print_facts, print_json, print_table
from shipway.cli.workspace import chosen_workspace, workspace_option
from shipway.client.models import Delivery
from shipway.domain.push import CODE_HOSTS

#: Where people find the form, and how it is to be filled in.
_WHERE = {
    "github": "Settings → Webhooks → Add webhook; content type application/json; just the push event",
    "gitlab": "Settings → Webhooks; the secret goes into Secret token; push events and tag push events",
    "gitea": "Settings → Webhooks → Add webhook → Gitea; content type application/json; push events",
    "bitbucket": "Repository settings → Webhooks → Add webhook; trigger: repository push",
}


@click.group(invoke_without_command=True)
@workspace_option
@json_option
@click.pass_context
def webhooks(ctx: click.Context, workspace: str | None, as_json: bool) -> None:
    """Let a code host tell of pushes, and see what came of each.

    A push is deployed by each service whose repository and branch it is; `shipway auto-deploy` says which pushes count.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_webhooks, workspace=workspace, as_json=as_json)


@webhooks.command("list")
@workspace_option
@json_option
def list_webhooks(workspace: str | None, as_json: bool) -> None:
    """All of a workspace's. Secrets are never shown again."""
    with session.connect() as client:
        known = client.webhooks(chosen_workspace(client, workspace))
    rows = [(each["id"], each["kind"], each["url"], ago(each["last_delivery_at"]) or "never") for each in known]
    empty = "No webhooks yet. `shipway webhooks create github` makes one."
    print_json(known) if as_json else print_table(("ID", "KIND", "URL", "LAST TOLD"), rows, empty)


@webhooks.command("create")
@click.argument("kind", type=click.Choice(CODE_HOSTS), help="Whose webhook it is; Forgejo's are gitea.")
@workspace_option
@json_option
def create_webhook(kind: str, workspace: str | None, as_json: bool) -> None:
    """A new one, for any number of repositories of the workspace. Its secret is shown this once."""
    with session.connect() as client:
        made = client.create_webhook(chosen_workspace(client, workspace), kind)
    if as_json:
        print_json(made)
        return
    print_facts((("URL", made["webhook"]["url"]), ("Secret", made["secret"])))
    note(f"Give both to the code host: {_WHERE[kind]}. The secret is not shown again.")
    note("What it tells, and what came of it: `shipway webhooks deliveries`.")


@webhooks.command("remove")
@click.argument("webhook", metavar="ID")
@workspace_option
@json_option
def remove_webhook(webhook: str, workspace: str | None, as_json: bool) -> None:
    """Forget one, with what it told: its URL answers 404 from now on."""
    with session.connect() as client:
        client.remove_webhook(chosen_workspace(client, workspace), webhook)
    print_json({"removed": webhook}) if as_json else click.echo(f"{webhook} is removed.")


@webhooks.command("deliveries")
@click.argument("webhook", metavar="[ID]", required=False)
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="As many, newest first.")
@workspace_option
@json_option
def list_deliveries(webhook: str | None, limit: int, workspace: str | None, as_json: bool) -> None:
    """What webhooks told, newest first, and what each service did about it: why a push was deployed, or was not."""
    with session.connect() as client:
        known = client.deliveries(chosen_workspace(client, workspace), webhook=webhook or "", limit=limit)
    rows = [row for each in known for row in _rows(each)]
    empty = "Nothing was told yet. Does the code host reach this server at the webhook's URL?"
    print_json(known) if as_json else print_table(("TOLD", "WHAT", "SERVICE", "OUTCOME", "WHY"), rows, empty)


def _rows(delivery: Delivery) -> list[tuple[str, str, str, str, str]]:
    what = delivery["about"] or delivery["event"]
    told = ago(delivery["received_at"])
    return [(told, what, each["service"] or "-", each["kind"], each["why"]) for each in delivery["outcomes"]]
