"""One-off commands on a real Shipway and the real Docker, typed at the real command line."""

import asyncio
import contextlib
import io
import json
import os
import pty
import re
import secrets
import signal
import subprocess
import sys
import tarfile
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.docker import commands_inside
from tests.support.images import ensure_test_image
from tests.support.real import RealShipway, real_shipway
from tests.support.waiting import wait_until

PATH = "t/t/production/api"
#: Of busybox's shell, at a terminal.
PROMPT = rb"# "
SETTINGS = {"health": {"timeout": 20}, "drain_timeout": 1, "stop_grace": 1, "keep_warm": 0}


@dataclass(frozen=True)
class CommandLine:
    """`shipway`, as a process of its own."""

    shipway: RealShipway

    @property
    def environment(self) -> dict[str, str]:
        known = {"SHIPWAY_SERVER": f"http://127.0.0.1:{self.shipway.port}", "SHIPWAY_TOKEN": self.shipway.token}
        return {**os.environ, **known, "SHIPWAY_CONFIG": str(self.shipway.home / "config.json")}

    def argv(self, *words: str) -> list[str]:
        return [str(Path(sys.executable).with_name("shipway")), *words]

    def __call__(self, *words: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.argv(*words), env=self.environment, input=typed, capture_output=True, text=True, timeout=120
        )

    def begin(self, *words: str, **streams: Any) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(self.argv(*words), env=self.environment, **streams)

    def run(self, identifier: str) -> Any:
        return self.shipway.api.get(f"/runs/{identifier}").json()

    def newest(self) -> Any:
        base = "/workspaces/t/projects/t/environments/production/services/api"
        return self.shipway.api.get(f"{base}/runs").json()[0]

    def until(self, identifier: str, *states: str) -> Any:
        wait_until(lambda: self.run(identifier)["state"] in states)
        return self.run(identifier)


class Tty:
    """A command at a terminal."""

    def __init__(self, shipway: CommandLine, *words: str, rows: int = 24, columns: int = 80) -> None:
        self.ours, self.theirs = pty.openpty()
        termios.tcsetwinsize(self.ours, (rows, columns))
        self.before = termios.tcgetattr(self.theirs)
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), self.theirs)
        self.process = shipway.begin(*words, start_new_session=True, preexec_fn=self._be_its_terminal, **streams)
        self.said = b""

    def _be_its_terminal(self) -> None:
        import fcntl

        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def type(self, text: bytes) -> None:
        os.write(self.ours, text)

    def resize(self, rows: int, columns: int) -> None:
        termios.tcsetwinsize(self.ours, (rows, columns))

    def until(self, pattern: bytes) -> None:
        deadline = time.monotonic() + 60
        os.set_blocking(self.ours, False)
        while not re.search(pattern, self.said):
            assert time.monotonic() < deadline, self.said
            with contextlib.suppress(BlockingIOError, OSError):
                self.said += os.read(self.ours, 65536)
                continue
            time.sleep(0.02)

    def ended(self) -> int:
        """Its exit code; whatever it was, the terminal is as it was before."""
        code = self.process.wait(60)
        after = termios.tcgetattr(self.theirs)
        assert after == self.before
        os.close(self.ours)
        os.close(self.theirs)
        return code


@pytest.fixture(scope="module")
def shipway() -> Iterator[CommandLine]:
    """With an app that is live, and this directory linked to it."""
    image = asyncio.run(ensure_test_image())
    with real_shipway() as made:
        made.create("api", {"source": {"kind": "image", "reference": image}, "settings": SETTINGS})
        made.configure("api", {"COLOUR": "blue"})
        ended = made.wait(made.pipeline("deploy", "api"))
        assert ended["state"] == "live", ended["failure"]
        (made.home / "config.json").write_text(json.dumps({"links": {str(Path.cwd()): PATH}}))
        yield CommandLine(made)


