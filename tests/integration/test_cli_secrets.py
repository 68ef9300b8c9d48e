"""`secrets`, against a server over loopback."""

import pytest
from tests.support.served import Served
from tests.support.stack import PATH
from tests.support.terminal import Terminal

SERVICE = str(PATH)
ENVIRONMENT = f"{PATH.workspace}/{PATH.project}/{PATH.environment}"


def test_a_secret_is_set_bound_listed_revoked_unbound_and_deleted(terminal: Terminal) -> None:
    terminal.ok("link", SERVICE)
    said = [terminal.ok("secrets", "set", "DSN", typed="s3cret-dsn\n")]
    said.append(terminal.ok("secrets", "set", ENVIRONMENT, "DSN", typed="s3cret-again"))
    assert said == ["DSN has version 1 now.\n", "DSN has version 2 now.\n"]
    said.append(terminal.ok("secrets", "bind", "DSN", "--as", "URL"))
    said.append(terminal.ok("secrets", "bind", SERVICE, "DSN@1", "--file", "dsn"))
    assert said[2:] == [f"{SERVICE} finds DSN in URL.\n", f"{SERVICE} finds DSN@1 in /run/secrets/dsn.\n"]

    listed = terminal.ok("secrets")
    rows = [line.split() for line in listed.splitlines()]
    assert [row[:2] for row in rows] == [["NAME", "VERSION"], ["DSN", "2"], ["1", "just"]]
    assert "api (URL)" in listed.splitlines()[1] and "api (/run/secrets/dsn)" in listed.splitlines()[2]

    refused = terminal.shipway("secrets", "revoke", ENVIRONMENT, "DSN", "1")
    assert (refused.code, "A version is written DSN@1." in refused.err) == (2, True)
    said.append(terminal.ok("secrets", "revoke", "DSN@1", "--yes"))
    assert "1 (revoked)" in terminal.ok("secrets", "list", SERVICE)
    refused = terminal.shipway("secrets", "delete", "DSN", "--yes")
    assert refused.code == 1 and "is used by" in refused.err
    terminal.ok("secrets", "unbind", "URL")
    terminal.ok("secrets", "unbind", "dsn", "--file")
    assert terminal.ok("secrets", "delete", "DSN", "--yes") == "DSN is deleted.\n"
    assert terminal.shipway("secrets").err == "No secrets are set.\n"
    assert not any("s3cret" in each for each in (*said, listed))


def test_an_environment_gives_a_secret_to_all_its_services(terminal: Terminal) -> None:
    terminal.ok("link", SERVICE)
    terminal.ok("secrets", "set", "SHARED", typed="s3cret-dsn")
    said = terminal.ok("secrets", "bind", "SHARED", "--as", "ALL", "--environment")
    said += terminal.ok("secrets", "bind", ENVIRONMENT, "SHARED@1")
    assert said.startswith(f"All services of {ENVIRONMENT} find SHARED in ALL, but")
    assert "all services (ALL), all services (SHARED)" in terminal.ok("secrets")
    rows = [line.split() for line in terminal.ok("config").splitlines()]
    assert ["ALL", "(secret", "SHARED)", "environment"] in rows
    assert "set ALL to secret SHARED" in terminal.ok("config", "history", "ALL")
    told = terminal.shipway("secrets", "revoke", "SHARED@1", "--yes").err
    assert told.splitlines() == [
        f"{ENVIRONMENT} is set to take it, so nothing is deployed with that: set a new one.",
        f"{ENVIRONMENT} is set to take it, so nothing is deployed with that: bind another version.",
    ]
    terminal.ok("secrets", "set", "SHARED", typed="s3cret-dsn")
    refused = terminal.shipway("secrets", "delete", "SHARED", "--yes")
    assert refused.code == 1 and f"of {ENVIRONMENT}." in refused.err

    terminal.ok("secrets", "bind", "SHARED", "--as", "ALL")
    assert terminal.ok("secrets", "unbind", "ALL") == f"{SERVICE} finds SHARED in ALL, as its environment has it.\n"
    refused = terminal.shipway("secrets", "unbind", "ALL")
    assert refused.code == 1 and "--environment" in refused.err
    assert terminal.shipway("secrets", "bind", ENVIRONMENT, "SHARED", "--file", "dsn").code == 2
    said += terminal.ok("secrets", "unbind", "ALL", "--environment")
    assert said.endswith(
        f"Services of {ENVIRONMENT} no longer find a secret in ALL, but those with one of their own.\n"
    )
    terminal.ok("secrets", "unbind", ENVIRONMENT, "SHARED")
    assert terminal.ok("secrets", "delete", "SHARED", "--yes") == "SHARED is deleted.\n"


