"""What may be handed to git as a repository's address or a ref. Pure."""

import re
from urllib.parse import urlsplit

from shipway.domain.errors import SourceFailed

#: Transports that git may use at all; `file` is needed for paths on this machine.
PROTOCOLS = ("file", "git", "http", "https", "ssh")

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")
_SECRET_PARAMETER = re.compile(r"[?&][^=&]*(?:token|password|secret|key)[^=&]*=", re.IGNORECASE)
_HELPER = re.compile(r"[A-Za-z0-9]+::")
_SCP = re.compile(r"(?:[A-Za-z0-9_.-]+@)?[A-Za-z0-9][A-Za-z0-9.-]*:[^:\s]+")
#: What git allows in the name of a ref, and nothing that it would read as an expression (`main~2`, `@{u}`, `a..b`).
_REF = re.compile(r"(?![-/])(?!.*(?:\.\.|//|@\{|/\.|\.lock(?:/|$)))[^\x00-\x20\x7f~^:?*\[\\]+(?<![/.])")


def check_url(url: str, *, local: bool = True) -> str:
    """Return `url` when git may be given it: http, https, ssh, git, `user@host:path`, or (if `local`) an absolute path.

    Raises `SourceFailed`: `credential-in-url` for one that carries a password or token, `bad-url` for everything else.
    Neither message repeats a secret.
    """
    if not url or url.startswith("-") or _UNPRINTABLE.search(url) or _HELPER.match(url):
        raise _bad(url)
    if "://" not in url:
        return _check_plain(url, local=local)
    if " " in url:
        raise _bad(url)
    if has_credential(url):
        raise SourceFailed(
            f"The URL {redacted(url)} carries a password or token.",
            code="credential-in-url",
            hint="Take it out of the URL and store it as the repository's credential.",
        )
    return _check_scheme(url, local=local)


def check_ref(ref: str) -> str:
    """Return `ref` when it can name a branch, tag or commit; raises `SourceFailed` (`unknown-ref`)."""
    if not _REF.fullmatch(ref) or len(ref) > 250 or ref == "@":
        raise SourceFailed(
            f"{ref[:80]!r} can't be the name of a branch, tag or commit.",
            code="unknown-ref",
            hint="Give one name, such as main, v1.2 or 1f0c3a9, without spaces or ~ ^ : signs.",
        )
    return ref


def has_credential(url: str) -> bool:
    """Whether the URL carries a secret; over http(s) a user name alone is one, because it may be a token."""
    authority = url.partition("://")[2].partition("/")[0]
    userinfo, at, _ = authority.rpartition("@")
    named = bool(at) and (":" in userinfo or url.lower().startswith("http"))
    return named or _SECRET_PARAMETER.search(url) is not None


def redacted(url: str) -> str:
    """A URL that was not checked yet as it may be shown: without its query, and nothing that may be a password."""
    shown = url.partition("?")[0]
    if "://" in shown:
        return re.sub(r"://.*@", "://***@", shown)
    return re.sub(r"^[^/]*:.*@", "***@", shown)


def is_local(url: str) -> bool:
    """Whether it is a directory on this machine."""
    return url.startswith(("/", "file://"))


def local_path(url: str) -> str:
    """The directory that a local URL names."""
    return url.removeprefix("file://")


def origin(url: str) -> str:
    """Scheme and host of an http(s) URL, with a slash: the part that a credential belongs to. Empty for other URLs."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/" if parts.scheme in ("http", "https") else ""


def submodule_url(parent: str, url: str) -> str:
    """A submodule's address as its parent gives it: `./` and `../` are relative to the parent's own address."""
    if not url.startswith(("./", "../")):
        return url
    base = parent.rstrip("/")
    while url.startswith(("./", "../")):
        step, url = url.split("/", 1)
        if step == "..":
            base = _without_last_part(base)
    return f"{base}{'' if base.endswith(':') else '/'}{url}"


def _without_last_part(base: str) -> str:
    if "/" in base:
        return base.rpartition("/")[0]
    return f"{base.partition(':')[0]}:"


def _check_plain(url: str, *, local: bool) -> str:
    if is_local(url) and local:
        return url
    if url.startswith(("/", ".", "~")) or not _SCP.fullmatch(url):
        raise _bad(url)
    return url


def _check_scheme(url: str, *, local: bool) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise _bad(url) from error
    if parts.scheme == "file" and local and not host and parts.path.startswith("/"):
        return url
    if parts.scheme not in PROTOCOLS or parts.scheme == "file" or not host or host.startswith("-"):
        raise _bad(url)
    return url


def _bad(url: str) -> SourceFailed:
    return SourceFailed(
        f"{redacted(url)[:200]!r} is not a repository that Shipway can fetch.",
        code="bad-url",
        hint="Give a URL such as https://git.example.com/team/app.git, or the absolute path of a repository here.",
    )
