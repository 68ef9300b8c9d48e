"""Options that describe a service, and the JSON that the API takes for them."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import rich_click as click

from shipway.cli.quantities import MemoryType

F = TypeVar("F", bound=Callable[..., Any])

_SOURCE = (
    click.option("--git", metavar="URL", help="Deploy from a git repository."),
    click.option("--ref", metavar="REF", help="Branch, tag or commit that is deployed unless one is named."),
    click.option("--subdirectory", metavar="DIR", help="Directory inside the source that holds the service."),
    click.option("--image", metavar="REF", help="Run an image; nothing is built."),
)
_SETTINGS = (
    click.option("--host", "hosts", multiple=True, metavar="H", help="Host name that leads here; may be repeated."),
    click.option("--port", type=click.IntRange(0, 65_535), help="Port that `web` listens on."),
    click.option("--health-type", type=click.Choice(["http", "tcp", "none"]), help="How health is asked for."),
    click.option("--health-path", metavar="P", help="Path that answers 200 when an instance is up."),
    click.option("--health-timeout", type=float, metavar="S", help="Seconds an instance has to come up."),
    click.option("--memory", type=MemoryType(), metavar="512m", help="Hard limit of one instance."),
    click.option("--cpus", type=float, metavar="0.5", help="Cores of one instance."),
    click.option("--start-command", metavar="CMD", help="Instead of the detected command of `web`."),
    click.option("--dockerfile", metavar="FILE", help="Path of the Dockerfile inside the source."),
    click.option("--target", metavar="STAGE", help="Stage of the Dockerfile that is built, instead of the last."),
    click.option(
        "--provider", metavar="NAME", help="How it is built: dockerfile, python, node …; instead of as detected."
    ),
    click.option("--drain-timeout", type=float, metavar="S", help="Seconds that requests in flight have at a switch."),
    click.option("--stop-grace", type=float, metavar="S", help="Seconds between SIGTERM and SIGKILL."),
)
_HEALTH = {"health_type": "type", "health_path": "path", "health_timeout": "timeout"}
_RESOURCES = {"memory": "memory", "cpus": "cpus"}
_PLAIN = ("port", "start_command", "dockerfile", "target", "provider", "drain_timeout", "stop_grace")


def source_options(command: F) -> F:
    """`--git`, `--ref`, `--subdirectory`, `--image`."""
    for option in reversed(_SOURCE):
        command = option(command)
    return command


def settings_options(command: F) -> F:
    """Hosts, port, health, resources and so on."""
    for option in reversed(_SETTINGS):
        command = option(command)
    return command


def settings(options: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that were given."""
    given = {name: options[name] for name in _PLAIN if options[name] is not None}
    for group, names in (("health", _HEALTH), ("resources", _RESOURCES)):
        if values := {to: options[name] for name, to in names.items() if options[name] is not None}:
            given[group] = values
    return given


def source(options: Mapping[str, Any]) -> dict[str, str]:
    """The source of a new service; raises `UsageError` for options that contradict each other."""
    git, image, ref, subdirectory = (options[name] or "" for name in ("git", "image", "ref", "subdirectory"))
    if git and image:
        raise click.UsageError("--git and --image exclude each other.")
    if ref and not git:
        raise click.UsageError("--ref belongs to --git.")
    if image and subdirectory:
        raise click.UsageError("An image has no --subdirectory.")
    if image:
        return {"kind": "image", "reference": image}
    kind = {"kind": "git", "url": git, "ref": ref} if git else {"kind": "upload"}
    return {**kind, "subdirectory": subdirectory}


def changed_source(present: Mapping[str, str], options: Mapping[str, Any]) -> dict[str, str] | None:
    """A service's source with what was given changed; `None` when nothing was."""
    names = {"git": "url", "ref": "ref", "subdirectory": "subdirectory", "image": "reference"}
    given = {to: options[name] for name, to in names.items() if options[name] is not None}
    if wrong := sorted(set(given) - set(present)):
        option = next(name for name, to in names.items() if to == wrong[0])
        raise click.UsageError(f"--{option} does not fit a service that is deployed from {present['kind']}.")
    return {**present, **given} if given else None
