"""Gitea and Forgejo, whose payloads are like GitHub's. https://docs.gitea.com/usage/repository/webhooks"""

from typing import Any

from shipway.domain.push import Push
from shipway.sources.hosts.host import MESSAGE, Host, commit, keys, ref, signed, touched


def read_push(told: dict[str, Any]) -> tuple[Push, ...]:
    """The one push of a `push` event. It does not say whether it was forced: its commits are what the branch gained."""
    kind, name = ref(told["ref"])
    before, after = commit(told["before"]), commit(told["after"])
    repository, listed = told["repository"], told.get("commits") or []
    # Listed newest first, and `head_commit` is there since Gitea 1.16.
    head = told.get("head_commit") or (listed[0] if listed else {})
    pusher = told.get("pusher") or {}
    push = Push(
        keys(repository.get("clone_url"), repository.get("ssh_url"), repository.get("html_url")),
        "tag" if kind == "tags" else "branch",
        name,
        before,
        after,
        (head.get("message") or "")[:MESSAGE],
        str(pusher.get("login") or pusher.get("username") or ""),
        str(repository.get("default_branch") or ""),
        touched(listed, told.get("total_commits")) if before and after else None,
    )
    return (push,)


HOST = Host(signed("X-Gitea-Signature"), ("X-Gitea-Delivery",), "X-Gitea-Event", ("push",), read_push)
