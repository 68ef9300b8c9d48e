"""What is secret, kept out of what is shown: logs, release command output, the evidence of a failure (S11.1). Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

#: Stands in for what is not shown.
MASK = "•••"
#: Characters. Whatever is shorter is found by chance all over a log: masking `1` or `no` would leave nothing to read, and tell
#: where each of them stood.
SHORTEST = 4
#: Of an address, `postgres://` is no secret, and many a line ends in it.
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


class Masking:
    """Replaces secrets in texts. Of a secret of several lines each line is one, as logs are written and read by lines."""

    def __init__(self, secrets: Iterable[str]) -> None:
        parts = {part.strip() for secret in secrets for part in secret.splitlines()}
        #: Longest first.
        self.parts = tuple(
            sorted((part for part in parts if len(part) >= SHORTEST), key=lambda part: (-len(part), part))
        )
        self._pattern = re.compile("|".join(map(re.escape, self.parts))) if self.parts else None
        self._by_begin: defaultdict[str, list[str]] = defaultdict(list)
        for part in self.parts:
            for size in range(1, SHORTEST + 1):
                self._by_begin[part[:size]].append(part)
        begins = {re.escape(part[:SHORTEST]) for part in self.parts}
        self._begin = re.compile(f"(?=({'|'.join(sorted(begins))}))") if begins else None

    def __call__(self, text: str) -> str:
        """The text as it may be shown."""
        return self.without(text, ()) if self._pattern and self._pattern.search(text) else text

    def without(self, text: str, more: Iterable[tuple[int, int]]) -> str:
        """The same, and without `more`: from where to where."""
        shown, end = "", 0
        for begin, until in _merged([*more, *(span for part in self.parts for span in _occurrences(part, text))]):
            shown, end = shown + text[end:begin] + MASK, until
        return shown + text[end:]

    def cut(self, piece: str) -> Iterator[tuple[str, int]]:
        """Secrets of which the first so many characters, but not all, are the end of `piece`. Costs little more with a
        thousand secrets than with one: it is asked for every line of a log."""
        for size in range(1, SHORTEST):
            yield from ((part, size) for part in self._by_begin.get(piece[-size:], ()) if size <= len(piece))
        start = max(0, len(piece) - len(self.parts[0]) + 1) if self.parts else 0
        for begin in self._begin.finditer(piece, start) if self._begin else ():
            end = piece[begin.start() :]
            yield from (
                (part, len(end)) for part in self._by_begin[begin[1]] if len(end) < len(part) and part.startswith(end)
            )

    def lines(self) -> "MaskedLines":
        """For the pieces of one stream, in their order."""
        return MaskedLines(self)


class MaskedLines:
    """Masks one stream piece by piece, also a secret that begins in one piece and ends in a later one.

    Nothing is held back, or a log that is followed would stand still: what is shown of a secret that is cut is at most its
    first `SHORTEST - 1` characters, and the scheme of an address. A line that ends as a secret begins loses that end.
    """

    def __init__(self, masking: Masking) -> None:
        self._masking = masking
        #: Of each secret that the stream so far ends within, what is still to come.
        self._rests: set[str] = set()

    def __call__(self, piece: str) -> str:
        """The next piece as it may be shown."""
        if not piece:
            return piece
        ended = [(0, len(rest)) for rest in self._rests if piece.startswith(rest)]
        inside = {rest[len(piece) :] for rest in self._rests if rest.startswith(piece) and rest != piece}
        cut = list(self._masking.cut(piece))
        self._rests = inside | {part[size:] for part, size in cut}
        if inside:
            return MASK
        begun = [(len(piece) - size, len(piece)) for part, size in cut if _tells(part, size)]
        return self._masking.without(piece, ended + begun) if ended or begun else self._masking(piece)


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """What overlaps is one: nothing of a second secret must stay behind the first."""
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if merged and begin < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def _occurrences(part: str, text: str) -> Iterator[tuple[int, int]]:
    at = text.find(part)
    while at >= 0:
        yield at, at + len(part)
        at = text.find(part, at + 1)


def _tells(part: str, size: int) -> bool:
    """Whether so many of its first characters are too many to be shown."""
    scheme = _SCHEME.match(part)
    return size >= SHORTEST and size > (len(scheme[0]) if scheme else 0)
