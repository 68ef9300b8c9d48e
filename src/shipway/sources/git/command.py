"""Running the `git` command: a clean environment, a time limit, and nothing left running afterwards."""

import asyncio
import base64
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

from shipway.domain.credential import Credential
from shipway.domain.errors import Unavailable
from shipway.sources.git.url import PROTOCOLS

#: Seconds for a command that asks a repository for its refs, for one that fetches, and one that works on this machine.
LISTING, FETCHING, LOCAL = 60.0, 1200.0, 300.0

#: Bytes of output that are kept.
_MAX_OUTPUT = 64 * 1024 * 1024
#: Seconds between SIGTERM, at which git removes its temporary files, and SIGKILL.
_GRACE = 2.0

#: The host's own settings that reach git: how to find programs, the network, and whom to trust. No user's git
#: configuration and no `.netrc`, which would lend the operator's own access to every workspace.
_PASSED_ON = (
    *("PATH", "TMPDIR", "SSH_AUTH_SOCK"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE"),
)
_FIXED = {
    "HOME": "/nonexistent",
    "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": ":".join(PROTOCOLS),
    "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=20 -o StrictHostKeyChecking=accept-new",
}
_SETTINGS = (
    ("core.hooksPath", "/dev/null"),
    ("core.attributesFile", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("http.lowSpeedLimit", "1000"),
    ("http.lowSpeedTime", "30"),
    # Each fetch leaves one pack, and nothing is tidied in the background: the cache is bounded by throwing it away.
    ("fetch.unpackLimit", "1"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
)


class GitFailed(Exception):
    """A git command failed; `complaint` is what it printed. Translated before it leaves this package."""

    def __init__(self, code: int, complaint: str) -> None:
        super().__init__(f"git ended with {code}: {complaint}")
        self.code = code
        self.complaint = complaint


def environment(settings: Sequence[tuple[str, str]] = (), host: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The whole environment of a git command, with `settings` as git configuration.

    Configuration goes by environment because everybody on the machine can read a command line, and `.git/config`
    would outlive the command.
    """
    variables = {name: host[name] for name in _PASSED_ON if name in host} | _FIXED
    every = (*_SETTINGS, *settings)
    for number, (key, value) in enumerate(every):
        variables[f"GIT_CONFIG_KEY_{number}"] = key
        variables[f"GIT_CONFIG_VALUE_{number}"] = value
    return {**variables, "GIT_CONFIG_COUNT": str(len(every))}


def authorization(origin: str, credential: Credential) -> tuple[str, str]:
    """The setting that sends `credential` to `origin` (`https://host/`), and to no other host."""
    encoded = base64.b64encode(f"{credential.username}:{credential.password}".encode()).decode()
    return f"http.{origin}.extraHeader", f"Authorization: Basic {encoded}"


async def git(*arguments: str, env: Mapping[str, str], timeout: float = LOCAL) -> str:
    """Run git and return what it printed.

    Raises `GitFailed`, `TimeoutError` after `timeout` seconds, and `Unavailable` when git is not installed. However it
    ends, also when cancelled, git and everything it started are gone afterwards.
    """
    async with running(*arguments, env=env) as process, asyncio.timeout(timeout):
        output, complaint, code = await asyncio.gather(_read(process.stdout), _read(process.stderr), process.wait())
    if code != 0:
        raise GitFailed(code, complaint)
    return output


@asynccontextmanager
async def running(*arguments: str, env: Mapping[str, str], stdin: int = DEVNULL) -> AsyncIterator[Process]:
    """git, for as long as the context lasts; it and everything it started are gone afterwards.

    Raises `Unavailable` when git is not installed.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            "git", *arguments, env=dict(env), cwd="/", stdin=stdin, stdout=PIPE, stderr=PIPE, start_new_session=True
        )
    except FileNotFoundError as error:
        raise Unavailable("git is not installed on this machine.", hint="Install it: apt-get install git.") from error
    try:
        yield process
    finally:
        await _end(process)


async def _read(stream: asyncio.StreamReader | None) -> str:
    assert stream is not None
    content = bytearray()
    while chunk := await stream.read(65536):
        content += chunk[: _MAX_OUTPUT - len(content)]
    return content.decode(errors="replace")


async def _end(process: Process) -> None:
    if process.returncode is not None:
        return
    _signal_all(process, signal.SIGTERM)
    try:
        async with asyncio.timeout(_GRACE):
            await process.wait()
    except TimeoutError:
        pass
    finally:
        _signal_all(process, signal.SIGKILL)
    # What it still had to say is read to the end, or its pipes would stay open.
    await asyncio.gather(process.wait(), _read(process.stdout), _read(process.stderr))


def _signal_all(process: Process, which: signal.Signals) -> None:
    """Signal git and what it started: it leads a process group of its own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, which)
