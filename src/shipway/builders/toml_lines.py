"""In which line of a TOML file each key stands, which the parser does not tell."""

import re

_TABLE = re.compile(r"\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_LONG_QUOTES = re.compile(r'"""|\'\'\'')


def key_lines(text: str) -> dict[str, int]:
    """Line numbers, from 1, by dotted key: `build.target`; tables by their own name. The first of a name counts."""
    lines: dict[str, int] = {}
    table, open_quotes = "", ""
    for number, line in enumerate(text.split("\n"), 1):
        if not open_quotes and (opened := _TABLE.fullmatch(line)):
            table = _dotted(opened[1])
            lines.setdefault(table, number)
        elif not open_quotes and (key := _KEY.match(line)):
            lines.setdefault(".".join(filter(None, (table, _dotted(key[1])))), number)
        open_quotes = _still_open(open_quotes, line)
    return lines


def line_of(lines: dict[str, int], key: str) -> int:
    """The key's own line, or that of the table it is in; 1 where neither is known."""
    while key and key not in lines:
        key = key.rpartition(".")[0]
    return lines.get(key, 1)


def _dotted(key: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in key.split("."))


def _still_open(open_quotes: str, line: str) -> str:
    """The quotes of a text over several lines that has not ended with this one; empty for none."""
    for quotes in _LONG_QUOTES.findall(line):
        if not open_quotes:
            open_quotes = quotes
        elif quotes == open_quotes:
            open_quotes = ""
    return open_quotes
