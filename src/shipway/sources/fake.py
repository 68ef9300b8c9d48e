"""Sources in memory, for tests of those who use them."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from shipway.domain.artifacts import Checkout
from shipway.domain.errors import Invalid, SourceFailed
from shipway.domain.log import Log
from shipway.domain.source import GitSource, ImageSource, PushSource, Revision, Source, UploadSource
from shipway.sources.git.refs import may_be_abbreviated, nearest
from shipway.sources.git.url import check_ref, check_url
from shipway.sources.tree import ensure_tree, service_root

#: Called round each verb, `(verb, "before" | "after")`; raise from it to stand in for a crash there.
Intercept = Callable[[str, Literal["before", "after"]], Awaitable[None]]


@dataclass(slots=True)
class _Repository:
    #: Commits by branch or tag; the first is the default branch.
    refs: dict[str, str] = field(default_factory=dict)
    subjects: dict[str, str] = field(default_factory=dict)


class FakeSources:
    """Implements `Sources`. Give it repositories and uploads with `add` and `add_upload`."""

    def __init__(self) -> None:
        self.intercept: Intercept | None = None
        self._repositories: dict[str, _Repository] = {}
        #: Contents by revision.
        self._trees: dict[str, Mapping[str, str]] = {}

    def add(self, location: str, ref: str, files: Mapping[str, str], subject: str = "A change") -> str:
        """Point the branch `ref` of the repository `location` to a commit with these files; return the commit."""
        repository = self._repositories.setdefault(location, _Repository())
        history = [location, repository.refs.get(ref, ""), sorted(files.items()), subject]
        commit = hashlib.sha1(json.dumps(history).encode(), usedforsecurity=False).hexdigest()
        repository.refs[ref] = commit
        repository.subjects[commit] = subject
        self._trees[commit] = dict(files)
        return commit

    def add_upload(self, files: Mapping[str, str]) -> str:
        """An uploaded archive with these files; return its digest."""
        digest = hashlib.sha256(json.dumps(sorted(files.items())).encode()).hexdigest()
        self._trees[digest] = dict(files)
        return digest

    def push(self, repository: str, branch: str, files: Mapping[str, str], subject: str = "A change") -> str:
        """Push a commit with these files to a service, by its id; return the commit."""
        return self.add(_pushed(repository), branch, files, subject)

    async def forget(self, service_id: str) -> None:
        """As the port says."""
        await self._intercepted("forget", "before")
        self._repositories.pop(_pushed(service_id), None)
        await self._intercepted("forget", "after")

    async def resolve(self, source: Source, revision: Revision, log: Log) -> Checkout:
        """As the port says."""
        await self._intercepted("resolve", "before")
        match source:
            case GitSource():
                checkout = self._resolve_git(source, revision)
            case UploadSource():
                checkout = self._resolve_upload(source, revision)
            case PushSource():
                checkout = self._resolve_pushed(source, revision)
            case ImageSource():
                raise Invalid(f"The image {source.reference} has no source to check out.", hint="Deploy it as it is.")
        log(f"Found {checkout.short}")
        await self._intercepted("resolve", "after")
        return checkout

    async def ensure(self, checkout: Checkout, directory: Path, log: Log) -> Path:
        """As the port says."""
        await self._intercepted("ensure", "before")

        async def fill(empty: Path) -> None:
            log(f"Writing {checkout.short}")
            for name, content in self._tree(checkout).items():
                (empty / name).parent.mkdir(parents=True, exist_ok=True)
                (empty / name).write_text(content)

        await ensure_tree(checkout, directory, fill)
        root = service_root(checkout, directory)
        await self._intercepted("ensure", "after")
        return root

    def _resolve_git(self, source: GitSource, revision: Revision) -> Checkout:
        url = check_url(source.url)
        if url not in self._repositories:
            raise SourceFailed(f"{url} can't be fetched.", code="repository-unreachable", hint="Check the URL.")
        repository = self._repositories[url]
        ref = revision.ref or source.ref or next(iter(repository.refs), "")
        if commit := repository.refs.get(ref):
            return Checkout("git", url, commit, ref, repository.subjects[commit], source.subdirectory)
        matching = [commit for commit in repository.subjects if _may_be_commit(ref) and commit.startswith(ref)]
        if len(matching) == 1:
            return Checkout("git", url, matching[0], "", repository.subjects[matching[0]], source.subdirectory)
        existing = ", ".join(nearest(check_ref(ref), repository.refs))
        raise SourceFailed(
            f"{url} has no branch, tag or commit {ref!r}.", code="unknown-ref", hint=f"There are: {existing}."
        )

    def _resolve_pushed(self, source: PushSource, revision: Revision) -> Checkout:
        where = _pushed(source.repository)
        tip = self._repositories.get(where, _Repository()).refs.get(source.branch, "")
        if not tip and not revision.ref:
            raise SourceFailed(
                f"Nothing was pushed to {source.branch}.", code="nothing-pushed", hint="git push shipway main"
            )
        found = self._resolve_git(GitSource(where, source.branch, source.subdirectory), revision)
        ref = found.ref or (source.branch if found.revision == tip else "")
        return replace(found, kind="push", location=source.repository, ref=ref)

    def _resolve_upload(self, source: UploadSource, revision: Revision) -> Checkout:
        if revision.upload not in self._trees:
            raise SourceFailed("There is no such upload.", code="unknown-upload", hint="Send it again.")
        return Checkout("upload", "", revision.upload, subdirectory=source.subdirectory)

    def _tree(self, checkout: Checkout) -> Mapping[str, str]:
        if checkout.revision not in self._trees:
            code = "unknown-upload" if checkout.kind == "upload" else "unknown-ref"
            raise SourceFailed(f"There is no {checkout.short}.", code=code, hint="Add it.")
        return self._trees[checkout.revision]

    async def _intercepted(self, verb: str, when: Literal["before", "after"]) -> None:
        if self.intercept:
            await self.intercept(verb, when)


def _may_be_commit(ref: str) -> bool:
    """Whether it is a commit, in full or abbreviated."""
    return len(ref) == 40 or may_be_abbreviated(ref)


def _pushed(repository: str) -> str:
    return f"/pushed/{repository}"
