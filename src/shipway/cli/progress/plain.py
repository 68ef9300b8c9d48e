"""For logs and pipes: every line once, as it comes."""

import click

from shipway.client.models import Deployment, Step


class Plain:
    """Prints each step's name, what it writes, and how it ended."""

    def __init__(self) -> None:
        self._step = ""
        self._states: dict[str, str] = {}
        self._position: int | None = None

    def __enter__(self) -> "Plain":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def deployment(self, deployment: Deployment) -> None:
        """Announce what has changed."""
        position = deployment.get("position")
        if position is not None and position != self._position:
            click.echo(f"==> queued{f', {position} before it' if position else ''}")
        self._position = position
        for step in deployment.get("steps", []):
            if step["state"] != self._states.get(step["name"], "pending"):
                self._announce(step)
            self._states[step["name"]] = step["state"]

    def log(self, step: str, text: str) -> None:
        """Print it under its step."""
        self._enter(step)
        click.echo(text, nl=not text.endswith("\n"))

    def _announce(self, step: Step) -> None:
        if step["state"] == "running":
            self._enter(step["name"])
        else:
            click.secho(f"==> {step['name']}: {ending(step)}", fg="red" if step["state"] == "error" else None)

    def _enter(self, step: str) -> None:
        if step != self._step:
            click.secho(f"==> {step}", bold=True)
        self._step = step


def ending(step: Step) -> str:
    """`complete in 3.2 s: 2 of 2 instances`."""
    took = f" in {step['seconds']:.1f} s" if step["seconds"] is not None else ""
    return f"{step['state']}{took}{': ' + step['summary'] if step['summary'] else ''}"
