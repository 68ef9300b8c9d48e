"""What is secret does not get into what a build says."""

from dataclasses import replace
from pathlib import Path

from tests.support.builds import request_for, source

from shipway.builders.masking import Masking, masking_of
from shipway.builders.progress import Failed, Output, Said, Started
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
