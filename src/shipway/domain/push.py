"""A push, as a code host tells of it, and which of several is the newest (S2.3, decision 29)."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

#: Those whose webhooks are understood; Forgejo's are Gitea's.
CodeHost = Literal["github", "gitlab", "gitea", "bitbucket"]
CODE_HOSTS: tuple[CodeHost, ...] = ("github", "gitlab", "gitea", "bitbucket")

_SKIP = re.compile(r"\[(skip (deploy|ci)|(deploy|ci) skip)\]", re.IGNORECASE)
_SCP = re.compile(r"(?:[^@/]+@)?(?P<host>[^:/]+):(?P<path>(?!//).+)")
_URL = re.compile(r"[a-z+]+://(?:[^@/]*@)?(?P<host>[^/:]*)(?::\d+)?/(?P<path>.+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Push:
    """A branch or a tag that leads elsewhere now."""

    #: What `repository_key` says of each URL that the host gives for it.
    repositories: tuple[str, ...]
    kind: Literal["branch", "tag"]
    #: Name of the branch or tag, without `refs/…/`.
    name: str
    #: Commits in full; empty: it was not there before, or is gone.
    before: str
    after: str
    #: Message of the commit in `after`; empty where the host does not tell.
    message: str = ""
    #: Whose push it was, as the host names them.
    by: str = ""
    #: The repository's; empty where the host does not tell.
    default_branch: str = ""
    #: Paths that it touched; `None` where the host does not tell, or not all of them.
    files: tuple[str, ...] | None = None

    @property
    def skips(self) -> str:
        """The marker in the message that asks not to deploy it, as written; empty when there is none."""
        found = _SKIP.search(self.message)
        return found.group() if found else ""


@dataclass(frozen=True, slots=True)
class Told:
    """A push of one branch that was told of: what it takes to see what came after what."""

    #: Later ones have greater numbers.
    number: int
    before: str
    after: str


def newest(told: Sequence[Told]) -> Told:
    """The one that none of the others has overtaken: that begins where it ends, directly or by others between them. Of
    several such, and where they lead in a circle, the one that was told last. There is at least one."""
    beginning: dict[str, list[Told]] = {}
    for each in told:
        beginning.setdefault(each.before, []).append(each)
    overtaking = {each.number: _overtaking(each, beginning) for each in told}
    leading = [each for each in told if all(each.number in overtaking[other] for other in overtaking[each.number])]
    return max(leading, key=lambda each: each.number)


def _overtaking(first: Told, beginning: Mapping[str, Sequence[Told]]) -> Collection[int]:
    """Numbers of those that have overtaken `first`; its own, too, where they lead in a circle."""
    found: set[int] = set()
    ends = [first.after]
    while ends:
        end = ends.pop()
        new = [each for each in beginning.get(end, ()) if end and each.number not in found]
        found.update(each.number for each in new)
        ends += [each.after for each in new]
    return found


def repository_key(url: str) -> str:
    """What is the same for all URLs of a repository: host and path, without scheme, user, port, case and `.git`."""
    found = _URL.fullmatch(url) or _SCP.fullmatch(url)
    where = f"{found['host']}/{found['path'].lstrip('/')}" if found else url.removeprefix("file://")
    return where.rstrip("/").removesuffix(".git").rstrip("/").lower()
