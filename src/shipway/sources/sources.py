"""The sources on this machine: git repositories and uploads behind the one port."""

from pathlib import Path

from shipway.domain.artifacts import Checkout
from shipway.domain.credential import Credential
from shipway.domain.errors import Invalid
from shipway.domain.log import Log
from shipway.domain.source import GitSource, ImageSource, Revision, Source, UploadSource
from shipway.sources.git.sources import CredentialFor, GitSources
from shipway.sources.tree import disk_trouble, ensure_tree, service_root
from shipway.sources.upload import Uploads


async def no_credential(url: str) -> Credential | None:
    """Every repository is public, or reached by this machine's own SSH key."""
    del url
    return None


class LocalSources:
    """Implements `Sources`."""

    def __init__(self, home: Path, *, credential_for: CredentialFor = no_credential, local_paths: bool = True) -> None:
        """`local_paths`: whether a repository may be given by its path on this machine.

        Turn that off where workspaces don't trust each other: whoever knows the path reads the repository.
        """
        #: Where the API puts what `shipway deploy` sends.
        self.uploads = Uploads(home)
        self._git = GitSources(home, credential_for, local=local_paths)

    async def resolve(self, source: Source, revision: Revision, log: Log) -> Checkout:
        """Pin what is asked for to an exact revision."""
        match source:
            case GitSource():
                with disk_trouble():
                    return await self._git.resolve(source, revision, log)
            case UploadSource():
                return await self.uploads.resolve(source, revision, log)
            case ImageSource():
                raise Invalid(f"The image {source.reference} has no source to check out.", hint="Deploy it as it is.")

    async def ensure(self, checkout: Checkout, directory: Path, log: Log) -> Path:
        """Make sure that `directory` holds exactly this revision, and return the service's root in it."""

        async def fill(empty: Path) -> None:
            if checkout.kind == "upload":
                await self.uploads.place(checkout.revision, empty)
            else:
                await self._git.place(checkout.location, checkout.revision, empty, log)

        with disk_trouble():
            await ensure_tree(checkout, directory, fill)
            return service_root(checkout, directory)
