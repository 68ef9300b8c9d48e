"""What a service's settings must keep to beyond the kind and size of each value."""

import re
from itertools import pairwise

from shipway.domain.errors import Invalid
from shipway.domain.probe import Probe
from shipway.domain.process import WEB, argv, process_name
from shipway.domain.service import ServiceSettings
from shipway.domain.strategy import Strategy
from shipway.domain.volume import check_volumes

#: Which strategy a field of `Strategy` is for.
_FOR = {"promote": "bluegreen", "steps": "canary", "interval": "canary", "sample": "canary"}
_DEVICE = re.compile(r"[a-z][a-z0-9_-]{0,39}")


def check_settings(before: ServiceSettings, after: ServiceSettings) -> None:
    """Raise `Invalid` when `after` can't be meant; what stays as it was `before` is left alone."""
    _check_strategy(before.strategy, after.strategy)
    _check_health(before.probe, after.probe)
    check_volumes(after.volumes)
    for process in after.stop_first:
        process_name(process)
    if WEB in after.stop_first and WEB not in before.stop_first:
        raise Invalid("web never stops first by itself.", hint="Set the strategy's type to recreate.")
    for kind in after.resources.devices:
        if not _DEVICE.fullmatch(kind):
            raise Invalid(f"{kind!r} is no kind of device.", hint="Use one that the server's `devices` counts: gpu=1.")


def _check_health(before: Probe, after: Probe) -> None:
    if after == before:
        return
    if after.type == "command" and not after.command.strip():
        raise Invalid(
            "A health check of type command needs its command.",
            hint="For example: --health-command 'python manage.py check'. Exit code 0 passes. "
            "To go back to requests: --health-type http.",
        )
    if after.type != "command" and after.command and after.command != before.command:
        raise Invalid(
            f"command is for a health check of type command, and this service's is of type {after.type}.",
            hint="Set health.type to command, or leave health.command out.",
        )
    argv(after.command, {})


def _check_strategy(before: Strategy, after: Strategy) -> None:
    if not after.steps or any(not 1 <= step <= 99 for step in after.steps):
        raise Invalid(
            f"A canary's steps are percents from 1 to 99, not {_listed(after.steps)}.",
            hint="All requests come by themselves after the last step: 10,50.",
        )
    if any(second <= first for first, second in pairwise(after.steps)):
        raise Invalid(f"A canary's steps rise; {_listed(after.steps)} do not.", hint="For example: 10,50.")
    for name, type_ in _FOR.items():
        if getattr(before, name) != getattr(after, name) and after.type != type_:
            raise Invalid(
                f"{name} is for the strategy {type_}, and this service's is {after.type}.",
                hint=f"Set the strategy's type to {type_}, or leave {name} out.",
            )


def _listed(steps: tuple[int, ...]) -> str:
    return ",".join(map(str, steps)) or "none"
