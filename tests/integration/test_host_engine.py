"""A second real dockerd, beside this machine's own: in directories and in a network namespace of its own."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shipway.domain.errors import Unavailable
from shipway.host import engine
from shipway.host.commands import SEARCH_PATH, find
from shipway.host.dockerd import Dockerd

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or find("dockerd") is None, reason="needs root and an installed engine"
)


@pytest.fixture
def dockerd(monkeypatch: pytest.MonkeyPatch) -> Iterator[Dockerd]:
    # Not tmp_path: a socket's path may have 107 characters.
    run = Path(tempfile.mkdtemp(prefix="shipway-", dir="/tmp"))
    monkeypatch.setattr("shipway.host.dockerd.SEARCH_PATH", f"{isolated(run)}{os.pathsep}{SEARCH_PATH}")
    dockerd = Dockerd(run=run, log=run / "dockerd.log", options=options(run))
    yield dockerd
    for name in ("docker.pid", "docker/containerd/containerd.pid"):
        end(run / name, signal.SIGTERM)
    # A killed dockerd leaves its own mount of the directory behind, one for each time it ran.
    while subprocess.run(["umount", "--lazy", run / "data"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
        pass
    shutil.rmtree(run)


@pytest.fixture
def bystander() -> Iterator[int]:
    """A process that has nothing to do with any of this."""
    with subprocess.Popen(["sleep", "300"]) as process:
        yield process.pid
        process.kill()


def isolated(run: Path) -> Path:
    """A directory with a `dockerd` that sees no network but its own: even with `--bridge none` it would otherwise remove
    the bridge of the machine's engine.
    """
    command = run / "bin/dockerd"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec unshare --net {find("dockerd")} "$@"\n')
    command.chmod(0o755)
    return command.parent


def options(run: Path) -> tuple[str, ...]:
    namespace = f"t{secrets.token_hex(4)}"
    return (
        *("--host", f"unix://{run}/docker.sock", "--pidfile", str(run / "docker.pid")),
        *("--exec-root", str(run / "docker"), "--data-root", str(run / "data")),
        *("--containerd-namespace", namespace, "--containerd-plugins-namespace", f"{namespace}p"),
        *("--bridge", "none", "--iptables=false", "--ip6tables=false"),
    )


def end(pid_file: Path, how: signal.Signals) -> None:
    """Send the signal to the process that the file names, and wait until it is gone."""
    if not pid_file.exists() or not (process := Path(f"/proc/{pid_file.read_text().strip()}")).exists():
        return
    os.kill(int(process.name), how)
    deadline = time.monotonic() + 20
    while process.exists() and "\nState:\tZ" not in (process / "status").read_text():
        assert time.monotonic() < deadline, f"process {process.name} does not end"
        time.sleep(0.02)


def docker(dockerd: Dockerd, *arguments: str) -> str:
    return subprocess.check_output(["docker", "--host", dockerd.address, *arguments], text=True)


def test_an_engine_is_started_and_answers(dockerd: Dockerd) -> None:
    assert engine.state(dockerd.address) == "silent"
    engine.start_by_hand(dockerd)
    assert engine.state(dockerd.address) == "answers"


def test_a_second_start_keeps_the_running_engine(dockerd: Dockerd) -> None:
    engine.start_by_hand(dockerd)
    first = dockerd.pid_file.read_text()
    engine.start_by_hand(dockerd)
    assert dockerd.pid_file.read_text() == first


def test_after_a_power_cut_it_starts_again_with_its_data(dockerd: Dockerd, bystander: int) -> None:
    engine.start_by_hand(dockerd)
    docker(dockerd, "volume", "create", "precious")
    for pid_file in (dockerd.pid_file, dockerd.containerd / "containerd.pid"):
        end(pid_file, signal.SIGKILL)
        # After the restart of the machine, the number is another process's.
        pid_file.write_text(str(bystander))

    engine.start_by_hand(dockerd)

    assert docker(dockerd, "volume", "ls", "--quiet") == "precious\n"
    assert Path(f"/proc/{bystander}").exists()


def test_an_engine_that_cannot_start_points_to_its_log(dockerd: Dockerd) -> None:
    broken = Dockerd(run=dockerd.run, log=dockerd.log, options=("--no-such-option",))
    with pytest.raises(Unavailable, match="dockerd ended with code") as caught:
        engine.start_by_hand(broken)
    assert str(dockerd.log) in caught.value.hint
    assert "no-such-option" in dockerd.log.read_text()


def test_a_socket_that_nobody_serves_is_no_engine(dockerd: Dockerd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", dockerd.address)
    with pytest.raises(Unavailable, match="No Docker engine answers at unix:///tmp"):
        engine.ensure_running()
