"""A service that is a member of a workspace (npm, pnpm, Yarn, Bun, Cargo, Go), and so is built from the top of it.

Its lock file, its neighbours and the installer's settings lie there. The workspace's own detector looks at the whole
and is told which member is the service.
"""

import fnmatch
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from shipway.builders.detectors.detector import HOME, Candidate, Copy, Stage
from shipway.builders.detectors.node_project import Project
from shipway.builders.detectors.node_workspaces import members
from shipway.builders.detectors.tree import Tree
from shipway.builders.dockerignore import rules_of
from shipway.builders.providers import candidates
from shipway.domain.artifacts import Finding


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace that the service is a member of."""

    #: Provider that all its members have: `node`, `rust` or `go`.
    provider: str
    top: Tree
    #: The service's directory, relative to the top.
    member: str
    #: The file that says so, relative to the top.
    where: str

    @property
    def context(self) -> str:
        """The way from the service up to the top."""
        return posixpath.relpath(".", self.member)

    @property
    def evidence(self) -> Finding:
        """Told to the user."""
        return Finding("a member of a workspace, which is built from its top", f"{self.context}/{self.where}")


def find(root: Path, directory: Path, *, gitignore: bool) -> Workspace | None:
    """The nearest workspace between `directory` and `root` that has it as a member; `None` when it stands alone.

    Raises `AnalysisFailed` (`manifest-error`) when a file that would say so can't be read.
    """
    root, directory = root.resolve(), directory.resolve()
    for above in directory.parents:
        if not above.is_relative_to(root):
            return None
        member = directory.relative_to(above).as_posix()
        top = Tree(above, rules_of(above), gitignore, member)
        for provider, where in _kinds(top, member):
            return Workspace(provider, top, member, where)
    return None


def candidate(workspace: Workspace) -> Candidate | None:
    """How the member is built from the top; `None` when its detector does not see it."""
    found = next((each for each in candidates(workspace.top, strict=True) if each.provider == workspace.provider), None)
    if found and workspace.provider != "node":
        found = _program(found, workspace)
    elif found:
        found = _inside(found, workspace)
    return replace(found, evidence=(workspace.evidence, *found.evidence)) if found else None


def _kinds(top: Tree, member: str) -> Iterator[tuple[str, str]]:
    """Providers of workspaces at `top` that have the member, with the file that says so."""
    if top.has(f"{member}/package.json") and (top.has("package.json") or top.has("pnpm-workspace.yaml")):
        project = Project(top)
        if project.has_workspaces and any(each.folder == f"{member}/" for each in members(project)):
            yield "node", top.first("pnpm-workspace.yaml", "package.json")
    if top.has("Cargo.toml") and top.has(f"{member}/Cargo.toml"):
        listed = [str(each) for each in _table(top.toml("Cargo.toml").get("workspace")).get("members") or ()]
        if any(fnmatch.fnmatchcase(member, posixpath.normpath(each)) for each in listed):
            yield "rust", "Cargo.toml"
    used = re.findall(r"^\s*(?:use\s+)?\./(\S+)\s*$", top.text("go.work"), re.MULTILINE)
    if member in map(posixpath.normpath, used):
        yield "go", "go.work"
    has_code = any(path.endswith(".go") and posixpath.dirname(path) == member for path in top.files)
    if has_code and top.has("go.mod") and not top.has(f"{member}/go.mod"):
        yield "go", "go.mod"


def _inside(found: Candidate, workspace: Workspace) -> Candidate:
    """Started in its own directory, as every other process type of its Procfile expects it too."""
    begin = f"cd {workspace.member} && "
    if not found.start.startswith(begin):
        return found
    return replace(found, start=found.start.removeprefix(begin).removeprefix("exec "), directory=workspace.member)


def _program(found: Candidate, workspace: Workspace) -> Candidate | None:
    """All programs of the workspace are built; the member's is started. `None` when it is none."""
    name = _program_name(workspace)
    if not any(each.text.endswith(f" {name}") or f"/{name}" in each.text for each in found.evidence):
        return None
    started = Finding(f"started by the program of its directory, {name}", f"{workspace.context}/{workspace.member}")
    others = tuple(each for each in found.evidence if not each.text.startswith("started by"))
    directory = workspace.member if _keeps_source(found.stages[-1]) else ""
    return replace(
        found,
        start=f"{HOME}/bin/{name}",
        certain=True,
        serves=True,
        directory=directory,
        evidence=(*others, started),
    )


def _program_name(workspace: Workspace) -> str:
    """What the compiler calls it: Cargo after the package, Go after the last part of the module's or directory's name."""
    if workspace.provider == "rust":
        return str(_table(workspace.top.toml(f"{workspace.member}/Cargo.toml").get("package")).get("name"))
    named = re.search(r"^module\s+(\S+)", workspace.top.text(f"{workspace.member}/go.mod"), re.MULTILINE)
    return posixpath.basename(re.sub(r"/v\d+$", "", named[1])) if named else posixpath.basename(workspace.member)


def _keeps_source(stage: Stage) -> bool:
    return any(isinstance(step, Copy) and step.paths == (f"{HOME}/",) for step in stage.steps)


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
