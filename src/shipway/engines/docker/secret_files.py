"""Secret files of instances: on a memory file system of this machine, a directory for each instance, which its container has
under `/run/secrets` to read.

They are gone after a reboot, as they should be, and then nothing must run that lacks them. Docker starts by itself what ran
before, long before Shipway is up; but the directory is mounted as one that has to exist (`Mounts`, not `Binds`, which would
make an empty one), so Docker can't start such a container and leaves it exited. Shipway finds it so, as anything else that
should run and does not (`worker/revive.py`), and hands it over to `Containers.ensure` with the files that it is to have:
these are written first, and then it is started. The same holds when somebody empties the directory while it runs: the
container keeps what it has mounted, and the next restart by Docker fails and leads here.

Docker's own tmpfs mounts were no way: nothing can be put there before the app runs. Neither was `docker cp`, which writes into
the container's layer, on the disk.
"""

import asyncio
import os
import shutil
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from shipway.domain.errors import DeployFailed, Unavailable
from shipway.engines.docker import render

#: The first of these that is in memory. `/run` is on most machines, `/dev/shm` on all.
PLACES = (Path("/run/shipway/secrets"), Path("/dev/shm/shipway-secrets"))  # noqa: S108 - it is made safe, see `_own`
_IN_MEMORY = {"tmpfs", "ramfs"}
_MOUNTS = Path("/proc/self/mounts")


class SecretFiles:
    """Those of one installation."""

    def __init__(self, installation: str) -> None:
        self._installation = installation

    async def prepare(self, name: str) -> Path:
        """The instance's directory, made when it is missing: a container can only be made when it is there."""
        return await asyncio.to_thread(self._prepare, name)

    async def write(self, name: str, files: Mapping[str, str], owner: int) -> None:
        """Make the directory hold exactly these, each whole, for the user `owner` (and no other) to read. Raises
        `Unavailable`, or `DeployFailed` where Shipway may not give a file to that user."""
        await asyncio.to_thread(self._write, name, files, owner)

    async def read(self, name: str) -> dict[str, str]:
        """Those that are there; none after a reboot."""
        return await asyncio.to_thread(self._read, name)

    async def remove(self, name: str) -> None:
        """Make sure that none are left of an instance."""
        for place in PLACES:
            await asyncio.to_thread(
                shutil.rmtree, place / render.qualified(self._installation, name), ignore_errors=True
            )

    def _read(self, name: str) -> dict[str, str]:
        qualified, found = render.qualified(self._installation, name), {}
        for file in (file for place in PLACES for file in (place / qualified).glob("[!.]*")):
            # It goes with its instance, at any moment.
            with suppress(OSError):
                found[file.name] = file.read_bytes().decode(errors="replace")
        return found

    def _prepare(self, name: str) -> Path:
        place = _in_memory(_MOUNTS.read_text())
        directory = place / render.qualified(self._installation, name)
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            _own(place)
            directory.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise _failed(directory, error) from error
        return directory

    def _write(self, name: str, files: Mapping[str, str], owner: int) -> None:
        directory = self._prepare(name)
        try:
            for file, text in files.items():
                _replace(directory / file, text.encode(), owner)
            for left in {each.name for each in directory.iterdir()} - set(files):
                (directory / left).unlink()
            os.chown(directory, owner, -1)
        except PermissionError as error:
            raise DeployFailed(
                f"Shipway may not give files to user {owner}, as whom {name} runs.",
                code="cannot-start",
                hint="Secret files take a Shipway that runs as root; or bind the secret as a variable: `--as NAME`.",
            ) from error
        except OSError as error:
            raise _failed(directory, error) from error


def _in_memory(mounts: str) -> Path:
    kinds = {Path(line.split()[1]): line.split()[2] for line in mounts.splitlines()}
    for place in PLACES:
        mounted = next(each for each in (place, *place.parents) if each in kinds or each == Path("/"))
        if kinds.get(mounted) in _IN_MEMORY:
            return place
    raise DeployFailed(
        "This machine has no memory file system for secret files.",
        code="cannot-start",
        hint="Mount a tmpfs on /run, or bind the secret as a variable: `--as NAME`.",
    )


def _own(place: Path) -> None:
    """Anybody may make directories in /dev/shm: one that somebody else made there is not used."""
    seen = place.lstat()
    if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.geteuid() or seen.st_mode & 0o077:
        raise OSError(f"{place} is not Shipway's own, or others may look into it")


def _replace(path: Path, content: bytes, owner: int) -> None:
    draft = path.with_name(f".{token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(descriptor, "wb") as file:
        os.fchown(descriptor, owner, -1)
        file.write(content)
    draft.replace(path)


def _failed(directory: Path, error: OSError) -> Unavailable:
    return Unavailable(f"Secret files can't be written: {error}.", hint=f"Check space and permissions of {directory}.")
