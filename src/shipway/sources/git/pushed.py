"""Repositories that are pushed to, in `home/repositories`: `git receive-pack` and `git upload-pack`, fed and read in pieces.

What is pushed is kept for good: nothing that a force push or a deletion leaves behind is removed, so that every commit that
was deployed once can be built again.
"""

import asyncio
import re
import secrets
import shutil
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from pathlib import Path

from shipway.domain import pkt_line
from shipway.domain.errors import Invalid, LimitReached, Unavailable
from shipway.domain.git_push import NOTHING, refused
from shipway.sources.git.command import GitFailed, environment, git, running
from shipway.sources.git.failures import last_lines
from shipway.sources.repositories import GitService, Received

#: Seconds that one push or one fetch may take.
LONGEST = 3600.0

_ID = re.compile(r"[a-z0-9_]{1,40}")
_PROTOCOL = re.compile(r"version=[0-9]")
#: Bytes of what git says of a push that are kept, and packs at which the repository's are put together.
_MOST_SAID = 4 * 1024 * 1024
_MOST_PACKS = 50
_CHUNK = 64 * 1024
#: What old versions of git, and other tools, wrote into histories that nobody can change any more. Whatever can do harm, such
#: as a `.git` in a tree, a crafted `.gitmodules`, or objects that are missing, stays refused.
_HARMLESS = (
    *("zeroPaddedFilemode", "missingSpaceBeforeDate", "missingNameBeforeEmail", "missingSpaceBeforeEmail"),
    *("badTimezone", "badDateOverflow", "multipleAuthors", "missingTaggerEntry", "badFilemode"),
)


class PushedRepositories:
    """Implements `Repositories`."""

    def __init__(self, home: Path, most: int) -> None:
        """`most`: bytes of one push."""
        self._directory = home / "repositories"
        self._most = most
        self._deciding: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def path(self, repository: str) -> Path:
        """Where it is, or would be."""
        if not _ID.fullmatch(repository):
            raise Invalid(f"{repository!r} is no repository's id.")
        return self._directory / f"{repository}.git"

    def deciding(self, repository: str) -> asyncio.Lock:
        """Held by whoever decides what becomes of a push."""
        return self._deciding[repository]

    async def advertise(self, repository: str, service: GitService, protocol: str = "") -> bytes:
        """The refs, as a client is told them first."""
        path = await self._ensure(repository)
        command = service.removeprefix("git-"), "--stateless-rpc", "--advertise-refs", str(path)
        output = b""
        async with asyncio.timeout(LONGEST), running(*command, env=self._environment(protocol)) as process:
            assert process.stdout
            async for chunk in _chunks(process.stdout):
                output += chunk
        return output

    async def receive(self, repository: str, head: bytes, pack: AsyncIterator[bytes]) -> Received:
        """Take a push, and move its refs."""
        path = await self._ensure(repository)
        sent = pkt_line.push_head(head)
        try:
            answer, complaint, enough = await self._received(path, head, pack)
        except TimeoutError as error:
            raise LimitReached(f"This push took longer than {LONGEST / 60:.0f} minutes.", hint="Push again.") from error
        await self._tidy(path)
        if not enough:
            raise LimitReached(
                f"This push is larger than {self._most // 1024**2} MiB.",
                hint="Push it in parts, or keep large files elsewhere. The setting `git_push_limit` says how much may be sent.",
            )
        return _told(sent, answer, complaint)

    async def _received(self, path: Path, head: bytes, pack: AsyncIterator[bytes]) -> tuple[bytes, bytes, bool]:
        command = "receive-pack", "--stateless-rpc", str(path)
        env = self._environment()
        async with asyncio.timeout(LONGEST), running(*command, env=env, stdin=asyncio.subprocess.PIPE) as process:
            assert process.stdin and process.stdout and process.stderr
            # Read while it is fed: git that nobody listens to stops listening.
            said = asyncio.gather(_kept(process.stdout), _kept(process.stderr))
            try:
                enough = await _feed(process.stdin, head, pack, self._most)
                answer, complaint = await said
            finally:
                said.cancel()
                await asyncio.wait([said])
        return answer, complaint, enough

    async def fetch(self, repository: str, request: bytes, protocol: str = "") -> AsyncGenerator[bytes, None]:
        """The answer to a client that fetches."""
        path = await self._ensure(repository)
        command = "upload-pack", "--stateless-rpc", str(path)
        env = self._environment(protocol)
        async with asyncio.timeout(LONGEST), running(*command, env=env, stdin=asyncio.subprocess.PIPE) as process:
            assert process.stdin and process.stdout and process.stderr
            beside = asyncio.gather(
                _feed(process.stdin, request, _nothing(), self._most), _kept(process.stderr), return_exceptions=True
            )
            try:
                async for chunk in _chunks(process.stdout):
                    yield chunk
            finally:
                beside.cancel()
                await asyncio.wait([beside])

    async def tip(self, repository: str, branch: str) -> str:
        """The commit that a branch leads to; empty when there is no such branch."""
        path = self.path(repository)
        if not path.exists():
            return ""
        with suppress(GitFailed):
            return (await self._git(path, "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}")).strip()
        return ""

    async def put_back(self, repository: str, ref: str, new: str, old: str) -> None:
        """Have a ref lead to `old` again, unless it leads elsewhere than `new` by now."""
        change = ("-d", ref, new) if old == NOTHING else (ref, old, new)
        with suppress(GitFailed):
            await self._git(self.path(repository), "update-ref", *change)

    async def forget(self, repository: str) -> None:
        """Remove one for good, also while it is used; safe to repeat."""
        path = self.path(repository)
        with suppress(FileNotFoundError):
            # Under another name nothing finds its way into it any more.
            path.rename(self._directory / f"{repository}.gone-{secrets.token_hex(4)}")
        for gone in self._directory.glob(f"{repository}.gone-*"):
            await asyncio.to_thread(shutil.rmtree, gone, ignore_errors=True)
        self._deciding.pop(repository, None)

    async def _ensure(self, repository: str) -> Path:
        path = self.path(repository)
        if not path.exists():
            made = self._directory / f"new-{secrets.token_hex(8)}"
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            await self._git(made, "init", "--quiet", "--bare", "--template=", "--initial-branch=main", str(made))
            with suppress(OSError):
                made.rename(path)
            await asyncio.to_thread(shutil.rmtree, made, ignore_errors=True)
        return path

    async def _tidy(self, path: Path) -> None:
        """Each push leaves one pack; many of them make everything slow. Nothing is dropped by this."""
        if await asyncio.to_thread(_packs, path) > _MOST_PACKS:
            with suppress(GitFailed, TimeoutError):
                await self._git(path, "repack", "--geometric=2", "-d", "--quiet")

    async def _git(self, path: Path, *arguments: str) -> str:
        return await git(*arguments, env={**self._environment(), "GIT_DIR": str(path)})

    def _environment(self, protocol: str = "") -> dict[str, str]:
        settings = (
            ("receive.fsckObjects", "true"),
            *((f"receive.fsck.{each}", "ignore") for each in _HARMLESS),
            ("receive.maxInputSize", str(self._most)),
            # A push from a shallow clone brings a history that begins somewhere: that is enough to deploy from.
            ("receive.shallowUpdate", "true"),
            ("receive.denyDeleteCurrent", "ignore"),
            ("receive.autogc", "false"),
            ("receive.unpackLimit", "1"),
            ("core.fsync", "committed"),
            ("safe.directory", "*"),
            ("pack.threads", "1"),
        )
        told = {"GIT_PROTOCOL": protocol} if _PROTOCOL.fullmatch(protocol) else {}
        return environment(settings) | told


