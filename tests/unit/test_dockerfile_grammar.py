"""What single instructions take: the messages; that they are right is for BuildKit to say (`test_dockerfile_parser.py`)."""

import pytest

from shipway.builders.dockerfile import parse
from shipway.domain.errors import BuildFailed


@pytest.mark.parametrize(
    ("line", "what", "hint"),
    [
        ("ENV A", "ENV needs a name and a value", "ENV name=value"),
        ("ENV A=1 B", "'B' is no name=value", "double quotes"),
        ("ENV =1", "a value without a name", "ENV name=value"),
        ("COPY a", "needs a source and a destination", "COPY source destination"),
        ("COPY --form=build a b", "COPY has no flag --form", "Did you mean --from?"),
        ("COPY --from=a --from=b c d", "--from is there twice", "Keep one"),
        ("COPY --chown a b", "--chown needs a value", "--chown=value"),
        ("CMD --port 80", "CMD has no flag --port", "Flags of CMD: none"),
        ('CMD ["a", 1]', "can hold nothing but strings", "double quotes"),
        ("SHELL /bin/bash", "SHELL takes a JSON list", '["/bin/bash", "-c"]'),
        ('VOLUME [""]', "VOLUME needs a path", "VOLUME /data"),
        ("HEALTHCHECK curl x", "neither CMD nor NONE", "HEALTHCHECK CMD"),
        ("HEALTHCHECK --interval=30 CMD a", "--interval=30 is no duration", "30s"),
        ("HEALTHCHECK CMD", "no command", "CMD"),
        ("ONBUILD FROM x", "ONBUILD FROM is not allowed", "Remove"),
        ("FROM x AS 1st", "'1st' can't name a stage", "letter"),
        ("FROM ''", "FROM has no image", "FROM image"),
        ("\\", "nothing before the end of the line", "Remove"),
    ],
)
def test_a_mistake_in_one_instruction_is_told_with_what_to_write(line: str, what: str, hint: str) -> None:
    with pytest.raises(BuildFailed) as failure:
        parse(f"FROM x\n\n{line}\n")
    assert failure.value.message.startswith("Dockerfile:3: ") and what in failure.value.message
    assert hint in failure.value.hint


@pytest.mark.parametrize(
    "line",
    [
        "RUN",
        "ENV A 1 2",
        'ENV A="b c" D=e\\ f',
        "COPY --link --chmod=755 --parents --exclude=*.md --exclude=*.txt a b /c/",
        "RUN --mount=type=cache,target=/a --mount=type=secret,id=b --network=none make",
        "ADD --checksum=sha256:ab --keep-git-dir=true https://example.com/x /x",
        "HEALTHCHECK --interval=1m30s --start-interval=1s --retries=3 CMD curl x",
        "HEALTHCHECK NONE",
        'CMD ["a"] trailing',
        "ARG A B=c",
        "COPY -- --odd /x",
    ],
)
def test_what_some_buildkit_takes_is_no_mistake(line: str) -> None:
    assert parse(f"FROM x\n{line}\n").stages[0].instructions[0].line == 2


@pytest.mark.parametrize(("escape", "line"), [("`", "ENV A=b\\ c"), ("\\", "ENV A=b` c"), ("`", 'ENV A="b\\" c')])
def test_only_the_files_own_escape_character_keeps_blanks_inside_of_a_word(escape: str, line: str) -> None:
    with pytest.raises(BuildFailed) as caught:
        parse(f"# escape={escape}\nFROM x\n{line}")
    assert "'c' is no name=value" in caught.value.message
    other = {"`": "\\", "\\": "`"}[escape]
    parse(f"# escape={other}\nFROM x\n{line}" + '"' * line.count('"'))
