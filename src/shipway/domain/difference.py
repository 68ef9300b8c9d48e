"""What is different between two releases, or between what they give their instances: pure, for people to read (S8.1)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from shipway.domain.change import ChangeWord, change_word
from shipway.domain.codec import encode
from shipway.domain.release import Given, Release

Part = Literal[
    "image",
    "commit",
    "variable",
    "secret",
    "secret-file",
    "file",
    "process",
    "port",
    "release-command",
    "setting",
]

#: Settings as users know them.
_KNOWN_AS = {"probe": "health"}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not the same. A secret is told by its version, a file by the hash of its content."""

    part: Part
    #: Which of them; empty where there is only one.
    name: str
    #: `None`: there was none.
    before: str | None
    #: `None`: there is none any more.
    after: str | None

    @property
    def change(self) -> ChangeWord:
        """In a word."""
        return change_word(self.before, self.after)


def difference(before: Release, after: Release) -> tuple[Change, ...]:
    """All that is different in `after`: image and source first, then what instances are given, then how they are run."""
    return (
        *_changes("image", {"": before.image.digest}, {"": after.image.digest}),
        *_changes("commit", _one(before.commit), _one(after.commit)),
        *given_difference(before.given, after.given),
        *_changes("process", _commands(before), _commands(after)),
        *_changes("port", {"": str(before.port)}, {"": str(after.port)}),
        *_changes("release-command", _one(before.release_command), _one(after.release_command)),
        *_changes("setting", dict(_flat(encode(before.settings))), dict(_flat(encode(after.settings)))),
    )


def given_difference(before: Given, after: Given) -> tuple[Change, ...]:
    """Of config vars, secrets and files alone."""
    return (
        *_changes("variable", before.config, after.config),
        *_changes("secret", before.secrets, after.secrets),
        *_changes("secret-file", before.secret_files, after.secret_files),
        *_changes("file", before.files, after.files),
    )


def _changes(part: Part, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield Change(part, name, before.get(name), after.get(name))


def _one(value: str) -> dict[str, str]:
    return {"": value} if value else {}


def _commands(release: Release) -> dict[str, str]:
    return {process.name: process.command for process in release.processes}


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """`resources.memory` and its value as text; lists are whole."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key != "class":
                yield from _flat(item, f"{name}.{key}" if name else str(_KNOWN_AS.get(key, key)))
    elif isinstance(value, list):
        yield name, " ".join(str(each) for each in value)
    else:
        yield name, f"{value:g}" if isinstance(value, float) else str(value)
