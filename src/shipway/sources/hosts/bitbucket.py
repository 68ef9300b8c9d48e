"""Bitbucket Cloud. https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/#Push"""

from typing import Any

from shipway.domain.push import Push
from shipway.sources.hosts.host import MESSAGE, Host, commit, keys, signed

_TAGS = ("tag", "annotated_tag")


def read_pushes(told: dict[str, Any]) -> tuple[Push, ...]:
    """One push per branch or tag that changed. No paths are told."""
    repository = keys(told["repository"]["links"]["html"]["href"])
    by = str((told.get("actor") or {}).get("nickname") or "")
    return tuple(_push(repository, by, change) for change in told["push"]["changes"])


def _push(repository: tuple[str, ...], by: str, change: dict[str, Any]) -> Push:
    old, new = change.get("old") or {}, change.get("new") or {}
    named, head = new or old, new.get("target") or {}
    return Push(
        repository,
        "tag" if named["type"] in _TAGS else "branch",
        named["name"][:250],
        commit((old.get("target") or {}).get("hash")),
        commit(head.get("hash")),
        (head.get("message") or "")[:MESSAGE],
        by,
    )


HOST = Host(signed("X-Hub-Signature", "sha256="), ("X-Request-UUID",), "X-Event-Key", ("repo:push",), read_pushes)
