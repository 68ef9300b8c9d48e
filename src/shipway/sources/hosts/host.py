"""What is to be known of a code host to understand its webhooks, and what their files share. Pure."""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shipway.domain.errors import Invalid
from shipway.domain.push import Push, repository_key

#: Of a commit's message as much is kept: markers are in its first lines, mostly.
MESSAGE = 2_000
#: More paths than that count as "not all are known": there are patterns to match with each.
MOST_FILES = 3_000

_COMMIT = re.compile(r"[0-9a-f]{40}")
_REF = re.compile(r"refs/(heads|tags)/(.{1,250})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Delivered:
    """A request to a webhook, as it came."""

    #: By lower-case name.
    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> str:
        """Its value; empty where there is none."""
        return self.headers.get(name.lower(), "")


@dataclass(frozen=True, slots=True)
class Host:
    """How one host's webhooks are read."""

    #: Whether whoever sent it knows the webhook's secret. In constant time; nothing is read of a body that was not verified.
    verify: Callable[[Delivered, str], bool]
    #: Headers with the host's own id of the delivery, the same when it is sent again; the first that is there counts.
    identity: tuple[str, ...]
    #: Header with the name of what happened.
    event: str
    #: Those names that tell of pushes.
    pushes: tuple[str, ...]
    #: The pushes that the JSON tells of. Raises `KeyError`, `TypeError` or `ValueError` where it is not as documented.
    read: Callable[[dict[str, Any]], tuple[Push, ...]]


def read_pushes(host: Host, delivered: Delivered) -> tuple[Push, ...]:
    """What a verified delivery tells; nothing where it is about something else. Raises `Invalid`."""
    if delivered.header(host.event) not in host.pushes:
        return ()
    try:
        told = json.loads(delivered.body)
    except ValueError as error:
        raise Invalid(
            "The delivery's body is no JSON.", hint="Set the webhook's content type to application/json."
        ) from error
    try:
        return host.read(told)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise Invalid(
            "The delivery does not tell of a push as this code host does.",
            hint="Is the webhook of another kind? `shipway webhooks` lists the kinds.",
        ) from error


def identity(host: Host, delivered: Delivered) -> str:
    """By what a delivery is known again: the host's id of it, else what it says."""
    given = next(filter(None, map(delivered.header, host.identity)), "")
    return given[:200] or hashlib.sha256(delivered.body).hexdigest()


def signed(header: str, prefix: str = "") -> Callable[[Delivered, str], bool]:
    """Verified by an HMAC of the body with SHA-256, in hexadecimal, in `header` behind `prefix`."""

    def verify(delivered: Delivered, secret: str) -> bool:
        expected = prefix + hmac.new(secret.encode(), delivered.body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected.encode(), delivered.header(header).encode())

    return verify


def ref(text: str) -> tuple[str, str]:
    """`("heads", "main")` of `refs/heads/main`."""
    found = _REF.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return found[1], found[2]


def commit(text: str | None) -> str:
    """A commit in full; empty for the zeros that stand for none."""
    if text is None or not text.strip("0"):
        return ""
    if not _COMMIT.fullmatch(text):
        raise ValueError(text)
    return text


def keys(*urls: str | None) -> tuple[str, ...]:
    """Of those URLs that there are, each once."""
    return tuple(dict.fromkeys(repository_key(str(url)) for url in urls if url))


def touched(commits: list[dict[str, Any]], total: int | None) -> tuple[str, ...] | None:
    """Paths that the listed commits touched; `None` where those are not all, or nothing is listed."""
    if not commits or (total is not None and total > len(commits)):
        return None
    named = (path for each in commits for part in ("added", "modified", "removed") for path in each.get(part) or ())
    files = tuple(dict.fromkeys(str(path) for path in named))
    return files if files and len(files) <= MOST_FILES else None


def shown(text: str) -> str:
    """Somebody else's text in a line of ours."""
    return "".join(each for each in text if each.isprintable())[:80]
