"""One instruction of a Dockerfile."""

import json
import re
from dataclasses import dataclass

_OPTION = re.compile(r"""--((?:"(?:\\.|[^"\\])*(?:"|$)|'[^']*(?:'|$)|\\.|[^\s"'\\])+)(?:\s+|$)""")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction, continued lines joined."""

    keyword: str
    #: What follows the keyword and its flags.
    arguments: str
    #: Line it starts in, from 1.
    line: int
    #: Its flags in their order; a flag without a value has `None`.
    options: tuple[tuple[str, str | None], ...] = ()
    #: Whether its arguments go on in here-documents.
    heredoc: bool = False
    #: Last line that belongs to it.
    end: int = 0
    #: All of it as written, but in one line and without its here-documents.
    text: str = ""
    #: What takes the meaning from the character after it, by the file's `# escape=`.
    escape: str = "\\"

    @property
    def flags(self) -> dict[str, str]:
        """Values of its flags by name."""
        return {name: value or "" for name, value in self.options}

    @property
    def exec_form(self) -> tuple[str, ...] | None:
        """The argument list, when it is written as JSON; `None` for the shell form."""
        try:
            # BuildKit, too, passes over what follows the list.
            value, _ = json.JSONDecoder().raw_decode(self.arguments) if self.arguments.startswith("[") else (None, 0)
        except (ValueError, RecursionError):
            return None
        return tuple(value) if isinstance(value, list) and all(isinstance(word, str) for word in value) else None

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments one by one, in either form."""
        form = self.exec_form
        return form if form is not None else tuple(self.arguments.split())


def split_options(rest: str) -> tuple[tuple[tuple[str, str | None], ...], str]:
    """The flags at the beginning of an instruction's arguments, and what follows them."""
    options: list[tuple[str, str | None]] = []
    while match := _OPTION.match(rest):
        name, has_value, value = match[1].partition("=")
        options.append((name, value if has_value else None))
        rest = rest[match.end() :]
    # `--` alone ends the flags.
    return tuple(options), re.sub(r"^--(?:\s+|$)", "", rest)
