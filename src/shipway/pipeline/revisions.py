"""Which revision of a service's source something was made of, so that it can be asked for again."""

import re

from shipway.domain.artifacts import Checkout
from shipway.domain.codec import decode
from shipway.domain.deployment import Deployment
from shipway.domain.errors import Conflict
from shipway.domain.release import Release
from shipway.domain.service import Service
from shipway.domain.source import GitSource, ImageSource, PushSource, Revision, Source, UploadSource
from shipway.store import journal
from shipway.store.database import Tx

#: What names an upload: its SHA-256.
UPLOAD = re.compile(r"[0-9a-f]{64}")


def revision_of(service: Service, release: Release) -> Revision:
    """What to ask the service's source for to get the code of a release again. Raises `Conflict` where it can't have it."""
    wanted = _revision(service.source, release)
    if wanted == Revision():
        raise Conflict(
            f"v{release.number} was not made of what {service.path} is deployed from.",
            hint=f"Deploy what that has now: `shipway services deploy {service.path}`.",
        )
    return wanted


def _revision(source: Source, release: Release) -> Revision:
    match source:
        case GitSource() | PushSource():
            return Revision(ref=release.commit)
        case UploadSource():
            # A promoted image may have been built from git.
            return Revision(upload=release.commit) if UPLOAD.fullmatch(release.commit) else Revision()
        case ImageSource():
            if release.image.build:
                # Built elsewhere and promoted: whoever takes it as an image goes round what a promotion looks at.
                return Revision()
            # One that was never in a registry has no name by digest.
            return Revision(image=release.image.reference if "@" in release.image.reference else release.image.label)


async def pinned(tx: Tx, source: Source, known: Deployment) -> Revision:
    """What a deployment was of: the commit that a branch led to at that time, if it came so far as to find out."""
    cloned = await journal.recorded(tx, known.id, "clone")
    if isinstance(source, (GitSource, PushSource)) and cloned and cloned[0] == "complete":
        return Revision(ref=decode(Checkout, cloned[1]).revision)
    return known.revision
