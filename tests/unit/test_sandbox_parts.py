"""The sandbox's pure parts: limits from settings, the container they make, what a control group tells."""

from dataclasses import replace
from pathlib import Path
from subprocess import run

import pytest

from shipway.builders.bases import Bases
from shipway.builders.buildkit import BuildKitBuilder
from shipway.builders.choice import builder_for
from shipway.builders.failures import Facts
from shipway.builders.sandbox.builder import SandboxedBuilder
from shipway.builders.sandbox.confinement import facts, free, make
from shipway.builders.sandbox.container import Plan
from shipway.builders.sandbox.limits import Limits, limits, shown, size
from shipway.builders.sandbox.priority import Priority, Usage, parent, stand_back
from shipway.builders.sandbox.sandbox import _is_called
from shipway.domain.errors import Invalid
from shipway.settings import Settings

PLAN = Plan("shipway", "ws_1", "shipway-base/builder:26.1", Path("/srv/sandboxes/ws_1"), Limits(), {}, None)
GOOD = {"memory": "2g", "cpus": "1.5", "pids": 512, "disk": "10g", "concurrency": 2}


@pytest.mark.parametrize(
    ("text", "bytes_"), [("512m", 512 << 20), ("2g", 2 << 30), ("1.5 GB", 3 << 29), ("64MiB", 64 << 20), ("1024", 1024)]
)
def test_sizes_are_read_as_people_write_them(text: str, bytes_: int) -> None:
    assert size("build_memory", text) == bytes_


@pytest.mark.parametrize("text", ["", "much", "-1g", "2 apples", "g"])
def test_what_is_no_size_is_refused_by_the_setting_s_name(text: str) -> None:
    with pytest.raises(Invalid, match="build_memory"):
        size("build_memory", text)


def test_a_size_is_shown_as_people_read_it() -> None:
    assert [shown(n) for n in (0, 2048, 256 << 20, 3 << 29)] == ["0 B", "2 kB", "256 MB", "1.5 GB"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("memory", "1m"), ("cpus", "0"), ("cpus", "many"), ("pids", 1), ("disk", "5m"), ("concurrency", 0)],
)
def test_limits_that_no_build_could_live_with_are_refused(name: str, value: str | int) -> None:
    with pytest.raises(Invalid, match=f"build_{name}"):
        limits(**(GOOD | {name: value}))  # type: ignore[arg-type]


def test_good_limits_are_taken_as_they_are() -> None:
    assert limits(**GOOD) == Limits(2 << 30, 1.5, 512, 10 << 30, 2)  # type: ignore[arg-type]


def test_a_sandbox_has_room_for_all_builds_at_once_and_its_daemon() -> None:
    assert Limits(memory=1 << 30, concurrency=3).total_memory == 4 << 30


def test_the_container_is_confined() -> None:
    config = PLAN.config()
    host = config["HostConfig"]
    assert "Privileged" not in host and host["CapDrop"] == ["ALL"] and "SYS_MODULE" not in host["CapAdd"]
    assert host["Memory"] == host["MemorySwap"] == Limits().total_memory
    assert host["Binds"] == ["/srv/sandboxes/ws_1:/run/sandbox", "shipway.sandbox.ws_1:/state"]
    assert not any("docker.sock" in bind for bind in host["Binds"])


def test_a_container_is_known_by_the_plan_that_made_it() -> None:
    made = {"Config": {"Labels": PLAN.config()["Labels"]}}
    assert PLAN.made(made)
    assert not replace(PLAN, limits=replace(PLAN.limits, memory=1 << 30)).made(made)
    assert not PLAN.made({"Config": {"Labels": None}})


def test_what_a_control_group_tells_is_read() -> None:
    told = facts("memory\nfree 1000000\n", Limits(memory=1000, pids=9))
    assert told == Facts(False, True, False, False, memory_limit=1000, pids_limit=9)
    assert facts("pids\nfree 10\n", Limits()).pids_exhausted and facts("killed\nfree 10\n", Limits()).oom_killed
    assert facts("free 10\n", Limits()).disk_full and not facts("free 1000000\n", Limits()).disk_full
    assert (free("free 10\n"), free("nothing")) == (10_240, 0)


@pytest.mark.parametrize(
    ("reference", "is_it"),
    [
        ("python:3", True),
        ("docker.io/library/python:3", True),
        ("a1b2c3", False),
        (f"python:3@sha256:{'a' * 64}", False),
    ],
)
def test_an_image_is_taken_by_its_name_and_by_nothing_else(reference: str, *, is_it: bool) -> None:
    assert _is_called({"Id": "sha256:a1b2c3", "RepoTags": ["python:3"]}, reference) == is_it


def test_a_group_that_a_crash_left_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").touch()
    (tmp_path / "build-1/step").mkdir(parents=True)
    shell, option, script, *arguments = make("build-1", Limits(memory=1000))
    run([shell, option, script.replace("/sys/fs/cgroup", str(tmp_path)), *arguments], check=True)
    assert not (tmp_path / "build-1/step").exists()
    assert (tmp_path / "build-1/memory.max").read_text() == "1000\n"


