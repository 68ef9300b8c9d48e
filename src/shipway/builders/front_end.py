"""Finding a docker client that builds with BuildKit, and running it with nothing of the user's own configuration."""

import asyncio
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from shipway.builders.process_group import chunks, process_group
from shipway.builders.progress import Progress
from shipway.builders.progress_plain import PlainProgress
from shipway.builders.progress_rawjson import RawJsonProgress
from shipway.domain.errors import Unavailable

#: Seconds that a client has to tell what it can do.
_PROBE_TIMEOUT = 20.0
#: First buildx that has `--progress=rawjson`.
_RAWJSON_SINCE = (0, 13)
#: Looked at besides the PATH.
_ALSO = ("/usr/bin",)
#: buildx has to be told to leave the image with the engine.
_LOAD = ("--load",)
#: Needed to reach an engine by TCP with TLS; everything else of our environment stays out of a build.
_PASSED_ON = ("PATH", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """A docker client that can build with BuildKit."""

    #: Argument list up to and including `build`.
    command: tuple[str, ...]
    rawjson: bool = False
    #: Options by which the engine has the image afterwards; empty where it has it anyway.
    load: tuple[str, ...] = ()

    @property
    def arguments(self) -> tuple[str, ...]:
        """The command with the options that every build gets."""
        return (*self.command, f"--progress={'rawjson' if self.rawjson else 'plain'}")

    def progress(self) -> Progress:
        """A reader of what it writes."""
        return RawJsonProgress() if self.rawjson else PlainProgress()


def clean_environment(home: Path, docker_host: str) -> dict[str, str]:
    """An environment for a docker client whose home and configuration are `home`: no credential helper, no saved login.

    Plugins that the user installed for themselves are linked into it: buildx may be one of them.
    """
    plugins = home / "cli-plugins"
    if not plugins.is_symlink():
        plugins.symlink_to(Path.home() / ".docker/cli-plugins")
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return kept | {
        "HOME": str(home),
        "DOCKER_CONFIG": str(home),
        "DOCKER_HOST": docker_host,
        "DOCKER_BUILDKIT": "1",
        "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
        # It would run git in the source, by that source's own configuration.
        "BUILDX_GIT_INFO": "0",
    }


async def find_front_end(environment: Mapping[str, str]) -> FrontEnd:
    """The best client on this machine: buildx, else a docker command that has BuildKit built in; else `Unavailable`."""
    clients = list(dict.fromkeys(_clients(environment.get("PATH", ""))))
    for client in clients:
        if (version := await _answer((client, "buildx", "version"), environment)) is not None:
            return FrontEnd((client, "buildx", "build"), _version(version) >= _RAWJSON_SINCE, _LOAD)
    for client in clients:
        # A client that wants buildx and does not have it refuses even to help.
        if await _answer((client, "build", "--help"), environment) is not None:
            return FrontEnd((client, "build"))
    raise Unavailable(
        "No docker command on this machine can build with BuildKit.",
        hint="Install the docker-buildx-plugin (Docker's packages) or docker-buildx / docker.io (the distribution's).",
    )


async def client_in(path: Path) -> FrontEnd:
    """The buildx at `path`, run by itself. Raises `Unavailable` when this machine can't execute it."""
    version = await _answer((str(path), "version"), {"PATH": os.defpath})
    if version is None:
        raise Unavailable(f"{path} can't be run on this machine.", hint="Install docker-buildx.")
    return FrontEnd((str(path), "build"), _version(version) >= _RAWJSON_SINCE, _LOAD)


def _clients(path: str) -> Iterator[str]:
    for directory in (*path.split(os.pathsep), *_ALSO):
        if found := shutil.which("docker", path=directory):
            yield found


async def _answer(argv: tuple[str, ...], environment: Mapping[str, str]) -> str | None:
    """What the command writes when it succeeds."""
    try:
        async with asyncio.timeout(_PROBE_TIMEOUT), process_group(argv, environment) as process:
            text = b"".join([chunk async for chunk in chunks(process)]).decode(errors="replace")
            return text if await process.wait() == 0 else None
    except (OSError, TimeoutError):
        return None


def _version(text: str) -> tuple[int, int]:
    match = re.search(r"buildx v?(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else (0, 0)
