"""The planner: from what is there to the plan of a deployment. Pure; `situation.py` looks, the steps act.

An overlap is the rule: nobody waits. Only what two can't have at once, and what the user says, makes the old stop first.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from shipway.domain.capacity import Capacity, taken
from shipway.domain.errors import WouldInterrupt
from shipway.domain.plan import Mode, Move, Plan, ProcessChange, Reason, Verb
from shipway.domain.process import WEB
from shipway.domain.strategy import StrategyType
from shipway.pipeline import contention, room
from shipway.pipeline.config_changes import config_changes
from shipway.pipeline.one_by_one import one_by_one
from shipway.pipeline.situation import Situation, count, process_of


def plan(situation: Situation) -> Plan:
    """The plan. Raises `NoRoom` when the machine is too small for the release however it is done, `WouldInterrupt` when
    it can't be done without an interruption and none is allowed."""
    if situation.in_place:
        return _in_place(situation)
    needed, adopted = room.needed(situation)
    room.refuse_the_impossible(situation)
    evicted = room.evicted(situation, needed, adopted)
    mode, reason, why = _mode(situation, needed, adopted, evicted)
    held = contention.holders(situation, adopted)
    if mode == "overlap-one-by-one" and _exchange(situation, room.free(situation, held)):
        evicted = held
    free = room.free(situation, evicted)
    if mode != "overlap" and adopted:
        return plan(replace(situation, adopts=False))
    if mode == "stop-first":
        evicted = room.evicted(situation, needed, adopted, stopped=True)
    exclusive = _exclusive(situation, adopted)
    interrupts = _interrupts(situation, mode, exclusive)
    if situation.zero_downtime and interrupts:
        raise WouldInterrupt(
            f"This deployment would interrupt {' and '.join(interrupts)}: {why or 'it is set to stop first'}.",
            hint="Deploy without --require-zero-downtime, or change what forbids the overlap.",
        )
    live = situation.live
    return Plan(
        release=situation.release.number,
        image=situation.release.image.label,
        replaces=live.release.number if live else None,
        strategy=_strategy(situation, mode),
        mode=mode,
        reason=reason,
        why=why,
        moves=_moves(situation, mode, exclusive, adopted, evicted),
        interrupts=interrupts,
        needed=needed,
        free=free,
        processes=_processes(situation),
        config=config_changes(live.release.given if live else None, situation.release.given),
        warnings=_warnings(situation, mode, reason),
        at_once=max(2, situation.cores),
        waits=_strategy(situation, mode) == "bluegreen" and situation.release.settings.strategy.promote == "manual",
        image_from=situation.release.image_from if situation.makes_release else None,
    )


def _in_place(situation: Situation) -> Plan:
    """Nothing starts, stops or moves: what serves stays, and sees other files."""
    assert situation.live is not None, "there is something to take over"
    release, live = situation.release, situation.live
    return Plan(
        release=release.number,
        image=release.image.label,
        replaces=live.release.number,
        strategy="rolling",
        mode="in-place",
        reason="",
        why="",
        moves=(*_all("adopt", live.instances), Move("publish", f"v{release.number}")),
        free=room.free(situation, ()),
        processes=_processes(situation),
        config=config_changes(live.release.given, release.given),
        warnings=_warnings(situation, "in-place", ""),
    )


def _strategy(situation: Situation, mode: Mode) -> StrategyType:
    """What is known already needs no trial, and who goes back is in a hurry; nor is there one without something to
    compare with, or room for it. But what can't run twice never can."""
    if mode != "overlap":
        return "recreate" if mode == "stop-first" else "rolling"
    wished = situation.release.settings.strategy.type
    tried = situation.brings_new and situation.live is not None
    return wished if tried or wished == "recreate" else "rolling"


def _mode(
    situation: Situation, needed: Capacity, adopted: tuple[str, ...], evicted: tuple[str, ...]
) -> tuple[Mode, Reason, str]:
    if situation.live is None:
        return "overlap", "", ""
    if situation.release.settings.strategy.type == "recreate":
        return "stop-first", "user", "the strategy is recreate"
    contested = contention.contested(situation, adopted)
    if WEB in contention.processes(contested):
        return "stop-first", "volume", contention.why(contested)
    free = room.free(situation, evicted)
    short = free.less(needed).short_of
    if not short or short == "cpu":
        return ("overlap", "volume", contention.why(contested)) if contested else ("overlap", "", "")
    why = f"beside the old instances the new ones take {room.amount(needed, short)}, and {room.amount(free, short)} is free"
    if short != "memory":
        return "stop-first", "device", why
    return "overlap-one-by-one" if _exchange(situation, free) else "stop-first", "memory", why


