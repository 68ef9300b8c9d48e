"""How a command line becomes what is executed."""

import pytest

from shipway.domain.errors import Invalid
from shipway.domain.process import argv

ENVIRONMENT = {"PORT": "8080", "WORKERS": "2", "GREETING": "hello world; rm -rf /", "OPTIONS": "-Xmx300m  -Da=b"}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("", None),
        ("   ", None),
        ("gunicorn app:app --bind 0.0.0.0:$PORT", ("gunicorn", "app:app", "--bind", "0.0.0.0:8080")),
        ("serve --port=${PORT} -w ${WORKERS}", ("serve", "--port=8080", "-w", "2")),
        ('node "my server.js"', ("node", "my server.js")),
        ("echo $UNKNOWN end", ("echo", "end")),
        ('echo "$UNKNOWN" end', ("echo", "", "end")),
        ("java $OPTIONS -jar app.jar", ("java", "-Xmx300m", "-Da=b", "-jar", "app.jar")),
        ('java "$OPTIONS" -D="x $WORKERS"', ("java", "-Xmx300m  -Da=b", "-D=x 2")),
        ("echo '$PORT'", ("echo", "$PORT")),
        ("echo $GREETING", ("echo", "hello", "world;", "rm", "-rf", "/")),
        ('echo "$GREETING"', ("echo", "hello world; rm -rf /")),
        ("python -c 'import a; a.run()'", ("python", "-c", "import a; a.run()")),
        ("$UNKNOWN", ("",)),
    ],
)
def test_a_plain_line_is_executed_directly(command: str, expected: tuple[str, ...] | None) -> None:
    assert argv(command, ENVIRONMENT) == expected


@pytest.mark.parametrize(
    "command",
    ["a && b", "a; b", "a | b", "a > file", "DEBUG=1 app", "app $(nproc)", "app `nproc`", "app ${PORT:-80}", "ls *"],
)
def test_only_shell_syntax_gets_a_shell(command: str) -> None:
    assert argv(command, ENVIRONMENT) == ("/bin/sh", "-c", command)


def test_an_open_quote_is_told() -> None:
    with pytest.raises(Invalid, match="quotation"):
        argv('echo "open', ENVIRONMENT)


@pytest.mark.parametrize(
    ("command", "shell"),
    [
        ("serve --dsn $DSN", True),
        ('serve "--dsn=${DSN}"', True),
        ("serve '$DSN' $PORT", False),
        ("serve --dsn $DSN_2", False),
    ],
)
def test_a_secret_is_filled_in_by_the_shell_inside_and_never_here(command: str, shell: bool) -> None:
    words = argv(command, ENVIRONMENT | {"DSN": "s3cret"}, {"DSN"})
    assert words is not None and "s3cret" not in str(words)
    assert (words == ("/bin/sh", "-c", command)) is shell
