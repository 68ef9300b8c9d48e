"""Which of a Python project's files says what is installed: a lock file before a list before a range."""

import re
from typing import Any

from shipway.builders.detectors.python_lock_files import pdm, pipenv, poetry, poetry_locked, pylock, uv
from shipway.builders.detectors.python_packages import UV, Packages, declared, table
from shipway.builders.detectors.python_requirements import included, is_local, normal_names, requirement_lines
from shipway.builders.detectors.tree import Tree
from shipway.domain.errors import AnalysisFailed

_REQUIREMENTS = (
    "requirements.txt",
    "requirements/production.txt",
    "requirements/prod.txt",
    "requirements-prod.txt",
    "requirements/requirements.txt",
    "requirements/base.txt",
    "requirements/main.txt",
    "requirements.in",
)
_CONDA = ("environment.yml", "environment.yaml", "conda.yml", "conda-lock.yml")


def find_packages(tree: Tree) -> Packages | None:
    """The project's dependencies. Raises `AnalysisFailed` for those that only Conda could install."""
    project = tree.toml("pyproject.toml")
    for find in (uv, poetry_locked, pdm, pipenv, pylock, _pip, poetry, _project, _setup):
        if packages := find(tree, project):
            return packages
    _refuse_conda(tree)
    return None


def _pip(tree: Tree, _: dict[str, Any]) -> Packages | None:
    path = tree.first(*_REQUIREMENTS)
    if not path:
        return None
    files = included(tree, path)
    lines = [line for file in files for line in requirement_lines(tree.text(file))]
    return Packages(
        "pip",
        path,
        normal_names(lines),
        files,
        (f"pip install -r {path}",),
        needs_source=any(is_local(line) for line in lines),
        locked=not path.endswith(".in"),
    )


def _project(_: Tree, project: dict[str, Any]) -> Packages | None:
    """A pyproject.toml alone: Hatch, setuptools, Flit; none of them has a lock file."""
    if "project" not in project:
        return None
    computed = table(project, "project").get("dynamic")
    hatch = "hatch" in table(project, "tool") or "hatchling" in str(table(project, "build-system").get("requires"))
    return Packages(
        "uv, as Hatch locks nothing" if hatch else "uv",
        "pyproject.toml",
        normal_names(declared(project)),
        ("pyproject.toml",),
        ("uv pip install -r pyproject.toml",),
        caches=("/root/.cache/uv",),
        tool_package="uv",
        environment=UV,
        itself=("uv pip install --no-deps .",) if "build-system" in project else (),
        add="uv pip install",
        # The build backend works them out, from files that may be anywhere.
        needs_source=isinstance(computed, list) and "dependencies" in computed,
        locked=False,
    )


def _setup(tree: Tree, _: dict[str, Any]) -> Packages | None:
    path = tree.first("setup.py", "setup.cfg")
    if not path:
        return None
    named = re.findall(r"(?m)(?:['\"]|^\s+)([A-Za-z][\w.-]*(?:\[[\w,]+\])?)", tree.text(path))
    return Packages("pip", path, normal_names(named), (), ("pip install .",), needs_source=True, locked=False)


def _refuse_conda(tree: Tree) -> None:
    path = tree.first(*_CONDA)
    if not path or not any(file.endswith(".py") for file in tree.files) or tree.has("package.json"):
        return
    raise AnalysisFailed(
        f"{path} is for Conda, whose packages come from channels of their own: no Dockerfile is generated for them.",
        hint="If all that it names is on the Python Package Index too, list it in a requirements.txt (in the environment: "
        "`pip list --format=freeze > requirements.txt`) or in a pyproject.toml, and Shipway installs that. Otherwise add "
        f"a Dockerfile that starts from an image with micromamba and runs `micromamba install -y -n base -f {path}`.",
        evidence=[tree.line_of(path, r"^dependencies:")],
    )
