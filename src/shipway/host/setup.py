"""Make this machine ready: look, decide, say, do."""

import time

from shipway.domain.errors import Unavailable
from shipway.host import apt, engine
from shipway.host.commands import find
from shipway.host.look import look
from shipway.host.needs import Need, Purpose, line, missing
from shipway.host.output import complain, note, say
from shipway.host.plan import Plan, choose, decide
from shipway.host.privilege import as_root


def set_up(purpose: Purpose) -> None:
    """Install what `purpose` lacks and start the engine if none runs; on a ready machine, nothing.

    Raises `Unavailable` when something can't be had, saying what to do; what was done by then stays done.
    """
    plan = decide(purpose, look(purpose), apt=find("apt-get") is not None)
    announce(plan)
    if plan.install:
        _install(plan.install)
        _check(purpose)
    engine.ensure_running()


def announce(plan: Plan) -> None:
    """Say what will be installed, and why, before it is."""
    if plan.install:
        say("Installing from this system's packages, with apt-get:")
    reasons: dict[str, list[str]] = {}
    for need in plan.install:
        reasons.setdefault(choose(need.package, apt.is_known), []).append(need.why)
    for package, why in reasons.items():
        note(line(package, "; ".join(why)))
    for need in plan.without:
        complain(f"Going on without {need.package}: {need.why}")


def _install(needs: tuple[Need, ...]) -> None:
    packages = tuple(dict.fromkeys(need.package for need in needs))
    began = time.monotonic()
    as_root(("install", *packages), lambda: apt.install(packages))
    note(f"Installed in {time.monotonic() - began:.0f} s")


def _check(purpose: Purpose) -> None:
    """A package can be installed and not bring what it was installed for, on a distribution unlike those we know."""
    if lacking := missing(purpose, look(purpose)):
        raise Unavailable(
            "\n".join(["Installed, and still not found:", *(f"  {need}" for need in lacking)]),
            hint="Install them by hand, then run this again.",
        )
