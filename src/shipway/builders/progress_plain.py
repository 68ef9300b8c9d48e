"""`--progress=plain`: lines `#7 [2/3] RUN make`, `#7 0.157 output`, `#7 DONE 1.2s`, for steps that may interleave."""

import re
from collections.abc import Iterator

from shipway.builders.progress import Cached, Event, Failed, Finished, Lines, Output, Started, Summary, clean

_STEP_LINE = re.compile(r"#(\d+) (.*)", re.DOTALL)
_OUTPUT = re.compile(r"\d+\.\d+ ?(.*)", re.DOTALL)
_END = re.compile(
    r"(?:DONE (?P<seconds>\d+\.\d+)s|(?P<cached>CACHED)|(?:ERROR: |(?=CANCELED))(?P<error>.*))$", re.DOTALL
)


class PlainProgress:
    """A `Progress` that reads `--progress=plain`."""

    def __init__(self) -> None:
        self._lines = Lines()
        self._known: set[str] = set()
        self._summary = Summary()

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes."""
        return [event for line in self._lines.feed(data) for event in self._read(line)]

    def close(self) -> list[Event]:
        """What was left without an end."""
        return [event for line in self._lines.close() for event in self._read(line)]

    def _read(self, line: str) -> Iterator[Event]:
        if match := _STEP_LINE.fullmatch(line):
            yield from self._read_step(match[1], match[2])
        else:
            yield from self._summary.read(line)

    def _read_step(self, step: str, text: str) -> Iterator[Event]:
        if step not in self._known:
            # A step's first line is its name; of its later ones, what is neither end nor output is progress of a download.
            self._known.add(step)
            yield Started(step, clean(text))
        elif end := _END.match(text):
            yield _ended(step, end)
        elif output := _OUTPUT.fullmatch(text):
            yield from _output(step, output[1])


def _output(step: str, text: str) -> Iterator[Event]:
    """A line of output; the last one, when it has no line break, has the step's end glued to it."""
    head, mark, tail = text.rpartition(f"#{step} ")
    if mark and (end := _END.match(tail)):
        yield Output(step, clean(head))
        yield _ended(step, end)
    else:
        yield Output(step, clean(text))


def _ended(step: str, end: re.Match[str]) -> Event:
    if end["seconds"]:
        return Finished(step, float(end["seconds"]))
    return Cached(step) if end["cached"] else Failed(step, clean(end["error"]))
