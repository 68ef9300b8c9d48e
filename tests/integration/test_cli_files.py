"""`files`, against a server over loopback."""

import json

from tests.support.stack import PATH
from tests.support.terminal import Terminal

SERVICE = str(PATH)


def test_a_file_is_written_listed_shown_and_deleted_as_it_was_typed(terminal: Terminal) -> None:
    local = terminal.directory / "local.conf"
    local.write_bytes("ä\r\nsecond $x\n".encode())
    told = terminal.shipway("files", "set", SERVICE, "nginx/conf.d/a.conf", str(local))
    assert (told.code, told.out) == (0, "Set nginx/conf.d/a.conf.\n") and "next release has it" in told.err
    rows = [line.split() for line in terminal.ok("files", "list", SERVICE).splitlines()]
    assert [row[:3] for row in rows] == [["FILE", "SIZE", "SET"], ["nginx/conf.d/a.conf", "14", "B"]]
    shown = json.loads(terminal.ok("files", "show", SERVICE, "/etc/config/nginx/conf.d/a.conf", "--json"))
    assert shown["content"] == "ä\r\nsecond $x\n"
    terminal.ok("files", "delete", SERVICE, "nginx/conf.d/a.conf")
    assert json.loads(terminal.ok("files", "list", SERVICE, "--json")) == []
    history = json.loads(terminal.ok("files", "history", SERVICE, "nginx/conf.d/a.conf", "--json"))
    assert [each["change"] for each in history][:2] == ["unset", "set"]


def test_a_linked_directory_needs_no_path_and_a_file_can_be_typed(terminal: Terminal) -> None:
    terminal.ok("link", SERVICE)
    terminal.ok("files", "set", "typed.toml", typed="a = 1\r\n")
    assert terminal.ok("files", "show", "typed.toml") == "a = 1\r\n"
    terminal.ok("files", "delete", "typed.toml")


def test_what_can_t_be_a_config_file_is_refused_with_the_reason(terminal: Terminal) -> None:
    local = terminal.directory / "binary"
    local.write_bytes(b"\xff\xfe")
    for words, code, reason in (
        (("app", str(local)), 1, "not UTF-8 at byte 0"),
        (("/etc/passwd", "/dev/null"), 1, "outside /etc/config"),
        (("../app", "/dev/null"), 1, "lead out of"),
        (("app", "/nowhere"), 2, "can't be read"),
    ):
        done = terminal.shipway("files", "set", SERVICE, *words)
        assert done.code == code and reason in done.err


def test_help_says_that_files_are_not_for_secrets(terminal: Terminal) -> None:
    for words in (("files", "--help"), ("files", "set", "--help")):
        assert "Not for secrets" in terminal.ok(*words)
