"""Every command line that the documents show is one that there is, with options that it has."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from shipway.cli.lazy import DefaultGroup
from shipway.cli.main import cli

ROOT = Path(__file__).parents[2]
#: Decisions are of their time: what they reject may be in them.
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs" / "reference").glob("*.md")), ROOT / "docs" / "glossary.md"]
#: Code in a line, what follows a prompt, and lines of a block.
_LINES = re.compile(r"`(shipway [^`\n]+)`|^(?:\$ )?(shipway [a-z][^\n]*)$", re.MULTILINE)
#: Where a command ends: at a comment, or where its output goes.
_END = re.compile(r"\s+#|\s+[|>&]|<")
_ALWAYS = {"--help", "-h", "--version"}


def command_lines(text: str) -> Iterator[list[str]]:
    """As words, without the marks for what may be left out."""
    for found in _LINES.finditer(text):
        line = _END.split(found[1] or found[2])[0]
        yield shlex.split(re.sub(r"[\[\]…]", " ", line))


def resolved(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that they call for, and what it is given."""
    command: click.Command = cli
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        if isinstance(command, DefaultGroup) and words[0] not in command.commands:
            break
        _, found, words = command.resolve_command(click.Context(command), words)
        assert found is not None
        command = found
    return command, words


def mistakes(text: str) -> list[str]:
    """What is not so, of all command lines in a text."""
    found = []
    for words in command_lines(text):
        try:
            command, given = resolved(words[1:])
        except click.ClickException as error:
            found.append(f"{shlex.join(words)}: {error.message}")
            continue
        known = _ALWAYS | {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
        own = given[: given.index("--")] if "--" in given else given
        options = [word.partition("=")[0] for word in own if re.match(r"--[a-z]", word)]
        found += [f"{shlex.join(words)}: no {option}" for option in options if option not in known]
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_of_a_document_is_there_with_its_options(document: Path) -> None:
    assert mistakes(document.read_text("utf-8")) == []


def test_one_that_is_not_there_is_found() -> None:
    text = "`shipway nonsense` and `shipway prune [PATH] --keep 2 --hard`\n$ shipway services nope acme\nshipway apply -y > x"

    assert [each.rpartition(": ")[2] for each in mistakes(text)] == [
        "No such command 'nonsense'.",
        "no --hard",
        "No such command 'nope'.",
    ]
