"""The port to repositories that are pushed to: one for each service, known by its id."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Literal, Protocol

from shipway.domain.git_push import Report

#: git's names for taking a push, and for handing out what was pushed.
GitService = Literal["git-receive-pack", "git-upload-pack"]


@dataclass(frozen=True, slots=True)
class Received:
    """What git made of a push."""

    report: Report
    #: What it said beside that, for whoever pushed.
    words: str


class Repositories(Protocol):
    """Bare repositories. No code of a user's runs in them: no hooks, no filters."""

    def deciding(self, repository: str) -> asyncio.Lock:
        """Held by whoever decides what becomes of a push: what the branch leads to must not change hands meanwhile."""

    async def advertise(self, repository: str, service: GitService, protocol: str = "") -> bytes:
        """What a client is told first: the refs. The repository is made when it is not there.

        `protocol`: the version that the client wishes for, as it says it. Raises `Unavailable`: no git, a full disk.
        """

    async def receive(self, repository: str, head: bytes, pack: AsyncIterator[bytes]) -> Received:
        """Take a push, and move its refs: `head` up to the first flush, and `pack`, what follows it, which is read to its
        end whatever becomes of the push. A pack that is damaged, not whole, or too large, moves nothing.

        Cut short anywhere (cancelled, or by what `pack` raises), git is ended, and the refs are as they were, or moved.
        Raises `Unavailable`.
        """

    def fetch(self, repository: str, request: bytes, protocol: str = "") -> AsyncGenerator[bytes, None]:
        """The answer to a client that fetches."""

    async def tip(self, repository: str, branch: str) -> str:
        """The commit that a branch leads to; empty when there is no such branch."""

    async def put_back(self, repository: str, ref: str, new: str, old: str) -> None:
        """Have a ref lead to `old` again (or be gone), unless it leads elsewhere than `new` by now."""
