"""What a registry client asks for, and what of it is granted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipway.registry.scopes import Scope, grant


def acme_only(repository: str, action: str) -> bool:
    return repository.startswith("acme/") and action in ("pull", "push")


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("repository:acme/shop:pull,push", Scope("repository", "acme/shop", ("pull", "push"))),
        ("repository:acme/shop:pull", Scope("repository", "acme/shop", ("pull",))),
        ("repository:host:5000/acme/shop:pull", Scope("repository", "host:5000/acme/shop", ("pull",))),
        ("registry:catalog:*", Scope("registry", "catalog", ("*",))),
        ("repository:acme/shop", None),
        ("repository", None),
        ("", None),
        (":acme/shop:pull", None),
        ("repository::pull", None),
    ],
)
def test_a_scope_is_a_kind_a_name_and_actions(text: str, scope: Scope | None) -> None:
    assert Scope.parse(text) == scope


def test_what_is_allowed_is_granted() -> None:
    assert grant(["repository:acme/shop:pull,push"], acme_only) == [
        {"type": "repository", "name": "acme/shop", "actions": ["pull", "push"]}
    ]


def test_what_is_not_allowed_is_left_out_without_an_error() -> None:
    assert grant(["repository:acme/shop:pull,delete", "repository:rival/shop:pull"], acme_only) == [
        {"type": "repository", "name": "acme/shop", "actions": ["pull"]}
    ]


def test_a_push_that_mounts_layers_of_another_workspace_gets_only_its_own_repository() -> None:
    access = grant(["repository:acme/a:pull,push", "repository:acme/b:pull", "repository:rival/c:pull"], acme_only)
    assert [entry["name"] for entry in access] == ["acme/a", "acme/b"]


def test_several_scopes_may_share_one_parameter_and_one_repository_is_named_once() -> None:
    access = grant(["repository:acme/a:pull repository:acme/a:push", "repository:acme/a:pull"], acme_only)
    assert access == [{"type": "repository", "name": "acme/a", "actions": ["pull", "push"]}]


@pytest.mark.parametrize(
    "scope", ["registry:catalog:*", "repository(plugin):acme/a:pull", "repository:acme/a:*", "", "::"]
)
def test_only_known_actions_on_repositories_are_ever_granted(scope: str) -> None:
    assert grant([scope], lambda repository, action: True) == []


@given(st.lists(st.text(alphabet="repositoy:acme/,pulsh* ")))
def test_nothing_is_granted_that_is_not_allowed(scopes: list[str]) -> None:
    for entry in grant(scopes, acme_only):
        assert all(acme_only(entry["name"], action) for action in entry["actions"])
