"""`services`: create, look at, change, delete, deploy and scale them by path."""

from typing import Any

import rich_click as click

from shipway.cli import service_options, session
from shipway.cli.commands.change import scale_to
from shipway.cli.commands.delete import delete_service
from shipway.cli.commands.services_copy import copy_service
from shipway.cli.options import (
    follow_options,
    json_option,
    required_path_argument,
    wait_option,
    yes_option,
    zero_downtime_option,
)
from shipway.cli.output import print_facts, print_json, print_table
from shipway.cli.progress.follow import started
from shipway.cli.quantities import memory
from shipway.client.models import Service


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def services(ctx: click.Context, as_json: bool) -> None:
    """List, create, copy, change, delete, deploy and scale services."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_services, within="", as_json=as_json)


@services.command("list")
@click.argument("within", default="", metavar="[WORKSPACE[/PROJECT[/ENVIRONMENT]]]")
@json_option
def list_services(within: str, as_json: bool) -> None:
    """All that you may see, or those of one workspace, project or environment."""
    with session.connect() as client:
        known = client.services(*[part for part in within.split("/") if part][:3])
    if as_json:
        print_json(known)
    else:
        print_table(("SERVICE", "STATE", "RELEASE", "URL"), [_row(each) for each in known], "No services yet.")


@services.command("create")
@required_path_argument
@service_options.source_options
@service_options.settings_options
@click.option("--create-parents", is_flag=True, help="Make workspace, project and environment where they are missing.")
@json_option
def create_service(path: str, create_parents: bool, as_json: bool, **options: Any) -> None:
    """A new one, deployed from uploads unless --git, --push or --image says so. Nothing runs until it is deployed."""
    body = {
        "source": service_options.source(options),
        "settings": service_options.settings(options),
        "hosts": list(options["hosts"]),
    }
    with session.connect() as client:
        made = client.create_service(path, create_parents=create_parents, **body)
    if as_json:
        print_json(made)
    else:
        pushed = f"`shipway git remote {path}` and `git push shipway`"
        how = pushed if made["source"]["kind"] == "push" else f"`shipway services deploy {path}`"
        click.echo(f"Created {path}, to be at {made['url']}. Deploy it: {how}.")


@services.command("show")
@required_path_argument
@json_option
def show_service(path: str, as_json: bool) -> None:
    """Everything that is set."""
    with session.connect() as client:
        service = client.service(path)
    print_json(service) if as_json else print_facts(_facts(service))


@services.command("set")
@required_path_argument
@service_options.source_options
@service_options.settings_options
@json_option
def set_service(path: str, as_json: bool, **options: Any) -> None:
    """Change what is given. Hosts count at once and replace those there were; the rest from the next deployment on."""
    with session.connect() as client:
        body = {
            "source": service_options.changed_source(client.service(path)["source"], options),
            "settings": service_options.settings(options) or None,
            "hosts": list(options["hosts"]) or None,
        }
        given = {name: value for name, value in body.items() if value is not None}
        if not given:
            raise click.UsageError("Nothing to change was given.")
        changed = client.change_service(path, **given)
    print_json(changed) if as_json else print_facts(_facts(changed))


@services.command("deploy")
@required_path_argument
@click.option("--version", type=click.IntRange(1), help="An earlier release, as it was, instead of the source.")
@click.option("--ref", default="", help="Branch, tag or commit.")
@click.option("--image", default="", help="Image.")
@zero_downtime_option
@wait_option
@follow_options
def deploy_service(
    path: str,
    *,
    version: int | None,
    ref: str,
    image: str,
    require_zero_downtime: bool,
    wait: bool,
    no_follow: bool,
    as_json: bool,
) -> int:
    """Deploy one from its source, with today's config."""
    if version and (ref or image):
        raise click.UsageError("--version is a release as it was; --ref and --image make a new one.")
    with session.connect() as client:
        if version:
            made = client.rollback(path, version, require_zero_downtime=require_zero_downtime)
        else:
            made = client.deploy(path, ref=ref, image=image, require_zero_downtime=require_zero_downtime)
        return started(client, made, wait=wait, no_follow=no_follow, as_json=as_json)


@services.command("scale")
@required_path_argument
@click.argument("counts", nargs=-1, required=True, metavar="TYPE=N...")
@yes_option
@follow_options
def scale_service(path: str, counts: tuple[str, ...], *, yes: bool, no_follow: bool, as_json: bool) -> int:
    """Set how many instances run: `shipway services scale PATH web=3 worker=2`."""
    return scale_to(path, list(counts), yes=yes, no_follow=no_follow, as_json=as_json)


services.add_command(copy_service)
services.add_command(delete_service)


def _row(service: Service) -> tuple[str, str, str, str]:
    live = service["live"]
    return service["path"], service["state"], f"v{live['release']}" if live else "", service["url"]


def _facts(service: Service) -> list[tuple[str, str]]:
    settings, source = service["settings"], service["source"]
    liveness, resources, guard = settings["liveness"], service["limits"], settings["guard"]
    return [
        ("Service", service["path"]),
        ("State", service["state"]),
        ("Traffic", service["traffic"] if service["traffic"] != "open" else ""),
        ("Source", " ".join([source["kind"], *(f"{k}={v}" for k, v in source.items() if k != "kind" and v)])),
        ("Hosts", " ".join(service["hosts"])),
        ("Scale", " ".join(f"{process}={count}" for process, count in sorted(service["scale"].items()))),
        ("Port", str(settings["port"] or "")),
        ("Health", _health(settings["health"])),
        ("Liveness", f"{liveness['path']} every {liveness['interval']:g} s" if liveness["path"] else ""),
        ("Limits", f"{memory(resources['memory'])} memory, {resources['cpus']:g} cpus, {resources['pids']} pids"),
        ("Start", settings["start_command"]),
        ("Provider", settings["provider"]),
        ("Dockerfile", settings["dockerfile"]),
        ("Target", settings["target"]),
        ("Devices", " ".join(f"{kind}={count}" for kind, count in sorted(resources["devices"].items()))),
        ("Volumes", " ".join(f"{each['name']}:{each['path']}" for each in settings["volumes"])),
        ("Strategy", _strategy(settings["strategy"])),
        ("Stop first", " ".join(settings["stop_first"])),
        ("Drain", f"{settings['drain_timeout']:g} s, then SIGTERM and {settings['stop_grace']:g} s"),
        ("Warm", f"{settings['keep_warm']:g} s for an undo"),
        ("Guard", f"{guard['mode']}, {guard['window']:g} s" if guard["mode"] != "off" else "off"),
    ]


def _health(health: dict[str, Any]) -> str:
    asked = {"http": health["path"] or "(the usual paths)", "command": f"`{health['command']}`"}
    if health["type"] == "none":
        return "none"
    return f"{' '.join(filter(None, (health['type'], asked.get(health['type']))))} within {health['timeout']:g} s"


def _strategy(strategy: dict[str, Any]) -> str:
    if strategy["type"] == "canary":
        steps = ", ".join(f"{step} %" for step in strategy["steps"])
        return f"canary: {steps} of the requests for {strategy['interval']:g} s each"
    return f"bluegreen, {strategy['promote']}" if strategy["type"] == "bluegreen" else str(strategy["type"])
