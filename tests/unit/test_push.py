"""What code hosts tell of pushes, and which of several is the newest."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.code_hosts import ZERO, APush, delivered, sha

from shipway.domain.errors import Invalid
from shipway.domain.push import CODE_HOSTS, CodeHost, Push, Told, newest, repository_key
from shipway.sources.hosts import HOSTS, Delivered
from shipway.sources.hosts.host import identity, read_pushes, shown

EVERY_HOST = pytest.mark.parametrize("kind", CODE_HOSTS)


def read(kind: CodeHost, push: APush, **options: str) -> Push:
    (found,) = read_pushes(HOSTS[kind], delivered(kind, push, **options))
    return found


class TestReading:
    @EVERY_HOST
    def test_every_host_tells_the_same_of_a_push(self, kind: CodeHost) -> None:
        push = read(kind, APush(message="Fix it"))
        assert (push.kind, push.name, push.before, push.after) == ("branch", "main", sha("before"), sha("after"))
        assert (push.message, push.by) == ("Fix it", "octocat")
        assert "git.example.com/shop" in push.repositories
        assert push.files == (None if kind == "bitbucket" else ("app.py",))

    @EVERY_HOST
    def test_a_branch_that_is_new_or_gone_has_no_commit_at_that_end(self, kind: CodeHost) -> None:
        assert read(kind, APush(before=ZERO)).before == ""
        gone = read(kind, APush(after=ZERO))
        assert (gone.name, gone.after, gone.message) == ("main", "", "")

    @EVERY_HOST
    def test_a_tag_is_none_of_the_branches(self, kind: CodeHost) -> None:
        event = "Tag Push Hook" if kind == "gitlab" else ""
        push = read(kind, APush(before=ZERO, ref="refs/tags/v1"), event=event)
        assert (push.kind, push.name) == ("tag", "v1")

    @EVERY_HOST
    def test_what_is_about_something_else_tells_of_no_push(self, kind: CodeHost) -> None:
        assert read_pushes(HOSTS[kind], delivered(kind, APush(), event="ping")) == ()

    def test_paths_are_known_only_where_all_of_them_are_listed(self) -> None:
        for kind in ("gitea", "gitlab"):
            assert read(kind, APush(unlisted=1)).files is None
        assert read("github", APush(forced=True)).files is None
        assert read("github", APush(before=ZERO)).files is None
        assert read("gitlab", APush(files=())).files is None
        assert read("gitlab", APush(files=[f"{number}.py" for number in range(3_001)])).files is None

    @EVERY_HOST
    @pytest.mark.parametrize(
        "body", [b"", b"payload=%7B%7D", b"[]", b"{}", b'{"ref": 1}', b'{"ref": "main", "before": "x", "after": "y"}']
    )
    def test_what_is_not_as_documented_is_refused_with_a_hint(self, kind: CodeHost, body: bytes) -> None:
        with pytest.raises(Invalid) as caught:
            read_pushes(HOSTS[kind], replace(delivered(kind, APush()), body=body))
        assert caught.value.hint

    @EVERY_HOST
    def test_a_commit_is_none_unless_it_is_written_as_one(self, kind: CodeHost) -> None:
        with pytest.raises(Invalid):
            read(kind, APush(after="--upload-pack=x".ljust(40, "x")))


class TestSigning:
    @EVERY_HOST
    def test_only_who_knows_the_secret_is_believed(self, kind: CodeHost) -> None:
        told = delivered(kind, APush(), "right")
        assert HOSTS[kind].verify(told, "right")
        assert not HOSTS[kind].verify(told, "wrong")
        assert not HOSTS[kind].verify(Delivered({}, told.body), "right")
        assert not HOSTS[kind].verify(Delivered({name: "ü" for name in told.headers}, told.body), "right")

    @pytest.mark.parametrize("kind", [kind for kind in CODE_HOSTS if kind != "gitlab"])
    def test_what_was_changed_on_its_way_is_not_believed(self, kind: CodeHost) -> None:
        told = delivered(kind, APush(), "right")
        assert not HOSTS[kind].verify(replace(told, body=told.body + b" "), "right")

    @EVERY_HOST
    def test_what_is_sent_again_is_known_again(self, kind: CodeHost) -> None:
        assert identity(HOSTS[kind], delivered(kind, APush(), identity="d1")) == "d1"
        bare = [Delivered({}, body) for body in (b"1", b"1", b"2")]
        first, same, other = (identity(HOSTS[kind], each) for each in bare)
        assert first == same != other


@pytest.mark.parametrize(
    ("message", "marker"),
    [
        ("Fix [skip deploy]", "[skip deploy]"),
        ("Fix\n\n[Skip CI]", "[Skip CI]"),
        ("[ci skip] Fix", "[ci skip]"),
        ("skip ci", ""),
        ("[skip]", ""),
        ("", ""),
    ],
)
def test_a_commit_can_ask_not_to_be_deployed(message: str, marker: str) -> None:
    assert read("github", APush(message=message)).skips == marker


@pytest.mark.parametrize(
    "url",
    [
        "https://git.example.com/acme/shop",
        "https://git.example.com/acme/shop.git",
        "https://git.example.com:8443/acme/shop.git/",
        "https://octocat@git.example.com/acme/shop",
        "HTTPS://Git.Example.com/Acme/Shop.git",
        "ssh://git@git.example.com:2222/acme/shop.git",
        "git@git.example.com:acme/shop.git",
        "git.example.com:/acme/shop",
    ],
)
def test_all_urls_of_a_repository_are_one(url: str) -> None:
    assert repository_key(url) == "git.example.com/acme/shop"


def test_other_repositories_are_others() -> None:
    urls = ["https://a.example/b/c", "https://a.example/b/d", "https://b.example/b/c", "/srv/c", "file:///srv/d"]
    assert len({repository_key(url) for url in urls}) == len(urls)


def told(*pushes: tuple[str, str]) -> list[Told]:
    return [Told(number, before, after) for number, (before, after) in enumerate(pushes)]


class TestNewest:
    @given(st.permutations(range(8)))
    def test_in_whatever_order_a_branch_s_pushes_are_told_its_tip_is_found(self, order: Sequence[int]) -> None:
        assert newest(told(*((f"c{at}", f"c{at + 1}") for at in order))).after == "c8"

    def test_while_one_between_is_missing_the_one_told_last_counts(self) -> None:
        assert newest(told(("c2", "c3"), ("c0", "c1"))).after == "c1"
        assert newest(told(("c2", "c3"), ("c0", "c1"), ("c1", "c2"))).after == "c3"

    def test_a_forced_push_overtakes_what_it_replaced(self) -> None:
        assert newest(told(("c2", "x"), ("c0", "c1"), ("c1", "c2"))).after == "x"

    def test_where_forced_pushes_lead_in_a_circle_the_one_told_last_counts(self) -> None:
        assert newest(told(("c0", "c1"), ("c1", "c2"), ("c2", "c1"))).number == 2
        assert newest(told(("c0", "c1"), ("c1", "c2"), ("c2", "c1"), ("c1", "c3"))).after == "c3"

    def test_a_branch_that_was_deleted_and_made_again_begins_anew(self) -> None:
        assert newest(told(("", "c1"), ("c1", "c2"), ("", "x"))).after == "x"
        assert newest(told(("", "x"), ("", ""))).number == 1


def test_what_somebody_else_wrote_ends_no_line_and_fills_none() -> None:
    assert shown("octo\x1b[31mcat\n") == "octo[31mcat"
    assert len(shown("x" * 1000)) == 80
