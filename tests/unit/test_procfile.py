"""The Procfile: what it names, and what someone with a mistake in it is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipway.builders.procfile import parse
from shipway.domain.errors import AnalysisFailed


def test_each_line_is_a_process_in_the_files_order() -> None:
    procfile = parse("web: gunicorn app:app\n# a comment\n\nworker-2:celery -A app worker\nbeat :  celery beat  \n")
    assert [(process.name, process.command) for process in procfile.processes] == [
        ("web", "gunicorn app:app"),
        ("worker-2", "celery -A app worker"),
        ("beat", "celery beat"),
    ]
    assert procfile.lines == (("web", 1), ("worker-2", 4), ("beat", 5))


def test_release_is_the_release_command_and_no_process() -> None:
    procfile = parse("release: python manage.py migrate\nweb: node server.js")
    assert procfile.release_command == "python manage.py migrate"
    assert [process.name for process in procfile.processes] == ["web"]


def test_a_command_may_hold_colons_and_shell_syntax() -> None:
    assert parse("web: FOO=a:b exec run --url http://x | tee log").processes[0].command == (
        "FOO=a:b exec run --url http://x | tee log"
    )


def test_an_empty_file_names_nothing() -> None:
    assert parse("\n# nothing\n").processes == ()


@pytest.mark.parametrize(
    ("text", "line", "what", "hint"),
    [
        ("web: a\nworker", 2, "no `name: command`", "web: gunicorn"),
        ("web:", 1, "no command after the name", "Write a name"),
        ("# x\n\nWeb: a", 3, "can't name a process type", "Write web: for Web:"),
        ("my worker: a", 1, "no `name: command`", "Write a name"),
        ("web: a\nother: b\nweb: c", 3, "already named in line 1", "its own name"),
        ("web: echo 'open", 1, "can't be read", "quotes"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, line: int, what: str, hint: str) -> None:
    with pytest.raises(AnalysisFailed) as failure:
        parse(text)
    assert failure.value.code == "procfile-error"
    assert failure.value.message.startswith(f"Procfile:{line}: ")
    assert what in failure.value.message
    assert hint in failure.value.hint
    assert failure.value.evidence[0].startswith(f"{line}: ")


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        procfile = parse(text)
    except AnalysisFailed as failure:
        assert failure.code == "procfile-error"
    else:
        assert all(process.command for process in procfile.processes)
