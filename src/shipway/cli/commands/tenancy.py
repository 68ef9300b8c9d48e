"""`workspaces`, `projects`, `environments`: what services live in."""

from typing import TYPE_CHECKING

import rich_click as click

from shipway.cli import session
from shipway.cli.options import json_option
from shipway.cli.output import ago, print_json, print_table
from shipway.domain.tenancy import ENVIRONMENT_KINDS

if TYPE_CHECKING:
    from shipway.client.client import Client


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
    """List and create projects: things shipped together."""
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
    workspace, name = _parts(path, 2)
    with session.connect() as client:
        made = client.create_project(workspace, name)
    print_json(made) if as_json else click.echo(f"Created {made['workspace']}/{made['name']}.")


@click.group(invoke_without_command=True)
@click.option("--project", metavar="WORKSPACE/PROJECT", help="Only of this one.")
@json_option
@click.pass_context
def environments(ctx: click.Context, project: str | None, as_json: bool) -> None:
    """List and create the places a project runs in."""
    if ctx.invoked_subcommand is None:
        with session.connect() as client:
            within = [_parts(project, 2)] if project else _projects(client)
            known = [environment for names in within for environment in client.environments(*names)]
        if as_json:
            print_json(known)
        else:
            rows = [(f"{each['workspace']}/{each['project']}/{each['name']}", each["kind"]) for each in known]
            print_table(("ENVIRONMENT", "KIND"), rows)


@environments.command("create")
@click.argument("path", metavar="WORKSPACE/PROJECT/ENVIRONMENT")
@click.option("--kind", type=click.Choice(ENVIRONMENT_KINDS), help="By default its name, where that is one.")
@json_option
def create_environment(path: str, kind: str | None, as_json: bool) -> None:
    """A new one."""
    workspace, project, name = _parts(path, 3)
    with session.connect() as client:
        made = client.create_environment(workspace, project, name, kind)
    print_json(made) if as_json else click.echo(f"Created {path} ({made['kind']}).")


def _projects(client: "Client") -> list[list[str]]:
    return [
        [workspace["name"], project["name"]]
        for workspace in client.workspaces()
        for project in client.projects(workspace["name"])
    ]


def _parts(path: str, count: int) -> list[str]:
    parts = path.strip("/").split("/")
    if len(parts) != count or not all(parts):
        raise click.UsageError(f"{path!r} must have {count} parts with / between them.")
    return parts
