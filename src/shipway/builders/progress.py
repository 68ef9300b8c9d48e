"""BuildKit's progress as typed events. Pure: the client's bytes go in, events come out.

Two spellings of the same story are understood: `--progress=plain` (`progress_plain.py`), and `--progress=rawjson` of
buildx 0.13 and later (`progress_rawjson.py`). Whatever a build prints is tolerated: carriage returns, colours, bytes
that are no text, lines without an end.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

#: Characters kept of one line; a longer one loses its middle.
LINE_LIMIT = 4000
#: Stands for that middle.
CUT = " … "

#: How generated Dockerfiles let a command have the certificates and secrets that they were given (`generate.py`).
_GIVEN = re.compile(
    r"(?:ca=/run/secrets/\S+; )?if \[ -s (?:\$ca|/run/secrets/\S+) \]; then .*?; fi;\s*"
    r"|for each in [\w ]+; do if \[ -f /run/secrets/\$each \].*?; done;\s*"
)
_MOUNTS = re.compile(r"(?<=RUN )(?:--\S+ +)+")
_CONTROL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])|[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Started:
    """A step begins; `name` is BuildKit's: `[build 2/5] RUN make`, `[internal] load build context`, …"""

    step: str
    name: str


@dataclass(frozen=True, slots=True)
class Cached:
    """The step's result was there already."""

    step: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The step succeeded."""

    step: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    """The step failed, with what BuildKit says about it."""

    step: str
    error: str


@dataclass(frozen=True, slots=True)
class Output:
    """A line that the step's command wrote, as a terminal would show it in the end."""

    step: str
    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """A line of the builder itself that belongs to no step, such as its final error."""

    text: str


@dataclass(frozen=True, slots=True)
class Exported:
    """The image was written; `digest` is that of its configuration, which is the same for the same content."""

    digest: str


Event = Started | Cached | Finished | Failed | Output | Said | Exported


class Progress(Protocol):
    """A reader of one build's progress."""

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes."""

    def close(self) -> list[Event]:
        """What was left without an end."""


def clean(text: str) -> str:
    """What a terminal would show of a line: after its last carriage return, without colours and control characters."""
    shown = text.rstrip("\r").rpartition("\r")[2]
    return shorten(_CONTROL.sub("", shown)).rstrip()


def readable(instruction: str, limit: int) -> str:
    """An instruction as people are shown it: what it does, without mounts and how it comes to what is in them."""
    text = " ".join(_GIVEN.sub("", _MOUNTS.sub("", instruction)).split())
    return text if len(text) <= limit else f"{text[:limit]} …"


def shorten(text: str) -> str:
    """`text`, without its middle when it is longer than `LINE_LIMIT`."""
    if len(text) <= LINE_LIMIT:
        return text
    half = LINE_LIMIT // 2
    return f"{text[:half]}{CUT}{text[-half:]}"


class Lines:
    """Cuts a stream of bytes into lines, holding no more than about `LINE_LIMIT` characters of an unfinished one."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def feed(self, data: bytes) -> list[str]:
        """The lines that `data` completes."""
        *lines, rest = (self._rest + self._decoder.decode(data)).split("\n")
        self._rest = shorten(rest)
        return lines

    def close(self) -> list[str]:
        """The line that was left without an end, if any."""
        rest, self._rest = self._rest + self._decoder.decode(b"", final=True), ""
        return [rest] if rest else []


class Summary:
    """Reads the lines that belong to no step; drops the block between two rows of six dashes, in which BuildKit
    repeats the failed step's output."""

    def __init__(self) -> None:
        self._inside = False

    def read(self, line: str) -> Iterator[Event]:
        """What the builder says with `line`."""
        if line.strip() == "------":
            self._inside = not self._inside
        elif not self._inside and (text := clean(line)):
            yield Said(text)
