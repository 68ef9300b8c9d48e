"""Our Dockerfile parser against the engine's BuildKit: odd files, generated, on which both have to agree."""

import asyncio
import os
import random
import re
import tempfile
import time
from pathlib import Path

import pytest

from shipway.builders.docker_api import endpoint
from shipway.builders.dockerfile import parse
from shipway.builders.front_end import clean_environment, find_front_end
from shipway.domain.errors import BuildFailed

pytestmark = pytest.mark.heavy

#: How many files are compared at most, and for how many seconds; one takes the engine 0.1 s when idle, and builds nothing.
FILES = 250
SECONDS = 45.0
#: A stage no file has: BuildKit has read the whole file when it misses it, and has not begun to build.
NO_STAGE = "no-such-stage-anywhere"
_LINE = re.compile(r"parse error (?:on )?line (\d+)")

_KEYWORDS = (
    *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD"),
    *("RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR", "run", "Copy", "RUNN", "FROM"),
)
_ARGUMENTS = (
    *(
        "",
        "a",
        "a b",
        "a b c",
        "a=b",
        "a=b c=d",
        "a=b c",
        "=b",
        'a="b c"',
        "a='b c",
        'a="b',
        "a=b\\ c",
        "a b=c",
        "=",
        "''",
    ),
    *(
        '["a"]',
        '["a", "b"]',
        '["a", 1]',
        "['a']",
        "[]",
        '["a"] b',
        '["a"',
        "[ ]",
        '[" "]',
        '["a",]',
        "[[]]",
        "[null]",
        "[a]",
    ),
    *(
        "CMD a",
        "CMD",
        "NONE",
        "NONE a",
        'CMD ["a"]',
        "cmd a",
        "x AS y",
        "x as 1y",
        "x AS",
        "x AS y z",
        "x AS y-1.z_",
        "x AS Y",
    ),
    *("ONBUILD RUN a", "RUN a", "FROM a", "ENV a", "ENV a=b", "from a", "MAINTAINER a", "COPY a", "CMD [1]", "FOO a"),
    *(
        "--a",
        "--a=b c",
        "-- a",
        "--",
        "--from=a b c",
        "--chown=a b c",
        "--chown b c",
        "--from=a --from=b c d",
        "---a b",
    ),
    *("--interval=3s CMD a", "--interval=x CMD a", "--retries=x CMD a", "--retries=3 CMD a", "--timeout=1m30s NONE"),
    *(
        "--platform=linux/amd64 x",
        "80",
        "80/tcp",
        "80 81",
        "$A",
        "${A:-b}",
        "# a",
        "a # b",
        "\ta\tb",
    ),
)
_ENDS = ("", "", "", "", " ", " \\", "\\", "\\\\", "\\ ", "\r", " \\\r", "\\\\\\")
_WHOLE = (
    *(
        "",
        " ",
        "# comment",
        "  # comment",
        "#",
        "\\",
        " \\",
        "\t",
        "  a b",
        "b",
        "EOF",
        "FROM x",
        "FROM x AS y",
        "ARG a=b",
    ),
    *("# escape=`", "#escape=\\", "RUN a \\", "COPY a \\", "ENV a=b \\", "\\#", "&& b", "\x0c", "\x0bRUN a"),
)


def odd_file(chance: random.Random) -> str:
    """A Dockerfile that somebody might write on a bad day."""
    lines = []
    for _ in range(chance.randint(1, 5)):
        if chance.random() < 0.3:
            lines.append(chance.choice(_WHOLE))
        else:
            keyword, arguments, end = map(chance.choice, (_KEYWORDS, _ARGUMENTS, _ENDS))
            # How an escape ends a flag, or a base's name is quoted, differs between BuildKits.
            if not (arguments.startswith("--") and end.strip()) and not (
                keyword == "FROM" and re.search(r'["$]', arguments)
            ):
                lines.append(f"{keyword} {arguments}{end}")
    opening = chance.choice(("FROM x", "FROM x", "FROM x", "ARG a=b\nFROM x:$a", "# escape=`\nFROM x", "\ufeffFROM x"))
    return "\n".join([opening, *lines]) + chance.choice(("", "\n"))


def our_verdict(text: str) -> int:
    """The line that we find wrong; 0 for none."""
    try:
        parse(text)
    except BuildFailed as failure:
        return int(failure.message.split(":")[1])
    return 0


async def their_verdict(command: tuple[str, ...], environment: dict[str, str], directory: Path) -> int | None:
    """The line that BuildKit finds wrong: 0 for none, `None` when it does not say which."""
    process = await asyncio.create_subprocess_exec(
        *(*command, "--progress=plain", "--target", NO_STAGE, str(directory)),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output = (await process.communicate())[0].decode()
    assert process.returncode
    if NO_STAGE in output:
        return 0
    assert "failed to solve" in output, output
    return int(found[1]) if (found := _LINE.search(output)) else None


async def test_odd_files_are_wrong_for_us_where_they_are_wrong_for_buildkit(tmp_path: Path) -> None:
    # The same files each time; others are looked for by setting it.
    seed = int(os.environ.get("SHIPWAY_TEST_SEED", "448339"))
    chance = random.Random(seed)
    environment = clean_environment(tmp_path, await endpoint(""))
    command = (await find_front_end(environment)).command
    different, compared, until = [], 0, time.monotonic() + SECONDS
    while compared < FILES and time.monotonic() < until:
        compared += 1
        text = odd_file(chance)
        ours = our_verdict(text)
        # A file without a stage takes an engine of 20.10 down: what we don't let through stays away from it, unless
        # it does have one, and begins with it.
        if ours and not _has_stage(text):
            continue
        with tempfile.TemporaryDirectory(dir=tmp_path) as directory:
            (Path(directory) / "Dockerfile").write_text(text)
            theirs = await their_verdict(command, environment, Path(directory))
        if bool(ours) != (theirs != 0) or (theirs and ours != theirs):
            different.append((text, ours, theirs))
    assert compared > 20
    assert not different, f"seed {seed}: {len(different)} of {compared}; text, our line, theirs: {different[:5]}"


def _has_stage(text: str) -> bool:
    """Whether the first instruction, or the second after an ARG, is a whole FROM."""
    return re.match(r"(?:\ufeff|# escape=`\n|ARG a=b\n)?FROM x(?:\n|:\$a\n)", text) is not None