@pytest.mark.parametrize(
    ("values", "part"), [({"builds": "somewhere"}, "builds"), ({"build_memory": "1m"}, "build_memory")]
)
def test_settings_that_make_no_builder_are_refused(tmp_path: Path, values: dict[str, str], part: str) -> None:
    with pytest.raises(Invalid, match=part):
        builder_for(Settings(home=tmp_path, **values), Bases(), "127.0.0.1:7701/")  # type: ignore[arg-type]


def test_a_remote_engine_builds_without_a_sandbox_unless_one_insists(tmp_path: Path) -> None:
    remote = Settings(home=tmp_path, docker_host="tcp://10.0.0.1:2376")
    assert isinstance(builder_for(remote, Bases(), "127.0.0.1:7701/"), BuildKitBuilder)
    assert not isinstance(builder_for(replace(remote, builds="sandbox"), Bases(), "127.0.0.1:7701/"), BuildKitBuilder)


def test_images_of_other_workspaces_are_taken_under_none_of_their_names(tmp_path: Path) -> None:
    builder = builder_for(Settings(home=tmp_path, builds="sandbox"), Bases(), "127.0.0.1:7701/")
    assert isinstance(builder, SandboxedBuilder)
    own = "shipway-build/acme/shop:v1"
    theirs = (own, f"docker.io/{own}", f"index.docker.io/{own}", "127.0.0.1:7701/acme/shop@sha256:00")
    assert not any(map(builder._may_take, theirs))
    assert all(map(builder._may_take, ("python:3", "shipway-base/python:3.13", "docker.io/acme/shipway-build:1")))


def test_the_group_above_is_at_the_top_for_either_driver() -> None:
    assert parent("my-shop", "cgroupfs") == "/my-shop.builds"
    assert parent("my-shop", "systemd") == "my_shop.builds.slice"
    assert replace(PLAN, parent="/my-shop.builds").config()["HostConfig"]["CgroupParent"] == "/my-shop.builds"


@pytest.mark.parametrize(("before", "others", "after"), [(True, 0.94, True), (True, 0.96, False), (False, 0.74, True)])
def test_builds_stand_back_unless_others_leave_nothing(*, before: bool, others: float, after: bool) -> None:
    assert stand_back(before, others) == after


def test_builds_that_take_all_of_their_shares_do_not_stand_back_for_that() -> None:
    assert not stand_back(before=False, others=1024 / (1024 + 128))


def test_what_others_used_is_what_builds_did_not() -> None:
    assert Usage(20.0, 18.0, 7.0).others(Usage(10.0, 10.0, 2.0)) == pytest.approx(0.3)
    assert Usage(20.0, 18.0, 1.0).others(Usage(10.0, 10.0, 9.0)) == pytest.approx(0.8)
    assert Usage().others(Usage()) == 0.0


def machine(root: Path, *, idle: bool = True, unified: bool = False) -> Priority:
    """One with a sandbox that runs."""
    group = root / "shop.builds" if unified else root / "cpu/shop.builds"
    group.mkdir(parents=True)
    if unified:
        (root / "cgroup.controllers").touch()
        (group / "cpu.weight").touch()
    else:
        (group / "cpu.shares").touch()
    if idle:
        (group / "cpu.idle").write_text("0\n")
    return Priority("/shop.builds", root, root / "stat")


def passed(priority: Priority, used: int, unused: int) -> None:
    """Ticks of the CPUs since the start, of others than builds."""
    priority.statistics.write_text(f"cpu  {used} 0 0 {unused} 0 0 0 0 0 0\n")
    priority.judge()


def test_the_kernel_is_told_that_builds_stand_back(tmp_path: Path) -> None:
    log: list[str] = []
    machine(tmp_path).settle(log.append)
    assert (tmp_path / "cpu/shop.builds/cpu.idle").read_text() == "1" and not log


def test_a_runaway_app_gives_builds_their_shares_until_it_is_mended(tmp_path: Path) -> None:
    priority, idle = machine(tmp_path), tmp_path / "cpu/shop.builds/cpu.idle"
    passed(priority, 5000, 0)
    assert idle.read_text() == "1"
    passed(priority, 5100, 0)
    assert idle.read_text() == "1"
    passed(priority, 6000, 10)
    assert idle.read_text() == "0" and (idle.parent / "cpu.shares").read_text() == "128"
    passed(priority, 6900, 110)
    assert idle.read_text() == "0"
    passed(priority, 7000, 1010)
    assert idle.read_text() == "1"


def test_an_old_kernel_has_only_shares_and_that_is_told_once(tmp_path: Path) -> None:
    priority, log = machine(tmp_path, idle=False, unified=True), list[str]()
    for _ in range(2):
        priority.settle(log.append)
    assert (tmp_path / "shop.builds/cpu.weight").read_text() == "12"
    assert len(log) == 1 and "cpu.idle" in log[0]


def test_where_groups_can_not_be_set_sandboxes_stay_below_the_engine_s(tmp_path: Path) -> None:
    assert not Priority("/shop.builds", tmp_path).possible
    assert PLAN.config()["HostConfig"]["CgroupParent"] == ""
