"""`--progress=rawjson`: objects over one or many lines, one per change of state, with lines of plain text between them."""

import base64
import codecs
import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from shipway.builders.progress import Cached, Event, Exported, Failed, Finished, Lines, Output, Started, Summary, clean

#: Characters of one object that are waited for before it is taken for garbage.
_OBJECT_LIMIT = 4_000_000
_EXPORTED = re.compile(r"exporting config (sha256:[0-9a-f]{64})")


class RawJsonProgress:
    """A `Progress` that reads `--progress=rawjson`."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._buffer = ""
        self._known: set[str] = set()
        self._outputs: dict[str, Lines] = {}
        self._summary = Summary()

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes."""
        self._buffer += self._decoder.decode(data)
        return list(self._drain())

    def close(self) -> list[Event]:
        """What was left without an end."""
        events = [*self.feed(b"\n"), *self._summary.read(self._buffer)]
        return [*events, *(event for step in list(self._outputs) for event in self._flush(step))]

    def _drain(self) -> Iterator[Event]:
        while (events := self._take()) is not None:
            yield from events

    def _take(self) -> list[Event] | None:
        """The events of what the buffer begins with, taken out of it; `None` when its end has not arrived."""
        self._buffer = self._buffer.lstrip()
        return self._take_object() if self._buffer.startswith("{") else self._take_line()

    def _take_object(self) -> list[Event] | None:
        try:
            status, end = json.JSONDecoder().raw_decode(self._buffer)
        except json.JSONDecodeError:
            return None if len(self._buffer) < _OBJECT_LIMIT else self._take_line()
        self._buffer = self._buffer[end:]
        return list(self._read(status))

    def _take_line(self) -> list[Event] | None:
        line, newline, rest = self._buffer.partition("\n")
        if not newline:
            return None
        self._buffer = rest
        return list(self._summary.read(line))

    def _read(self, status: dict[str, Any]) -> Iterator[Event]:
        vertexes = status.get("vertexes") or ()
        for vertex in vertexes:
            yield from self._begun(vertex)
        for log in status.get("logs") or ():
            lines = self._outputs.setdefault(log["vertex"], Lines())
            yield from _outputs(log["vertex"], lines.feed(base64.b64decode(log.get("data") or "")))
        for part in status.get("statuses") or ():
            if (match := _EXPORTED.match(part.get("id", ""))) and part.get("completed"):
                yield Exported(match[1])
        for vertex in vertexes:
            yield from self._ended(vertex)

    def _begun(self, vertex: dict[str, Any]) -> Iterator[Event]:
        step = vertex["digest"]
        if step not in self._known and (vertex.get("started") or vertex.get("error")):
            self._known.add(step)
            yield Started(step, clean(vertex.get("name", "").replace("\n", " ")))

    def _ended(self, vertex: dict[str, Any]) -> Iterator[Event]:
        step = vertex["digest"]
        if error := vertex.get("error"):
            yield from self._flush(step)
            yield Failed(step, clean(error))
        elif vertex.get("completed"):
            yield from self._flush(step)
            yield Cached(step) if vertex.get("cached") else Finished(step, _seconds(vertex))

    def _flush(self, step: str) -> Iterator[Event]:
        yield from _outputs(step, self._outputs.pop(step, Lines()).close())


def _outputs(step: str, lines: list[str]) -> Iterator[Event]:
    return (Output(step, clean(line)) for line in lines)


def _seconds(vertex: dict[str, Any]) -> float:
    begun, ended = (_instant(vertex.get(key, "")) for key in ("started", "completed"))
    return max(0.0, (ended - begun).total_seconds()) if begun and ended else 0.0


def _instant(text: str) -> datetime | None:
    # Go writes nanoseconds; Python reads up to microseconds.
    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError:
        return None
