"""What of its config a plan changes: names, never values."""

from collections.abc import Mapping

from shipway.domain.config_file import ROOT
from shipway.domain.plan import ConfigChange
from shipway.domain.release import Release
from shipway.pipeline.situation import Situation


def config_changes(situation: Situation) -> tuple[ConfigChange, ...]:
    """Config vars and files that are not what they are in the release that serves now, by name."""
    if situation.live is None:
        return ()
    old, new = _named(situation.live.release), _named(situation.release)
    changed = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
    return tuple(
        ConfigChange(name, "removed" if name not in new else "added" if name not in old else "changed")
        for name in changed
    )


def _named(release: Release) -> Mapping[str, str]:
    files = {f"{ROOT}/{path}": digest for path, digest in release.given.files.items()}
    return dict(release.given.config) | files
