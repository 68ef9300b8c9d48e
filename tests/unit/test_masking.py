"""What is secret does not get into what a build says."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.builds import request_for, source

from shipway.builders.masking import MASK, Masking, masking_of, masking_of_environment
from shipway.builders.progress import LINE_LIMIT, Failed, Output, Said, Started
from shipway.builders.progress_plain import PlainProgress
from shipway.domain.registries import RegistryCredential


def test_a_secret_is_replaced_wherever_it_stands() -> None:
    assert Masking(["s3cret"])("a s3cret, and again:s3cret!") == "a •••, and again:•••!"


def test_the_longer_of_two_is_replaced_whole() -> None:
    assert Masking(["abcd", "abcdefgh"])("abcdefgh abcd") == "••• •••"


def test_a_secret_of_several_lines_is_replaced_line_by_line() -> None:
    mask = Masking(["-----BEGIN KEY-----\nMIIEvQ\n-----END KEY-----\n"])
    assert mask("    MIIEvQ") == "    •••"


def test_what_is_too_short_to_be_one_stays() -> None:
    assert Masking(["a", "", "on", "123"])("banana on 123") == "banana on 123"


def test_every_kind_of_event_is_masked() -> None:
    lines = b"#1 [1/1] RUN echo s3cret\n#1 0.1 it is s3cret\n#1 ERROR: s3cret: exit code: 1\nERROR: s3cret\n"
    events = Masking(["s3cret"]).over(PlainProgress()).feed(lines)
    assert {type(event) for event in events} >= {Started, Output, Failed, Said}
    assert "s3cret" not in repr(events)


def test_a_build_s_secrets_are_known_in_every_form_they_are_given_in(tmp_path: Path) -> None:
    request = replace(
        request_for(source(tmp_path), "FROM x\n"),
        arguments={"SITE": "not-secret"},
        secrets={"TOKEN": b"of-the-token"},
        registries=(RegistryCredential("a.example.com", "ada", "of-the-registry"),),
        proxies={"HTTP_PROXY": "http://me:of-the-proxy@proxy.example.com:3128"},
    )
    mask = masking_of(request)
    told = "not-secret of-the-token of-the-registry YWRhOm9mLXRoZS1yZWdpc3RyeQ== http://me:of-the-proxy@proxy.example.com:3128"
    assert mask(told) == "not-secret ••• ••• ••• http://•••@proxy.example.com:3128"


@pytest.mark.parametrize("at", [LINE_LIMIT // 2 - 10, 3 * LINE_LIMIT // 2 - 10])
def test_what_a_line_that_was_too_long_keeps_of_one_is_masked(at: int) -> None:
    secret = "".join(f"{number:02}-" for number in range(10))
    line = f"{'x' * at}{secret}".ljust(2 * LINE_LIMIT, "y")
    [_, output] = Masking([secret]).over(PlainProgress()).feed(f"#1 [1/1] RUN env\n#1 0.1 {line}\n".encode())
    assert isinstance(output, Output) and MASK in output.text
    assert not any(secret[begin : begin + 4] in output.text for begin in range(len(secret) - 3))


def test_of_an_address_who_uses_it_is_a_secret_by_itself(tmp_path: Path) -> None:
    request = replace(
        request_for(source(tmp_path), "FROM x\n"),
        secrets={"INDEX": b"https://ada:of-the@index@a.example.com/simple"},
        proxies={"HTTP_PROXY": "http://me:of-the@proxy@proxy.example.com:3128"},
    )
    assert (
        masking_of(request)("ada, of-the@index; me:of-the@proxy@proxy.example.com") == "ada, •••; •••@proxy.example.com"
    )


def test_of_an_environment_what_looks_secret_is_masked_and_what_names_things_is_not() -> None:
    config = {
        "DATABASE_URL": "postgres://shop:s3cret-word@db.internal:5432/shop",
        "ADMIN_PASSWORD": "/starts/like/a/path",
        "ANYTHING": "9f86d081884c7d659a2feaa0c55ad015",
        "PIN": "tulip",
        "HOST": "db.internal",
        "LOG_LEVEL": "debug",
    }
    mask = masking_of_environment(config, {"PIN"})
    for secret in (config["DATABASE_URL"], "s3cret-word", config["ADMIN_PASSWORD"], config["ANYTHING"], "tulip"):
        assert mask(f"got {secret}!") == "got •••!"
    assert mask("debug: db.internal") == "debug: db.internal"


@pytest.mark.parametrize("password", ["pa55/word", "pa55@word", "pa55?#word", "pa55:word"])
def test_a_password_that_an_address_should_have_escaped_is_masked_too(password: str) -> None:
    mask = masking_of_environment({"URL": f"postgres://shop:{password}@db.internal:5432/shop"}, ())
    assert mask(f"password {password} refused by db.internal") == "password ••• refused by db.internal"
    assert password not in mask(f"can't reach postgres://shop:{password}@db.internal:5432/shop")


def test_an_escaped_password_is_masked_as_the_app_spells_it() -> None:
    mask = masking_of_environment({"URL": "postgres://shop:pa55%40word@db/shop"}, ())
    assert mask("pa55@word or pa55%40word") == "••• or •••"
