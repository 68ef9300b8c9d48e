"""The sources on this machine: git repositories and uploads behind the one port."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from shipway.domain.artifacts import Checkout
from shipway.domain.credential import Credential
from shipway.domain.errors import Invalid, SourceFailed
from shipway.domain.log import Log
from shipway.domain.source import GitSource, ImageSource, PushSource, Revision, Source, UploadSource
from shipway.sources.git.pushed import PushedRepositories
from shipway.sources.git.sources import CredentialFor, GitSources
from shipway.sources.tree import disk_trouble, ensure_tree, service_root
from shipway.sources.upload import Uploads

#: Bytes of one push.
_MOST_PUSHED = 2 * 1024**3


async def no_credential(url: str) -> Credential | None:
    """Every repository is public, or reached by this machine's own SSH key."""
    del url
    return None


class LocalSources:
    """Implements `Sources`."""

    def __init__(
        self,
        home: Path,
        *,
        credential_for: CredentialFor = no_credential,
        local_paths: bool = True,
        most_pushed: int = _MOST_PUSHED,
    ) -> None:
        """`local_paths`: whether a repository may be given by its path on this machine.

        Turn that off where workspaces don't trust each other: whoever knows the path reads the repository.
        """
        #: Where the API puts what `shipway deploy` sends.
        self.uploads = Uploads(home)
        #: Where `git push` goes.
        self.repositories = PushedRepositories(home, most_pushed)
        self._git = GitSources(home, credential_for, local=local_paths)
        # A path in somebody's .gitmodules would lead to what others pushed.
        self._pushed = GitSources(home, no_credential, local=True, local_submodules=False)

    async def resolve(self, source: Source, revision: Revision, log: Log) -> Checkout:
        """Pin what is asked for to an exact revision."""
        match source:
            case GitSource():
                with disk_trouble():
                    return await self._git.resolve(source, revision, log)
            case UploadSource():
                return await self.uploads.resolve(source, revision, log)
            case PushSource():
                with disk_trouble():
                    return await self._resolve_pushed(source, revision, log)
            case ImageSource():
                raise Invalid(f"The image {source.reference} has no source to check out.", hint="Deploy it as it is.")

    async def ensure(self, checkout: Checkout, directory: Path, log: Log) -> Path:
        """Make sure that `directory` holds exactly this revision, and return the service's root in it."""

        async def fill(empty: Path) -> None:
            if checkout.kind == "upload":
                await self.uploads.place(checkout.revision, empty)
            elif checkout.kind == "push":
                path = str(self.repositories.path(checkout.location))
                with _nameless(path):
                    await self._pushed.place(path, checkout.revision, empty, _nameless_log(path, log))
            else:
                await self._git.place(checkout.location, checkout.revision, empty, log)

        with disk_trouble():
            await ensure_tree(checkout, directory, fill)
            return service_root(checkout, directory)

    async def forget(self, service_id: str) -> None:
        """Remove what was pushed to a service."""
        with disk_trouble():
            await self.repositories.forget(service_id)

    async def _resolve_pushed(self, source: PushSource, revision: Revision, log: Log) -> Checkout:
        path = str(self.repositories.path(source.repository))
        tip = await self.repositories.tip(source.repository, source.branch)
        if not tip and not revision.ref:
            raise nothing_pushed(source.branch)
        wanted = GitSource(path, revision.ref or source.branch, source.subdirectory)
        with _nameless(path):
            found = await self._pushed.resolve(wanted, Revision(), _nameless_log(path, log))
        ref = found.ref or (source.branch if found.revision == tip else "")
        return replace(found, kind="push", location=source.repository, ref=ref)


def nothing_pushed(branch: str) -> SourceFailed:
    """The failure of a branch that nobody has pushed yet."""
    return SourceFailed(
        f"Nothing was pushed to {branch} yet.",
        code="nothing-pushed",
        hint=f"In the app's directory: `shipway git remote`, then `git push shipway {branch}`.",
    )


#: Stands for the path of a repository of ours, which says nothing to anybody.
_PUSHED = "what was pushed"


def _nameless_log(path: str, log: Log) -> Log:
    return lambda line: log(line.replace(path, _PUSHED))


@contextmanager
def _nameless(path: str) -> Iterator[None]:
    try:
        yield
    except SourceFailed as error:
        told = error.message.replace(path, _PUSHED)
        evidence = [line.replace(path, _PUSHED) for line in error.evidence]
        raise SourceFailed(told[:1].upper() + told[1:], hint=error.hint, code=error.code, evidence=evidence) from error
