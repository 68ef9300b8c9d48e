"""Somebody who works with git and pushes to a Shipway: the real client, with no configuration of its own."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C.UTF-8",
    **{
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "Ada"), ("EMAIL", "a@b"))
    },
}


@dataclass(frozen=True)
class Told:
    """What git printed, and whether it was content."""

    code: int
    text: str


@dataclass(frozen=True)
class Worker:
    """A clone with a work tree, and where its `shipway` is."""

    path: Path
    url: str
    more: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def at(cls, path: Path, url: str, **more: str) -> "Worker":
        """With an empty repository."""
        path.mkdir(parents=True)
        made = cls(path, url, more)
        made.git("init", "--quiet", "--initial-branch=main")
        return made

    def try_git(self, *arguments: str) -> Told:
        """Run git; what it printed, on both its outputs."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env={**_ENVIRONMENT, **self.more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=120,
        )
        return Told(done.returncode, done.stdout)

    def git(self, *arguments: str) -> str:
        """The same where it must be content."""
        told = self.try_git(*arguments)
        assert told.code == 0, told.text
        return told.text.strip()

    def commit(self, message: str = "A change", **files: str) -> str:
        """Write files (`_` for `.` in their names), commit them, and return the commit."""
        for name, content in files.items():
            (self.path / name.replace("_", ".")).write_text(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def push(self, *refs: str) -> Told:
        """Push, `main` unless told otherwise."""
        return self.try_git("push", self.url, *(refs or ("main",)))
