"""GitLab. https://docs.gitlab.com/user/project/integrations/webhook_events/"""

import hmac
from typing import Any

from shipway.domain.push import Push
from shipway.sources.hosts.host import MESSAGE, Delivered, Host, commit, keys, ref, touched


def verify(delivered: Delivered, secret: str) -> bool:
    """GitLab sends the secret itself."""
    return hmac.compare_digest(secret.encode(), delivered.header("X-Gitlab-Token").encode())


def read_push(told: dict[str, Any]) -> tuple[Push, ...]:
    """The one push of a push or tag push event. At most twenty commits are listed, oldest first."""
    kind, name = ref(told["ref"])
    before, after = commit(told["before"]), commit(told["after"])
    project, listed = told["project"], told.get("commits") or []
    head: dict[str, Any] = next((each for each in listed if each.get("id") == after), {})
    push = Push(
        keys(project.get("git_http_url"), project.get("git_ssh_url"), project.get("web_url")),
        "tag" if kind == "tags" else "branch",
        name,
        before,
        after,
        (head.get("message") or "")[:MESSAGE],
        str(told.get("user_username") or told.get("user_name") or ""),
        str(project.get("default_branch") or ""),
        touched(listed, told.get("total_commits_count")) if before and after else None,
    )
    return (push,)


HOST = Host(
    verify, ("Idempotency-Key", "X-Gitlab-Event-UUID"), "X-Gitlab-Event", ("Push Hook", "Tag Push Hook"), read_push
)
