"""Several packages in one repository: which of them is the service, and which others it is built from."""

import posixpath
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from shipway.builders.detectors.node_project import Project
from shipway.builders.detectors.tree import Tree
from shipway.domain.errors import AnalysisFailed


def members(root: Project) -> tuple[Project, ...]:
    """The packages that the root's `workspaces`, or pnpm's file of them, name."""
    globs = list(_globs(root))
    wanted = [posixpath.normpath(glob) for glob in globs if not glob.startswith("!")]
    unwanted = [posixpath.normpath(glob[1:]) for glob in globs if glob.startswith("!")]
    found = []
    for path in root.tree.matching("package.json", depth=9):
        folder = posixpath.dirname(path)
        if folder and _any(folder, wanted) and not _any(folder, unwanted):
            found.append(Project(root.tree, f"{folder}/"))
    return tuple(found)


def needed(member: Project, others: tuple[Project, ...]) -> tuple[Project, ...]:
    """The packages that `member` depends on, itself last, each after those it depends on."""
    named = {str(other.package.get("name")): other for other in others}
    ordered: dict[str, Project] = {}
    _visit(member, named, ordered, set())
    return tuple(ordered.values())


def check_alone(project: Project) -> None:
    """Raise `AnalysisFailed` (`manifest-error`) for a package that can be installed only from its repository's root."""
    if project.has_workspaces:
        return
    for name, spec in project.specifiers.items():
        target = re.match(r"(?:file|link|portal):(\.\./.*)", spec)
        if spec.startswith(("workspace:", "catalog:")) or target:
            raise AnalysisFailed(
                f"{project.line(name)}: {name} ({spec}) lies outside of the service's directory.",
                code="manifest-error",
                hint="No workspace that is part of the source has this directory as a member. Deploy from "
                "the repository's root, where the lock file and the other packages are, with this as the service's directory.",
            )


def _visit(member: Project, named: dict[str, Project], ordered: dict[str, Project], visiting: set[str]) -> None:
    if member.folder in ordered or member.folder in visiting:
        return
    visiting.add(member.folder)
    for name in sorted(named.keys() & member.specifiers.keys()):
        _visit(named[name], named, ordered, visiting)
    ordered[member.folder] = member


def _globs(root: Project) -> Iterator[str]:
    listed = root.package.get("workspaces")
    if isinstance(listed, dict):
        listed = listed.get("packages")
    if isinstance(listed, list):
        yield from (str(glob) for glob in listed)
    yield from _pnpm_globs(root.tree)


def _pnpm_globs(tree: Tree) -> Iterator[str]:
    """The list below `packages:`, which is all of the YAML that is needed here."""
    block = re.search(r"^packages:[^\n]*\n((?:[ \t]*(?:-.*|#.*)?\n?)*)", tree.text("pnpm-workspace.yaml"), re.MULTILINE)
    for line in block[1].splitlines() if block else ():
        if entry := re.match(r"\s*-\s*['\"]?([^'\"#]+)", line):
            yield entry[1].strip()


def _any(folder: str, globs: list[str]) -> bool:
    return any(_matches(folder.split("/"), glob.split("/")) for glob in globs)


def _matches(parts: list[str], glob: list[str]) -> bool:
    """`*` is one directory, `**` any number of them."""
    if not parts or not glob:
        return not parts and (not glob or glob == ["**"])
    if glob[0] == "**":
        return _matches(parts, glob[1:]) or _matches(parts[1:], glob)
    return fnmatchcase(parts[0], glob[0]) and _matches(parts[1:], glob[1:])
