"""`environments`: the places a project runs in."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

from shipway.cli import session
from shipway.cli.commands.delete import delete_environment
from shipway.cli.commands.tenancy import project_parts
from shipway.cli.options import json_option
from shipway.cli.output import ago, note, print_facts, print_json, print_table
from shipway.cli.progress.follow import follow_all
from shipway.cli.quantities import MemoryType, memory
from shipway.client.address import ServicePath, parse_environment, parse_holder
from shipway.client.errors import ClientError
from shipway.domain.tenancy import ENVIRONMENT_KINDS

if TYPE_CHECKING:
    from shipway.client.client import Client
    from shipway.client.models import Cloned, EnvironmentDetail

F = TypeVar("F", bound=Callable[..., Any])


class EnvironmentPathType(click.ParamType[str]):
    """`workspace/project/environment`, completed from what the server has."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check its form; whether it exists is for the server to say."""
        try:
            found = parse_holder(value)
        except ClientError as error:
            self.fail(f"{error.message} {error.hint}", param, ctx)
        if isinstance(found, ServicePath):
            self.fail(f"{value!r} is the path of a service; write {found.home}.", param, ctx)
        return str(found)


_PATH = EnvironmentPathType()
_path = click.argument("path", type=_PATH, metavar="WORKSPACE/PROJECT/ENVIRONMENT")
_kind = click.option("--kind", type=click.Choice(ENVIRONMENT_KINDS), help="By default its name, where that is one.")
_branch = click.option(
    "--branch", metavar="REF", help="What services from git deploy that name none; '': the repository's default."
)


def _limits(command: F) -> F:
    """`--memory` and `--cpus`."""
    whose = "of one instance, of services that say nothing themselves; 0: the default."
    command = click.option("--cpus", type=float, metavar="0.5", help=f"Cores {whose}")(command)
    return click.option("--memory", type=MemoryType(), metavar="512m", help=f"Hard limit {whose}")(command)


