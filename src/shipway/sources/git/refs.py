"""Finding the commit that a branch, tag or abbreviated commit stands for, in what `git ls-remote` prints. Pure."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_COMMIT = re.compile(r"[0-9a-f]{40}")
_ABBREVIATED = re.compile(r"[0-9a-f]{7,39}")


@dataclass(frozen=True, slots=True)
class Tip:
    """A commit, and the branch or tag that led to it (empty: none did)."""

    commit: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Refs:
    """A repository's refs by full name (`refs/heads/main`, `HEAD`), annotated tags peeled to their commits."""

    commits: Mapping[str, str]
    #: The branch that HEAD stands for; empty when it stands for none.
    default: str = ""

    @classmethod
    def parse(cls, listing: str) -> "Refs":
        """Read the output of `git ls-remote --symref`."""
        commits, peeled, default = {}, {}, ""
        for line in listing.splitlines():
            value, _, name = line.partition("\t")
            if value.startswith("ref: "):
                default = value.removeprefix("ref: ") if name == "HEAD" else default
            elif name.endswith("^{}"):
                peeled[name.removesuffix("^{}")] = value
            else:
                commits[name] = value
        return cls(commits | peeled, short_name(default))

    def find(self, ref: str) -> Tip | None:
        """What `ref` stands for: the default branch when empty, else a branch, a tag or a full ref, in that order."""
        if not ref:
            head = self.commits.get("HEAD")
            return Tip(head, self.default) if head else None
        for name in (f"refs/heads/{ref}", f"refs/tags/{ref}", ref):
            if name.startswith("refs/") and (commit := self.commits.get(name)):
                return Tip(commit, short_name(ref))
        return None

    def abbreviated(self, prefix: str) -> Tip | None:
        """The one tip whose commit starts with `prefix`; `None` when there is none, or several."""
        matching = {commit for commit in self.commits.values() if commit.startswith(prefix)}
        return Tip(matching.pop()) if len(matching) == 1 else None

    @property
    def names(self) -> list[str]:
        """Branches and tags as people write them."""
        return [short_name(name) for name in self.commits if name.startswith(("refs/heads/", "refs/tags/"))]


def patterns(ref: str) -> list[str]:
    """What to ask `git ls-remote` for, so that a repository with many refs need not list them all."""
    if not ref:
        return ["HEAD"]
    full = [ref] if ref.startswith("refs/") else []
    return [*full, f"refs/heads/{ref}", f"refs/tags/{ref}", f"refs/tags/{ref}^{{}}"]


def short_name(ref: str) -> str:
    """`main` for `refs/heads/main`; other refs as they are."""
    return re.sub(r"^refs/(heads|tags)/", "", ref)


def is_commit(ref: str) -> bool:
    """Whether it is a commit in full."""
    return _COMMIT.fullmatch(ref) is not None


def may_be_abbreviated(ref: str) -> bool:
    """Whether it could be the beginning of a commit."""
    return _ABBREVIATED.fullmatch(ref) is not None


def nearest(ref: str, names: Iterable[str]) -> list[str]:
    """Up to five existing names, those most like `ref` first, then the usual default branches, then any."""
    names = list(dict.fromkeys(names))
    usual = [name for name in ("main", "master", "develop") if name in names]
    return list(dict.fromkeys([*difflib.get_close_matches(ref, names, n=3, cutoff=0.5), *usual, *names]))[:5]
