"""Daemons: real processes, because that is all there is to them."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from shipway.processes import Daemon

SERVE = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
CHATTY = """
import signal, time
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
print("x" * 5_000_000, flush=True)
signal.sigwait([signal.SIGUSR1])
print("more", flush=True)
time.sleep(60)
"""

MakeDaemon = Callable[..., Daemon]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[MakeDaemon]:
    made: list[Daemon] = []

    def make_daemon(code: str = SERVE, name: str = "web") -> Daemon:
        argv = (sys.executable, "-c", code, str(tmp_path / name))
        daemon = Daemon(name, argv, tmp_path / "run" / f"{name}.pid", tmp_path / "log" / f"{name}.log")
        made.append(daemon)
        return daemon

    yield make_daemon
    for daemon in made:
        await daemon.stop(grace=0)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def open_files(pid: int) -> list[str]:
    return [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]


def environment_of(pid: int) -> str:
    return Path(f"/proc/{pid}/environ").read_text()


def our_children() -> list[str]:
    """Every child of ours, zombies included, except for threads' own helpers."""
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()


async def test_a_started_daemon_runs_and_is_no_child_of_ours(make: MakeDaemon) -> None:
    daemon = make()
    before = our_children()
    pid = await daemon.start()
    assert daemon.running() == pid
    assert parent_of(pid) != os.getpid()
    assert our_children() == before


async def test_a_second_start_keeps_the_running_one(make: MakeDaemon) -> None:
    daemon = make()
    assert await daemon.start() == await daemon.start()


async def test_starts_at_the_same_time_start_one(make: MakeDaemon) -> None:
    daemon = make()
    pids = await asyncio.gather(*(daemon.start() for _ in range(8)))
    assert len(set(pids)) == 1
    await until(daemon.tail)
    assert daemon.tail() == ["up"]


async def test_it_is_found_again_by_another_shipway(make: MakeDaemon) -> None:
    pid = await make().start()
    assert make().running() == pid


async def test_it_outlives_the_shipway_that_started_it(tmp_path: Path, make: MakeDaemon) -> None:
    daemon = make()
    program = (
        "import asyncio, pathlib, sys\nfrom shipway.processes import Daemon\n"
        f"daemon = Daemon('web', {daemon.argv!r}, pathlib.{daemon.pidfile!r}, pathlib.{daemon.logfile!r})\n"
        "print(asyncio.run(daemon.start()))"
    )
    started = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=subprocess.PIPE)
    output, _ = await started.communicate()
    assert daemon.running() == int(output)


async def test_a_killed_daemon_is_noticed_and_started_again(make: MakeDaemon) -> None:
    daemon = make()
    first = await daemon.start()
    os.kill(first, signal.SIGKILL)
    await until(lambda: daemon.running() is None)
    assert await daemon.start() != first


async def test_a_foreign_process_with_the_recorded_pid_is_not_ours_and_is_never_touched(make: MakeDaemon) -> None:
    daemon = make()
    stranger = await asyncio.create_subprocess_exec(sys.executable, "-c", SERVE, stdout=subprocess.DEVNULL)
    daemon.pidfile.parent.mkdir(parents=True)
    daemon.pidfile.write_text(f"{stranger.pid}\n")
    assert daemon.running() is None
    await daemon.stop(grace=1)
    assert stranger.returncode is None
    assert await daemon.start() != stranger.pid
    stranger.kill()
    assert await stranger.wait() == -signal.SIGKILL


@pytest.mark.parametrize("content", ["", "no number", "-5", "0", "999999999"])
async def test_a_damaged_pid_file_counts_as_not_running(make: MakeDaemon, content: str) -> None:
    daemon = make()
    daemon.pidfile.parent.mkdir(parents=True)
    daemon.pidfile.write_text(content)
    assert daemon.running() is None
    await daemon.stop(grace=1)
    assert await daemon.start() == daemon.running()


async def test_stop_ends_it_and_may_be_repeated(make: MakeDaemon) -> None:
    daemon = make()
    await daemon.start()
    await daemon.stop(grace=5)
    await daemon.stop(grace=5)
    assert daemon.running() is None
    assert not daemon.pidfile.exists()


async def test_one_that_ignores_sigterm_is_killed_after_its_grace(make: MakeDaemon) -> None:
    daemon = make(STUBBORN)
    pid = await daemon.start()
    await until(daemon.tail)
    await daemon.stop(grace=0.1)
    assert daemon.running() is None
    await until(lambda: not Path(f"/proc/{pid}/cmdline").exists())


async def test_it_inherits_no_socket_and_no_environment_of_ours(
    make: MakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHIPWAY_TEST_SECRET", "hidden")
    daemon = make()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.set_inheritable(True)
        pid = await daemon.start()
    await until(daemon.tail)
    assert not [name for name in open_files(pid) if name.startswith("socket:")]
    assert "hidden" not in environment_of(pid)


async def test_what_it_printed_before_it_died_can_be_read(make: MakeDaemon) -> None:
    daemon = make("import sys; sys.exit('no such option')")
    await daemon.start()
    await until(daemon.tail)
    assert daemon.tail() == ["no such option"]
    await until(lambda: daemon.running() is None)


async def test_a_log_grown_too_large_is_emptied_while_the_daemon_writes_on(make: MakeDaemon) -> None:
    daemon = make(CHATTY)
    pid = await daemon.start()
    await until(lambda: daemon.logfile.stat().st_size > 5_000_000)
    daemon.trim_log()
    assert daemon.logfile.stat().st_size == 0
    os.kill(pid, signal.SIGUSR1)
    await until(daemon.tail)
    assert daemon.tail() == ["more"]


async def test_a_log_of_usual_size_is_kept(make: MakeDaemon) -> None:
    daemon = make()
    await daemon.start()
    await until(daemon.tail)
    daemon.trim_log()
    assert daemon.tail() == ["up"]


async def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    daemon = Daemon("web", (str(tmp_path / "missing"),), tmp_path / "pid", tmp_path / "log")
    with pytest.raises(FileNotFoundError, match="missing"):
        await daemon.start()
    with contextlib.suppress(FileNotFoundError):
        assert not daemon.pidfile.read_text()