@click.group(invoke_without_command=True)
@click.option("--project", metavar="WORKSPACE/PROJECT", help="Only of this one.")
@json_option
@click.pass_context
def environments(ctx: click.Context, project: str | None, as_json: bool) -> None:
    """List, create, clone, change and delete the places a project runs in."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_environments, project=project, as_json=as_json)


@environments.command("list")
@click.argument("project", metavar="[WORKSPACE/PROJECT]", required=False)
@json_option
def list_environments(project: str | None, as_json: bool) -> None:
    """All that you may see, or those of one project."""
    with session.connect() as client:
        within = [project_parts(project)] if project else _projects(client)
        known = [environment for names in within for environment in client.environments(*names)]
    if as_json:
        print_json(known)
        return
    rows = [(f"{each['workspace']}/{each['project']}/{each['name']}", each["kind"], each["branch"]) for each in known]
    print_table(("ENVIRONMENT", "KIND", "BRANCH"), rows, "No environments yet.")


@environments.command("show")
@_path
@json_option
def show_environment(path: str, as_json: bool) -> None:
    """Its kind, branch and limits, and its services with their addresses."""
    with session.connect() as client:
        found = client.environment(path)
    if as_json:
        print_json(found)
        return
    print_facts(_facts(path, found))
    if found["services"]:
        click.echo()
        rows = [(each["path"], each["state"], each["url"]) for each in found["services"]]
        print_table(("SERVICE", "STATE", "URL"), rows)


@environments.command("create")
@_path
@_kind
@_branch
@_limits
@json_option
def create_environment(path: str, as_json: bool, **options: Any) -> None:
    """A new one."""
    home = parse_environment(path)
    with session.connect() as client:
        made = client.create_environment(home.workspace, home.project, home.environment, **_given(options))
    print_json(made) if as_json else click.echo(f"Created {path} ({made['kind']}).")


@environments.command("set")
@_path
@click.option("--kind", type=click.Choice(ENVIRONMENT_KINDS), help="What it is for.")
@_branch
@_limits
@json_option
def set_environment(path: str, as_json: bool, **options: Any) -> None:
    """Change what is given. Branch and limits count from the next deployments on."""
    given = _given(options)
    if not given:
        raise click.UsageError("Nothing to change was given.")
    with session.connect() as client:
        client.change_environment(path, **given)
        changed = client.environment(path)
    print_json(changed) if as_json else print_facts(_facts(path, changed))


@environments.command("clone")
@_path
@click.argument("to", metavar="NAME")
@_kind
@_branch
@_limits
@click.option(
    "--deploy", is_flag=True, help="Deploy its services at once, unless secrets of theirs are to be set first."
)
@json_option
def clone_environment(path: str, to: str, *, deploy: bool, as_json: bool, **options: Any) -> int:
    """A new one in the same project, named NAME, with services like those of the first.

    Settings, scale, config vars and config files are copied; secrets are not, hosts are new ones, volumes begin empty.
    """
    given = _given(options)
    target = f"{path.rpartition('/')[0]}/{_name(path, to)}"
    with session.connect() as client:
        made = client.clone_environment(path, target.rpartition("/")[2], **given)
        if as_json and not deploy:
            print_json(made)
            return 0
        if not as_json:
            click.echo(f"Created {target} ({made['environment']['kind']}).")
        whole = _tell(target, made)
        if deploy and whole:
            return _deploy(client, target, as_json=as_json)
    # Asked to deploy what lacks something, it has not done so.
    return 1 if deploy else 0


environments.add_command(delete_environment)


def _tell(target: str, made: "Cloned") -> bool:
    """What there is, and what is to be set; whether nothing is."""
    for each in made["services"]:
        note(f"  {each['path']}  at {', '.join(each['hosts'])}")
    for name in made["to_set"]:
        note(f"To set: shipway secrets set {target} {name} (secrets are not copied)")
    lacking = [(each["path"], name) for each in made["services"] for name in each["to_set"]]
    for path, name in lacking:
        note(f"To set: {name}, a build secret of {path} (secrets are not copied)")
    return not made["to_set"] and not lacking


def _deploy(client: "Client", target: str, *, as_json: bool) -> int:
    known = client.services(*target.split("/"))
    how = {"upload": "send its directory: shipway deploy", "push": "push to it, after: shipway git remote"}
    sent = {each["path"]: how[each["source"]["kind"]] for each in known if each["source"]["kind"] in how}
    for path, what in sent.items():
        note(f"To deploy {path}, {what} {path}")
    return follow_all(
        client, [client.deploy(each["path"]) for each in known if each["path"] not in sent], as_json=as_json
    )


def _facts(path: str, found: "EnvironmentDetail") -> list[tuple[str, str]]:
    return [
        ("Environment", path),
        ("Kind", found["kind"]),
        ("Branch", found["branch"] or "each repository's default"),
        ("Limits", _limited(found)),
        ("Config vars", ", ".join(found["variables"])),
        ("Secrets", ", ".join(found["secrets"])),
        ("Created", ago(found["created_at"])),
    ]


def _limited(found: "EnvironmentDetail") -> str:
    """Empty where nothing is said."""
    told = (f"{memory(found['memory'])} memory" if found["memory"] else "", f"{found['cpus']:g} cpus")
    return ", ".join(filter(None, told if found["cpus"] else told[:1]))


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _name(path: str, to: str) -> str:
    """`to` may be a whole path; then it is one of the same project."""
    project, _, _ = path.rpartition("/")
    home, slash, name = to.strip("/").rpartition("/")
    if slash and home != project:
        raise click.UsageError(f"{to} is in another project than {path}; an environment is cloned within its project.")
    return name


def _projects(client: "Client") -> list[list[str]]:
    return [
        [workspace["name"], project["name"]]
        for workspace in client.workspaces()
        for project in client.projects(workspace["name"])
    ]
