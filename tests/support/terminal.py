"""The `shipway` command as somebody types it, in this process, with a configuration of its own."""

import io
import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.served import Served

from shipway.cli.main import run
from shipway.client import config


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed for programs."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Terminal:
    """Types commands in a directory."""

    monkeypatch: pytest.MonkeyPatch
    directory: Path

    @classmethod
    def open(cls, monkeypatch: pytest.MonkeyPatch, directory: Path, server: Served | None = None) -> "Terminal":
        """With a configuration file in `directory`, logged in where a server is given; the app's directory is `app`."""
        monkeypatch.setenv("SHIPWAY_CONFIG", str(directory / "config.json"))
        for name in ("SHIPWAY_SERVER", "SHIPWAY_TOKEN", "SHIPWAY_HOME"):
            monkeypatch.delenv(name, raising=False)
        if server is not None:
            config.change(lambda known: known.with_server(server.url, server.token))
        app = directory / "app"
        app.mkdir(exist_ok=True)
        monkeypatch.chdir(app)
        return cls(monkeypatch, app)

    def shipway(self, *arguments: str, typed: str = "") -> Outcome:
        """Run a command; what it printed and its exit code."""
        self.monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(typed.encode())))
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = run(arguments)
        return Outcome(code, out.getvalue(), err.getvalue())

    def apart(self, *arguments: str) -> Outcome:
        """Run a command as a process of its own: for those that leave processes behind."""
        command = [str(Path(sys.executable).with_name("shipway")), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        return Outcome(done.returncode, done.stdout, done.stderr)

    def ok(self, *arguments: str, typed: str = "") -> str:
        """Run a command that must succeed; what it printed."""
        done = self.shipway(*arguments, typed=typed)
        assert done.code == 0, done
        return done.out
