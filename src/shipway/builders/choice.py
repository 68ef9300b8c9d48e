"""Which builder an installation gets: the confined one wherever it can be had."""

import os
import re
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from shipway.builders.base_images import full_name
from shipway.builders.bases import Bases
from shipway.builders.builder import Builder
from shipway.builders.buildkit import BuildKitBuilder
from shipway.builders.sandbox.builder import SandboxedBuilder
from shipway.builders.sandbox.limits import limits
from shipway.builders.sandbox.sandboxes import Sandboxes
from shipway.domain.errors import Invalid, Unavailable
from shipway.domain.log import Log
from shipway.settings import Settings

_KINDS = ("auto", "sandbox", "engine")
_SBOM = ("auto", "on", "off")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def builder_for(settings: Settings, bases: Bases, registry: str) -> Builder:
    """The builder by `settings.builds`; `registry` is the built-in one's host and port. Raises `Invalid`."""
    if settings.builds not in _KINDS:
        raise Invalid(f"builds is {settings.builds!r}.", hint=f"Choose one of {', '.join(_KINDS)}.")
    if settings.build_sbom not in _SBOM:
        raise Invalid(f"build_sbom is {settings.build_sbom!r}.", hint=f"Choose one of {', '.join(_SBOM)}.")
    extra_ca = Path(settings.extra_ca) if settings.extra_ca else None
    allowed = limits(
        memory=settings.build_memory,
        cpus=settings.build_cpus,
        pids=settings.build_pids,
        disk=settings.build_disk,
        concurrency=settings.build_concurrency,
    )
    if settings.builds == "engine" or (settings.builds == "auto" and (obstacle := _obstacle(settings.docker_host))):
        why = "as the settings say" if settings.builds == "engine" else obstacle
        return BuildKitBuilder(
            settings.docker_host, extra_ca, note=f"built on the engine itself, without limits: {why}"
        )
    sandboxes = Sandboxes(
        settings.home,
        settings.installation,
        allowed,
        partial(bases.ensure, "builder", ""),
        docker_host=settings.docker_host,
        ports=_ports(settings, registry),
        extra_ca=extra_ca,
        proxies=settings.build_proxies,
        mirror=_mirror(settings.registry_mirror),
    )
    ours = (registry.rstrip("/") + "/", f"docker.io/{settings.installation}-build/")
    return SandboxedBuilder(
        sandboxes,
        settings.home / "sandboxes" / "tools",
        extra_ca,
        may_take=lambda image: not full_name(image).startswith(ours),
        scanner=None if settings.build_sbom == "off" else partial(_scanner, bases, settings.build_sbom),
    )


async def _scanner(bases: Bases, wanted: str, log: Log) -> str:
    """The image that lists packages; empty when there can be none and nobody insists."""
    try:
        return await bases.ensure("sbom", "", log)
    except Unavailable as error:
        if wanted == "on":
            raise
        log(f" !     No bill of materials: {error.message}")
        return ""


def _mirror(url: str) -> str:
    """The mirror's URL, fit to stand in the daemon's configuration."""
    if url and not re.fullmatch(r"https?://[\w.:\[\]-]+(/[\w./-]*)?", url):
        raise Invalid(f"registry_mirror is {url!r}.", hint="Write its URL, such as https://mirror.example.com.")
    return url


def _obstacle(docker_host: str) -> str:
    """What stands against a sandbox here; empty for nothing."""
    where = docker_host or os.environ.get("DOCKER_HOST", "")
    if os.geteuid() != 0:
        return "Shipway does not run as root"
    return "" if where.startswith("unix://") or not where else f"the engine is not on this machine ({where})"


def _ports(settings: Settings, registry: str) -> tuple[int, ...]:
    """Ports of this machine's loopback that a push talks to: the registry, and the API for its tokens."""
    api = urlsplit(settings.url)
    named = {urlsplit(f"//{registry}").port or settings.registry_port}
    return tuple(sorted(named | ({api.port or 80} if api.hostname in _LOOPBACK else set())))
