"""Starting an engine by hand on a machine that was switched off under the last one."""

import os
from pathlib import Path

import pytest

from shipway.host.dockerd import Dockerd, mtu_options

ROUTES = """\
Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
docker0	000011AC	00000000	0001	0	0	0	0000FFFF	0	0	0
wlan0	00000000	010200C0	0003	0	0	600	00000000	0	0	0
eth0	00000000	010200C0	0003	0	0	100	00000000	0	0	0
"""


@pytest.fixture
def interfaces(tmp_path: Path) -> Path:
    for name, mtu in (("docker0", 1280), ("wlan0", 1300), ("eth0", 1400)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mtu").write_text(f"{mtu}\n")
    return tmp_path


@pytest.fixture
def engine(tmp_path: Path) -> Dockerd:
    (tmp_path / "docker/containerd").mkdir(parents=True)
    return Dockerd(run=tmp_path)


def test_containers_get_the_mtu_of_the_way_out(interfaces: Path) -> None:
    assert mtu_options(ROUTES, interfaces) == ("--mtu", "1400")


def test_a_full_size_mtu_needs_no_option(interfaces: Path) -> None:
    (interfaces / "eth0/mtu").write_text("9000\n")
    assert mtu_options(ROUTES, interfaces) == ()


def test_a_machine_without_a_way_out_needs_no_option(interfaces: Path) -> None:
    assert mtu_options(ROUTES.splitlines()[0], interfaces) == ()


def test_an_mtu_in_the_configuration_file_is_not_given_twice(interfaces: Path) -> None:
    assert mtu_options(ROUTES, interfaces, config='{"mtu": 1350}') == ()


@pytest.mark.parametrize("content", [f"{os.getpid()}", "999999999", "", "not a number"])
def test_a_pid_file_of_the_past_is_removed(engine: Dockerd, content: str) -> None:
    """Also one whose number another process has by now."""
    pid_files = [engine.pid_file, engine.containerd / "containerd.pid"]
    for file in pid_files:
        file.write_text(content)
    engine.clear_stale()
    assert [file.exists() for file in pid_files] == [False, False]


def test_the_pid_file_of_a_living_process_stays(engine: Dockerd, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Path("/proc/self/comm").read_text().strip()
    monkeypatch.setattr("shipway.host.dockerd.DOCKERD", own)
    engine.pid_file.write_text(f"{os.getpid()}\n")
    engine.clear_stale()
    assert engine.pid_file.exists()
    assert engine.is_alive()
