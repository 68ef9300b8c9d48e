"""`docs`: the annotated `shipway.toml` that comes with Shipway."""

import difflib
from importlib import resources

import rich_click as click

from shipway.builders.toml_lines import key_lines
from shipway.client.errors import ClientError

_EXAMPLE = "api"


@click.command()
@click.argument("key", required=False, metavar="[KEY]")
@click.option("--schema", is_flag=True, help="The JSON schema instead, for editors.")
def docs(key: str | None, schema: bool) -> None:
    """What a shipway.toml may say, key by key.

    All of it, or what there is about one KEY, such as health or health.path.
    """
    name = "shipway.schema.json" if schema else "shipway.toml"
    text = resources.files("shipway.reference").joinpath(name).read_text("utf-8")
    click.echo(text if schema or key is None else about(text, key), nl=False)


def about(text: str, key: str) -> str:
    """The part of the reference about a key or a table. Raises `ClientError` with the nearest one."""
    lines = text.splitlines()
    known = {_short(each): number for each, number in key_lines(text).items()}
    wanted = _short(key)
    found = sorted(number for each, number in known.items() if each == wanted or each.startswith(f"{wanted}."))
    if not found:
        near = difflib.get_close_matches(wanted, [*known, *(each.rpartition(".")[2] for each in known)], 1, 0.6)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise ClientError(f"A shipway.toml has no key {key!r}.", hint=f"{hint}`shipway docs` prints all of it.")
    return "\n".join(lines[_first(lines, found[0]) : _last(lines, found[-1], known)]) + "\n"


def _short(key: str) -> str:
    """Without the example's own name."""
    return key.removeprefix(f"services.{_EXAMPLE}.")


def _first(lines: list[str], number: int) -> int:
    """Where the comment above a line begins."""
    start = number - 1
    while start and lines[start - 1].startswith("#"):
        start -= 1
    return start


def _last(lines: list[str], number: int, known: dict[str, int]) -> int:
    """Where what comes after a line begins: its value may have several."""
    following = [each for each in known.values() if each > number]
    end = _first(lines, min(following)) if following else len(lines)
    while not lines[end - 1].strip():
        end -= 1
    return end