def containers(shipway: CommandLine, state: str = "") -> list[str]:
    """Names of one-offs on Docker."""
    argv = ["docker", "ps", "-a", "--format", "{{.Names}}", "--filter", "label=shipway.one-off=true"]
    argv += ["--filter", f"label=shipway.installation={shipway.shipway.installation}"]
    argv += ["--filter", f"status={state}"] if state else []
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()


def instance(shipway: CommandLine) -> str:
    """The full name of the instance on Docker."""
    argv = ["docker", "ps", "--format", "{{.Names}}", "--filter", "label=shipway.one-off=false"]
    argv += ["--filter", f"label=shipway.installation={shipway.shipway.installation}"]
    [name] = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()
    return name


def test_a_run_has_streams_config_and_exit_code(shipway: CommandLine) -> None:
    script = "cat; echo $COLOUR $SHIPWAY_RELEASE; echo bad >&2; exit 7"
    done = shipway("run", "--", "sh", "-c", script, typed="one\ntwo\n")
    assert (done.stdout, done.stderr, done.returncode) == ("one\ntwo\nblue 1\n", "bad\n", 7)
    assert containers(shipway) == []
    listed = shipway("runs")
    assert listed.returncode == 0
    assert re.search(r"run_\w+ +exited +7 +admin", listed.stdout), listed.stdout


def test_a_run_at_a_terminal_has_its_size_and_gets_its_keys(shipway: CommandLine) -> None:
    terminal = Tty(shipway, "run", "--service", PATH, "--", "sh", rows=31, columns=97)
    terminal.until(PROMPT)
    terminal.type(b"until [ \"$(stty size)\" = '31 97' ]; do sleep 0.1; done; echo size-$(stty size | tr ' ' x)\r")
    terminal.until(rb"size-31x97\r\n")
    terminal.resize(44, 120)
    terminal.type(b"until [ \"$(stty size)\" = '44 120' ]; do sleep 0.1; done; echo size-$(stty size | tr ' ' x)\r")
    terminal.until(rb"size-44x120\r\n")
    terminal.type(b"echo be''gin; sleep 3600\r")
    terminal.until(rb"begin\r\n")
    terminal.type(b"\x03")
    terminal.type(b"echo inter''rupted; exit 5\r")
    terminal.until(rb"interrupted\r\n")
    assert terminal.ended() == 5


def test_a_client_that_is_ended_takes_its_run_along_and_mends_its_terminal(shipway: CommandLine) -> None:
    terminal = Tty(shipway, "run", "--", "sh", "-c", "echo be''gin; sleep 3600; true")
    terminal.until(rb"begin\r\n")
    os.kill(terminal.process.pid, signal.SIGTERM)
    assert terminal.ended() == 128 + signal.SIGTERM
    ended = shipway.until(shipway.newest()["id"], "stopped")
    assert ended["reason"] == "Its client went away."
    wait_until(lambda: containers(shipway) == [])


def test_a_client_that_is_killed_takes_its_run_along(shipway: CommandLine) -> None:
    client = shipway.begin("run", "--", "sh", "-c", "echo begin; sleep 3600; true", stdout=subprocess.PIPE)
    assert client.stdout
    assert client.stdout.readline() == b"begin\n"
    assert len(containers(shipway, "running")) == 1
    client.kill()
    client.communicate()
    shipway.until(shipway.newest()["id"], "stopped")
    wait_until(lambda: containers(shipway) == [])


def test_who_reads_no_more_ends_a_command_that_writes_on_and_on(shipway: CommandLine) -> None:
    client = shipway.begin("run", "--", "yes", stdout=subprocess.PIPE)
    assert client.stdout
    assert client.stdout.read(1_000_000).count(b"y") == 500_000
    client.stdout.close()
    assert client.wait(60) == 141
    wait_until(lambda: containers(shipway) == [])


