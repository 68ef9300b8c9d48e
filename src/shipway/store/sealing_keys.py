"""The file of keys: one, or while a rotation is under way two. Replaced whole, never written into."""

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from shipway.domain.errors import Unavailable

#: Name of the file in the home directory.
KEY_FILE = "sealing.key"
_KEY_BYTES = 32
_NUMBERS = 255


@dataclass(frozen=True, slots=True)
class Keys:
    """All keys that something may be sealed with, by number; the last one is what is sealed with from now on."""

    by_number: dict[int, bytes] = field(repr=False)

    @property
    def newest(self) -> int:
        """Number of the last one."""
        return next(reversed(self.by_number))

    def with_new(self) -> "Keys":
        """The same and a new one."""
        return Keys(self.by_number | {self.newest % _NUMBERS + 1: secrets.token_bytes(_KEY_BYTES)})

    def only_newest(self) -> "Keys":
        """Without all others."""
        return Keys({self.newest: self.by_number[self.newest]})


def load(path: Path) -> Keys:
    """From a file that exists: one bare key, which is number 1, or each with its number before it. Raises `Unavailable`."""
    content = path.read_bytes()
    if len(content) == _KEY_BYTES:
        return Keys({1: content})
    size = _KEY_BYTES + 1
    keys = {content[at]: content[at + 1 : at + size] for at in range(0, len(content), size)}
    if len(content) not in (size, 2 * size) or len(keys) * size != len(content) or 0 in keys:
        raise Unavailable(f"{path} is damaged: a key has {_KEY_BYTES} bytes.", hint="Put it back from a backup.")
    return Keys(keys)


def make(path: Path) -> None:
    """A first key. Whole or not at all, and never over another one: whoever comes second uses the first one's."""
    draft = _draft(path, secrets.token_bytes(_KEY_BYTES))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    _sync(path.parent)


def save(path: Path, keys: Keys) -> None:
    """Replace the file: on return it is on the disk, and after a crash meanwhile it is the old one or the new one. Raises
    `Unavailable` when it can't be written."""
    try:
        _draft(path, b"".join(bytes([number]) + key for number, key in keys.by_number.items())).replace(path)
        _sync(path.parent)
    except OSError as error:
        raise Unavailable(
            f"{path} can't be written: {error.strerror}.", hint="Check the space and the permissions of the disk."
        ) from error


def _draft(path: Path, content: bytes) -> Path:
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return unfinished


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
