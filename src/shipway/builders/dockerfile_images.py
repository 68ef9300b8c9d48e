"""The images a Dockerfile names: what it starts from and what it copies or mounts from."""

import re
from collections.abc import Iterator

from shipway.builders.dockerfile import Dockerfile, Instruction, parse

_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))")
_FROM_IN_MOUNT = re.compile(r"(?:^|,)from=([^,]+)")


def images_of(text: str) -> tuple[str, ...]:
    """References, each once, in their order; stages, `scratch` and names that hang on unknown arguments left out.

    Raises `BuildFailed` for a text that is no Dockerfile.
    """
    dockerfile = parse(text)
    arguments = dict(_arguments(dockerfile))
    stages: set[str] = {"scratch"}
    found: dict[str, None] = {}
    for number, stage in enumerate(dockerfile.stages):
        named = [stage.base, *(name for step in stage.instructions for name in _sources(step))]
        for name in (_filled(name, arguments) for name in named):
            if name.lower() not in stages and "$" not in name:
                found[name] = None
        stages |= {stage.name.lower(), str(number)}
    return tuple(found)


def _arguments(dockerfile: Dockerfile) -> Iterator[tuple[str, str]]:
    for argument in dockerfile.arguments:
        name, has_default, default = argument.arguments.partition("=")
        if has_default:
            yield name.strip(), default.strip().strip("\"'")


def _sources(step: Instruction) -> Iterator[str]:
    for option, value in step.options:
        if option == "from" and value:
            yield value
        elif option == "mount" and value and (match := _FROM_IN_MOUNT.search(value)):
            yield match[1]


def _filled(name: str, arguments: dict[str, str]) -> str:
    return _VARIABLE.sub(lambda match: arguments.get(match[1] or match[3], match[2] or match[0]), name)
