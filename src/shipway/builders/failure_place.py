"""Where in a Dockerfile a failed step stands: newer BuildKits say it, of older ones only the step's text is known."""

import difflib
import re
from collections.abc import Iterator, Sequence

from shipway.builders.dockerfile import Dockerfile, parse
from shipway.domain.errors import BuildFailed

_SNIPPET_LINE = re.compile(r"\S*[Dd]ockerfile\S*:(\d+)")
_PARSE_ERROR = re.compile(r"parse error (?:on )?line (\d+): unknown instruction")
_IMAGE = re.compile(r"(?:load metadata for|resolve image config for|^FROM) (?:docker-image://)?(\S+)")
_PUBLIC = re.compile(r"^(?:docker\.io/)?(?:library/)?")
_VARIABLE = re.compile(r"\$(?:\w+|\{[^}]*\})")
#: How `generate.py` begins: its lines are none that the user has written.
_GENERATED = "# Made by Shipway"


def image_of(instruction: str) -> str:
    """The image that a step of BuildKit's own is about, as people write it; empty for other steps."""
    match = _IMAGE.search(instruction)
    return _PUBLIC.sub("", match[1]) if match else ""


def line_of(instruction: str, said: Sequence[str], dockerfile: str) -> int:
    """Line of the step in the user's own Dockerfile; 0 when that is not certain, or the file is a generated one."""
    if dockerfile.startswith(_GENERATED):
        return 0
    for line in said:
        if match := _SNIPPET_LINE.fullmatch(line):
            return int(match[1])
    parsed = _parsed(dockerfile)
    lines = set(_lines(instruction, parsed)) if parsed and instruction else set()
    return lines.pop() if len(lines) == 1 else 0


def here_document(said: Sequence[str], dockerfile: str) -> int:
    """Line of the here-document that an older BuildKit takes for instructions; 0 when it is not that."""
    parsed = _parsed(dockerfile)
    wrong = [int(match[1]) for line in said if (match := _PARSE_ERROR.search(line))]
    inside = parsed.instructions if parsed and wrong else ()
    return next((found.line for found in inside if found.heredoc and found.line < wrong[0] <= found.end), 0)


def misspelt_stage(instruction: str, dockerfile: str) -> tuple[str, str]:
    """The name that a `COPY --from=` takes for an image, and the stage it nearly names; empty when it is not that."""
    parsed, image = _parsed(dockerfile), image_of(instruction).removesuffix(":latest")
    if parsed and any(found.flags.get("from") == image for found in parsed.instructions):
        near = difflib.get_close_matches(image, [stage.name for stage in parsed.stages if stage.name], n=1)
        return (image, near[0]) if near else ("", "")
    return "", ""


def _parsed(dockerfile: str) -> Dockerfile | None:
    try:
        return parse(dockerfile)
    except BuildFailed:
        return None


def _lines(instruction: str, parsed: Dockerfile) -> Iterator[int]:
    """Lines of all that could have become that step."""
    if image := image_of(instruction):
        yield from _lines_of_image(image, parsed)
    for found in parsed.instructions:
        fetched = found.keyword == "ADD" and instruction in found.words
        if fetched or _could_become(found.text, instruction, open_end=found.heredoc):
            yield found.line


def _lines_of_image(image: str, parsed: Dockerfile) -> Iterator[int]:
    names = [(stage.base, stage.line) for stage in parsed.stages]
    names += [(found.flags.get("from", ""), found.line) for found in parsed.instructions]
    names.append((parsed.syntax, parsed.syntax_line))
    for name, line in names:
        if name and any(_could_become(_PUBLIC.sub("", name) + tag, image) for tag in ("", ":latest")):
            yield line


def _could_become(text: str, step: str, *, open_end: bool = False) -> bool:
    """Whether `text` of the file, its variables filled in, is `step`; with `open_end`, its beginning.

    BuildKit names a step by its text after it has filled in variables, and left out backslashes.
    """
    first, *parts = _VARIABLE.split(_plain(text))
    step = _plain(step)
    if not step.startswith(first):
        return False
    position = len(first)
    for part in parts:
        if (found := step.find(part, position)) < 0:
            return False
        position = found + len(part)
    return open_end or position == len(step) or bool(parts and step.endswith(parts[-1]))


def _plain(text: str) -> str:
    return " ".join(text.replace("\\", "").split())
