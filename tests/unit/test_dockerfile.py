"""The Dockerfile parser: instructions, stages and line numbers, as BuildKit sees them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipway.builders.dockerfile import parse
from shipway.builders.dockerfile_grammar import KEYWORDS
from shipway.domain.errors import BuildFailed


def lines(text: str) -> list[tuple[str, int]]:
    """Keywords and their lines."""
    return [(found.keyword, found.line) for found in parse(text).instructions]


def test_stages_have_their_bases_names_and_instructions() -> None:
    dockerfile = parse("ARG V=3\nFROM python:$V AS Build\nRUN a\nfrom scratch\nCOPY --from=build /a /b\n")
    assert [(stage.base, stage.name, stage.line) for stage in dockerfile.stages] == [
        ("python:$V", "build", 2),
        ("scratch", "", 4),
    ]
    assert [found.arguments for found in dockerfile.arguments] == ["V=3"]
    copy = dockerfile.stages[1].instructions[0]
    assert (copy.flags, copy.words, copy.line) == ({"from": "build"}, ("/a", "/b"), 5)


def test_continued_lines_are_joined_and_comments_and_blanks_in_them_passed_over() -> None:
    text = "FROM scratch\nLABEL a=b \\\n  # why\n  c=d \\\n\n  e=f\nLABEL z=1\n"
    assert lines(text) == [("LABEL", 2), ("LABEL", 7)]
    assert parse(text).instructions[0].arguments.split() == ["a=b", "c=d", "e=f"]


def test_an_escaped_backslash_at_the_end_continues_nothing() -> None:
    assert lines("FROM scratch\nLABEL a=b\\\\\nLABEL c=d\n") == [("LABEL", 2), ("LABEL", 3)]


def test_spaces_after_the_backslash_still_continue() -> None:
    assert lines("FROM scratch\nLABEL a=b \\   \n c=d\nCMD x") == [("LABEL", 2), ("CMD", 4)]


def test_the_escape_directive_changes_the_continuation() -> None:
    text = "# Escape=`\nFROM scratch\nCOPY a C:\\\nLABEL a=b `\n  c=d\nCMD x"
    assert lines(text) == [("COPY", 3), ("LABEL", 4), ("CMD", 6)]


def test_a_directive_after_a_comment_is_a_comment() -> None:
    assert lines("# hello\n# escape=`\nFROM scratch\nLABEL a=b \\\n c=d\nCMD x") == [("LABEL", 4), ("CMD", 6)]


def test_the_syntax_directive_is_noted_with_its_line() -> None:
    dockerfile = parse("# escape=\\\n# syntax = docker/dockerfile:1.7\nFROM scratch")
    assert (dockerfile.syntax, dockerfile.syntax_line) == ("docker/dockerfile:1.7", 2)


@pytest.mark.parametrize("start", ["<<EOF", "<<-EOF", "<<'EOF'", '<<"EOF"', "0<<EOF"])
def test_what_is_in_a_here_document_is_no_instruction(start: str) -> None:
    assert lines(f"FROM scratch\nRUN cat {start}\nFROM nothing \\\nEOF\nCMD x") == [("RUN", 2), ("CMD", 5)]


def test_several_here_documents_follow_each_other() -> None:
    text = "FROM scratch\nCOPY <<A <<-B /dir/\nB\nA\nA\n\tB\nCMD x"
    assert lines(text) == [("COPY", 2), ("CMD", 7)]


@pytest.mark.parametrize("command", ["echo $((1<<2))", "cat <<< x", "echo 'a <<EOF b'", 'echo "<<EOF"', "a << b"])
def test_what_only_looks_like_a_here_document_is_none(command: str) -> None:
    assert lines(f"FROM scratch\nRUN {command}\nCMD x") == [("RUN", 2), ("CMD", 3)]


def test_the_exec_form_is_told_from_the_shell_form() -> None:
    forms = ['["a", "b c"]', "a b", "['a']", '["a"', "[]"]
    found = [parse(f"FROM scratch\nCMD {form}").stages[0].instructions[0].exec_form for form in forms]
    assert found == [("a", "b c"), None, None, None, ()]


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    assert lines("\ufeffFROM scratch\r\nLABEL a=b \\\r\n c=d\r\nCMD x\r\n") == [("LABEL", 2), ("CMD", 4)]


@pytest.mark.parametrize(
    ("text", "line", "what", "hint"),
    [
        ("", 1, "no instruction", "FROM"),
        ("# only a comment\n", 1, "no instruction", "FROM"),
        ("FROM scratch\n\nRUNN a", 3, "'RUNN' is no instruction", "Did you mean RUN?"),
        ("FROM scratch\nCOYP a b", 2, "'COYP' is no instruction", "Did you mean COPY?"),
        ("FROM scratch\nRUN a &&\n    b", 3, "'b' is no instruction", "\\ at the end of the line before"),
        ("LABEL a=b\nFROM scratch", 1, "LABEL comes before FROM", "Only ARG can"),
        # The engine's own builder (20.10) goes down with this one: it has to be stopped here.
        ("ARG a=1\n", 1, "there is no FROM", "base image"),
        ("FROM a b\n", 1, "FROM takes one image", "AS name"),
        ("FROM scratch\nENV\n", 2, "ENV needs something after it", "Complete"),
        ("FROM scratch\nRUN <<EOF\nabc\n", 2, "here-document has no end", "EOF"),
        ("# escape=x\nFROM scratch", 1, "can't be the escape character", "Use"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, line: int, what: str, hint: str) -> None:
    with pytest.raises(BuildFailed) as failure:
        parse(text, "docker/Dockerfile")
    assert failure.value.code == "dockerfile-error"
    assert failure.value.message.startswith(f"docker/Dockerfile:{line}: ")
    assert what in failure.value.message
    assert hint in failure.value.hint


_LINES = st.sampled_from(
    [
        *(f"{keyword} x y" for keyword in KEYWORDS),
        "FROM a AS b",
        "RUN a \\",
        "  b",
        "# c",
        "# escape=`",
        "RUN b `",
        "",
        "COPY <<EOF /x",
        "EOF",
        "\tRUN <<-X <<'Y'",
        "X",
        "Y",
        'CMD ["a"',
        "\ufeff",
        "RUN '\"",
    ]
)


@given(st.text() | st.lists(_LINES | st.text(max_size=12)).map("\n".join) | st.lists(_LINES).map("\r\n".join))
def test_any_text_is_parsed_with_true_line_numbers_or_refused(text: str) -> None:
    source = text.removeprefix("\ufeff").split("\n")
    try:
        dockerfile = parse(text)
    except BuildFailed as failure:
        line = int(failure.message.split(":")[1])
        assert failure.code == "dockerfile-error"
        assert 1 <= line <= len(source)
        return
    for stage in dockerfile.stages:
        assert source[stage.line - 1].strip().upper().startswith("FROM")
    for found in dockerfile.instructions:
        assert source[found.line - 1].strip().upper().startswith(found.keyword)