def test_a_detached_run_outlives_a_crash_and_its_end_is_recorded(shipway: CommandLine) -> None:
    script = "echo begun; until [ -e /tmp/go ]; do sleep 0.1; done; echo done; exit 3"
    done = shipway("run", "--detach", "--", "sh", "-c", script)
    identifier = done.stdout.strip()
    wait_until(lambda: containers(shipway, "running"))
    [name] = containers(shipway)
    shipway.shipway.kill()
    assert containers(shipway, "running") == [name]
    shipway.shipway.start()
    subprocess.run(["docker", "exec", name, "touch", "/tmp/go"], check=True)
    ended = shipway.until(identifier, "exited")
    assert ended["exit_code"] == 3
    assert shipway("runs", "logs", "-f", identifier).stdout == "begun\ndone\n"
    wait_until(lambda: containers(shipway) == [])


def test_an_attached_run_ends_with_the_shipway_that_it_was_begun_by(shipway: CommandLine) -> None:
    client = shipway.begin(
        "run", "--", "sh", "-c", "echo begin; sleep 3600; true", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert client.stdout
    assert client.stdout.readline() == b"begin\n"
    shipway.shipway.kill()
    _, told = client.communicate(timeout=60)
    assert client.returncode == 1
    assert b"connection to the server was lost" in told
    shipway.shipway.start()
    shipway.until(shipway.newest()["id"], "stopped")
    wait_until(lambda: containers(shipway) == [])


def test_a_command_runs_inside_an_instance(shipway: CommandLine) -> None:
    done = shipway("exec", "--instance", "web.1", "--", "sh", "-c", "cat; id -un; exit 4", typed="piped ")
    assert (done.stdout, done.returncode) == ("piped root\n", 4)
    missing = shipway("exec", "--", "no-such-program")
    assert missing.returncode == 127


def test_what_runs_inside_an_instance_ends_with_its_client(shipway: CommandLine) -> None:
    name = instance(shipway)
    client = shipway.begin("exec", "--", "sh", "-c", "echo begin; sleep 3600; true", stdout=subprocess.PIPE)
    assert client.stdout
    assert client.stdout.readline() == b"begin\n"
    assert asyncio.run(commands_inside(name))
    client.kill()
    client.communicate()
    wait_until(lambda: not asyncio.run(commands_inside(name)))
    assert instance(shipway) == name


@pytest.fixture
def shell_less() -> Iterator[str]:
    """An image with a web server, and no shell."""
    name = f"shipway-test/{secrets.token_hex(4)}:1"
    files = {"bin/httpd": Path("/bin/busybox").read_bytes(), "www/_health/index.html": b"ok"}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o755
            archive.addfile(entry, io.BytesIO(content))
    changes = ["-c", "EXPOSE 8080", "-c", 'CMD ["/bin/httpd", "-f", "-p", "8080", "-h", "/www"]']
    subprocess.run(["docker", "import", *changes, "-", name], input=buffer.getvalue(), check=True, capture_output=True)
    yield name
    subprocess.run(["docker", "rmi", "-f", name], capture_output=True)


def test_where_there_is_no_shell_it_is_said(shipway: CommandLine, shell_less: str) -> None:
    made = shipway.shipway
    made.create("bare", {"source": {"kind": "image", "reference": shell_less}, "settings": SETTINGS})
    ended = made.wait(made.pipeline("deploy", "bare"))
    assert ended["state"] == "live", ended["failure"]
    done = shipway("shell", "--service", "bare")
    assert done.returncode == 1
    assert "has no shell: neither /bin/bash nor /bin/sh runs there" in done.stderr


def test_a_shell_is_opened_inside_an_instance(shipway: CommandLine) -> None:
    terminal = Tty(shipway, "shell")
    terminal.until(PROMPT)
    terminal.type(b"echo in-$SHIPWAY_PROCESS; exit 6\r")
    terminal.until(rb"in-web\r\n")
    assert terminal.ended() == 6
