"""A release of an image that is there already: today's config and settings around it. Pure."""

from dataclasses import fields, replace
from typing import TypeVar

from shipway.domain.clock import now
from shipway.domain.origin import ImageOrigin
from shipway.domain.probe import Liveness, Probe
from shipway.domain.process import WEB
from shipway.domain.release import Given, Release
from shipway.domain.service import Service, ServiceSettings

_Check = TypeVar("_Check", Probe, Liveness)

#: Where neither the service nor its image says one.
DEFAULT_PORT = 8080


def derived(service: Service, base: Release, origin: ImageOrigin, given: Given, *, number: int) -> Release:
    """The release of `service` that takes the image of `base`. Process types and release command belong to the image;
    everything else is the service's own as it is today, and where that says nothing, what `base` went by. Where nothing was
    analyzed, `base` went by settings of its time alone: today's count then, also those that say nothing."""
    analyzed = base.image.build > 0
    settings = _settings(service.in_effect, base.settings) if analyzed else service.in_effect
    return replace(
        base,
        id="",
        service_id=service.id,
        number=number,
        given=given,
        processes=tuple(
            replace(each, command=settings.start_command)
            if each.name == WEB and (settings.start_command or not analyzed)
            else each
            for each in base.processes
        ),
        port=settings.port or (base.port if analyzed else base.image.exposed_port) or DEFAULT_PORT,
        settings=settings,
        config_hash=given.hash,
        created_at=now(),
        derived_from=base.number if base.service_id == service.id else None,
        image_from=origin,
        hash="",
        rebuilt=False,
    )


def _settings(own: ServiceSettings, base: ServiceSettings) -> ServiceSettings:
    """What the source declared of its health came with the image, and holds until the service's own says otherwise."""
    return replace(
        own,
        probe=base.probe if _is_met(own.probe, Probe(), base.probe) else own.probe,
        liveness=base.liveness if _is_met(own.liveness, Liveness(), base.liveness) else own.liveness,
    )


def _is_met(own: _Check, default: _Check, base: _Check) -> bool:
    """Whether `base` goes by all that is set: what it has besides, its source declared."""
    names = (each.name for each in fields(own))
    return all(getattr(own, name) in (getattr(default, name), getattr(base, name)) for name in names)
