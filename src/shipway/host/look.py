"""Look at the machine: which signs of what Shipway needs are there. Changes nothing."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from shipway.host import engine
from shipway.host.commands import SEARCH_PATH, find
from shipway.host.needs import BUILDKIT_CLIENT, ENGINE_ANSWERS, IS_ROOT, NEEDS, NO_APPARMOR, Purpose

_APPARMOR = Path("/sys/module/apparmor/parameters/enabled")


def look(purpose: Purpose) -> frozenset[str]:
    """Every sign of a need of `purpose` that this machine shows."""
    signs = {sign for need in NEEDS[purpose] for sign in need.signs}
    return frozenset(sign for sign in signs if _is_there(sign))


def _is_there(sign: str) -> bool:
    if observation := _OBSERVATIONS.get(sign):
        return observation()
    return any(Path("/").glob(sign[1:])) if sign.startswith("/") else find(sign) is not None


def _can_build() -> bool:
    return any(builds(command) for command in _docker_commands())


def _lacks_apparmor() -> bool:
    return not (_APPARMOR.exists() and _APPARMOR.read_text().startswith("Y"))


def _docker_commands() -> Iterator[str]:
    """Every docker command on the PATH, not only the first: a machine may have an old and a new one."""
    for directory in dict.fromkeys(SEARCH_PATH.split(os.pathsep)):
        if command := shutil.which("docker", path=directory):
            yield command


def builds(command: str) -> bool:
    """Whether this docker command can build with BuildKit; one that wants buildx and lacks it refuses even to help."""
    asked = subprocess.run(
        [command, "build", "--help"],
        env=os.environ | {"DOCKER_BUILDKIT": "1"},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return asked.returncode == 0


_OBSERVATIONS: dict[str, Callable[[], bool]] = {
    ENGINE_ANSWERS: lambda: engine.state() == "answers",
    BUILDKIT_CLIENT: _can_build,
    IS_ROOT: lambda: os.geteuid() == 0,
    NO_APPARMOR: _lacks_apparmor,
}
