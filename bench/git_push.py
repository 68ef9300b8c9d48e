"""What a push of a large repository costs the control plane: `python -m bench.git_push [MB]`.

A repository of 100 MB that can't be compressed, in a hundred commits, is pushed to a real server with git over HTTP, and
deployed. The server's resident memory is looked at every 20 ms. Bound: it rises by less than 50 MB.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests.support.real import APP, RealShipway, real_shipway

from bench.idle import resident_megabytes

BOUND = 50


def main() -> None:
    """Run it and print the table."""
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as directory, real_shipway() as shipway:
        shipway.create("app", {"source": {"kind": "push"}})
        worker = Path(directory) / "app"
        git = _Git(worker, f"http://x:{shipway.token}@127.0.0.1:{shipway.port}/git/t/t/production/app.git")
        shutil.copytree(APP, worker)
        git("init", "--quiet", "--initial-branch=main")
        _commit(git, "The app")
        # The first push brings up what every deployment needs; the large one comes on top.
        git("push", git.url, "main")
        for number in range(100):
            (worker / f"data{number}").write_bytes(random.Random(number).randbytes(size * 10_000))
            _commit(git, f"Data {number}")
        time.sleep(5)
        assert shipway.process
        before = resident_megabytes(shipway.process.pid)
        with _Watched(shipway) as watched:
            began = time.monotonic()
            told = git("push", git.url, "main")
            took = time.monotonic() - began
    rise = watched.most - before
    print("| what | measured | bound |\n| --- | ---: | ---: |")
    print(f"| pushed and deployed | {size} MB in {took:.0f} s | |")
    print(f"| control plane, resident before | {before:.0f} MB | |")
    print(f"| it rose by at most | {rise:.0f} MB | {BOUND} MB |")
    sys.exit(0 if rise < BOUND and "Live: d2" in told else 1)


class _Git:
    """git in one directory, without anybody's configuration."""

    def __init__(self, directory: Path, url: str) -> None:
        self._directory, self.url = directory, url
        self._environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"} | {
            f"GIT_{role}_{what}": "bench" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }

    def __call__(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self._directory, env=self._environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout + done.stderr


class _Watched:
    """The most memory that the server has had."""

    def __init__(self, shipway: RealShipway) -> None:
        assert shipway.process
        self.most, self._pid = 0.0, shipway.process.pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "_Watched":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            self.most = max(self.most, resident_megabytes(self._pid))


def _commit(git: _Git, message: str) -> None:
    git("add", "--all")
    git("commit", "--quiet", "--message", message)


if __name__ == "__main__":
    main()
