"""A build told to people: events in, log lines out. Keeps of each step only what a diagnosis needs."""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from shipway.builders.failures import Wreck
from shipway.builders.progress import Cached, Event, Exported, Failed, Finished, Output, Said, Started, readable

#: Lines of a step's output, and of the builder's own, that are kept for the diagnosis.
KEPT_LINES = 400
#: Characters of an instruction that the log shows.
_NAME_LIMIT = 200

_LABEL = re.compile(r"(\[[^\]]+\]) (.*)")
#: Of the error of a command, only how it ended: the command itself is right above.
_EXIT = re.compile(r".*(exit code: \d+)$", re.DOTALL)
#: `FROM docker.io/library/python:3.13-slim@sha256:…`, as BuildKit resolved it.
_FROM = re.compile(r"(?:\[[^\]]+\] )?FROM (\S+)@(sha256:[0-9a-f]{64})")
_INSTRUCTION = re.compile(r"\[(?!internal\]|auth\]|linux/)[^\]]*\d+/\d+\] ")
_ROUTINE = ("[internal] load build definition", "[internal] load .dockerignore", "[internal] load remote", "[auth]")


@dataclass(slots=True)
class _Step:
    name: str
    output: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_LINES))
    announced: bool = False
    ended: bool = False
    cached: bool = False

    @property
    def label(self) -> str:
        match = _LABEL.match(self.name)
        return match[1] if match and match[1] != "[internal]" else self.title

    @property
    def title(self) -> str:
        return readable(self.name.removeprefix("[internal] "), _NAME_LIMIT)

    @property
    def instruction(self) -> str:
        match = _LABEL.match(self.name)
        return match[2] if match else self.name


class Transcript:
    """One build's log. A step is announced when it has begun; one that ends at once takes a single line."""

    def __init__(self) -> None:
        self._steps: dict[str, _Step] = {}
        self._said: deque[str] = deque(maxlen=KEPT_LINES)
        self._failed: tuple[_Step, str] | None = None
        #: Content id of the image that was made; empty where the client does not say.
        self.exported = ""

    def tell(self, events: Iterable[Event]) -> list[str]:
        """The log lines for a batch of events that arrived together."""
        lines = [line for event in events for line in self._tell(event)]
        return [*lines, *self._announcements()]

    @property
    def running(self) -> tuple[str, tuple[str, ...]]:
        """The instruction that began last and has not ended, with its last lines; empty when there is none."""
        step = next((step for step in reversed(self._steps.values()) if not step.ended), _Step(""))
        return step.instruction, tuple(step.output)

    @property
    def wreck(self) -> Wreck:
        """What is left of a build that failed."""
        if self._failed is None:
            return Wreck(said=tuple(self._said))
        step, error = self._failed
        return Wreck(step.instruction, error, tuple(step.output), tuple(self._said))

    @property
    def bases(self) -> dict[str, str]:
        """Digest by reference, as BuildKit spells it, of the images that were resolved by a registry or by its own store."""
        matches = [_FROM.match(step.name) for step in self._steps.values()]
        return {match[1]: match[2] for match in matches if match}

    @property
    def counts(self) -> tuple[int, int]:
        """How many of the Dockerfile's instructions there were to carry out, and how many were cached."""
        steps = [step for step in self._steps.values() if _INSTRUCTION.match(step.name)]
        return len(steps), sum(step.cached for step in steps)

    def _tell(self, event: Event) -> Iterator[str]:
        match event:
            case Said(text):
                self._said.append(text)
                if not (self._failed and self._failed[1] in text):
                    yield text
            case Started(step, name):
                self._steps.setdefault(step, _Step(name, announced=name.startswith(_ROUTINE)))
            case Output(step, text):
                yield from self._output(self._step(step), text)
            case Failed(step, error):
                yield from self._fail(self._step(step), error)
            case Exported(digest):
                self.exported = digest
            case Cached(step):
                self._step(step).cached = True
                yield from self._end(self._step(step), "cached")
            case Finished(step, seconds):
                yield from self._end(self._step(step), f"{seconds:.1f} s")

    def _output(self, step: _Step, text: str) -> Iterator[str]:
        if not step.announced:
            step.announced = True
            yield step.title
        step.output.append(text)
        yield f"    {text}".rstrip()

    def _end(self, step: _Step, how: str) -> Iterator[str]:
        if step.ended:
            return
        step.ended = True
        step.output.clear()
        if not step.name.startswith(_ROUTINE):
            yield f"{step.label if step.announced else step.title} … {how}"

    def _fail(self, step: _Step, error: str) -> Iterator[str]:
        if step.ended or error.endswith(("CANCELED", "context canceled")):
            # Steps beside the failed one are cancelled by it; they are not the cause.
            return
        step.ended = True
        self._failed = self._failed or (step, error)
        reason = _EXIT.sub(r"\1", error)
        yield f"{step.label if step.announced else step.title} … failed: {reason}"

    def _announcements(self) -> Iterator[str]:
        for step in self._steps.values():
            if not (step.announced or step.ended):
                step.announced = True
                yield step.title

    def _step(self, key: str) -> _Step:
        return self._steps.setdefault(key, _Step(f"step {key}"))
