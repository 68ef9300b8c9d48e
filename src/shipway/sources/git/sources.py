"""Git repositories as a source: from a branch, tag or commit to a tree on this machine (S3.1)."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from shipway.domain.artifacts import Checkout
from shipway.domain.credential import Credential
from shipway.domain.errors import SourceFailed, Unavailable
from shipway.domain.log import Log
from shipway.domain.source import GitSource, Revision
from shipway.sources.git.cache import Cache, cache_key
from shipway.sources.git.command import GitFailed, authorization
from shipway.sources.git.failures import last_lines
from shipway.sources.git.refs import Tip, is_commit, may_be_abbreviated, nearest
from shipway.sources.git.repository import Repository, Submodule, lfs_installed
from shipway.sources.git.url import check_ref, check_url, is_local, origin, submodule_url
from shipway.sources.tree import drop_links_leading_out

#: What to authenticate with at a repository's URL; `None` for a public one.
CredentialFor = Callable[[str], Awaitable[Credential | None]]

#: Submodules inside submodules are followed this deep.
_DEEPEST = 5

T = TypeVar("T")


class GitSources:
    """Resolves and places commits, through a cache in `home/git-cache`."""

    def __init__(
        self, home: Path, credential_for: CredentialFor, *, local: bool, local_submodules: bool = True
    ) -> None:
        """`local`: whether repositories may be given by their path on this machine, and whether their submodules may."""
        self._cache = Cache(home / "git-cache")
        self._credential_for = credential_for
        self._local = local
        self._local_submodules = local and local_submodules

    async def resolve(self, source: GitSource, revision: Revision, log: Log) -> Checkout:
        """Find the commit, and bring it into the cache so that `place` needs no network."""
        url = check_url(source.url, local=self._local)
        ref = revision.ref or source.ref

        async def look(repository: Repository) -> Checkout:
            tip = await _find(repository, ref)
            commit = await _brought(repository, tip.commit, log)
            subject = await repository.subject(commit)
            return Checkout("git", url, commit, tip.name, subject, source.subdirectory)

        return await self._use(url, look)

    async def place(self, url: str, commit: str, directory: Path, log: Log, depth: int = 0) -> None:
        """Write the commit's tree, with its submodules', to the empty `directory`."""
        check_url(url, local=self._local)

        async def put(repository: Repository) -> list[Submodule]:
            pinned = await _brought(repository, commit, log)
            wants_lfs = await repository.uses_lfs(pinned)
            if wants_lfs and not lfs_installed():
                log("Git LFS is not installed here, so its files stay pointers. Install it: apt-get install git-lfs.")
            await repository.place(pinned, directory, lfs=wants_lfs and lfs_installed())
            return await repository.submodules(pinned)

        submodules = await self._use(url, put)
        await drop_links_leading_out(directory, log)
        for submodule in submodules:
            await self._place_submodule(url, submodule, directory, log, depth + 1)

    async def _place_submodule(self, parent: str, submodule: Submodule, root: Path, log: Log, depth: int) -> None:
        if depth > _DEEPEST:
            raise SourceFailed(f"Submodules of {parent} are nested more than {_DEEPEST} deep.", hint="Nest them less.")
        if is_local(parent) and not self._local_submodules and submodule.url.startswith(("./", "../")):
            raise SourceFailed(
                f"The submodule {submodule.path} is at {submodule.url}, which leads nowhere from what was pushed.",
                code="bad-url",
                hint="Give it a whole URL in .gitmodules, such as https://git.example.com/team/lib.git.",
            )
        url = check_url(submodule_url(parent, submodule.url), local=self._local_submodules and is_local(parent))
        directory = root / submodule.path
        directory.mkdir(exist_ok=True)
        log(f"Submodule {submodule.path}")
        await self.place(url, submodule.commit, directory, log, depth)

    async def _use(self, url: str, work: Callable[[Repository], Awaitable[T]]) -> T:
        """Do `work` on the repository, and once more on a fresh cache when the cache is what fails."""
        credential = await self._credential_for(url)
        key = cache_key(url, credential)
        settings = (authorization(origin(url), credential),) if credential and origin(url) else ()
        async with self._cache.lock(key):
            try:
                return await work(Repository(url, await self._cache.open(key), settings))
            except GitFailed:
                await self._cache.drop(key)
            try:
                return await work(Repository(url, await self._cache.open(key), settings))
            except GitFailed as error:
                raise Unavailable(
                    f"git failed on this machine: {' '.join(last_lines(error.complaint))}",
                    hint=f"Check that {self._cache.directory} can be written to and its disk is not full.",
                ) from error


async def _find(repository: Repository, ref: str) -> Tip:
    """What `ref` stands for; raises `SourceFailed` (`unknown-ref`) with the nearest names that exist."""
    if is_commit(ref):
        return Tip(ref)
    if tip := (await repository.refs(check_ref(ref) if ref else "")).find(ref):
        return tip
    every = await repository.all_refs()
    if may_be_abbreviated(ref) and (tip := every.abbreviated(ref) or await _find_in_history(repository, ref)):
        return tip
    raise _unknown(repository.url, ref, every.names)


async def _find_in_history(repository: Repository, abbreviated: str) -> Tip | None:
    await repository.fetch_all()
    commit = await repository.commit(abbreviated)
    return Tip(commit) if commit else None


async def _brought(repository: Repository, commit: str, log: Log) -> str:
    """The commit (peeled, when it is a tag's id) in the cache, fetched when it isn't there."""
    if found := await repository.commit(commit):
        return found
    log(f"Fetching {commit[:12]} from {repository.url}")
    if found := await repository.fetch(commit):
        return found
    raise SourceFailed(
        f"{repository.url} has no commit {commit[:12]}.",
        code="unknown-ref",
        hint="Push it, or deploy a branch; a force push may have removed it.",
    )


def _unknown(url: str, ref: str, names: list[str]) -> SourceFailed:
    if not names:
        return SourceFailed(f"{url} is empty.", code="unknown-ref", hint="Push a first commit.")
    existing = ", ".join(nearest(ref, names))
    missing = f"has no branch, tag or commit {ref!r}" if ref else "has no default branch"
    return SourceFailed(f"{url} {missing}.", code="unknown-ref", hint=f"There are, among others: {existing}.")
