"""Volumes that the new instances are to have while old ones have them: no two ever do (S5.5)."""

from collections.abc import Collection, Iterable

from shipway.domain.process import WEB
from shipway.domain.volume import Place, places
from shipway.pipeline.situation import Situation, process_of


def contested(situation: Situation, adopted: Collection[str]) -> frozenset[Place]:
    """What both what serves and the instances that are to be started have."""
    return situation.live.has & wanted(situation, adopted) if situation.live else frozenset()


def wanted(situation: Situation, adopted: Collection[str] = ()) -> frozenset[Place]:
    """What the instances that are to be started have: all but those of `web` where these are taken over."""
    started = (name for name in situation.wanted if not adopted or process_of(name) != WEB)
    return places(situation.release.settings.volumes, started)


def holders(situation: Situation, adopted: Collection[str]) -> tuple[str, ...]:
    """Deployments besides the live one that still have such a volume: what drains, or what a crash left."""
    needs = wanted(situation, adopted)
    others = (each for each in situation.own if each.state != "live" and not set(each.instances) & set(adopted))
    return tuple(each.deployment_id for each in others if each.has & needs)


def processes(contested: Iterable[Place]) -> tuple[str, ...]:
    """Process types that it is about."""
    return tuple(sorted({place.process for place in contested}))


def why(contested: Iterable[Place]) -> str:
    """As a sentence."""
    names = sorted(contested)
    rest = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"the new instances have the same volumes as the old ones ({names[0]}{rest}), and no two have one at once"


def warnings(situation: Situation) -> tuple[str, ...]:
    """What it does to volumes."""
    has = wanted(situation)
    lost = sorted(situation.volumes - has)
    found = sorted(situation.binned & has) if situation.action == "rollback" else []
    return (
        *((f"Into the bin, as no instance has it any more: the volume {_listed(lost)}.",) if lost else ()),
        *((f"Out of the bin, with what was in it: the volume {_listed(found)}.",) if found else ()),
    )


def _listed(some: Iterable[Place]) -> str:
    return ", ".join(map(str, some))
