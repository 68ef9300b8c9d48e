"""When a base image has another version of a runtime than the app asks for: told, since nothing else would tell."""

from collections.abc import Callable

from shipway.builders.base_recipes import OWN
from shipway.builders.detectors.detector import Candidate
from shipway.domain.artifacts import Finding


def substituted(candidate: Candidate, base: Callable[[str, str], str]) -> tuple[Finding, ...]:
    """A warning for each runtime whose base has another version than the candidate's stages want; only our own bases come in
    the few versions that the distribution has."""
    wanted = dict.fromkeys(
        (stage.runtime, stage.version) for stage in candidate.stages if stage.version and not stage.on
    )
    found = ((runtime, version, base(runtime, version)) for runtime, version in wanted)
    return tuple(
        Finding(
            f"The base image has {runtime} {reference.rpartition(':')[2]} instead of {version}: no package source of this "
            "machine offers that. With a way to a public registry it would be the version asked for.",
        )
        for runtime, version, reference in found
        if reference.startswith(OWN) and not _same_line(version, reference.rpartition(":")[2])
    )


def _same_line(wanted: str, made: str) -> bool:
    """Whether `made` is what `wanted` asks for, as far as both say."""
    pairs = zip(wanted.split("."), made.split("."), strict=False)
    return all(one == other for one, other in pairs)
