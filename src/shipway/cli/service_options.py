"""Options that describe a service, and the JSON that the API takes for them."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import rich_click as click

from shipway.cli.quantities import MemoryType, PercentsType, counts

F = TypeVar("F", bound=Callable[..., Any])

_SOURCE = (
    click.option("--git", metavar="URL", help="Deploy from a git repository."),
    click.option("--ref", metavar="REF", help="Branch, tag or commit that is deployed unless one is named."),
    click.option("--subdirectory", metavar="DIR", help="Directory inside the source that holds the service."),
    click.option("--image", metavar="REF", help="Run an image; nothing is built."),
    click.option("--push", is_flag=True, default=None, help="Deploy what is pushed: `git push shipway main`."),
    click.option("--branch", metavar="B", help="Branch of which a push is deployed, with --push."),
    click.option(
        "--follow-push/--no-follow-push", "follow", default=None, help="Show a push its deployment, or don't."
    ),
    click.option("--fail-push/--no-fail-push", default=None, help="Have a push fail with its deployment, or succeed."),
)
#: Of pushed source, the API's names.
_OF_PUSHES = ("branch", "follow", "fail_push")
_SETTINGS = (
    click.option("--host", "hosts", multiple=True, metavar="H", help="Host name that leads here; may be repeated."),
    click.option("--port", type=click.IntRange(0, 65_535), help="Port that `web` listens on."),
    click.option(
        "--health-type", type=click.Choice(["http", "tcp", "command", "none"]), help="How health is asked for."
    ),
    click.option("--health-path", metavar="P", help="Path that answers 200 when an instance is up."),
    click.option(
        "--health-command",
        metavar="CMD",
        help="Run inside the instance instead of asking for a path; exit code 0 passes.",
    ),
    click.option("--health-timeout", type=float, metavar="S", help="Seconds an instance has to come up."),
    click.option("--health-interval", type=float, metavar="S", help="Seconds between two questions once it is live."),
    click.option(
        "--health-failures",
        type=int,
        metavar="N",
        help="In a row, after which it gets no requests for a while; 0: never.",
    ),
    click.option(
        "--liveness-path", metavar="P", help="Path of which an instance that fails is started again; '': none."
    ),
    click.option("--liveness-port", type=click.IntRange(0, 65_535), help="Port of it, where it is another one."),
    click.option("--liveness-interval", type=float, metavar="S", help="Seconds between two questions."),
    click.option("--liveness-timeout", type=float, metavar="S", help="Seconds that an answer may take."),
    click.option("--liveness-failures", type=int, metavar="N", help="In a row, after which it is started again."),
    click.option(
        "--memory", type=MemoryType(), metavar="512m", help="Hard limit of one instance; 0: its environment's."
    ),
    click.option("--cpus", type=float, metavar="0.5", help="Cores of one instance; 0: its environment's."),
    click.option("--device", "devices", multiple=True, metavar="gpu=1", help="Whole devices; may be repeated."),
    click.option("--start-command", metavar="CMD", help="Instead of the detected command of `web`."),
    click.option("--dockerfile", metavar="FILE", help="Path of the Dockerfile inside the source."),
    click.option("--target", metavar="STAGE", help="Stage of the Dockerfile that is built, instead of the last."),
    click.option(
        "--provider", metavar="NAME", help="How it is built: dockerfile, python, node …; instead of as detected."
    ),
    click.option("--drain-timeout", type=float, metavar="S", help="Seconds that requests in flight have at a switch."),
    click.option(
        "--stop-grace-of", "stop_graces", multiple=True, metavar="TYPE=S", help="The same for one process type."
    ),
    click.option("--stop-grace", type=float, metavar="S", help="Seconds between SIGTERM and SIGKILL."),
    click.option(
        "--strategy",
        type=click.Choice(["rolling", "bluegreen", "canary", "recreate"]),
        help="How traffic moves from one release to the next.",
    ),
    click.option("--promote", type=click.Choice(["auto", "manual"]), help="bluegreen: whether it waits for your word."),
    click.option("--canary-steps", type=PercentsType(), metavar="10,50", help="canary: percent of the requests."),
    click.option("--canary-interval", type=float, metavar="S", help="canary: seconds that each step lasts."),
    click.option("--canary-sample", type=int, metavar="N", help="canary: requests that a step is judged by at least."),
    click.option(
        "--stop-first", multiple=True, metavar="TYPE", help="Process type that must never run twice; '': none."
    ),
    click.option("--keep-warm", type=float, metavar="S", help="Seconds that the old instances stay, for an undo."),
    click.option(
        "--guard", type=click.Choice(["off", "warn", "undo"]), help="What happens when errors rise after a switch."
    ),
    click.option("--guard-window", type=float, metavar="S", help="Seconds after a switch in which it watches."),
    click.option(
        "--probe-switch/--no-probe-switch", default=None, help="Ask the service around each switch, for the report."
    ),
)
#: Options by the group of settings they belong to, with their name in it.
_GROUPS = {
    "health": {
        "health_type": "type",
        "health_path": "path",
        "health_command": "command",
        "health_timeout": "timeout",
        "health_interval": "interval",
        "health_failures": "failures",
    },
    "liveness": {
        "liveness_path": "path",
        "liveness_port": "port",
        "liveness_interval": "interval",
        "liveness_timeout": "timeout",
        "liveness_failures": "failures",
    },
    "resources": {"memory": "memory", "cpus": "cpus"},
    "strategy": {
        "strategy": "type",
        "promote": "promote",
        "canary_steps": "steps",
        "canary_interval": "interval",
        "canary_sample": "sample",
    },
    "guard": {"guard": "mode", "guard_window": "window"},
}
_PLAIN = (
    "probe_switch",
    "port",
    "start_command",
    "dockerfile",
    "target",
    "provider",
    "drain_timeout",
    "stop_grace",
    "keep_warm",
)


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
    for group, names in _GROUPS.items():
        if values := {to: options[name] for name, to in names.items() if options[name] is not None}:
            given[group] = values
    if implied := _implied_health(options):
        given["health"] = {"type": implied} | given["health"]
    if options["devices"]:
        given["resources"] = given.get("resources", {}) | {"devices": counts(options["devices"], "devices", "gpu=1")}
    if options["stop_graces"]:
        given["stop_graces"] = counts(options["stop_graces"], "seconds", "worker=60")
    if options["stop_first"]:
        given["stop_first"] = [process for process in options["stop_first"] if process]
    return given


def _implied_health(options: Mapping[str, Any]) -> str:
    """Whoever names a command means it to be run; who names a path, or takes the command away, means requests."""
    if options["health_command"]:
        return "command"
    return "http" if options["health_path"] or options["health_command"] == "" else ""


def source(options: Mapping[str, Any]) -> dict[str, Any]:
    """The source of a new service; raises `UsageError` for options that contradict each other."""
    git, image, ref, subdirectory = (options[name] or "" for name in ("git", "image", "ref", "subdirectory"))
    pushed = {name: options[name] for name in _OF_PUSHES if options[name] is not None}
    if sum(map(bool, (git, image, options["push"]))) > 1:
        raise click.UsageError("--git, --image and --push exclude each other.")
    if ref and not git:
        raise click.UsageError("--ref belongs to --git.")
    if pushed and not options["push"]:
        raise click.UsageError("--branch, --follow-push and --fail-push belong to --push.")
    if image and subdirectory:
        raise click.UsageError("An image has no --subdirectory.")
    if image:
        return {"kind": "image", "reference": image}
    if options["push"]:
        return {"kind": "push", **pushed, "subdirectory": subdirectory}
    kind = {"kind": "git", "url": git, "ref": ref} if git else {"kind": "upload"}
    return {**kind, "subdirectory": subdirectory}


def changed_source(present: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any] | None:
    """A service's source with what was given changed; `None` when nothing was."""
    names = {"git": "url", "ref": "ref", "subdirectory": "subdirectory", "image": "reference"}
    names |= {name: name for name in _OF_PUSHES}
    given = {to: options[name] for name, to in names.items() if options[name] is not None}
    if wrong := sorted(set(given) - set(present)):
        option = next(name for name, to in names.items() if to == wrong[0])
        option = {"follow": "follow-push", "fail_push": "fail-push"}.get(option, option)
        raise click.UsageError(f"--{option} does not fit a service that is deployed from {present['kind']}.")
    return {**present, **given} if given else None
