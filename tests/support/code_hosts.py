"""Code hosts that tell of pushes: payloads of the shape that each documents, signed as each signs."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from shipway.domain.push import CodeHost
from shipway.sources.hosts import Delivered

ZERO = "0" * 40
_numbers = count(1)


def sha(text: object) -> str:
    """A commit, always the same for the same text."""
    return hashlib.sha1(str(text).encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class APush:
    """What happened in a repository."""

    before: str = sha("before")
    after: str = sha("after")
    ref: str = "refs/heads/main"
    message: str = "Change it"
    files: Sequence[str] = ("app.py",)
    forced: bool = False
    #: How many commits there were beyond the one that is listed.
    unlisted: int = 0
    host: str = "git.example.com"
    repository: str = "shop"
    default_branch: str = "main"
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """By https."""
        return f"https://{self.host}/{self.repository}"

    @property
    def commits(self) -> list[dict[str, Any]]:
        """As GitHub, Gitea and GitLab list them."""
        if self.after == ZERO:
            return []
        return [{"id": self.after, "message": self.message, "added": [], "modified": list(self.files), "removed": []}]


def github(push: APush) -> dict[str, Any]:
    """A `push` event."""
    return {
        "ref": push.ref,
        "before": push.before,
        "after": push.after,
        "created": push.before == ZERO,
        "deleted": push.after == ZERO,
        "forced": push.forced,
        "commits": push.commits,
        "head_commit": push.commits[0] if push.commits else None,
        "pusher": {"name": "octocat", "email": "octocat@example.com"},
        "repository": {
            "full_name": push.repository,
            "clone_url": f"{push.url}.git",
            "ssh_url": f"git@{push.host}:{push.repository}.git",
            "html_url": push.url,
            "default_branch": push.default_branch,
            "pushed_at": 1_789_000_000,
        },
    } | push.more


def gitea(push: APush) -> dict[str, Any]:
    """A `push` event of Gitea and Forgejo."""
    told = github(push)
    gone = {"forced", "created", "deleted"}
    login = {"pusher": {"login": "octocat"}, "total_commits": len(push.commits) + push.unlisted}
    return {name: value for name, value in told.items() if name not in gone} | login


def gitlab(push: APush) -> dict[str, Any]:
    """A push or tag push event."""
    return {
        "object_kind": "tag_push" if push.ref.startswith("refs/tags/") else "push",
        "before": push.before,
        "after": push.after,
        "ref": push.ref,
        "checkout_sha": None if push.after == ZERO else push.after,
        "user_username": "octocat",
        "project": {
            "git_http_url": f"{push.url}.git",
            "git_ssh_url": f"git@{push.host}:{push.repository}.git",
            "web_url": push.url,
            "default_branch": push.default_branch,
        },
        "commits": push.commits,
        "total_commits_count": len(push.commits) + push.unlisted,
    } | push.more


def bitbucket(push: APush) -> dict[str, Any]:
    """A `repo:push` event."""
    kind, name = ("tag" if "/tags/" in push.ref else "branch"), push.ref.split("/", 2)[2]

    def end(commit: str) -> Any:
        target = {"type": "commit", "hash": commit, "message": push.message}
        return None if commit == ZERO else {"type": kind, "name": name, "target": target}

    return {
        "actor": {"nickname": "octocat"},
        "repository": {"full_name": push.repository, "links": {"html": {"href": push.url}}},
        "push": {"changes": [{"old": end(push.before), "new": end(push.after), "forced": push.forced}]},
    } | push.more


PAYLOADS = {"github": github, "gitea": gitea, "gitlab": gitlab, "bitbucket": bitbucket}


def headers(kind: CodeHost, body: bytes, secret: str, *, identity: str = "", event: str = "") -> dict[str, str]:
    """What comes with it."""
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    identity = identity or f"delivery-{next(_numbers)}"
    return {
        "github": {
            "X-GitHub-Event": event or "push",
            "X-GitHub-Delivery": identity,
            "X-Hub-Signature-256": f"sha256={signature}",
        },
        "gitea": {"X-Gitea-Event": event or "push", "X-Gitea-Delivery": identity, "X-Gitea-Signature": signature},
        "gitlab": {
            "X-Gitlab-Event": event or "Push Hook",
            "Idempotency-Key": identity,
            "X-Gitlab-Token": secret,
        },
        "bitbucket": {
            "X-Event-Key": event or "repo:push",
            "X-Request-UUID": identity,
            "X-Hub-Signature": f"sha256={signature}",
        },
    }[kind]


def delivered(kind: CodeHost, push: APush, secret: str = "s", **options: str) -> Delivered:
    """The request that tells of it."""
    body = json.dumps(PAYLOADS[kind](push)).encode()
    given = headers(kind, body, secret, **options)
    return Delivered({name.lower(): value for name, value in given.items()}, body)
