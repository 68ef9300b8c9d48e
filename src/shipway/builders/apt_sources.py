"""Where this machine gets Debian's packages from, as its own apt configuration says."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_SUITES = ("forky", "trixie", "bookworm", "bullseye", "oldstable", "stable", "testing", "sid", "unstable")
_ONE_LINE = re.compile(r"^\s*deb\s+(?:\[[^\]]*\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)", re.MULTILINE)
_FIELD = re.compile(r"^(?P<name>URIs|Suites|Types|Enabled):(?P<value>.*(?:\n[ \t].*)*)", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mirror:
    """A Debian mirror, without a slash at its end; the last two are empty when this machine does not use them."""

    main: str
    updates: str = ""
    security: str = ""

    def lines(self, suite: str) -> tuple[str, ...]:
        """What `sources.list` says for that suite."""
        places = ((self.main, suite), (self.updates, f"{suite}-updates"), (self.security, f"{suite}-security"))
        return tuple(f"deb {uri} {name} main" for uri, name in places if uri)


def host_mirror(apt: Path = Path("/etc/apt")) -> Mirror | None:
    """The mirror this machine's apt uses; `None` when it names none of Debian's (the tool's default is used then)."""
    files = [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*.list"))]
    lines = [pair for file in files if file.is_file() for pair in _one_line(file.read_text(errors="replace"))]
    stanzas = [
        pair
        for file in sorted((apt / "sources.list.d").glob("*.sources"))
        for pair in _deb822(file.read_text(errors="replace"))
    ]
    return _mirror([*lines, *stanzas])


def suites_with_keys(keyrings: Path = Path("/usr/share/keyrings")) -> frozenset[str]:
    """The suites whose signatures this machine can check."""
    names = (path.name for path in keyrings.glob("debian-archive-*-*"))
    return frozenset(name.split("-")[2] for name in names)


def _mirror(pairs: Iterable[tuple[str, str]]) -> Mirror | None:
    found: dict[str, str] = {}
    for uri, suite in pairs:
        name, _, pocket = suite.partition("-")
        # A URI with a password in it would end up inside the image; apt's own place for it is auth.conf.
        if name in _SUITES and uri.startswith(("http://", "https://")) and "@" not in uri:
            found.setdefault(pocket, uri.rstrip("/"))
    return Mirror(found[""], found.get("updates", ""), found.get("security", "")) if "" in found else None


def _one_line(text: str) -> Iterator[tuple[str, str]]:
    return ((match["uri"], match["suite"]) for match in _ONE_LINE.finditer(text))


def _deb822(text: str) -> Iterator[tuple[str, str]]:
    without_comments = re.sub(r"^#.*\n?", "", text, flags=re.MULTILINE)
    for stanza in re.split(r"\n\s*\n", without_comments):
        fields = {match["name"].lower(): match["value"].split() for match in _FIELD.finditer(stanza)}
        if "deb" in fields.get("types", ()) and fields.get("enabled", ["yes"])[0].lower() != "no":
            yield from ((uri, suite) for uri in fields.get("uris", ()) for suite in fields.get("suites", ()))
