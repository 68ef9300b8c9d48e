"""One repository: what git is asked about it, and fetching a commit and its tree into the cache and out of it."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from shipway.domain.errors import SourceFailed
from shipway.sources.git.command import FETCHING, LISTING, LOCAL, GitFailed, environment, git
from shipway.sources.git.failures import explain, last_lines, refuses_commit, unreachable
from shipway.sources.git.refs import Refs, patterns
from shipway.sources.git.url import is_local, local_path

#: git's own number for "all of the history".
_INFINITE = 2**31 - 1
_LFS = (
    ("filter.lfs.process", "git-lfs filter-process"),
    ("filter.lfs.smudge", "git-lfs smudge -- %f"),
    ("filter.lfs.required", "true"),
)


@dataclass(frozen=True, slots=True)
class Submodule:
    """A repository inside another one's tree."""

    path: str
    #: As the parent's `.gitmodules` gives it, perhaps relative.
    url: str
    commit: str


@dataclass(frozen=True, slots=True)
class Repository:
    """A remote repository together with its cache. One user at a time.

    Trouble with the remote is raised as `SourceFailed`. `GitFailed` means trouble with the cache: throw it away and
    begin again.
    """

    url: str
    #: A bare repository on this machine.
    cache: Path
    #: Git configuration that holds for every command: the credential.
    settings: tuple[tuple[str, str], ...] = ()

    async def refs(self, ref: str) -> Refs:
        """The remote's refs that `ref` could mean; HEAD when it is empty."""
        return await self._listing("--symref", "--", self.url, *patterns(ref))

    async def all_refs(self) -> Refs:
        """The remote's branches and tags."""
        return await self._listing("--heads", "--tags", "--", self.url)

    async def commit(self, revision: str) -> str | None:
        """The commit in full that a commit or tag, perhaps abbreviated, is in the cache; `None` when it isn't there."""
        try:
            peeled = f"{revision}^{{commit}}"
            return (await self._git("rev-parse", "--verify", "--quiet", "--end-of-options", peeled)).strip()
        except GitFailed:
            return None

    async def fetch(self, revision: str) -> str | None:
        """Bring exactly this commit into the cache, with its history only from servers that insist on it.

        Returns what `commit` then says; `None` when the remote does not have it.
        """
        try:
            await self._fetch("--depth=1", commits=[f"+{revision}:refs/shipway/{revision}"])
        except GitFailed as error:
            if not refuses_commit(error.complaint):
                raise self._explained(error) from error
            await self.fetch_all()
        return await self.commit(revision)

    async def fetch_all(self) -> None:
        """Bring all branches and tags into the cache, with their history."""
        deepen = [f"--depth={_INFINITE}"] if (self.cache / "shallow").exists() else []
        everything = ["+refs/heads/*:refs/remotes/heads/*", "+refs/tags/*:refs/remotes/tags/*"]
        try:
            await self._fetch("--prune", *deepen, commits=everything)
        except GitFailed as error:
            raise self._explained(error) from error

    async def subject(self, commit: str) -> str:
        """First line of the commit's message."""
        return (await self._git("log", "-1", "--format=%s", "--end-of-options", commit)).strip()[:200]

    async def uses_lfs(self, commit: str) -> bool:
        """Whether files of this commit are kept by Git LFS."""
        try:
            await self._git("grep", "--quiet", "-e", "filter=lfs", commit, "--", ":(glob)**/.gitattributes")
        except GitFailed as error:
            if error.code != 1:
                raise
            return False
        return True

    async def place(self, commit: str, directory: Path, *, lfs: bool = False) -> None:
        """Write the tree of a commit in the cache to the empty `directory`; nothing of git itself gets into it."""
        index = directory.with_name(f"{directory.name}.index")
        paths = {"GIT_WORK_TREE": str(directory), "GIT_INDEX_FILE": str(index)}
        settings = (*_LFS, ("remote.origin.url", self.url)) if lfs else ()
        try:
            await self._git("read-tree", "--reset", "-u", commit, settings=settings, variables=paths)
        except GitFailed as error:
            if lfs and "smudge" in error.complaint.lower():
                evidence = last_lines(error.complaint)
                raise unreachable(self.url, evidence, "does not hand out its LFS files") from error
            raise
        finally:
            index.unlink(missing_ok=True)

    async def submodules(self, commit: str) -> list[Submodule]:
        """The submodules that `.gitmodules` and the tree agree on."""
        if not (await self._git("ls-tree", "--end-of-options", commit, ".gitmodules")).startswith("100"):
            return []
        try:
            listing = await self._git("config", "-z", "--list", "--blob", f"{commit}:.gitmodules")
        except GitFailed as error:
            raise SourceFailed(
                f".gitmodules of {self.url} can't be read.",
                hint="Correct it; git config --list --file .gitmodules shows what is wrong.",
                evidence=last_lines(error.complaint),
            ) from error
        pinned = _gitlinks(await self._git("ls-tree", "-r", "-z", "--end-of-options", commit))
        return [Submodule(path, url, pinned[path]) for path, url in _paths_and_urls(listing) if path in pinned]

    async def _listing(self, *arguments: str) -> Refs:
        try:
            return Refs.parse(await self._git("ls-remote", "--quiet", *arguments, timeout=LISTING))
        except GitFailed as error:
            raise self._explained(error) from error

    async def _fetch(self, *options: str, commits: list[str]) -> None:
        quiet = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--recurse-submodules=no")
        await self._git("fetch", *quiet, *options, "--end-of-options", self.url, *commits, timeout=FETCHING)

    async def _git(
        self,
        *arguments: str,
        timeout: float = LOCAL,
        settings: tuple[tuple[str, str], ...] = (),
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> str:
        env = {**environment((*self.settings, *settings)), "GIT_DIR": str(self.cache), **self._trust(), **variables}
        try:
            return await git(*arguments, env=env, timeout=timeout)
        except TimeoutError as error:
            raise unreachable(self.url, (), f"did not answer within {timeout:.0f} s") from error

    def _trust(self) -> dict[str, str]:
        """Lets a repository of another user on this machine be read.

        By a file, because git hands no other configuration down to its own process on the other side.
        """
        if not is_local(self.url):
            return {}
        config = self.cache / "trusted.gitconfig"
        config.write_text(_trusting(local_path(self.url)))
        return {"GIT_CONFIG_GLOBAL": str(config)}

    def _explained(self, error: GitFailed) -> Exception:
        return explain(self.url, error.complaint) or error


def lfs_installed() -> bool:
    """Whether Git LFS is on this machine."""
    return shutil.which("git-lfs") is not None


def _paths_and_urls(listing: str) -> list[tuple[str, str]]:
    """Path and URL of each submodule, from `git config -z --list`."""
    modules: dict[str, dict[str, str]] = {}
    for entry in listing.split("\0"):
        key, _, value = entry.partition("\n")
        if key.startswith("submodule."):
            name, _, variable = key.removeprefix("submodule.").rpartition(".")
            modules.setdefault(name, {})[variable] = value
    return [(module["path"], module["url"]) for module in modules.values() if {"path", "url"} <= set(module)]


def _gitlinks(listing: str) -> dict[str, str]:
    """Commits of the submodules in a tree by their path, from `git ls-tree -r -z`."""
    entries = (entry.partition("\t") for entry in listing.split("\0") if entry.startswith("160000 "))
    return {path: described.split()[2] for described, _, path in entries}


def _trusting(path: str) -> str:
    plain = path.rstrip("/") or "/"
    quoted = (name.replace("\\", "\\\\").replace('"', '\\"') for name in (plain, f"{plain}/.git"))
    return "[safe]\n" + "".join(f'\tdirectory = "{name}"\n' for name in quoted)
