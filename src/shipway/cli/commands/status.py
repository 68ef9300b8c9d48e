"""`status` and `open`: where a service is and how it is."""

from collections import Counter
from collections.abc import Iterator

import rich_click as click

from shipway.cli import session
from shipway.cli.options import json_option, path_argument
from shipway.cli.output import ago, label, print_facts, print_json, print_table
from shipway.cli.progress.follow import what_next
from shipway.cli.quantities import DeploymentNumberType
from shipway.cli.rebuilds import rebuilt
from shipway.client.errors import ClientError
from shipway.client.models import Cutover, Deployment, Guarded, Instance, Plan, Service, Status


@click.command()
@path_argument
@click.option("--deployment", "number", type=DeploymentNumberType(), help="Such as d12; by default the newest.")
@json_option
def status(path: str | None, number: int | None, as_json: bool) -> None:
    """How a service and its newest deployment are."""
    with session.connect() as client:
        service = client.service(session.service_path(path))
        pipeline = client.status(service["path"], number) if service["latest"] else None
    if as_json:
        print_json({"service": service, "pipeline": pipeline})
        return
    print_facts(_facts(service))
    if pipeline:
        click.echo()
        _print_deployment(pipeline)


@click.command("open")
@path_argument
@click.option("--print", "only_print", is_flag=True, help="Print the address instead.")
@json_option
def open_(path: str | None, only_print: bool, as_json: bool) -> None:
    """Open a service in the browser."""
    with session.connect() as client:
        service = client.service(session.service_path(path))
    if not service["url"]:
        raise ClientError(
            f"{service['path']} has no host.", hint="`shipway services set PATH --host NAME` gives it one."
        )
    print_json({"url": service["url"]}) if as_json else click.echo(service["url"])
    if not (only_print or as_json):
        click.launch(service["url"])


def _facts(service: Service) -> Iterator[tuple[str, str]]:
    yield "Workspace", service["workspace"]
    yield "Project", service["project"]
    yield "Env", service["environment"]
    yield "Service", service["name"]
    yield "State", service["state"]
    yield (
        "Traffic",
        {"maintenance": "under maintenance: a page instead", "paused": "paused: requests wait"}.get(
            service["traffic"], ""
        ),
    )
    yield "Auto-deploy", f"held: {service['held']}" if service["held"] else ""
    yield "URL", " ".join([service["url"], *service["hosts"][1:]])
    yield "Release", _release(service["live"])
    yield "Instances", _instances(service)
    for instance in service["instances"]:
        if trouble := _trouble(instance):
            yield _short(instance), trouble


def _release(live: Deployment | None) -> str:
    if live is None:
        return "none is live"
    weak = ", weakly verified" if live["weakly_verified"] else ""
    return f"v{live['release']} by d{live['number']}, live {ago(live['live_at'])}{weak}"


def _instances(service: Service) -> str:
    if service["unseen"]:
        return f"can't be seen now: {service['unseen']}"
    states = Counter((each["process"], each["state"]) for each in service["instances"] if each["live"])
    return ", ".join(f"{process}: {count} {state}" for (process, state), count in sorted(states.items()))


def _trouble(instance: Instance) -> str:
    """What is or was wrong with a live instance; empty when nothing is known."""
    told = [] if instance["ready"] else ["not ready, gets no requests"]
    if last := instance["last_restart"]:
        told.append(f"restarted {instance['restarts']}×, {ago(last['at'])}: {last['reason']}")
    return "; ".join(told)


def _short(instance: Instance) -> str:
    return f"{instance['process']}.{instance['name'].rpartition('.')[2]}"


def _print_deployment(pipeline: Status) -> None:
    deployment = pipeline["deployment"]
    click.secho(f"d{deployment['number']}: {label(deployment)}, {_origin(deployment)}", bold=True)
    print_table(("STAGE", "STATUS"), [(stage["name"], stage["status"]) for stage in pipeline["stages"]])
    failure = deployment["failure"]
    if failure:
        click.echo(f"\n{failure['code']} in {failure['step'] or 'the deployment'}: {failure['message']}")
        for line in failure["evidence"]:
            click.echo(f"       {line}")
        click.echo(f"hint: {failure['hint']}")
    elif deployment["weakly_verified"]:
        click.echo(f"\nhint: {deployment['weakly_verified']}")
    elif deployment["state"] == "ready":
        click.echo(f"\nhint: {what_next(deployment)}")
    if again := rebuilt(deployment):
        click.echo()
        print_facts([("Rebuilt", again)])
    if made := deployment.get("plan"):
        click.echo()
        print_facts(_plan(made))
    if guarded := deployment.get("guarded"):
        click.echo()
        print_facts([("Guard", _guarded(guarded))])
    if report := deployment.get("cutover"):
        click.echo()
        print_facts(_cutover(report))


def _guarded(guarded: Guarded) -> str:
    verdict = f"undone by d{guarded['undone_by']}" if guarded["undone_by"] else guarded["verdict"]
    return f"{verdict}: {guarded['why']}"


def _plan(made: Plan) -> Iterator[tuple[str, str]]:
    yield "Plan", made["summary"]
    yield "Because", made["why"]
    for warning in made["warnings"]:
        yield "Warning", warning


def _cutover(report: Cutover) -> Iterator[tuple[str, str]]:
    yield "Cutover", report["verdict"]
    yield "Requests", f"{report['old']} to the old instances, {report['new']} to the new ones"
    yield "In flight", f"{report['in_flight']} at the switch: {report['drained']} drained, {report['cut']} cut"
    yield "Slowest", f"answered after {report['slowest_ms']} ms" if report["slowest_ms"] else ""
    yield "Errors", f"{report['broken']} broken connections, {report['errors_5xx']} answers of 500 and above"


def _origin(deployment: Deployment) -> str:
    return f"{deployment['action']} {ago(deployment['created_at'])} by {deployment['actor']} ({deployment['trigger']})"
