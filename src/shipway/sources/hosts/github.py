"""GitHub. https://docs.github.com/en/webhooks/webhook-events-and-payloads#push"""

from typing import Any

from shipway.domain.push import Push
from shipway.sources.hosts.host import MESSAGE, Host, commit, keys, ref, signed, touched

#: A push has at most so many commits in its payload; one with as many may have had more.
_MOST_COMMITS = 2_048


def read_push(told: dict[str, Any]) -> tuple[Push, ...]:
    """The one push of a `push` event."""
    kind, name = ref(told["ref"])
    before, after = commit(told["before"]), commit(told["after"])
    repository, listed = told["repository"], told.get("commits") or []
    # Of a forced push, and of a branch's first, the commits listed are not what differs from what was deployed.
    plain = before and after and not told.get("forced") and len(listed) < _MOST_COMMITS
    push = Push(
        keys(repository.get("clone_url"), repository.get("ssh_url"), repository.get("html_url")),
        "tag" if kind == "tags" else "branch",
        name,
        before,
        after,
        ((told.get("head_commit") or {}).get("message") or "")[:MESSAGE],
        str((told.get("pusher") or {}).get("name") or ""),
        str(repository.get("default_branch") or ""),
        touched(listed, None) if plain else None,
    )
    return (push,)


HOST = Host(signed("X-Hub-Signature-256", "sha256="), ("X-GitHub-Delivery",), "X-GitHub-Event", ("push",), read_push)