def test_a_file_is_taken_byte_by_byte_and_what_is_typed_without_its_line_end(
    terminal: Terminal, server: Served
) -> None:
    terminal.ok("link", SERVICE)
    key = terminal.directory / "key.pem"
    key.write_bytes("-----BEGIN-----\r\nkönig\r\n".encode())
    terminal.ok("secrets", "set", "KEY", "--from-file", str(key))
    terminal.ok("secrets", "set", "TYPED", typed="two words \n\n")
    terminal.ok("secrets", "bind", "KEY", "--file", "key.pem")
    terminal.ok("secrets", "bind", "TYPED")
    terminal.ok("deploy", SERVICE)
    [instance] = [each for each in server.run(server.stack.engine.instances)]
    assert server.stack.engine.secret_files(instance.name) == {"key.pem": "-----BEGIN-----\r\nkönig\r\n"}
    assert server.stack.engine.workload(instance.name).environment["TYPED"] == "two words \n"
    terminal.ok("secrets", "bind", "TYPED@latest")
    terminal.ok("deploy", SERVICE)
    assert "(not reproducible)" in terminal.ok("releases").splitlines()[1]
    told = terminal.shipway("secrets", "revoke", "KEY@1", "--yes")
    assert f"{SERVICE} still runs with it (v2)" in told.err


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (("set", "DSN=s3cret"), 2, "never typed"),
        (("set", "D-S-N"), 1, "can't name a secret"),
        (("set", "DSN", "s3cret"), 2, "never typed"),
        (("bind", "NONE"), 1, "There is no secret NONE"),
        (("bind", "DSN", "--as", "A", "--file", "b"), 2, "--as or --file"),
        (("revoke", "DSN", "--yes"), 2, "Which version?"),
        (("revoke", "DSN@9", "--yes"), 1, "no secret DSN"),
        (("revoke", "DSN@1"), 2, "Without a terminal, `--yes` does."),
        (("delete", "DSN"), 2, "Without a terminal, `--yes` does."),
        (("unbind", "NONE"), 1, "NONE"),
    ],
)
def test_what_can_t_be_is_told(terminal: Terminal, words: tuple[str, ...], code: int, named: str) -> None:
    terminal.ok("link", SERVICE)
    done = terminal.shipway("secrets", *words, typed="s3cret")
    assert done.code == code and named in done.err, done
    assert "s3cret" not in done.err


def test_a_value_that_is_no_text_is_refused_without_being_shown(terminal: Terminal) -> None:
    terminal.ok("link", SERVICE)
    key = terminal.directory / "key.bin"
    key.write_bytes(b"\xff\xfes3cret")
    done = terminal.shipway("secrets", "set", "BIN", "--from-file", str(key))
    assert done.code == 2 and "base64" in done.err and "s3cret" not in done.err


def test_the_key_is_rotated(terminal: Terminal) -> None:
    terminal.ok("link", SERVICE)
    terminal.ok("secrets", "set", "ROTATED", typed="x")
    assert "sealed with a new key" in terminal.ok("secrets", "rotate-key")
