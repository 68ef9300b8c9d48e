"""Whether the images and stages that a Dockerfile refers to can be what is meant."""

import difflib
import re
from collections.abc import Iterator

from shipway.builders.dockerfile import Dockerfile, Stage, wrong
from shipway.builders.dockerfile_instruction import Instruction
from shipway.domain.artifacts import Finding

#: Set by BuildKit itself: `TARGETARCH`, `BUILDPLATFORM`, …
_GIVEN = ("TARGET", "BUILD")


def check_references(dockerfile: Dockerfile) -> Iterator[Finding]:
    """A warning for a stage whose name seems misspelt.

    Raises `BuildFailed` (`dockerfile-error`) for what can't be: a stage that does not come before, an upper-case image.
    """
    for number, stage in enumerate(dockerfile.stages):
        _check_base(dockerfile, stage)
        for found in stage.instructions:
            if source := found.flags.get("from", ""):
                yield from _check_source(dockerfile, number, found, source)


def _check_base(dockerfile: Dockerfile, stage: Stage) -> None:
    if undeclared := _undeclared(dockerfile, stage.base):
        hint = f"Write ARG {undeclared}=value before the first FROM."
        what = f"{undeclared} has no value here: no ARG before the first FROM declares it."
        raise wrong(dockerfile.path, stage.line, f"FROM {stage.base}", what, hint)
    names = [other.name for other in dockerfile.stages if other.name and other.line < stage.line]
    repository = re.sub(r":[^/]*$", "", stage.base.partition("@")[0])
    path = repository.partition("/")[2] if re.match(r"[^/]*[.:][^/]*/", repository) else repository
    if stage.base.lower() not in names and "$" not in path and path != path.lower():
        hint = f"Write FROM {stage.base.replace(path, path.lower())}."
        raise wrong(dockerfile.path, stage.line, f"FROM {stage.base}", "an image's name has no capital letters.", hint)


def _undeclared(dockerfile: Dockerfile, base: str) -> str:
    """The variable that a base is all of, and nobody declares: an empty name, whatever the build is given."""
    match = re.fullmatch(r"\$(?:(\w+)|\{(\w+)\})", base)
    declared = {word.partition("=")[0] for found in dockerfile.arguments for word in found.words}
    name = (match[1] or match[2]) if match else ""
    return "" if name in declared or name.startswith(_GIVEN) else name


def _check_source(dockerfile: Dockerfile, number: int, found: Instruction, source: str) -> Iterator[Finding]:
    own = dockerfile.stages[number].name
    before = [stage.name for stage in dockerfile.stages[:number] if stage.name]
    if (source.isdecimal() and int(source) >= number) or (own and source.lower() == own):
        named = f"; those before are {', '.join(before)}" if before else ""
        what = f"--from={source} names no stage that comes before this one{named}."
        raise wrong(
            dockerfile.path, found.line, found.text, what, "Name an earlier stage (FROM … AS name), or an image."
        )
    could_be_a_stage = not (re.search(r"[:/.$]", source) or source.isdecimal() or source.lower() in before)
    near = difflib.get_close_matches(source.lower(), before, n=1, cutoff=0.7) if could_be_a_stage else []
    if near:
        text = f"No stage is named {source}, so an image of that name is fetched. Did you mean --from={near[0]}?"
        yield Finding(text, dockerfile.at(found.line))
