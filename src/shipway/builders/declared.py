"""What people declare about a service, value by value with the place it stands in, and which of several counts (S3.4)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from shipway.domain.artifacts import Finding
from shipway.domain.leaks import looks_secret

Value = str | int | float | tuple[str, ...] | tuple[int, ...]

#: Where a value stands that was set by option, API or dashboard.
SETTINGS = "the service's settings"
#: Who decides, the first before the others. Each value is decided on its own.
PRECEDENCE = (SETTINGS, "shipway.toml", "Procfile", "app.json", "what is detected")

#: `NAME=value`, `--name=value`, `--name value`.
_ASSIGNMENT = re.compile(r"(?<!\S)(?:--?([\w-]+)[= ]|([A-Za-z_]\w*)=)(\S+)")
#: Told with the name of what has the version.
_VERSION = "build.version"
_TOLD = {
    "build.provider": "provider {}",
    "build.dockerfile": "Dockerfile {}",
    "build.target": "target {}",
    "build.context": "context {}",
    "build.packages": "system packages {}",
    "build.install": "installed by `{}`",
    "build.build": "built by `{}`",
    "port": "port {}",
    "health.path": "health is asked at {}",
    "health.type": "health by {}",
    "health.command": "healthy when `{}` ends with exit code 0",
    "health.port": "health is asked on port {}",
    "health.timeout": "{} s to become healthy",
    "health.success": "healthy with {}",
    "health.interval": "health is asked every {} s",
    "health.failures": "not ready after {} failures",
    "liveness.path": "liveness is asked at {}",
    "liveness.port": "liveness is asked on port {}",
    "liveness.interval": "liveness is asked every {} s",
    "liveness.timeout": "{} s to answer that",
    "liveness.failures": "started again after {} failures",
}


@dataclass(frozen=True, slots=True)
class Said:
    """A value and where it stands."""

    value: Value
    #: `shipway.toml:7`, or `SETTINGS`.
    where: str
    #: Places that say it too and are overruled, in the order of precedence.
    instead_of: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """As people read it."""
        if isinstance(self.value, tuple):
            return ", ".join(map(str, self.value))
        return f"{self.value:g}" if isinstance(self.value, float) else str(self.value)


@dataclass(frozen=True, slots=True)
class Document:
    """What one file declares. Keys: `port`, `release`, `build.target`, `processes.web`, `scale.web`, `health.path` …"""

    said: Mapping[str, Said] = field(default_factory=dict)
    evidence: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    #: What it suggests about the provider without insisting.
    provider_hint: str = ""


@dataclass(frozen=True, slots=True)
class Declared:
    """What counts of all that is declared."""

    said: Mapping[str, Said] = field(default_factory=dict)
    #: What files tell besides: expected config vars and the like.
    notes: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    provider_hint: str = ""

    def text(self, key: str) -> str:
        """A value that is one text; empty when nobody says anything."""
        return str(self.said[key].value) if key in self.said else ""

    def number(self, key: str) -> int:
        """A whole number; 0 when nobody says anything."""
        value = self.said[key].value if key in self.said else 0
        return value if isinstance(value, int) else 0

    def words(self, key: str) -> tuple[str, ...]:
        """Several texts; none when nobody says anything."""
        value = self.said[key].value if key in self.said else ()
        return tuple(map(str, value)) if isinstance(value, tuple) else (str(value),)

    def where(self, key: str) -> str:
        """The place it stands in; empty when nobody says anything."""
        return self.said[key].where if key in self.said else ""

    def under(self, table: str) -> dict[str, Said]:
        """The values of a table by their own names: `under("processes")`."""
        prefix = f"{table}."
        return {key.removeprefix(prefix): said for key, said in self.said.items() if key.startswith(prefix)}

    @property
    def evidence(self) -> tuple[Finding, ...]:
        """Who decided what, and instead of whom."""
        return (*(_told(key, said) for key, said in self.said.items() if key != _VERSION), *self.notes)


def merged(*documents: Document) -> Declared:
    """All that is said, each value by the first document that has it."""
    said: dict[str, Said] = {}
    for document in documents:
        for key, new in document.said.items():
            first = said.get(key)
            said[key] = replace(first, instead_of=(*first.instead_of, new.where)) if first else new
    return Declared(
        said,
        tuple(finding for document in documents for finding in document.evidence),
        tuple(finding for document in documents for finding in (*document.warnings, *_leaks(document))),
        next((document.provider_hint for document in documents if document.provider_hint), ""),
    )


def _told(key: str, said: Said) -> Finding:
    instead = f", instead of {' and '.join(said.instead_of)}" if said.instead_of else ""
    return Finding(_what(key, said) + instead, said.where)


def _what(key: str, said: Said) -> str:
    table, _, name = key.partition(".")
    if table == "processes":
        return f"{name} is named"
    if table == "scale":
        return f"{name} begins with {said.text}"
    if key == "release":
        return "release is named" if said.value else "no release command"
    text = " && ".join(map(str, said.value)) if isinstance(said.value, tuple) and "`" in _TOLD[key] else said.text
    return _TOLD[key].format(text)


def _leaks(document: Document) -> Iterator[Finding]:
    """What looks like a credential in a file that all who have the source can read. Its value is not repeated."""
    for key, said in document.said.items():
        texts = said.value if isinstance(said.value, tuple) else (said.value,)
        for name in dict.fromkeys(name for text in texts if isinstance(text, str) for name in _secrets(key, text)):
            text = f"{name} looks like a secret, which all who have the source can read. Make it a config var: "
            yield Finding(f"{text}`shipway config set`.", said.where)


def _secrets(key: str, text: str) -> Iterator[str]:
    pairs = [
        ((option or name).replace("-", "_"), value.strip("'\"")) for option, name, value in _ASSIGNMENT.findall(text)
    ]
    named = [name for name, value in pairs if looks_secret(name, value)]
    yield from named
    if not named and looks_secret("", text):
        yield key
