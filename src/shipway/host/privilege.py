"""Do the one part that needs root as root: here when this is root, else by sudo."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable

from shipway.domain.errors import Unavailable
from shipway.host.commands import find


def as_root(arguments: tuple[str, ...], here: Callable[[], None]) -> None:
    """Call `here` when this is root; else run `python -m shipway.host <arguments>`, which does the same, by sudo.

    Raises `Unavailable` with the command to run by hand where there is no sudo, or it does not let this user.
    """
    if os.geteuid() == 0:
        return here()
    # -B: root leaves no compiled files behind that this user could not replace.
    command = [sys.executable, "-B", "-m", "shipway.host", *arguments]
    if find("sudo") is None or subprocess.run(["sudo", *command], check=False).returncode != 0:
        raise Unavailable("That needs root.", hint=f"As root, run: {shlex.join(command)}; then run this again.")
    return None
