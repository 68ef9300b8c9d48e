"""Writing TOML: the standard library only reads it. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_WIDEST = 100


def tables(values: Mapping[tuple[str, ...], Any]) -> Iterator[str]:
    """Lines of `[table]`s, in the order of their keys, a blank one between two; a value that is a mapping is written on one."""
    by_table: dict[tuple[str, ...], dict[str, Any]] = {}
    for key, value in values.items():
        by_table.setdefault(key[:-1], {})[key[-1]] = value
    for position, table in enumerate(sorted(by_table)):
        if position:
            yield ""
        if table:
            yield f"[{'.'.join(map(key_text, table))}]"
        for name, value in by_table[table].items():
            yield f"{key_text(name)} = {value_text(value)}"


def key_text(name: str) -> str:
    """One part of a key."""
    return name if _BARE.fullmatch(name) else _quoted(name)


def value_text(value: Any) -> str:
    """A value, a text of several lines on as many."""
    match value:
        case str():
            return _text(value)
        case Mapping():
            return "{ " + ", ".join(f"{key_text(name)} = {_inline(each)}" for name, each in value.items()) + " }"
        case list() | tuple():
            return _array([value_text(each) for each in value])
        case float() if value.is_integer():
            return str(int(value))
    return str(value).lower()


def _text(value: str) -> str:
    if "\n" not in value:
        return _quoted(value)
    return '"""\n' + "\n".join(_quoted(line)[1:-1] for line in value.split("\n")) + '"""'


def _inline(value: Any) -> str:
    return _quoted(value) if isinstance(value, str) else value_text(value)


def _array(items: list[str]) -> str:
    line = f"[{', '.join(items)}]"
    return line if len(line) <= _WIDEST else "[\n" + "".join(f"  {item},\n" for item in items) + "]"


def _quoted(text: str) -> str:
    # JSON leaves one control character as it is that TOML does not allow.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
