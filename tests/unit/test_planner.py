"""What is done to what runs, decided before anything changes."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipway.domain.artifacts import Image
from shipway.domain.capacity import Capacity
from shipway.domain.errors import NoRoom, WouldInterrupt
from shipway.domain.plan import ConfigChange, Plan, ProcessChange
from shipway.domain.process import ProcessType, Resources
from shipway.domain.release import Given, Release
from shipway.domain.service import ServiceSettings
from shipway.domain.strategy import Strategy
from shipway.domain.volume import Place, Volume, places
from shipway.pipeline.planner import plan
from shipway.pipeline.situation import Situation, Standing, count, process_of

GIB = 2**30
MACHINE = Capacity(memory=8 * GIB, cpus=20, devices={"gpu": 1})
SERVICE, OTHER = "svc_1", "svc_2"


def a_release(number: int = 2, *, config: dict[str, str] | None = None, **settings: object) -> Release:
    return Release(
        id=f"rel_{number}",
        service_id=SERVICE,
        number=number,
        image=Image("r@sha256:1", "sha256:1", f"v{number}"),
        given=Given(config or {}),
        processes=(ProcessType("web"),),
        port=8080,
        settings=replace(ServiceSettings(resources=Resources(memory=GIB)), **settings),  # type: ignore[arg-type]
        config_hash="",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def names(deployment: int, **scale: int) -> tuple[str, ...]:
    return tuple(f"a.b.c.d.v1.d{deployment}.{name}.{i}" for name, count in scale.items() for i in range(1, count + 1))


def standing(
    deployment: int, release: Release, state: str = "live", *, service: str = SERVICE, **scale: int
) -> Standing:
    return Standing(f"dep_{deployment}", service, release, names(deployment, **scale or {"web": 1}), state)


def situation(release: Release | None = None, *stands: Standing, **given: object) -> Situation:
    wanted = given.pop("wanted", names(9, web=1))
    values = {"action": "deploy", "service_id": SERVICE, "machine": MACHINE, "cores": 2} | given
    return Situation(release=release or a_release(), wanted=wanted, standing=stands, **values)  # type: ignore[arg-type]


def short(of: Plan) -> list[str]:
    return [f"{move.verb} {'.'.join(move.what.split('.')[-3:])}" for move in of.moves]


def test_at_first_there_is_nothing_to_stop() -> None:
    assert short(plan(situation())) == ["start d9.web.1", "switch v2"]


def test_the_new_one_starts_beside_the_old_one_which_stops_after_the_switch() -> None:
    made = plan(situation(None, standing(1, a_release(1))))
    assert short(made) == ["start d9.web.1", "switch v2", "stop d1.web.1"]
    assert (made.mode, made.reason, made.interrupts, made.replaces) == ("overlap", "", (), 1)


def test_the_release_command_runs_before_anything_is_touched() -> None:
    made = plan(situation(a_release(strategy=Strategy("recreate")), standing(1, a_release(1)), runs_command=True))
    assert short(made) == ["run v2", "park d1.web.1", "start d9.web.1", "switch v2", "stop d1.web.1"]


def test_what_must_not_run_twice_is_handed_over_just_before_the_switch() -> None:
    release = a_release(stop_first=("clock",))
    made = plan(situation(release, standing(1, a_release(1), web=1, clock=1), wanted=names(9, web=1, clock=1)))
    assert short(made)[:4] == ["start d9.web.1", "park d1.clock.1", "start d9.clock.1", "switch v2"]
    assert [process_of(name) for name in made.handover] == ["clock"]
    assert [process_of(name) for name in made.first] == ["web"]
    assert made.interrupts == ("clock",)


@pytest.mark.parametrize(
    ("memory", "mode", "reason"), [(4 * GIB, "overlap", ""), (2 * GIB, "overlap", ""), (GIB, "stop-first", "memory")]
)
def test_both_must_fit_or_the_old_one_stops_first(memory: int, mode: str, reason: str) -> None:
    made = plan(situation(None, standing(1, a_release(1)), machine=replace(MACHINE, memory=memory)))
    assert (made.mode, made.reason) == (mode, reason)


def test_what_never_fits_is_refused_with_what_there_is() -> None:
    with pytest.raises(NoRoom, match="takes 3072 MiB of memory and 1024 MiB of memory is free, of 2048 MiB"):
        plan(
            situation(
                None,
                standing(1, a_release(1)),
                standing(2, a_release(1), service=OTHER),
                wanted=names(9, web=3),
                machine=replace(MACHINE, memory=2 * GIB),
            )
        )


def test_an_instance_with_more_cores_than_there_are_is_refused() -> None:
    with pytest.raises(NoRoom, match="is to have 3 cores, and the machine has 2"):
        plan(situation(a_release(resources=Resources(cpus=3))))


def test_less_is_never_refused_on_a_machine_that_is_too_full_already() -> None:
    stands = (standing(1, a_release(1), web=3), standing(2, a_release(1), service=OTHER, web=4))
    full = replace(MACHINE, memory=4 * GIB)
    assert plan(situation(None, *stands, wanted=names(9, web=2), machine=full, action="scale")).named("start")
    with pytest.raises(NoRoom):
        plan(situation(None, *stands, wanted=names(9, web=4), machine=full, action="scale"))


@pytest.mark.parametrize("kind", ["canary", "bluegreen"])
def test_what_has_to_stop_first_is_neither_tried_nor_waited_for(kind: str) -> None:
    release = a_release(strategy=Strategy(kind, promote="manual"))  # type: ignore[arg-type]
    made = plan(situation(release, standing(1, a_release(1)), machine=replace(MACHINE, memory=GIB)))
    assert (made.mode, made.strategy, made.waits) == ("stop-first", "recreate", False)


def test_cores_are_shared_while_both_run() -> None:
    wide = Resources(memory=GIB, cpus=2)
    made = plan(
        situation(
            a_release(resources=wide), standing(1, a_release(1, resources=wide)), machine=replace(MACHINE, cpus=3)
        )
    )
    assert made.mode == "overlap"


def test_a_device_goes_from_one_to_the_other() -> None:
    gpu = Resources(memory=GIB, devices={"gpu": 1})
    made = plan(situation(a_release(resources=gpu), standing(1, a_release(1, resources=gpu))))
    assert (made.mode, made.reason) == ("stop-first", "device")
    assert made.why.endswith("take 1 gpu, and 0 gpu is free")


def test_a_device_that_another_service_has_is_refused() -> None:
    gpu = Resources(memory=GIB, devices={"gpu": 1})
    with pytest.raises(NoRoom, match="takes 1 gpu and 0 gpu is free, of 1 gpu"):
        plan(situation(a_release(resources=gpu), standing(1, a_release(1, resources=gpu), service=OTHER)))


def test_what_is_only_kept_warm_makes_room_ones_own_first() -> None:
    stands = (
        standing(1, a_release(1), "warm", service=OTHER),
        standing(2, a_release(1), "warm"),
        standing(3, a_release(1)),
    )
    made = plan(situation(None, *stands, machine=replace(MACHINE, memory=3 * GIB)))
    assert (made.mode, made.named("evict")) == ("overlap", ("dep_2",))
    assert plan(situation(None, *stands)).named("evict") == ()


def test_nothing_makes_room_in_vain() -> None:
    warm, big = standing(1, a_release(1), "warm", service=OTHER), Resources(memory=4 * GIB)
    stands = (warm, standing(2, a_release(1, resources=big)))
    made = plan(situation(a_release(resources=big), *stands, machine=replace(MACHINE, memory=7 * GIB)))
    assert (made.mode, made.named("evict")) == ("stop-first", ())
    assert made.free.memory == 3 * GIB


class TestOneByOne:
    def test_where_there_is_room_for_one_more_old_ones_go_as_new_ones_come(self) -> None:
        stands = (standing(1, a_release(1), web=3),)
        made = plan(situation(None, *stands, wanted=names(9, web=3), machine=replace(MACHINE, memory=4 * GIB)))
        assert (made.mode, made.reason, made.interrupts) == ("overlap-one-by-one", "memory", ())
        assert short(made)[:6] == [
            "start d9.web.1",
            "park d1.web.1",
            "start d9.web.2",
            "park d1.web.2",
            "start d9.web.3",
            "switch v2",
        ]
        assert "take 3072 MiB of memory, and 1024 MiB of memory is free" in made.why

    def test_what_is_kept_warm_makes_room_only_if_it_has_to(self) -> None:
        stands = (standing(1, a_release(1), "warm", service=OTHER), standing(2, a_release(1), web=3))
        wanted = names(9, web=3)
        made = plan(situation(None, *stands, wanted=wanted, machine=replace(MACHINE, memory=5 * GIB)))
        assert (made.mode, made.named("evict"), made.free.memory) == ("overlap-one-by-one", (), GIB)
        made = plan(situation(None, *stands, wanted=wanted, machine=replace(MACHINE, memory=4 * GIB)))
        assert (made.mode, made.named("evict"), made.free.memory) == ("overlap-one-by-one", ("dep_1",), GIB)

    def test_a_worker_makes_room_for_web(self) -> None:
        stands = (standing(1, a_release(1), web=1, worker=1),)
        wanted = names(9, web=1, worker=1)
        made = plan(situation(None, *stands, wanted=wanted, machine=replace(MACHINE, memory=3 * GIB)))
        assert short(made)[:4] == ["start d9.worker.1", "park d1.worker.1", "start d9.web.1", "switch v2"]

    def test_the_last_old_web_stays_until_the_switch(self) -> None:
        stands = (standing(1, a_release(1), web=2),)
        made = plan(situation(None, *stands, wanted=names(9, web=2), machine=replace(MACHINE, memory=2 * GIB)))
        assert made.mode == "stop-first"

    def test_what_must_not_run_twice_does_not(self) -> None:
        release = a_release(stop_first=("clock",))
        stands = (standing(1, a_release(1), web=2, clock=1),)
        wanted = names(9, web=2, clock=1)
        made = plan(situation(release, *stands, wanted=wanted, machine=replace(MACHINE, memory=4 * GIB)))
        assert [(each.parks, each.starts) for each in made.rounds][-1] == (names(1, clock=1), names(9, clock=1))
        assert made.interrupts == ("clock",)

    @pytest.mark.parametrize("kind", ["canary", "bluegreen"])
    def test_there_is_no_room_for_a_trial_or_for_both_sets(self, kind: str) -> None:
        release = a_release(strategy=Strategy(kind, promote="manual"))  # type: ignore[arg-type]
        stands = (standing(1, a_release(1), web=3),)
        made = plan(situation(release, *stands, wanted=names(9, web=3), machine=replace(MACHINE, memory=4 * GIB)))
        assert (made.mode, made.strategy, made.waits) == ("overlap-one-by-one", "rolling", False)


def test_beside_what_can_not_run_twice_nothing_is_kept_warm() -> None:
    stands = (
        standing(1, a_release(1), "warm", service=OTHER),
        standing(2, a_release(1), "warm"),
        standing(3, a_release(1)),
    )
    made = plan(situation(a_release(strategy=Strategy("recreate")), *stands, runs_command=True))
    assert short(made)[:4] == ["run v2", "evict dep_2", "park d3.web.1", "start d9.web.1"]


DATA = Volume("data", "/data")
OF_WORKERS = Volume("jobs", "/jobs", "worker")


class TestVolumes:
    def test_two_never_have_one_at_once(self) -> None:
        made = plan(situation(a_release(volumes=(DATA,)), standing(1, a_release(1, volumes=(DATA,)))))
        assert short(made) == ["park d1.web.1", "start d9.web.1", "switch v2", "stop d1.web.1"]
        assert (made.mode, made.reason, made.interrupts) == ("stop-first", "volume", ("web",))
        assert "the same volumes as the old ones (data.web.1)" in made.why

    @pytest.mark.parametrize(("old", "new"), [((), (DATA,)), ((DATA,), ()), ((DATA,), (replace(DATA, name="new"),))])
    def test_what_only_one_of_them_has_forbids_nothing(self, old: tuple[Volume, ...], new: tuple[Volume, ...]) -> None:
        made = plan(situation(a_release(volumes=new), standing(1, a_release(1, volumes=old))))
        assert (made.mode, made.reason, made.interrupts) == ("overlap", "", ())

    def test_only_the_process_types_that_have_some_are_handed_over(self) -> None:
        release, old = a_release(volumes=(OF_WORKERS,)), a_release(1, volumes=(OF_WORKERS,))
        made = plan(situation(release, standing(1, old, web=1, worker=1), wanted=names(9, web=1, worker=1)))
        assert short(made)[:4] == ["start d9.web.1", "park d1.worker.1", "start d9.worker.1", "switch v2"]
        assert (made.mode, made.reason, made.interrupts) == ("overlap", "volume", ("worker",))

    @pytest.mark.parametrize("kind", ["canary", "bluegreen"])
    def test_strategies_that_take_both_at_once_become_recreate_and_it_is_told(self, kind: str) -> None:
        release = a_release(volumes=(DATA,), strategy=Strategy(kind, promote="manual"))  # type: ignore[arg-type]
        made = plan(situation(release, standing(1, a_release(1, volumes=(DATA,)))))
        assert (made.strategy, made.reason, made.waits) == ("recreate", "volume", False)
        assert any(f"instead of {kind}" in warning for warning in made.warnings)

    def test_no_interruption_is_refused(self) -> None:
        with pytest.raises(WouldInterrupt, match="would interrupt web: the new instances have the same volumes"):
            plan(situation(a_release(volumes=(DATA,)), standing(1, a_release(1, volumes=(DATA,))), zero_downtime=True))

    @pytest.mark.parametrize("state", ["draining", "warm", "candidate", "retiring"])
    def test_what_has_one_without_serving_ends_first(self, state: str) -> None:
        stands = (standing(1, a_release(1, volumes=(DATA,)), state), standing(2, a_release(3)))
        made = plan(situation(a_release(volumes=(DATA,)), *stands))
        assert short(made)[:2] == ["evict dep_1", "start d9.web.1"]
        assert (made.mode, made.interrupts) == ("overlap", ())

    def test_what_is_taken_over_keeps_its_own(self) -> None:
        old = a_release(1, volumes=(DATA,))
        stands = (standing(1, old, "draining"), standing(2, a_release(2)))
        made = plan(situation(old, *stands, action="rollback"))
        assert short(made)[:2] == ["adopt d1.web.1", "switch v1"]
        assert made.named("evict") == ()

    def test_what_drains_with_volumes_of_its_workers_ends_rather_than_that_its_web_is_taken_over(self) -> None:
        old = a_release(1, volumes=(OF_WORKERS,))
        stands = (standing(1, old, "draining", web=1, worker=1), standing(2, a_release(2)))
        made = plan(situation(old, *stands, action="rollback", wanted=names(9, web=1, worker=1)))
        assert short(made)[:3] == ["evict dep_1", "start d9.web.1", "start d9.worker.1"]

    def test_what_nothing_has_any_more_is_said_to_go_into_the_bin(self) -> None:
        known = frozenset({Place("data", "web", 1), Place("data", "web", 2)})
        live = standing(1, a_release(1, volumes=(DATA,)), web=2)
        made = plan(situation(a_release(volumes=(DATA,)), live, volumes=known))
        assert made.warnings == ("Into the bin, as no instance has it any more: the volume data.web.2.",)

    @pytest.mark.parametrize(("action", "told"), [("rollback", 1), ("deploy", 0)])
    def test_who_goes_back_is_told_what_comes_out_of_the_bin(self, action: str, told: int) -> None:
        binned = frozenset({Place("data", "web", 1)})
        made = plan(situation(a_release(1, volumes=(DATA,)), standing(2, a_release(2)), binned=binned, action=action))
        assert len([each for each in made.warnings if each.startswith("Out of the bin")]) == told


class TestUndo:
    OLD = a_release(1)

    def test_what_still_stands_is_taken_over(self) -> None:
        stands = (standing(1, self.OLD, "warm", web=2), standing(2, a_release(2), web=2))
        made = plan(situation(self.OLD, *stands, action="rollback", wanted=names(9, web=2)))
        assert short(made)[:3] == ["adopt d1.web.1", "adopt d1.web.2", "switch v1"]
        assert made.needed == Capacity()

    @pytest.mark.parametrize("change", ["state", "release", "running", "count", "action"])
    def test_unless_it_is_not_just_what_is_wanted(self, change: str) -> None:
        warm = standing(1, self.OLD, "warm", web=1)
        warm = replace(warm, state="retiring") if change == "state" else warm
        warm = replace(warm, release=a_release(7)) if change == "release" else warm
        warm = replace(warm, running=False) if change == "running" else warm
        wanted = names(9, web=2 if change == "count" else 1)
        action = "restart" if change == "action" else "rollback"
        made = plan(situation(self.OLD, warm, standing(2, a_release(2)), action=action, wanted=wanted))
        assert (made.named("adopt"), len(made.named("start"))) == ((), len(wanted))

    def test_other_process_types_are_started_all_the_same(self) -> None:
        stands = (standing(1, self.OLD, "warm"), standing(2, a_release(2), web=1, worker=1))
        made = plan(situation(self.OLD, *stands, action="rollback", wanted=names(9, web=1, worker=1)))
        assert short(made)[:3] == ["adopt d1.web.1", "start d9.worker.1", "switch v1"]

    def test_a_release_command_that_was_crossed_is_warned_of(self) -> None:
        (warning,) = plan(situation(self.OLD, standing(2, a_release(2)), action="rollback", crossed=(2,))).warnings
        assert "release command of v2" in warning


@pytest.mark.parametrize(
    ("action", "lives", "strategy"),
    [
        ("deploy", True, "canary"),
        ("deploy", False, "rolling"),
        ("reconfigure", True, "canary"),
        ("rollback", True, "rolling"),
        ("restart", True, "rolling"),
        ("scale", True, "rolling"),
    ],
)
def test_only_what_is_new_is_tried_against_what_serves(action: str, lives: bool, strategy: str) -> None:
    stands = (standing(1, a_release(1)),) if lives else ()
    assert plan(situation(a_release(strategy=Strategy("canary")), *stands, action=action)).strategy == strategy


def test_an_interruption_is_refused_where_none_is_allowed() -> None:
    release = a_release(strategy=Strategy("recreate"))
    with pytest.raises(WouldInterrupt, match="would interrupt web: the strategy is recreate"):
        plan(situation(release, standing(1, a_release(1)), zero_downtime=True))
    assert plan(situation(release, zero_downtime=True)).interrupts == (), "nothing is interrupted where nothing serves"


def test_config_is_compared_by_name_alone() -> None:
    made = plan(
        situation(
            a_release(config={"KEPT": "a", "CHANGED": "secret-new", "ADDED": "secret"}),
            standing(1, a_release(1, config={"KEPT": "a", "CHANGED": "secret-old", "REMOVED": "secret"})),
        )
    )
    assert made.config == (
        ConfigChange("ADDED", "added"),
        ConfigChange("CHANGED", "changed"),
        ConfigChange("REMOVED", "removed"),
    )
    assert "secret" not in repr(made)


def test_instances_are_compared_by_process_type() -> None:
    made = plan(situation(None, standing(1, a_release(1), web=1, clock=1), wanted=names(9, web=3, worker=1)))
    assert made.processes == (ProcessChange("web", 1, 3), ProcessChange("clock", 1, 0), ProcessChange("worker", 0, 1))


VOLUMES = st.lists(
    st.builds(Volume, st.sampled_from(["data", "jobs"]), st.just("/data"), st.sampled_from(["", "web", "worker"])),
    max_size=2,
    unique_by=lambda volume: volume.name,
).map(tuple)
SCALES = st.dictionaries(st.sampled_from(["web", "worker", "clock"]), st.integers(1, 3), min_size=1)


PUBLISH = ("publish", "v1")


@given(
    old=SCALES,
    new=SCALES,
    warm=SCALES,
    kind=st.sampled_from(["rolling", "recreate", "bluegreen", "canary"]),
    action=st.sampled_from(["deploy", "rollback", "restart", "scale", "config"]),
    edited=st.booleans(),
    mounted=st.booleans(),
    state=st.sampled_from(["warm", "draining", "candidate"]),
    memory=st.integers(1, 24),
    exclusive=st.sets(st.sampled_from(["web", "worker", "clock"])),
    before=VOLUMES,
    after=VOLUMES,
)
def test_whatever_there_is_the_plan_holds_together(
    old: dict[str, int],
    new: dict[str, int],
    warm: dict[str, int],
    kind: str,
    action: str,
    edited: bool,
    mounted: bool,
    state: str,
    memory: int,
    exclusive: set[str],
    before: tuple[Volume, ...],
    after: tuple[Volume, ...],
) -> None:
    release = a_release(
        1,
        strategy=Strategy(kind),  # type: ignore[arg-type]
        stop_first=tuple(sorted(exclusive)),
        volumes=after,
    )
    # What serves is another release altogether, or the same but for its config files.
    serves = replace(release, id="rel_2", given=Given(files={"app": "1"})) if edited else a_release(2, volumes=before)
    before = serves.settings.volumes
    # What stands beside what serves has none that it has: a plan before this one saw to it.
    apart = tuple(volume for volume in after if volume.name not in {each.name for each in before})
    stands = (
        standing(1, replace(release, settings=replace(release.settings, volumes=apart)), state, **warm),
        replace(standing(2, serves, **old), mounted=mounted),
    )
    wanted = names(9, **new)
    try:
        made = plan(
            situation(release, *stands, wanted=wanted, action=action, machine=replace(MACHINE, memory=memory * GIB))
        )
    except NoRoom:
        assert sum(new.values()) > memory, "it was refused although it fits"
        return
    unmoved = edited and mounted and count(old_ones := stands[1].instances) == count(wanted)
    if action == "config" and unmoved:
        assert made.mode == "in-place"
    if made.mode == "in-place":
        assert unmoved and action in ("config", "rollback")
        assert [(move.verb, move.what) for move in made.moves] == [*(("adopt", name) for name in old_ones), PUBLISH]
        return
    web = [name for name in wanted if process_of(name) == "web"]
    others = [name for name in wanted if process_of(name) != "web"]
    assert sorted(made.named("start")) == sorted(others if made.named("adopt") else wanted)
    assert not made.named("adopt") or len(made.named("adopt")) == len(web)
    left = set(stands[1].instances) | set(() if made.named("evict") else stands[0].instances)
    assert set(made.named("stop")) == left - set(made.named("adopt")), "all of the old ones end in the end"
    assert set(made.named("park")) <= set(made.named("stop"))
    assert set(made.first) | set(made.handover) == set(made.named("start"))
    assert [move.verb for move in made.moves].count("switch") == 1
    _assert_serves_all_the_time(made, stands[1])
    # What drains is over in a moment, and its memory with it; what a crash left as a candidate stands where it stands.
    stuck = sum(warm.values()) + max(sum(old.values()), sum(new.values())) if state == "candidate" else 0
    staying = stands if state != "draining" else stands[1:]
    _assert_never_too_many(made, staying, max(memory, sum(old.values()), stuck))
    _assert_no_volume_is_had_twice(made, stands, release)


def _assert_serves_all_the_time(made: Plan, live: Standing) -> None:
    """Of what is not interrupted there is always one; and the route leads to an old `web` until the switch."""
    before = made.moves[: [move.verb for move in made.moves].index("switch")]
    up = [*live.instances]
    for move in before:
        if move.verb in ("start", "adopt"):
            up.append(move.what)
        elif move.verb == "park":
            up.remove(move.what)
        for name in {process_of(name) for name in live.instances} - set(made.interrupts):
            wanted = any(process_of(each) == name for each in (*made.named("start"), *made.named("adopt")))
            assert not wanted or any(process_of(each) == name for each in up)
    if "web" not in made.interrupts and any(process_of(name) == "web" for name in live.instances):
        old = set(live.instances) - set(made.named("park"))
        assert made.mode == "stop-first" or any(process_of(name) == "web" for name in old)


def _assert_never_too_many(made: Plan, stands: tuple[Standing, ...], memory: int) -> None:
    """Of each exclusive process type, and of all together, at no time more than there may be."""
    up = [name for each in stands for name in each.instances]
    evicted = {name for each in stands if each.deployment_id in made.named("evict") for name in each.instances}
    for move in made.moves:
        if move.verb == "evict":
            up = [name for name in up if name not in evicted]
        elif move.verb == "start":
            up.append(move.what)
            assert len(up) <= memory
        elif move.verb in ("park", "stop"):
            up = [name for name in up if name != move.what]


def _assert_no_volume_is_had_twice(made: Plan, stands: tuple[Standing, ...], release: Release) -> None:
    """At no time do two instances have the same one."""
    of = {name: each.release for each in stands for name in each.instances}
    for move in made.moves:
        if move.verb == "evict":
            of = {name: its for name, its in of.items() if name not in stands[0].instances}
        elif move.verb == "start":
            of[move.what] = release
        elif move.verb in ("park", "stop"):
            of.pop(move.what, None)
        had = [place for name, its in of.items() for place in places(its.settings.volumes, [name])]
        assert len(had) == len(set(had)), f"{move} lets two have one of {sorted(had)}"
