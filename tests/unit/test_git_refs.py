"""Finding what a ref stands for in what `git ls-remote` prints."""

import pytest

from shipway.sources.git.refs import Refs, Tip, is_commit, may_be_abbreviated, nearest, patterns

A, B, C, TAG = "a" * 40, "b" * 40, "abcdef0" + "c" * 33, "d" * 40

LISTING = f"""\
ref: refs/heads/main\tHEAD
{A}\tHEAD
{A}\trefs/heads/main
{B}\trefs/heads/feature/login
{B}\trefs/heads/same
{C}\trefs/pull/12/head
{TAG}\trefs/tags/v1
{A}\trefs/tags/v1^{{}}
{C}\trefs/tags/same
{B}\trefs/stranger/refs/heads/main
"""


@pytest.fixture
def refs() -> Refs:
    return Refs.parse(LISTING)


@pytest.mark.parametrize(
    ("ref", "tip"),
    [
        ("", Tip(A, "main")),
        ("main", Tip(A, "main")),
        ("feature/login", Tip(B, "feature/login")),
        ("v1", Tip(A, "v1")),
        ("same", Tip(B, "same")),
        ("refs/tags/same", Tip(C, "same")),
        ("refs/heads/main", Tip(A, "main")),
        ("refs/pull/12/head", Tip(C, "refs/pull/12/head")),
        ("HEAD", None),
        ("login", None),
        ("pull/12/head", None),
    ],
)
def test_a_ref_is_a_branch_before_a_tag_and_an_annotated_tag_its_commit(refs: Refs, ref: str, tip: Tip | None) -> None:
    assert refs.find(ref) == tip


def test_an_abbreviated_commit_is_found_when_only_one_begins_like_it(refs: Refs) -> None:
    assert refs.abbreviated("abcdef0") == Tip(C)
    assert refs.abbreviated("a") is None
    assert refs.abbreviated("fffffff") is None


def test_an_empty_repository_has_nothing() -> None:
    refs = Refs.parse("")
    assert refs.find("") is None
    assert refs.names == []


def test_a_detached_head_is_a_commit_without_a_name() -> None:
    assert Refs.parse(f"{A}\tHEAD\n").find("") == Tip(A, "")


def test_names_are_branches_and_tags_as_people_write_them(refs: Refs) -> None:
    assert refs.names == ["main", "feature/login", "same", "v1", "same"]


@pytest.mark.parametrize("ref", ["", "main", "refs/pull/12/head", "refs/heads/main"])
def test_what_is_asked_for_covers_what_is_looked_up(refs: Refs, ref: str) -> None:
    asked = set(patterns(ref))
    narrowed = Refs({name: commit for name, commit in refs.commits.items() if name in asked}, refs.default)
    assert narrowed.find(ref) == refs.find(ref)


def test_commits_are_told_from_names() -> None:
    assert is_commit(A)
    assert not is_commit(A[:39])
    assert may_be_abbreviated("abcdef0")
    assert not may_be_abbreviated("abcdef")
    assert not may_be_abbreviated("main")


def test_the_nearest_names_come_first_then_the_usual_ones() -> None:
    names = ["zeta", "main", "release-1", "release-2", "alpha", "beta"]
    assert nearest("relase-2", names) == ["release-2", "release-1", "main", "zeta", "alpha"]
    assert nearest("", ["zeta", "main"]) == ["main", "zeta"]
    assert nearest("x", []) == []
