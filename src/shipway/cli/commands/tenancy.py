"""`workspaces` and `projects`: what environments live in."""

import rich_click as click

from shipway.cli import session
from shipway.cli.commands.delete import delete_project
from shipway.cli.options import json_option
from shipway.cli.output import ago, print_json, print_table


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def workspaces(ctx: click.Context, as_json: bool) -> None:
    """List and create workspaces: tenants."""
    if ctx.invoked_subcommand is None:
        with session.connect() as client:
            known = client.workspaces()
        if as_json:
            print_json(known)
        else:
            print_table(("WORKSPACE", "CREATED"), [(each["name"], ago(each["created_at"])) for each in known])


@workspaces.command("create")
@click.argument("name")
@json_option
def create_workspace(name: str, as_json: bool) -> None:
    """A new one; for administrators."""
    with session.connect() as client:
        made = client.create_workspace(name)
    print_json(made) if as_json else click.echo(f"Created {made['name']}.")


@click.group(invoke_without_command=True)
@click.option("--workspace", help="Only of this one.")
@json_option
@click.pass_context
def projects(ctx: click.Context, workspace: str | None, as_json: bool) -> None:
    """List, create and delete projects: things shipped together."""
    if ctx.invoked_subcommand is None:
        with session.connect() as client:
            within = [workspace] if workspace else [each["name"] for each in client.workspaces()]
            known = [project for name in within for project in client.projects(name)]
        if as_json:
            print_json(known)
        else:
            rows = [(f"{each['workspace']}/{each['name']}", ago(each["created_at"])) for each in known]
            print_table(("PROJECT", "CREATED"), rows)


@projects.command("create")
@click.argument("path", metavar="WORKSPACE/PROJECT")
@json_option
def create_project(path: str, as_json: bool) -> None:
    """A new one."""
    workspace, name = project_parts(path)
    with session.connect() as client:
        made = client.create_project(workspace, name)
    print_json(made) if as_json else click.echo(f"Created {made['workspace']}/{made['name']}.")


projects.add_command(delete_project)


def project_parts(path: str) -> list[str]:
    """Workspace and project; anything else is a usage error."""
    parts = path.strip("/").split("/")
    if len(parts) != 2 or not all(parts):
        raise click.UsageError(f"{path!r} must have 2 parts with / between them.")
    return parts
