"""Config files: text that a service's instances find under `/etc/config` (S5.4). Not for secrets."""

import re
from collections.abc import Collection, Iterable

from shipway.domain.errors import Invalid, LimitReached

#: Where instances find them.
ROOT = "/etc/config"
#: Bytes of one file, and of all of a service's together.
MOST_BYTES = 1024 * 1024
MOST_BYTES_TOGETHER = 8 * MOST_BYTES
MOST_FILES = 200
_MOST_CHARACTERS = 200
_PART = re.compile(r"[A-Za-z0-9_.@+-]+")


def config_path(value: str) -> str:
    """`value` as a path below `/etc/config`, which it may begin with. Raises `Invalid` with the reason."""
    path = value.removeprefix(f"{ROOT}/")
    if reason := _obstacle(path):
        raise Invalid(
            f"{value!r} can't be a config file: {reason}.", hint=f"Name it by its path below {ROOT}: app.toml"
        )
    return path


def config_content(path: str, text: str) -> bytes:
    """The bytes of a file. Raises `Invalid` for what is no text, `LimitReached` for what is too long."""
    if "\0" in text:
        raise Invalid(f"{path} holds a NUL byte.", hint="Config files are text; put binary files into the image.")
    try:
        content = text.encode()
    except UnicodeEncodeError as error:
        raise Invalid(f"{path} is not UTF-8.", hint="Config files are text; save it as UTF-8.") from error
    if len(content) > MOST_BYTES:
        raise LimitReached(
            f"{path} has {len(content)} bytes; a config file has at most {MOST_BYTES // 2**20} MiB.",
            hint="Put what is that long into the image or on a volume.",
        )
    return content


def check_together(paths: Collection[str], sizes: Iterable[int]) -> None:
    """Raises `Invalid` where one is both a file and a directory, `LimitReached` where they are too much together."""
    for path in paths:
        for parent in _parents(path):
            if parent in paths:
                raise Invalid(
                    f"{parent} would be both a file and the directory of {path}.", hint=f"Delete {parent} first."
                )
    if len(paths) > MOST_FILES:
        raise LimitReached(f"A service has at most {MOST_FILES} config files.", hint="Put more into the image.")
    if (together := sum(sizes)) > MOST_BYTES_TOGETHER:
        raise LimitReached(
            f"The config files have {together} bytes together; at most {MOST_BYTES_TOGETHER // 2**20} MiB can be had.",
            hint="Put what is that long into the image or on a volume.",
        )


def _obstacle(path: str) -> str:
    if path in ("", ROOT):
        return "it names no file"
    if path.startswith("/"):
        return f"it is outside {ROOT}"
    if "\0" in path:
        return "its name holds a NUL byte"
    if len(path) > _MOST_CHARACTERS:
        return f"its name has more than {_MOST_CHARACTERS} characters"
    return next(filter(None, map(_flaw, path.split("/"))), "")


def _flaw(part: str) -> str:
    if not part:
        return "a part of its name is empty"
    if part == "..":
        return f"`..` would lead out of {ROOT}"
    if part == "." or part.startswith(".."):
        return f"{part!r} is no name for a file; those that begin with `..` are Shipway's own links"
    return "" if _PART.fullmatch(part) else "its name has other characters than letters, digits and _ . @ + -"


def _parents(path: str) -> Iterable[str]:
    parts = path.split("/")
    return ("/".join(parts[:length]) for length in range(1, len(parts)))
