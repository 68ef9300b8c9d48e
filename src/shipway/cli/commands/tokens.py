"""`tokens`: API tokens of one's own."""

import rich_click as click

from shipway.cli import session
from shipway.cli.options import json_option
from shipway.cli.output import ago, note, print_json, print_table


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def tokens(ctx: click.Context, as_json: bool) -> None:
    """List, create and revoke your API tokens."""
    if ctx.invoked_subcommand is None:
        with session.connect() as client:
            known = client.tokens()
        if as_json:
            print_json(known)
        else:
            rows = [
                (each["id"], each["label"], ago(each["created_at"]), each["expires_at"] or "never") for each in known
            ]
            print_table(("ID", "LABEL", "CREATED", "EXPIRES"), rows)


@tokens.command("create")
@click.argument("label")
@click.option("--days", type=click.IntRange(1, 3650), help="Until it expires; never when left out.")
@json_option
def create_token(label: str, days: int | None, as_json: bool) -> None:
    """A new one. Its text is shown this once."""
    with session.connect() as client:
        token = client.create_token(label, days)
    if as_json:
        print_json({"token": token})
        return
    note("Keep it now: it is not shown again.")
    click.echo(token)


@tokens.command("revoke")
@click.argument("token_id", metavar="ID")
@json_option
def revoke_token(token_id: str, as_json: bool) -> None:
    """Make one worthless at once."""
    with session.connect() as client:
        client.revoke_token(token_id)
    print_json({"revoked": token_id}) if as_json else click.echo(f"{token_id} is revoked.")
