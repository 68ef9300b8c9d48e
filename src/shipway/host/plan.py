"""Decide what has to be done to this machine: data that can be announced, tested and then carried out."""

from collections.abc import Callable
from dataclasses import dataclass

from shipway.domain.errors import Unavailable
from shipway.host.needs import Need, Purpose, missing


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens to the needs of which nothing was seen."""

    install: tuple[Need, ...] = ()
    #: Left out: there is no apt to bring them, and Shipway can do without.
    without: tuple[Need, ...] = ()


def decide(purpose: Purpose, seen: frozenset[str], *, apt: bool) -> Plan:
    """What a machine that shows these signs needs before it can serve `purpose`.

    Raises `Unavailable`, naming each thing and why, when something is missing that only a person can install.
    """
    lacking = missing(purpose, seen)
    if apt:
        return Plan(install=lacking)
    if by_hand := [need for need in lacking if not need.optional]:
        raise Unavailable(
            "\n".join(["This machine lacks what Shipway needs:", *(f"  {need}" for need in by_hand)]),
            hint="There is no apt-get here: install them with this system's own packages, then run this again.",
        )
    return Plan(without=lacking)


def choose(alternatives: str, is_known: Callable[[str], bool]) -> str:
    """The first of `a | b | c` that the distribution knows; the last where it knows none (yet)."""
    packages = [package.strip() for package in alternatives.split("|")]
    return next((package for package in packages if is_known(package)), packages[-1])
