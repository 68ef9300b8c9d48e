"""The release: what runs, frozen (S1.2, S5.2). Immutable; numbered per service."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shipway.domain.artifacts import Image
from shipway.domain.process import ProcessType
from shipway.domain.service import ServiceSettings


@dataclass(frozen=True, slots=True)
class Release:
    """Image digest + config + process types + settings."""

    id: str
    service_id: str
    #: `v{number}`, counted per service.
    number: int
    image: Image
    config: Mapping[str, str]
    processes: tuple[ProcessType, ...]
    port: int
    settings: ServiceSettings
    config_hash: str
    created_at: datetime
    release_command: str = ""
    #: Commit or upload it was built from; empty for an image.
    commit: str = ""
    #: Release number whose image it took, when made by a rollback with today's config.
    derived_from: int | None = None


def config_hash(config: Mapping[str, str]) -> str:
    """A hash of exactly this configuration, equal for equal contents."""
    return hashlib.sha256(json.dumps(sorted(config.items())).encode()).hexdigest()[:16]
