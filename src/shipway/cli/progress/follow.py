"""Follow a deployment to its end and say how it went."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

import click

from shipway.cli.failures import FAILED, INTERRUPTED, tell
from shipway.cli.output import is_terminal, note, print_json
from shipway.cli.progress.plain import Plain
from shipway.cli.rebuilds import rebuilt
from shipway.client.errors import ClientError
from shipway.client.models import Deployment

if TYPE_CHECKING:
    from shipway.client.client import Client


class Display(Protocol):
    """Shows a deployment as it goes."""

    def __enter__(self) -> "Display":
        """Begin."""

    def __exit__(self, *_: object) -> None:
        """Leave the last state on the screen."""

    def deployment(self, deployment: Deployment) -> None:
        """Its present state."""

    def log(self, step: str, text: str) -> None:
        """New text in a step's log."""


class Silent:
    """Shows nothing."""

    def __enter__(self) -> "Silent":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def deployment(self, deployment: Deployment) -> None:
        """Nothing."""

    def log(self, step: str, text: str) -> None:
        """Nothing."""


def started(client: "Client", deployment: Deployment, *, wait: bool = False, no_follow: bool, as_json: bool) -> int:
    """Go on from a deployment that was just asked for; returns the exit code."""
    if no_follow:
        if as_json:
            print_json(deployment)
        else:
            done = "Promoted" if deployment["promote_requested"] else "Queued"
            click.echo(f"{done} d{deployment['number']} of {deployment['service']} ({deployment['id']}).")
        return 0
    return follow(client, deployment, wait=wait, as_json=as_json)


def follow(client: "Client", deployment: Deployment, *, wait: bool = False, as_json: bool) -> int:
    """Show it until it is over, or ready: that may last for days, unless one is to `wait`. Returns the exit code; what got
    ready has done what was asked of it. Ctrl-C only stops looking."""
    try:
        final = _watched(client, deployment, _display(as_json), wait=wait)
    except KeyboardInterrupt:
        note(
            f"\nNo longer following d{deployment['number']}; it goes on. `shipway cancel {deployment['id']}` stops it."
        )
        return INTERRUPTED
    if as_json:
        print_json(final)
    else:
        _tell(client, final)
    return _code(final)


def follow_all(client: "Client", made: Sequence[Deployment], *, as_json: bool) -> int:
    """Show several, one after the other, whatever becomes of the first. Returns the exit code of the first that failed."""
    codes: list[int] = []
    for deployment in made:
        codes.append(_one_of_many(client, deployment, as_json=as_json))
        if codes[-1] == INTERRUPTED:
            return INTERRUPTED
    if as_json:
        print_json([client.deployment(each["id"]) for each in made])
    return next((code for code in codes if code), 0)


def _one_of_many(client: "Client", deployment: Deployment, *, as_json: bool) -> int:
    try:
        if as_json:
            return _code(_watched(client, deployment, Silent(), wait=False))
        return follow(client, deployment, as_json=False)
    except ClientError as error:
        return tell(error)


def _code(final: Deployment) -> int:
    return 0 if final["live_at"] or _waits(final) else FAILED


def _waits(deployment: Deployment) -> bool:
    """Whether it is for somebody to say what becomes of it."""
    asked = deployment["promote_requested"] or deployment["cancel_requested"]
    return deployment["state"] == "ready" and not asked


def _watched(client: "Client", deployment: Deployment, display: Display, *, wait: bool) -> Deployment:
    logs: dict[str, list[str]] = {}
    with display:
        display.deployment(deployment)
        for event in client.watch(deployment["id"]):
            if event.name == "deployment":
                deployment = event.data
                display.deployment(deployment)
                if _waits(deployment) and not wait:
                    break
            elif event.name == "log":
                logs.setdefault(event.data["step"], []).append(event.data["text"])
                display.log(event.data["step"], event.data["text"])
    failure = deployment["failure"]
    if failure and not isinstance(display, (Plain, Silent)):
        # The live display has shown its last lines only.
        _print_log(failure["step"], "".join(logs.get(failure["step"], [])).splitlines())
    return deployment


def what_next(ready: Deployment) -> str:
    """Of one that is ready."""
    return (
        f"`shipway promote {ready['service']}` sends it the traffic; `shipway cancel {ready['id']}` throws it away. "
        "What is live serves on until then."
    )


def _display(as_json: bool) -> Display:
    if as_json:
        return Silent()
    if is_terminal():
        from shipway.cli.progress.live import Live

        return Live()
    return Plain()


def _print_log(step: str, lines: Iterable[str]) -> None:
    click.secho(f"==> log of {step}", bold=True)
    for line in lines:
        click.echo(line)


def _tell(client: "Client", final: Deployment) -> None:
    name = f"d{final['number']} of {final['service']}"
    if final["live_at"]:
        _tell_live(client, final, name)
    elif _waits(final):
        _tell_ready(final, name)
    elif failure := final["failure"]:
        click.secho(f"{name} failed: {failure['code']}", fg="red", bold=True, err=True)
        raise ClientError(failure["message"], hint=failure["hint"], code="deploy-failed", evidence=failure["evidence"])
    elif final["state"] == "superseded":
        note(f"{name} was given up for a newer deployment before it began.")
    else:
        note(f"{name} is {final['state']}.")


def _tell_ready(final: Deployment, name: str) -> None:
    release = f" (v{final['release']})" if final["release"] else ""
    click.secho(f"Ready: {name}{release}", fg="cyan", bold=True)
    note(what_next(final))


def _tell_live(client: "Client", final: Deployment, name: str) -> None:
    service = client.service(final["service"])
    url = service["url"]
    release = f" (v{final['release']})" if final["release"] else ""
    click.secho(f"Live: {name}{release}{' at ' + url if url else ''}", fg="green", bold=True)
    if again := rebuilt(final):
        note(f"Rebuilt: {again}.")
    if final["weakly_verified"]:
        note(f"Weakly verified: {final['weakly_verified']}")
    if service["held"]:
        note(
            f"Automatic deployments are held: {service['held']}. `shipway auto-deploy resume {final['service']}` ends that."
        )
