"""Whose a container, a volume or a network is, as its labels say: written here, and read back. Pure."""

from collections.abc import Mapping

from shipway.domain.workload import Owner, Workload

LABEL = "shipway."
INSTALLATION = f"{LABEL}installation"
NAME = f"{LABEL}name"
ONE_OFF = f"{LABEL}one-off"
SERVICE = f"{LABEL}service"
DEPLOYMENT = f"{LABEL}deployment"
FILES = f"{LABEL}files"


def of_workload(installation: str, workload: Workload, *, one_off: bool) -> dict[str, str]:
    """Whose it is. Every label is always set, so that an image can't smuggle in its own."""
    whose = workload.owner
    return {
        INSTALLATION: installation,
        NAME: workload.name,
        SERVICE: whose.service,
        DEPLOYMENT: whose.deployment,
        f"{LABEL}process": whose.process,
        f"{LABEL}path": whose.path,
        f"{LABEL}release": str(whose.release),
        FILES: workload.files,
        ONE_OFF: str(one_off).lower(),
    }


def of_volume(installation: str, workload: Workload, volume: str) -> dict[str, str]:
    """Whose a volume is."""
    whose = workload.owner
    return {
        INSTALLATION: installation,
        NAME: volume,
        SERVICE: whose.service,
        f"{LABEL}process": whose.process,
        f"{LABEL}path": whose.path,
    }


def owner(labels: Mapping[str, str]) -> Owner:
    """Whose a container with these labels is."""
    release = labels.get(f"{LABEL}release", "")
    return Owner(
        service=labels.get(SERVICE, ""),
        deployment=labels.get(DEPLOYMENT, ""),
        process=labels.get(f"{LABEL}process", ""),
        path=labels.get(f"{LABEL}path", ""),
        release=int(release) if release.isdecimal() else 0,
    )


def is_one_off(labels: Mapping[str, str]) -> bool:
    """Whether it is a release command or the like, rather than an instance."""
    return labels.get(ONE_OFF) == "true"
