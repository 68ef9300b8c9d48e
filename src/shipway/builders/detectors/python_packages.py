"""A Python project's dependencies and the commands that install them, as data; and how manifests are read for that."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from shipway.domain.artifacts import Finding

VENV = "/opt/venv"
PIP_CACHE = "/root/.cache/pip"
PIP = (("PIP_DISABLE_PIP_VERSION_CHECK", "1"),)
#: uv never fetches another Python, nor looks for one: the base image's is the one that was chosen.
UV = (
    ("UV_PROJECT_ENVIRONMENT", VENV),
    ("UV_PYTHON", f"{VENV}/bin/python"),
    ("UV_PYTHON_DOWNLOADS", "never"),
    ("UV_LINK_MODE", "copy"),
)
#: Groups of dependencies that are meant for where the app runs.
_PRODUCTION = ("prod", "production", "deploy", "deployment")


@dataclass(frozen=True, slots=True)
class Packages:
    """The dependencies and the commands that put them into the virtual environment at `VIRTUAL_ENV`."""

    tool: str
    #: What declares them, as evidence.
    where: str
    #: Direct ones by normal name: `fastapi`, and `fastapi[standard]` besides for each extra.
    names: frozenset[str]
    #: Files that `install` reads.
    files: tuple[str, ...]
    install: tuple[str, ...]
    caches: tuple[str, ...] = (PIP_CACHE,)
    #: Package that brings the tool itself; empty for pip, which is always there.
    tool_package: str = ""
    #: Commands that install the project itself, once its source is there.
    itself: tuple[str, ...] = ()
    #: Prefix for one more package.
    add: str = "pip install"
    #: Whether `install` needs the whole source, because it names local packages.
    needs_source: bool = False
    locked: bool = True
    #: What the installer is told by variables.
    environment: tuple[tuple[str, str], ...] = PIP
    #: All that the lock file names, the dependencies of dependencies too; empty without one.
    locked_names: frozenset[str] = frozenset()

    def __contains__(self, name: str) -> bool:
        return name in self.names


def table(document: dict[str, Any], *keys: str) -> dict[str, Any]:
    """The table at `keys`, empty when there is none or something else is in its place."""
    value: Any = document
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def declared(project: dict[str, Any]) -> list[str]:
    """Requirement lines of a pyproject.toml, and those of its groups for production."""
    lists = [table(project, "project").get("dependencies")]
    lists += [table(project, "dependency-groups").get(group) for group in production_groups(project)]
    return [line for lines in lists if isinstance(lines, list) for line in lines if isinstance(line, str)]


def production_groups(project: dict[str, Any]) -> tuple[str, ...]:
    """The standard's dependency groups that belong where the app runs."""
    return tuple(group for group in table(project, "dependency-groups") if group in _PRODUCTION)


def poetry_production_groups(project: dict[str, Any]) -> tuple[str, ...]:
    """Poetry's own groups that belong where the app runs."""
    return tuple(group for group in table(project, "tool", "poetry", "group") if group in _PRODUCTION)


def with_extras(dependencies: dict[str, Any]) -> list[str]:
    """Poetry's and Pipenv's tables as requirement lines."""
    return [
        f"{name}[{','.join(map(str, value['extras']))}]" if isinstance(value, dict) and value.get("extras") else name
        for name, value in dependencies.items()
    ]


def has_paths(dependencies: object) -> bool:
    """Whether a table of dependencies names packages in the source itself."""
    values = dependencies.values() if isinstance(dependencies, dict) else ()
    return any(isinstance(value, dict) and ("path" in value or "workspace" in value) for value in values)


def names_in_lock(text: str) -> frozenset[str]:
    """The packages of a uv.lock, poetry.lock, pdm.lock or pylock.toml."""
    return frozenset(re.findall(r"(?m)^name = \"([^\"]+)\"", text))


def unlocked(packages: Packages) -> Finding:
    """The warning for dependencies whose versions may differ from one build to the next."""
    return Finding(
        f"No lock file: each build installs the newest versions that {packages.where} allows. "
        "Commit a lock file (uv lock, poetry lock, pip freeze) to build the same thing every time.",
        packages.where,
    )


def options(flag: str, values: Iterable[str]) -> str:
    """` --flag value` for each."""
    return "".join(f" {flag} {value}" for value in values)
