"""`git push` to Shipway itself: what a push asks for, what is refused of it, and what is told about the rest. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

#: Git's name for "no commit": a ref that is made begins there, one that is deleted ends there.
NOTHING = "0" * 40

#: What became of a push of the branch that its service deploys. `open`: not decided yet, or decided by nobody who lived on.
#: `overtaken`: the branch had been pushed again by then. `lost`: it broke off, the branch never got there.
Outcome = Literal["open", "deployed", "held", "overtaken", "refused", "lost"]


@dataclass(frozen=True, slots=True)
class RefUpdate:
    """One ref that a push moves."""

    #: In full: `refs/heads/main`.
    ref: str
    old: str
    new: str

    @property
    def deletes(self) -> bool:
        """Whether it is to be gone."""
        return self.new == NOTHING

    @property
    def name(self) -> str:
        """As people write it."""
        return self.ref.removeprefix("refs/heads/").removeprefix("refs/tags/")


@dataclass(frozen=True, slots=True)
class GitPush:
    """A push of the branch that a service deploys: written down before the branch moves, so that none is forgotten."""

    id: str
    service_id: str
    branch: str
    commit: str
    #: Who pushed.
    actor: str
    created_at: datetime
    outcome: Outcome = "open"
    #: Why it was not deployed, in a sentence.
    reason: str = ""
    deployment_id: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What is reported of a push."""

    #: `ok`, or why nothing of it was taken.
    unpack: str
    #: Why each ref was not moved; empty for those that were.
    refs: Mapping[str, str]

    def took(self, ref: str) -> bool:
        """Whether that ref was moved."""
        return self.unpack == "ok" and self.refs.get(ref) == ""

    def failing(self, ref: str, reason: str) -> "Report":
        """The same, but for one ref."""
        return Report(self.unpack, {**self.refs, ref: reason})


def refused(updates: Sequence[RefUpdate], reason: str, reasons: Mapping[str, str] | None = None) -> Report:
    """Nothing of it is taken, for `reason` or one of the ref's own."""
    return Report("ok", {each.ref: (reasons or {}).get(each.ref) or reason for each in updates})


def faults(updates: Sequence[RefUpdate], branch: str) -> dict[str, str]:
    """By ref why it is refused; nothing where all of the push may be."""
    return {each.ref: why for each in updates if (why := _fault(each, branch))}


def of_branch(updates: Sequence[RefUpdate], branch: str) -> RefUpdate | None:
    """The update of the branch that is deployed."""
    return next((each for each in updates if each.ref == f"refs/heads/{branch}" and not each.deletes), None)


def remarks(updates: Sequence[RefUpdate], report: Report, branch: str) -> Iterator[str]:
    """About what was taken and is not deployed: lines for whoever pushed."""
    for each in updates:
        if not report.took(each.ref) or each == of_branch(updates, branch):
            continue
        if each.deletes:
            yield f"-----> Deleted {each.name}"
        elif each.ref.startswith("refs/tags/"):
            yield f"-----> {each.name}: pushed, not deployed: a tag is kept for `shipway deploy --ref {each.name}`"
        else:
            yield f"-----> {each.name}: pushed, not deployed: this service deploys `{branch}`"
            yield f"       To deploy it: `git push shipway {each.name}:{branch}`"


def _fault(update: RefUpdate, branch: str) -> str:
    if not update.ref.startswith(("refs/heads/", "refs/tags/")):
        return "only branches and tags are kept here"
    if update.deletes and update.ref == f"refs/heads/{branch}":
        return "it is the branch that is deployed"
    return ""
