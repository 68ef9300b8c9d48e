"""`<home>/settings.toml`: set some values, leave every other line as it is."""

import json
import re
from collections.abc import Mapping
from pathlib import Path


def write(path: Path, values: Mapping[str, str | int]) -> bool:
    """Make the file say so; returns whether that changed anything."""
    before = path.read_text() if path.exists() else ""
    after = edited(before, values)
    if after == before:
        return False
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(after)
    temporary.replace(path)
    return True


def edited(text: str, values: Mapping[str, str | int]) -> str:
    """The text with these values set: in their lines where there are such, else at the end."""
    for name, value in values.items():
        # A JSON string or number is a TOML one.
        text = _set(text, name, f"{name} = {json.dumps(value)}")
    return text


def _set(text: str, name: str, line: str) -> str:
    replaced, found = re.subn(rf"(?m)^\s*{name}\s*=.*$", lambda _: line, text)
    return replaced if found else f"{text.rstrip()}\n{line}\n".lstrip()
