"""What of its config a plan changes: secrets by version, files by hash, config vars by name alone."""

from shipway.domain.config_file import ROOT
from shipway.domain.difference import Change, given_difference
from shipway.domain.plan import ConfigChange
from shipway.domain.release import Given


def config_changes(before: Given | None, after: Given) -> tuple[ConfigChange, ...]:
    """What instances are given otherwise; nothing where nothing serves."""
    return tuple(_told(each) for each in given_difference(before, after)) if before else ()


def _told(each: Change) -> ConfigChange:
    if each.part == "file":
        return ConfigChange(f"{ROOT}/{each.name}", each.change, "file", each.before or "", each.after or "")
    if each.part == "variable":
        return ConfigChange(each.name, each.change)
    return ConfigChange(each.name, each.change, each.part, each.before or "", each.after or "")  # type: ignore[arg-type]
