"""What people type, and what they read."""

from datetime import UTC, datetime, timedelta

import click
import pytest
import rich_click

from shipway.cli import failures, output, quantities, session, settings_file
from shipway.cli.main import COMMANDS, cli
from shipway.client.errors import ClientError, unreachable
from shipway.domain.errors import AnalysisFailed, Unavailable

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512m", 512 * 1024**2),
        ("1g", 1024**3),
        ("1.5GiB", 3 * 512 * 1024**2),
        ("64 MB", 64 * 1024**2),
        ("1048576", 1024**2),
    ],
)
def test_memory_is_read_as_people_write_it(text: str, size: int) -> None:
    assert quantities.MemoryType().convert(text, None, None) == size


@pytest.mark.parametrize("text", ["", "lots", "-1m", "1x", "1,5g"])
def test_memory_that_is_none_is_a_usage_error(text: str) -> None:
    with pytest.raises(click.UsageError):
        quantities.MemoryType().convert(text, None, None)


@pytest.mark.parametrize(
    ("size", "text"), [(512 * 1024**2, "512m"), (1024**3, "1g"), (3 * 512 * 1024**2, "1.5g"), (1000, "1000")]
)
def test_memory_is_written_short(size: int, text: str) -> None:
    assert quantities.memory(size) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (999_499, "999 kB"), (999_500, "1 MB"), (12_345_678, "12.3 MB"), (10**12, "1 TB")],
)
def test_sizes_of_disks_are_told_in_three_digits(size: int, text: str) -> None:
    assert quantities.decimal(size) == text


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("1.5h", 5400), ("2d", 172_800), ("30 m", 1800)]
)
def test_times_are_read_as_people_write_them(text: str, seconds: float) -> None:
    assert quantities.DurationType().convert(text, None, None) == seconds
    with pytest.raises(click.UsageError):
        quantities.DurationType().convert(f"{text}x", None, None)


def test_counts_are_read_by_process_type() -> None:
    assert quantities.counts(["web=3", "worker=0"]) == {"web": 3, "worker": 0}


@pytest.mark.parametrize("words", [[], ["web"], ["web="], ["web=two"], ["=2"], ["web=-1"], ["web=²"]])
def test_counts_that_are_none_are_a_usage_error(words: list[str]) -> None:
    with pytest.raises(click.UsageError):
        quantities.counts(words)


def test_a_path_is_told_from_the_words_after_it() -> None:
    assert session.split_path(["a/b/c/d", "web=3"]) == ("a/b/c/d", ["web=3"])
    assert session.split_path(["URL=https://a/b/c/d"]) == (None, ["URL=https://a/b/c/d"])
    assert session.split_path([]) == (None, [])


def test_settings_are_set_in_their_lines_and_the_rest_of_the_file_stays() -> None:
    text = '# mine\nlisten_port = 1\nbase_domain = "x" # stays\n'

    after = settings_file.edited(text, {"listen_port": 8000, "installation": 'a"b'})

    assert after == '# mine\nlisten_port = 8000\nbase_domain = "x" # stays\ninstallation = "a\\"b"\n'
    assert settings_file.edited(after, {"listen_port": 8000}) == after
    assert settings_file.edited("", {"listen_port": 1}) == "listen_port = 1\n"


@pytest.mark.parametrize(
    ("seconds", "text"), [(1, "just now"), (59, "59 s ago"), (60, "1 min ago"), (7200, "2 h ago"), (200_000, "2 d ago")]
)
def test_moments_are_told_by_how_long_ago_they_were(seconds: int, text: str) -> None:
    assert output.ago((NOW - timedelta(seconds=seconds)).isoformat(), NOW) == text


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ClientError("No.", status=404), 1),
        (ClientError("No.", status=503), 75),
        (unreachable("http://x", "refused"), 75),
        (AnalysisFailed("Nothing."), 1),
        (Unavailable("Gone."), 75),
        (click.UsageError("What?"), 2),
        (FileNotFoundError(2, "No such file", "x.env"), 1),
        (ZeroDivisionError("oops"), 1),
    ],
)
def test_failures_are_told_in_lines_and_by_exit_code(
    error: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failures.tell(error) == code
    told = capsys.readouterr()
    assert told.err.startswith("error: ")
    assert "Traceback" not in told.err
    assert told.out == ""


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interrupted_command_ends_quietly(error: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    assert failures.tell(error) == 130
    assert capsys.readouterr().err == ""


def test_evidence_stands_between_what_and_what_next(capsys: pytest.CaptureFixture[str]) -> None:
    failures.tell(ClientError("It failed.", hint="Mend it.", evidence=["line 1", "line 2"]))

    assert capsys.readouterr().err == "error: It failed.\n       line 1\n       line 2\nhint: Mend it.\n"


@pytest.mark.parametrize("name", [name for panel in COMMANDS.values() for name in panel])
def test_the_list_of_commands_says_what_each_says_of_itself(name: str) -> None:
    assert isinstance(cli, rich_click.RichGroup)
    context = click.Context(cli)
    listed = cli.get_command(context, name)
    _, loaded, _ = cli.resolve_command(context, [name])

    assert listed is not None
    assert loaded is not None
    assert loaded.name == name
    assert listed.help == (loaded.help or "").split("\n\n")[0].replace("\n", " ")
