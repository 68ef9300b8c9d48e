"""What may be handed to git as a repository's address or a ref."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipway.domain.errors import SourceFailed
from shipway.sources.git.url import check_ref, check_url, is_local, origin, redacted, submodule_url

GOOD = [
    "https://git.example.com/team/app.git",
    "http://127.0.0.1:8080/app",
    "https://git.example.com:8443/@team/app.git",
    "ssh://git@git.example.com:2222/team/app.git",
    "git://git.example.com/app.git",
    "git@git.example.com:team/app.git",
    "git.example.com:team/app.git",
]
LOCAL = ["/srv/git/app.git", "/srv/my apps/app", "file:///srv/git/app.git"]
BAD = [
    "",
    " ",
    "app",
    "./app",
    "../app",
    "~/app",
    "-u/app",
    "--upload-pack=touch /tmp/x",
    "ext::sh -c 'touch /tmp/x'",
    "fd::17/x",
    "ftp://example.com/app.git",
    "ftps://example.com/app.git",
    "javascript:alert(1)//x y",
    "https://",
    "https:///app.git",
    "https://example.com/a b",
    "https://example.com/a\nb",
    "https://example.com:port/a",
    "https://[::1/app",
    "ssh://-oProxyCommand=touch/app",
    "-oProxyCommand=touch:app",
    "file://host/app",
    "host:with space",
]
SECRET = [
    "https://ada:hunter2@git.example.com/app.git",
    "https://hunter2@git.example.com/app.git",
    "http://:hunter2@git.example.com/app.git",
    "ssh://git:hunter2@git.example.com/app.git",
    "https://git.example.com/app.git?private_token=hunter2",
    "https://git.example.com/app.git?a=b&access_TOKEN=hunter2",
    "HTTPS://hunter2@git.example.com/app.git",
]


@pytest.mark.parametrize("url", GOOD + LOCAL)
def test_urls_that_git_may_be_given(url: str) -> None:
    assert check_url(url) == url


@pytest.mark.parametrize("url", BAD)
def test_urls_that_git_must_not_be_given(url: str) -> None:
    with pytest.raises(SourceFailed) as caught:
        check_url(url)
    assert caught.value.code == "bad-url"


@pytest.mark.parametrize("url", LOCAL)
def test_paths_on_this_machine_can_be_ruled_out(url: str) -> None:
    with pytest.raises(SourceFailed) as caught:
        check_url(url, local=False)
    assert caught.value.code == "bad-url"


@pytest.mark.parametrize("url", SECRET)
def test_a_url_with_a_secret_is_refused_and_the_secret_not_repeated(url: str) -> None:
    with pytest.raises(SourceFailed) as caught:
        check_url(url)
    assert caught.value.code == "credential-in-url"
    assert "hunter2" not in caught.value.message
    assert "git.example.com" in caught.value.message


@pytest.mark.parametrize(
    "url",
    ["ada:hunter2@host:app", "https://ada:hunt/er2@host/app", "ftp://ada:hunter2@host/x", "x y://a:hunter2@host/"],
)
def test_a_malformed_url_with_a_secret_does_not_show_it_either(url: str) -> None:
    with pytest.raises(SourceFailed) as caught:
        check_url(url)
    assert "er2" not in caught.value.message


@given(st.text(alphabet=":/@.-abhtps %?=", max_size=60))
def test_whatever_is_accepted_is_no_option_and_no_helper(url: str) -> None:
    try:
        check_url(url)
    except SourceFailed as failure:
        assert failure.code in ("bad-url", "credential-in-url")
    else:
        assert not url.startswith("-")
        assert "::" not in url.partition("/")[0]


def test_redaction_keeps_what_helps_and_drops_the_rest() -> None:
    assert redacted("https://ada:pw@git.example.com/app.git?token=x") == "https://***@git.example.com/app.git"
    assert redacted("https://git.example.com/app.git") == "https://git.example.com/app.git"
    assert redacted("git@git.example.com:app.git") == "git@git.example.com:app.git"


@pytest.mark.parametrize(
    "ref", ["main", "feature/login", "v1.2.3", "refs/pull/12/head", "1f0c3a9", "release-2", "über", "a@b", "x.y"]
)
def test_refs_that_git_may_be_given(ref: str) -> None:
    assert check_ref(ref) == ref


@pytest.mark.parametrize(
    "ref",
    [
        *("-x", "--upload-pack=x", "main~1", "main^", "a..b", "a b", "a\nb", "a:b", "a?", "a*", "a[b", "a\\b"),
        *("@", "HEAD@{1}", "/a", "a/", "a//b", ".a/../b", "a/.b", "a.lock", "a.lock/b", "a.", "x" * 300, ""),
    ],
)
def test_refs_that_git_must_not_be_given(ref: str) -> None:
    with pytest.raises(SourceFailed) as caught:
        check_ref(ref)
    assert caught.value.code == "unknown-ref"


@pytest.mark.parametrize(
    ("parent", "url", "absolute"),
    [
        ("https://host/team/app.git", "../lib.git", "https://host/team/lib.git"),
        ("https://host/team/app.git/", "../lib.git", "https://host/team/lib.git"),
        ("https://host/team/app.git", "../../other/lib.git", "https://host/other/lib.git"),
        ("https://host/team/app.git", "./lib.git", "https://host/team/app.git/lib.git"),
        ("git@host:team/app.git", "../lib.git", "git@host:team/lib.git"),
        ("git@host:app.git", "../lib.git", "git@host:lib.git"),
        ("/srv/app", "../lib", "/srv/lib"),
        ("https://host/app.git", "https://other/lib.git", "https://other/lib.git"),
        ("https://host/app.git", "/srv/lib", "/srv/lib"),
    ],
)
def test_a_submodules_address_is_relative_to_its_parents(parent: str, url: str, absolute: str) -> None:
    assert submodule_url(parent, url) == absolute


def test_going_up_too_far_never_reaches_a_path_on_this_machine() -> None:
    for steps in range(1, 8):
        assert not is_local(submodule_url("https://host/team/app.git", "../" * steps + "srv/lib"))


def test_a_credential_belongs_to_a_scheme_and_host() -> None:
    assert origin("https://git.example.com:8443/team/app.git") == "https://git.example.com:8443/"
    assert origin("git@git.example.com:app.git") == origin("/srv/app") == ""
