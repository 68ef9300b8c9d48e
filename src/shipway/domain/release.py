"""The release: what runs, frozen (S1.2, S5.2). Immutable; numbered per service."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shipway.domain.artifacts import Image
from shipway.domain.errors import ReleaseChanged
from shipway.domain.origin import ImageOrigin
from shipway.domain.process import ProcessType
from shipway.domain.secret import secret_reference
from shipway.domain.service import ServiceSettings


@dataclass(frozen=True, slots=True)
class Given:
    """What instances are given beside their image and Shipway's own variables; decision 16 says why in these forms."""

    config: Mapping[str, str] = field(default_factory=dict)
    #: Variables that are secrets: to `NAME@3`, or `NAME@latest` for one that is looked up at each start.
    secrets: Mapping[str, str] = field(default_factory=dict)
    #: Files under `/run/secrets`, likewise.
    secret_files: Mapping[str, str] = field(default_factory=dict)
    #: Files under `/etc/config`, by their path below it: to the SHA-256 of what is in them.
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def reproducible(self) -> bool:
        """Whether a release that is given this is the same at every start: not with a secret that is looked up then."""
        return not any(secret_reference(each).tracks for each in (*self.secrets.values(), *self.secret_files.values()))

    @property
    def hash(self) -> str:
        """Equal for equal contents, as far as a release fixes them."""
        if not (self.secrets or self.secret_files or self.files):
            return config_hash(self.config)
        parts = (self.config, self.secrets, self.secret_files, self.files)
        return _hash([sorted(part.items()) for part in parts])


@dataclass(frozen=True, slots=True)
class Release:
    """Image digest + config + process types + settings."""

    id: str
    service_id: str
    #: `v{number}`, counted per service.
    number: int
    image: Image
    given: Given
    processes: tuple[ProcessType, ...]
    port: int
    settings: ServiceSettings
    #: `given.hash` as it was when the release was made.
    config_hash: str
    created_at: datetime
    release_command: str = ""
    #: Commit or upload it was built from; empty for an image.
    commit: str = ""
    #: Release number whose image it took, when made by a rollback with today's config.
    derived_from: int | None = None
    #: The same for whichever service that release is of; `None` when it has an image of its own.
    image_from: ImageOrigin | None = None
    #: `release_hash` when it was made; empty for those made before there was one.
    hash: str = ""
    #: Whether its image is that of `derived_from` built again, which came out otherwise.
    rebuilt: bool = False

    def differs_only_in_files(self, other: "Release") -> bool:
        """Whether instances of `other` are this release's as soon as they see its config files."""
        return self.given.files != other.given.files and _but_files(self) == _but_files(other)

    def holds_the_same(self, other: "Release") -> bool:
        """Whether there is nothing to choose between the two but their numbers, and whose image they took."""
        return self.given.files == other.given.files and _but_files(self) == _but_files(other)


def release_hash(
    *,
    image: Image,
    given: Given,
    processes: Sequence[ProcessType],
    port: int,
    settings: ServiceSettings,
    release_command: str,
) -> str:
    """A hash of all that makes an instance what it is: equal as long as what is started is the same.

    Probes, strategies and timeouts are no part of it: they say how one gets to the instances, not what these are.
    """
    content = {
        "image": [image.reference, image.digest],
        "given": [sorted(each.items()) for each in (given.config, given.secrets, given.secret_files, given.files)],
        "processes": sorted([process.name, process.command] for process in processes),
        "port": port,
        "settings": _shape(settings),
        "release_command": release_command,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def refuse_changed(release: Release) -> None:
    """Raises `ReleaseChanged` unless the release is what it was when it was made, and what runs is the recorded digest."""
    if not release.hash:
        return
    now = release_hash(
        image=release.image,
        given=release.given,
        processes=release.processes,
        port=release.port,
        settings=release.settings,
        release_command=release.release_command,
    )
    if now != release.hash or release.image.reference.rpartition("@")[2] != release.image.digest:
        raise ReleaseChanged(
            f"Release v{release.number} is not what it was when it was made, and nothing of it is started.",
            hint="A release never changes, so its record was damaged or altered. Deploy anew, or roll back to another one.",
            evidence=(f"recorded {release.hash}", f"found    {now}"),
        )


def _shape(settings: ServiceSettings) -> dict[str, object]:
    """Of the settings, what an instance is started with. One that is added here later must be left out where it has its
    default: releases of today are to keep their hash."""
    resources = settings.resources
    volumes = sorted([each.name, each.path, each.process] for each in settings.volumes)
    return ({"volumes": volumes} if volumes else {}) | {
        "memory": resources.memory,
        "cpus": float(resources.cpus),
        "pids": resources.pids,
        "devices": dict(resources.devices),
        "capabilities": list(settings.capabilities),
        "stop_grace": float(settings.stop_grace),
        "stop_graces": {name: float(grace) for name, grace in settings.stop_graces.items()},
    }


def _but_files(release: Release) -> tuple[object, ...]:
    given = (dict(release.given.config), dict(release.given.secrets), dict(release.given.secret_files))
    made_of = (
        release.image,
        release.processes,
        release.port,
        release.settings,
        release.release_command,
        release.commit,
    )
    return release.service_id, given, made_of


def config_hash(config: Mapping[str, str]) -> str:
    """A hash of exactly this configuration, equal for equal contents."""
    return _hash(sorted(config.items()))


def _hash(content: object) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
