"""Install Debian packages without a question, without removing anything, and without starting their services."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from shipway.domain.errors import Unavailable
from shipway.host.needs import ENGINE, NEEDS
from shipway.host.output import note
from shipway.host.plan import choose
from shipway.host.policy import not_started

_INSTALL = (
    "apt-get", "install", "-y", "-qq", "--no-install-recommends",
    # docker.io would otherwise replace a Docker from elsewhere.
    "--no-remove",
    "-o", "Dpkg::Use-Pty=0",
    # A new machine is often busy with its own upgrades for a while.
    "-o", "DPkg::Lock::Timeout=300",
)  # fmt: skip


def install(wanted: Sequence[str]) -> None:
    """Install each of `wanted` (`package`, or `a | b`: the first that apt knows). Needs root.

    Raises `Unavailable` with apt's last lines; packages that were configured by then stay.
    """
    if not any(Path("/var/lib/apt/lists").glob("*_Packages*")):
        _update()
    packages = tuple(dict.fromkeys(choose(package, is_known) for package in wanted))
    services = services_of(packages)
    with not_started(services):
        _install_twice(packages)
    if Path("/run/systemd/system").exists():
        _apt("systemctl", "disable", "--quiet", *(name for name in services if name != ENGINE.service))


def is_known(package: str) -> bool:
    """Whether apt's lists have this package."""
    return _apt("apt-cache", "show", "--quiet", package).returncode == 0


def services_of(packages: Sequence[str]) -> tuple[str, ...]:
    """Services that Debian would start right after it has installed these packages."""
    return tuple(need.service for need in NEEDS["test"] if need.service and need.package in packages)


def _install_twice(packages: Sequence[str]) -> None:
    """The second time with fresh lists: old ones name versions that the mirrors no longer have."""
    if _apt(*_INSTALL, *packages).returncode == 0:
        return
    _update()
    if (second := _apt(*_INSTALL, *packages)).returncode != 0:
        raise Unavailable(
            f"apt-get could not install {', '.join(packages)}:\n{_tail(second.stdout)}",
            hint="Put that right, or install them by hand; then run this again.",
        )


def _update() -> None:
    note("Reading the package lists (apt-get update)")
    _apt("apt-get", "update", "-qq")


def _apt(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def _tail(output: str, lines: int = 10) -> str:
    return "\n".join(output.strip().splitlines()[-lines:])