async def _feed(stdin: asyncio.StreamWriter, head: bytes, rest: AsyncIterator[bytes], most: int) -> bool:
    """Hand all of it to git, and read on where git has enough: a client listens only when it has said everything. Returns
    False when it was too much."""
    size = len(head)
    await _write(stdin, head)
    async for chunk in rest:
        size += len(chunk)
        if size <= most:
            await _write(stdin, chunk)
    stdin.close()
    with suppress(ConnectionError):
        await stdin.wait_closed()
    return size <= most


async def _write(stdin: asyncio.StreamWriter, chunk: bytes) -> None:
    if not stdin.is_closing():
        with suppress(ConnectionError):
            stdin.write(chunk)
            await stdin.drain()


async def _chunks(stdout: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while chunk := await stdout.read(_CHUNK):
        yield chunk


async def _kept(stream: asyncio.StreamReader) -> bytes:
    """All of it, read to the end; what is more than anybody reads is dropped."""
    kept = bytearray()
    async for chunk in _chunks(stream):
        kept += chunk[: _MOST_SAID - len(kept)]
    return bytes(kept)


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


def _told(sent: pkt_line.PushHead, answer: bytes, complaint: bytes) -> Received:
    data, words = pkt_line.bands(answer) if sent.has_bands else (answer, b"")
    report = pkt_line.report(data)
    if report is None and sent.wants_report:
        why = " ".join(last_lines(complaint.decode(errors="replace"))) or "git ended without a word"
        raise Unavailable(f"git could not take this push: {why}.", hint="Push again; the disk may be full.")
    return Received(report or refused(sent.updates, ""), words.decode(errors="replace"))


def _packs(path: Path) -> int:
    return len(list(path.glob("objects/pack/*.pack")))
