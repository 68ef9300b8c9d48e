"""Find commands as root would."""

import os
import shutil

#: The administrator's commands count too; they are often missing from a user's PATH.
SEARCH_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"))


def find(command: str) -> str | None:
    """Path of a command, the administrator's included."""
    return shutil.which(command, path=SEARCH_PATH)
