"""The delivery: what a release names, looked up at the moment its instances start, for these alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shipway.domain.release import Release, refuse_changed
from shipway.pipeline.platform import Platform


@dataclass(frozen=True, slots=True)
class Delivery:
    """Never kept anywhere, and never shown: it holds secrets."""

    #: Config vars and secrets.
    environment: Mapping[str, str] = field(repr=False)


async def delivery(platform: Platform, release: Release) -> Delivery:
    """What instances of `release` are to be handed now. Raises `ReleaseChanged` when it is not what it was: all that is
    started passes here first."""
    refuse_changed(release)
    del platform  # Secrets are opened with its key.
    return Delivery(dict(release.given.config))
