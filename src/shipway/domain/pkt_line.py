"""The packets that git speaks in, and what a push says in them: `pkt-line`, side bands, `report-status`. Pure.

See gitprotocol-common(5) and gitprotocol-pack(5).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from shipway.domain.errors import Invalid
from shipway.domain.git_push import RefUpdate, Report

FLUSH = b"0000"
#: Says nothing; sent so that nobody in between takes a long wait for the end.
KEEP_ALIVE = b"0005\x01"
#: Bytes of the list of refs that one push moves: some thousands of them.
MOST_HEAD = 1024 * 1024

_MOST_DATA = 65_000
_DATA, _WORDS = b"\x01", b"\x02"


@dataclass(frozen=True, slots=True)
class PushHead:
    """What stands before the pack: which refs are to move, and what the client understands."""

    updates: tuple[RefUpdate, ...]
    capabilities: frozenset[str]
    #: All of it as it came.
    data: bytes = b""

    @property
    def has_bands(self) -> bool:
        """Whether text can be told beside the report."""
        return "side-band-64k" in self.capabilities

    @property
    def wants_report(self) -> bool:
        """Whether the client hears what became of each ref."""
        return not self.capabilities.isdisjoint({"report-status", "report-status-v2"})


def packet(data: bytes) -> bytes:
    """One packet."""
    return b"%04x" % (len(data) + 4) + data


def packets(data: bytes) -> Iterator[bytes]:
    """What is in the packets of `data`; an empty one stands for a flush. Raises `Invalid`."""
    at = 0
    while at < len(data):
        size = _size(data, at)
        if at + size > len(data):
            raise _malformed()
        yield data[at + 4 : at + size]
        at += max(size, 4)


def head_ends(data: bytes) -> int | None:
    """Where the first flush ends; `None` while it has not come. Raises `Invalid`."""
    at = 0
    while at + 4 <= len(data):
        size = _size(data, at)
        if size == 0:
            return at + 4
        at += size
    return None


def push_head(data: bytes) -> PushHead:
    """Read what `head_ends` found the end of. Raises `Invalid`."""
    updates, capabilities = [], b""
    for line in packets(data):
        if not line or line.startswith(b"shallow "):
            continue
        command, _, told = line.partition(b"\0")
        capabilities = capabilities or told
        updates.append(_update(command))
    return PushHead(tuple(updates), frozenset(capabilities.decode(errors="replace").split()), data)


def words(text: str) -> bytes:
    """Text for the terminal of whoever pushed, as packets of the second band."""
    data = text.encode()
    return b"".join(packet(_WORDS + data[at : at + _MOST_DATA]) for at in range(0, len(data), _MOST_DATA))


def bands(data: bytes) -> tuple[bytes, bytes]:
    """What an answer with side bands has in the first and in the second. Raises `Invalid`."""
    every = list(packets(data))
    return tuple(b"".join(each[1:] for each in every if each[:1] == band) for band in (_DATA, _WORDS))  # type: ignore[return-value]


def report(data: bytes) -> Report | None:
    """Read a report; `None` where there is none. Raises `Invalid`."""
    unpack, refs = "", {}
    for line in packets(data):
        word, _, rest = line.decode(errors="surrogateescape").rstrip("\n").partition(" ")
        ref, _, reason = rest.partition(" ")
        if word == "unpack":
            unpack = rest
        elif word in ("ok", "ng"):
            refs[ref] = reason or "refused" if word == "ng" else ""
    return Report(unpack, refs) if unpack else None


def reported(told: Report, head: PushHead) -> bytes:
    """A report as the client that sent `head` takes it, and the end of the answer."""
    lines = [f"unpack {told.unpack}", *(f"ng {ref} {why}" if why else f"ok {ref}" for ref, why in told.refs.items())]
    data = b"".join(packet(f"{line}\n".encode(errors="surrogateescape")) for line in lines) + FLUSH
    if not head.wants_report:
        return FLUSH if head.has_bands else b""
    if not head.has_bands:
        return data
    parts = (data[at : at + _MOST_DATA] for at in range(0, len(data), _MOST_DATA))
    return b"".join(packet(_DATA + part) for part in parts) + FLUSH


def refusal(message: str) -> bytes:
    """What a client that asked for the refs is told instead of them."""
    return packet(f"ERR {message}".encode())


def _size(data: bytes, at: int) -> int:
    try:
        size = int(data[at : at + 4], 16)
    except ValueError as error:
        raise _malformed() from error
    if size in (1, 2, 3):
        raise _malformed()
    return size


def _update(command: bytes) -> RefUpdate:
    parts = command.rstrip(b"\n").decode(errors="surrogateescape").split(" ", 2)
    if len(parts) != 3 or any(len(each) != 40 or not set(each) <= set("0123456789abcdef") for each in parts[:2]):
        raise _malformed()
    return RefUpdate(parts[2], parts[0], parts[1])


def _malformed() -> Invalid:
    return Invalid("This is not what git sends when it pushes.", hint="Push with git: `git push shipway main`.")