def _exchange(situation: Situation, free: Capacity) -> tuple[Move, ...] | None:
    live = situation.live
    if live is None:
        return None
    return one_by_one(
        free,
        taken(situation.release.settings.resources, 1),
        taken(live.release.settings.resources, 1),
        old=live.instances,
        new=situation.wanted,
        exclusive=tuple(sorted(_exclusive(situation, ()))),
    )


def _interrupts(situation: Situation, mode: Mode, exclusive: frozenset[str]) -> tuple[str, ...]:
    if situation.live is None:
        return ()
    before = count(situation.live.instances)
    stopped = before if mode == "stop-first" else exclusive
    return tuple(sorted(name for name in stopped if before[name] and count(situation.wanted)[name]))


def _exclusive(situation: Situation, adopted: tuple[str, ...]) -> frozenset[str]:
    """Process types that are handed over. `web` is only ever stopped first as a whole, with everything else."""
    having = contention.processes(contention.contested(situation, adopted))
    return frozenset((*situation.release.settings.stop_first, *having)) - {WEB}


def _moves(
    situation: Situation,
    mode: Mode,
    exclusive: frozenset[str],
    adopted: tuple[str, ...],
    evicted: tuple[str, ...],
) -> tuple[Move, ...]:
    release = f"v{situation.release.number}"
    new = _without_adopted(situation.wanted, adopted)
    old = situation.live.instances if situation.live else ()
    parked = old if mode == "stop-first" else tuple(name for name in old if process_of(name) in exclusive)
    late = () if mode == "stop-first" else tuple(name for name in new if process_of(name) in exclusive)
    early = tuple(name for name in new if name not in late)
    begin = (
        *_all("run", (release,) if situation.runs_command and situation.brings_new else ()),
        *_all("evict", evicted),
    )
    if mode == "stop-first":
        middle = (*_all("park", parked), *_all("start", early))
    elif mode == "overlap-one-by-one":
        middle = _exchange(situation, room.free(situation, evicted)) or ()
    else:
        middle = (*_all("adopt", adopted), *_all("start", early), *_all("park", parked), *_all("start", late))
    return (*begin, *middle, Move("switch", release), *_all("stop", _ends(situation, adopted, evicted)))


def _ends(situation: Situation, adopted: tuple[str, ...], evicted: tuple[str, ...]) -> tuple[str, ...]:
    """What serves now, and all that is left of what did before, at once or when it has been warm for long enough."""
    left = (name for each in situation.own if each.deployment_id not in evicted for name in each.instances)
    return tuple(name for name in left if name not in adopted)


def _without_adopted(wanted: tuple[str, ...], adopted: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in wanted if process_of(name) != WEB) if adopted else wanted


def _all(verb: Verb, names: Iterable[str]) -> tuple[Move, ...]:
    return tuple(Move(verb, name) for name in names)


def _processes(situation: Situation) -> tuple[ProcessChange, ...]:
    before = count(situation.live.instances) if situation.live else Counter[str]()
    after = count(situation.wanted)
    names = sorted({*before, *after}, key=lambda name: (name != WEB, name))
    return tuple(ProcessChange(name, before[name], after[name]) for name in names)


def _warnings(situation: Situation, mode: Mode, reason: Reason) -> tuple[str, ...]:
    told = list(contention.warnings(situation))
    if situation.crossed:
        crossed = " and ".join(f"v{number}" for number in situation.crossed)
        told.append(f"The release command of {crossed} has run since; going back does not undo what it did.")
    if (
        mode == "stop-first"
        and reason == "volume"
        and (wished := _strategy(situation, "overlap")) in ("bluegreen", "canary")
    ):
        told.append(f"Recreate instead of {wished}, which takes the old and the new at once.")
    return tuple(told)
