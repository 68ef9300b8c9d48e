"""What a build of a directory leaves out: the same choice that the workbench makes."""

from pathlib import Path

from shipway.builders.ignore import Dockerignore, is_inside
from shipway.builders.workbench import DEFAULT_DOCKERIGNORE


def rules_of(directory: Path) -> Dockerignore:
    """The directory's own rules, else ours."""
    for path in ("Dockerfile.dockerignore", ".dockerignore"):
        if is_inside(directory, path):
            return Dockerignore(path, (directory / path).read_text("utf-8-sig", errors="replace"))
    return Dockerignore("", DEFAULT_DOCKERIGNORE)
