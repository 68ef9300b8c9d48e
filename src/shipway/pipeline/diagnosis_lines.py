"""Lines an instance wrote, made ready to be searched and shown. Pure."""

import re
from collections.abc import Sequence

#: Characters of a line that are searched and shown.
_LENGTH = 400
_SHOWN_REASON = 200
_TAIL = 10
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")
#: Who logs in to what an address names.
_USER_INFO = re.compile(r"(?<=://)[^\s/@:]*:[^\s/@]+(?=@)")
#: A line that by itself says why.
_REASON = re.compile(
    r"^(?:(?:Caused by: |Unhandled exception\. |Exception in thread \"[^\"]*\" |Uncaught |PHP )*"
    r"(?:[\w.:\\/$]*(?:Error|Exception|Configured|Fault)\b|[Ee]rror|ERROR|[Ff]atal(?: error)?|FATAL|panic|thread '.*' panicked)"
    r"(?: \[\w+\])?: ?\S|\S.* \([\w:]+(?:Error|Exception)\)$)"
)
_TRACEBACK = re.compile(r"^Traceback \(most recent call last\)|^goroutine \d+|^\s+at \S|^\s+File \"|^\s+from \S")


def plain(lines: Sequence[str]) -> tuple[str, ...]:
    """The lines without colours, cut to what can be read, and without passwords of addresses."""
    cut = (_CONTROL.sub("", line[: 4 * _LENGTH]).rstrip()[:_LENGTH] for line in lines)
    return tuple(_USER_INFO.sub("•••", line) for line in cut)


def reason(lines: Sequence[str]) -> str:
    """The last line that by itself says why; empty when none does."""
    found = next((line for line in reversed(lines) if _REASON.search(line)), "")
    return found if len(found) <= _SHOWN_REASON else f"{found[:_SHOWN_REASON]}…"


def telling(lines: Sequence[str]) -> tuple[str, ...]:
    """The lines about the last reason, its traceback with it; the last ones when there is none."""
    last = next((index for index in reversed(range(len(lines))) if _REASON.search(lines[index])), None)
    if last is None:
        return tuple(line for line in lines if line.strip())[-_TAIL:]
    # Python tells the way to an error before it; everybody else after it.
    end = last + 1
    while end < len(lines) and end <= last + 4 and _TRACEBACK.search(lines[end]):
        end += 1
    return tuple(line for line in lines[max(0, end - _TAIL) : end] if line.strip())


def about(lines: Sequence[str], *words: str) -> tuple[str, ...]:
    """The last lines in which one of the words stands."""
    return tuple(line for line in lines if any(word in line for word in words))[-_TAIL:]
