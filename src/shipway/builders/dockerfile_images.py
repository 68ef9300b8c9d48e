"""The images a Dockerfile names: what it starts from and what it copies or mounts from."""

import re
from collections.abc import Iterator, Mapping, Sequence

from shipway.builders.base_recipes import OWN
from shipway.builders.dockerfile import Dockerfile, Instruction, parse
from shipway.domain.build import BaseImage

_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))")
_FROM_IN_MOUNT = re.compile(r"(?:^|,)from=([^,]+)")
#: No more than can name an image: what is found is asked for at the engine, as a part of a URL.
_REFERENCE = re.compile(r"\w[\w.-]*(?::\d+)?(?:/\w[\w.-]*)*(?::[\w.-]+)?(?:@\w+:[0-9a-fA-F]+)?", re.ASCII)


def images_of(text: str, given: Mapping[str, str]) -> tuple[str, ...]:
    """References, each once, in their order; stages, `scratch`, names that hang on unknown arguments and what is none left
    out. `given` are the build's arguments.

    Raises `BuildFailed` for a text that is no Dockerfile.
    """
    dockerfile = parse(text)
    arguments = _arguments(dockerfile, given)
    stages: set[str] = {"scratch"}
    found: dict[str, None] = {}
    for number, stage in enumerate(dockerfile.stages):
        named = [stage.base, *(name for step in stage.instructions for name in _sources(step))]
        for name in (_filled(name, arguments) for name in named):
            if name.lower() not in stages and _REFERENCE.fullmatch(name):
                found[name] = None
        stages |= {stage.name.lower(), str(number)}
    return tuple(found)


def pinned(text: str, bases: Sequence[BaseImage]) -> str:
    """The Dockerfile with each image that it names by the digest it had, so that it stands on the same one for ever.

    A name made from arguments stays as it is; so does that of an image which is in no registry, such as our own bases.
    """
    for base in bases:
        if base.digest and "@" not in base.reference and not base.reference.startswith(OWN):
            named = rf"(?im)^(\s*(?:FROM\s+(?:--\S+\s+)*|COPY\s+.*--from=)){re.escape(base.reference)}(?=\s|$)"
            text = re.sub(named, rf"\g<0>@{base.digest}", text)
    return text


def _arguments(dockerfile: Dockerfile, given: Mapping[str, str]) -> dict[str, str]:
    """Values of what is declared before the first FROM, each filled in with those before it."""
    values: dict[str, str] = {}
    for word in (word for argument in dockerfile.arguments for word in argument.words):
        name, has_default, default = word.partition("=")
        if name in given or has_default:
            values[name] = given.get(name, _filled(default.strip("\"'"), values))
    return values


def _sources(step: Instruction) -> Iterator[str]:
    for option, value in step.options:
        if option == "from" and value:
            yield value
        elif option == "mount" and value and (match := _FROM_IN_MOUNT.search(value)):
            yield match[1]


def _filled(name: str, arguments: dict[str, str]) -> str:
    return _VARIABLE.sub(lambda match: arguments.get(match[1] or match[3], match[2] or match[0]), name)
