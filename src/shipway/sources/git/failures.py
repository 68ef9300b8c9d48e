"""What git's complaints mean for the person who gave the address. Pure."""

import re

from shipway.domain.errors import SourceFailed
from shipway.sources.git.url import is_local

_DENIED = re.compile(
    r"could not read (?:Username|Password)|Authentication failed|Access denied|Permission (?:to .* )?denied"
    r"|returned error: 40[13]|terminal prompts disabled",
    re.IGNORECASE,
)
_UNREACHABLE = re.compile(
    r"Could not resolve host|Failed to connect|Connection (?:refused|reset|timed out|closed)|unable to connect"
    r"|Could not read from remote repository|does not appear to be a git repository|repository .* not found"
    r"|repository not exported|returned error: (?:404|410|429|5\d\d)|Operation too slow|Operation timed out|Empty reply"
    r"|SSL|certificate|unable to access|remote end hung up|early EOF|unexpected disconnect|dubious ownership"
    r"|RPC failed|Host key verification failed|unable to look up|not valid: is this a git repository",
    re.IGNORECASE,
)
_BAD_URL = re.compile(r"transport '.*' not allowed|protocol '.*' is not supported|Unable to find remote helper")
_REFUSES = re.compile(
    r"not our ref|unadvertised object|does not support shallow|no such remote ref|does not allow request"
    r"|Server does not|remote did not send all necessary objects|couldn't find remote ref",
    re.IGNORECASE,
)


def explain(url: str, complaint: str) -> SourceFailed | None:
    """The failure that git's `complaint` (its stderr) amounts to; `None` when it says nothing about the repository.

    Then the trouble is on this machine, such as a damaged cache.
    """
    evidence = last_lines(complaint)
    if _BAD_URL.search(complaint):
        return SourceFailed(
            f"{url} uses a transport that is not allowed.",
            code="bad-url",
            hint="Use https, ssh, or the absolute path of a repository on this machine.",
            evidence=evidence,
        )
    if _DENIED.search(complaint):
        return SourceFailed(
            f"{url} denies access, or does not exist: many hosts don't tell the two apart.",
            code="repository-denied",
            hint="Check the URL's spelling. For a private repository, store a deploy token as its credential.",
            evidence=evidence,
        )
    if _UNREACHABLE.search(complaint):
        return unreachable(url, evidence)
    return None


def refuses_commit(complaint: str) -> bool:
    """Whether a server will not hand out a commit by its id, or not without its history: other ways may still work."""
    return _REFUSES.search(complaint) is not None


def unreachable(url: str, evidence: tuple[str, ...], reason: str = "can't be fetched") -> SourceFailed:
    """The failure of a repository that does not answer as one."""
    hint = (
        "Check that the path is a git repository that Shipway's user may read."
        if is_local(url)
        else "Check the URL, and that this machine can reach it: git ls-remote URL."
    )
    return SourceFailed(f"{url} {reason}.", code="repository-unreachable", hint=hint, evidence=evidence)


def last_lines(complaint: str) -> tuple[str, ...]:
    """The lines of git's complaint worth showing."""
    lines = (line.strip() for line in complaint.splitlines())
    return tuple(line for line in lines if line and not line.startswith("hint:"))[-3:]
