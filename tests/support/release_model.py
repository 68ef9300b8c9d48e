"""What releases are to be, kept by whoever tests them: a mirror of what a user did, which knows nothing of Shipway."""

from dataclasses import dataclass, field, replace
from typing import Literal

#: Name and version of a secret; `None`: whichever is the newest.
Reference = tuple[str, int | None]
Fault = Literal["", "build", "app"]


@dataclass(frozen=True)
class Commit:
    """What somebody pushed."""

    sha: str
    #: By process type; empty: the image's own.
    commands: dict[str, str]
    #: What goes wrong with it: it does not build, or its app ends at once.
    fault: Fault = ""


@dataclass(frozen=True)
class Release:
    """What somebody who deployed at that moment may rely on for ever."""

    commit: Commit
    variables: dict[str, str]
    #: Variables and files that are secrets.
    secrets: dict[str, Reference]
    secret_files: dict[str, Reference]
    files: dict[str, str]
    #: Path by name.
    volumes: dict[str, str]
    #: By digest; known once it was pushed.
    image: str = ""

    @property
    def named(self) -> list[Reference]:
        """All secrets that it names."""
        return [*self.secrets.values(), *self.secret_files.values()]

    @property
    def reproducible(self) -> bool:
        """Whether none of its secrets is looked up at each start."""
        return all(version is not None for _, version in self.named)

    def but_files(self) -> "Release":
        """What an edit of config files does not change."""
        return replace(self, files={})


@dataclass
class Environment:
    """Config vars and secrets that its services share."""

    config: dict[str, str] = field(default_factory=dict)
    #: As bound for all: `NAME`, `NAME@3` or `NAME@latest`.
    variables: dict[str, str] = field(default_factory=dict)
    #: Values by version, the first is version 1; `None`: revoked.
    secrets: dict[str, list[str | None]] = field(default_factory=dict)

    def trouble(self, reference: Reference) -> str:
        """The code of why its value can't be had; empty when it can."""
        name, version = reference
        values = self.secrets.get(name, [])
        if not values or (version or 0) > len(values):
            return "secret-missing"
        return "" if self.value(reference) is not None else "secret-revoked"

    def value(self, reference: Reference) -> str | None:
        """As it is now."""
        name, version = reference
        return self.secrets[name][(version or len(self.secrets[name])) - 1]


@dataclass
class Service:
    """One service, as its user knows it."""

    environment: Environment
    config: dict[str, str] = field(default_factory=dict)
    #: As bound: `NAME`, `NAME@3` or `NAME@latest`.
    variables: dict[str, str] = field(default_factory=dict)
    secret_files: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    volumes: dict[str, str] = field(default_factory=dict)
    scale: dict[str, int] = field(default_factory=dict)
    #: By number.
    releases: dict[int, Release] = field(default_factory=dict)
    #: Numbers of those that went live, one after the other.
    lived: list[int] = field(default_factory=list)
    #: Numbers of those whose images are to stay.
    pinned: set[int] = field(default_factory=set)

    @property
    def live(self) -> int | None:
        """Number of the release that has the traffic."""
        return self.lived[-1] if self.lived else None

    @property
    def former(self) -> int | None:
        """Where a rollback without a number goes."""
        return next((number for number in reversed(self.lived) if number != self.live), None)

    @property
    def needed(self) -> set[str]:
        """Images that may not go: what is live, where one goes back to, with and without config, and what is pinned."""
        images = [self.releases[number].image for number in self.lived]
        live, before = images[-1:], [self.releases[self.former].image] if self.former else []
        another = [next((each for each in reversed(images) if each not in live), "")]
        return {*live, *before, *another, *(self.releases[number].image for number in self.pinned)} - {""}

    def trouble(self, release: Release) -> str:
        """Why a release can't be started; empty when it can."""
        return next((code for each in release.named if (code := self.environment.trouble(each))), "")

    def today(self, commit: Commit, image: str = "") -> Release | str:
        """What a release that is made now holds; or why there can't be one."""
        shared, own = self.environment, {*self.config, *self.variables}
        bound = {name: text for name, text in shared.variables.items() if name not in own} | self.variables
        variables = {name: self._pinned(text) for name, text in bound.items()}
        files = {name: self._pinned(text) for name, text in self.secret_files.items()}
        merged = self.environment.config | self.config
        plain = {name: value for name, value in merged.items() if name not in variables}
        made = Release(commit, plain, variables, files, dict(self.files), dict(self.volumes), image)
        return self.trouble(made) or made

    def binding_trouble(self, text: str) -> str:
        """Why nothing can be bound to it now."""
        return self.environment.trouble(_parsed(text))

    def wanted(self, release: Release) -> set[tuple[str, int]]:
        """Its instances: process type and ordinal."""
        counts = {name: self.scale.get(name, 1) for name in release.commit.commands}
        return {(name, ordinal) for name, count in counts.items() for ordinal in range(1, count + 1)}

    def _pinned(self, text: str) -> Reference:
        name, version = _parsed(text)
        if text.endswith("@latest") or version:
            return name, version
        return name, len(self.environment.secrets.get(name, ())) or None


def _parsed(text: str) -> Reference:
    name, _, version = text.partition("@")
    return name, int(version) if version.isdigit() else None


def given(release: Release, environment: Environment) -> dict[str, str]:
    """Variables of an instance that is started now, but for those that are always set."""
    opened = {name: environment.value(each) or "" for name, each in release.secrets.items()}
    return {**release.variables, **opened}


def command(release: Release, process: str, variables: dict[str, str]) -> tuple[str, ...] | None:
    """What is executed: words, with `$NAME` filled in; by a shell inside where that is a secret."""
    line = release.commit.commands[process]
    if not line:
        return None
    words = line.split()
    if any(word[1:] in release.secrets for word in words if word.startswith("$")):
        return ("/bin/sh", "-c", line)
    return tuple(part for word in words for part in (variables.get(word[1:], "").split() if word[0] == "$" else [word]))
