"""Room: what the machine has for new instances, and who makes way for them. Pure."""

from collections.abc import Iterable

from shipway.domain.capacity import Capacity, taken, total
from shipway.domain.errors import NoRoom
from shipway.domain.process import WEB
from shipway.pipeline import contention
from shipway.pipeline.situation import Situation, process_of


def needed(situation: Situation) -> tuple[Capacity, tuple[str, ...]]:
    """What those that have to be started take; and the instances that need not be, because they still stand."""
    warm = situation.warm
    adopted = tuple(name for name in warm.instances if process_of(name) == WEB) if warm else ()
    return taken(situation.release.settings.resources, len(situation.wanted) - len(adopted)), adopted


def free(situation: Situation, without: Iterable[str]) -> Capacity:
    """What is free once these deployments are over. What drains of this service is over in a moment, and no reason to
    interrupt anybody."""
    own = [each.deployment_id for each in situation.own if each.state == "draining"]
    stays = [each for each in situation.standing if each.deployment_id not in {*without, *own}]
    return situation.machine.less(total(each.takes for each in stays))


def refuse_the_impossible(situation: Situation) -> None:
    """Raises `NoRoom` when the release does not fit however it is done: what is over when this deployment is, counts as free.
    Who takes no more than now is let: the machine may be too full already, and less is what it needs."""
    resources = situation.release.settings.resources
    if resources.cpus > situation.cores:
        raise NoRoom(
            f"An instance is to have {resources.cpus:g} cores, and the machine has {situation.cores}.",
            hint="Set --cpus to what there is.",
        )
    goes = [s.deployment_id for s in situation.standing if s.state == "warm" or s.service_id == situation.service_id]
    left, all_of_it = free(situation, goes), taken(resources, len(situation.wanted))
    more = situation.live is None or bool(situation.live.takes.less(all_of_it).short_of)
    if more and (short := left.less(all_of_it).short_of):
        raise NoRoom(
            f"This release takes {amount(all_of_it, short)} and {amount(left, short)} is free, "
            f"of {amount(situation.machine, short)} in all.",
            hint="Scale it or others down, give instances less (--memory, --cpus), or get a bigger machine.",
        )


def evicted(
    situation: Situation, needed: Capacity, adopted: tuple[str, ...], *, stopped: bool = False
) -> tuple[str, ...]:
    """What still has a volume that is needed; and warm sets that have to make room, this service's own first, none where
    there is room anyway. `stopped`: what serves has gone by then, and beside what can't run twice none of its own stands."""
    goes = [situation.live.deployment_id] if stopped and situation.live else []
    goers = contention.holders(situation, adopted)
    warm = (each for each in situation.standing if each.state == "warm" and each is not situation.warm)
    spare = [each for each in warm if each.deployment_id not in goers]
    for each in sorted(spare, key=lambda each: (each.service_id != situation.service_id, each.deployment_id)):
        own = stopped and each.service_id == situation.service_id
        if not own and not free(situation, (*goes, *goers)).less(needed).short_of:
            return goers
        goers = (*goers, each.deployment_id)
    return goers


def amount(of: Capacity, what: str) -> str:
    """Of one thing, as people read it."""
    if what == "memory":
        return f"{max(0, of.memory) / 2**20:.0f} MiB of memory"
    if what == "cpu":
        return f"{max(0.0, of.cpus):g} cores"
    return f"{max(0, of.devices.get(what, 0))} {what}"
