"""The user's own Dockerfile: which one, which of its stages, and from which directory it is built."""

import difflib
import posixpath
from dataclasses import replace
from pathlib import Path

from shipway.builders import dockerfile as dockerfiles
from shipway.builders.declared import SETTINGS, Declared
from shipway.builders.detectors.tree import Tree
from shipway.builders.dockerfile_checks import Checked, check
from shipway.builders.dockerfile_sources import Context
from shipway.builders.ignore import Dockerignore, is_inside
from shipway.domain.artifacts import Finding
from shipway.domain.errors import BuildFailed

_FOR_GENERATED = ("version", "packages", "install", "build")
_USUAL = ("Dockerfile", "dockerfile", "Containerfile")


def usual(tree: Tree) -> str:
    """Path of the one that is used without being named; empty for none."""
    return next((name for name in _USUAL if is_inside(tree.root, name)), "")


def find(tree: Tree, declared: Declared) -> str:
    """Path of the one to use, empty when one is to be generated. Raises `BuildFailed` when one that is named is missing."""
    provider = declared.text("build.provider")
    by_file = declared.said.get("build.dockerfile")
    overruled = declared.where("build.provider") == SETTINGS and by_file and by_file.where != SETTINGS
    if provider not in ("", "dockerfile") and (not by_file or overruled or by_file.where != SETTINGS):
        return ""
    wanted = declared.text("build.dockerfile")
    if not wanted:
        found = usual(tree)
        if not found and (provider or declared.text("build.target")):
            key = "build.provider" if provider else "build.target"
            raise _missing(tree, f"The {key.partition('.')[2]} needs a Dockerfile", declared.where(key))
        return found
    if "\0" in wanted or not is_inside(tree.root, wanted):
        raise _missing(
            tree, f"The Dockerfile {wanted!r} does not exist in the source", declared.where("build.dockerfile")
        )
    return wanted


def checked(
    text: str, path: str, declared: Declared, *, directory: Path, ignored: Dockerignore, command_given: bool
) -> Checked:
    """What is to be said about it, as far as it is built. Raises `BuildFailed` (`dockerfile-error`)."""
    parsed = _up_to(dockerfiles.parse(text, path), declared)
    return check(parsed, Context(directory, ignored), command_given=command_given, port_given="port" in declared.said)


def without_effect(declared: Declared) -> tuple[Finding, ...]:
    """A warning for what is said about a build that this Dockerfile decides itself."""
    keys = [key for key in _FOR_GENERATED if f"build.{key}" in declared.said]
    text = f"No effect on a Dockerfile of one's own: {', '.join(keys)}. Say it there, or choose another provider."
    return (Finding(text, declared.where(f"build.{keys[0]}")),) if keys else ()


def context(tree: Tree, root: Path, declared: Declared) -> str:
    """The directory it is built from, relative to the service's. Raises `BuildFailed` when that is outside the source."""
    wanted = declared.text("build.context") or "."
    directory = (tree.root / wanted).resolve()
    if not directory.is_dir() or not directory.is_relative_to(root.resolve()):
        raise BuildFailed(
            f"The build context {wanted!r} is not a directory inside the source ({declared.where('build.context')}).",
            code="dockerfile-error",
            hint='Give it relative to the service\'s own directory, as in context = "../.." for one two levels up.',
        )
    return posixpath.normpath(wanted)


def _up_to(parsed: dockerfiles.Dockerfile, declared: Declared) -> dockerfiles.Dockerfile:
    """The stages up to the target: what comes after it is not built."""
    target = declared.text("build.target")
    if not target:
        return parsed
    names = [stage.name for stage in parsed.stages]
    if target.lower() in names:
        return replace(parsed, stages=parsed.stages[: names.index(target.lower()) + 1])
    if target.isdecimal() and int(target) < len(names):
        return replace(parsed, stages=parsed.stages[: int(target) + 1])
    named = [name for name in names if name]
    near = difflib.get_close_matches(target.lower(), named, 1)
    advice = f"Did you mean {near[0]}? " if near else ""
    known = f"Its stages: {', '.join(named)}." if named else "None of its stages has a name: write FROM image AS name."
    raise BuildFailed(
        f"{parsed.path} has no stage {target!r} ({declared.where('build.target')}).",
        code="dockerfile-error",
        hint=f"{advice}{known}",
    )


def _missing(tree: Tree, what: str, where: str) -> BuildFailed:
    present = [path for path in tree.files if "dockerfile" in path.lower() and not path.endswith(".dockerignore")]
    there = f"There is {', '.join(present[:5])}." if present else "There is none in the source."
    return BuildFailed(
        f"{what} ({where}).",
        code="dockerfile-error",
        hint=f"{there} Correct what is named, or leave it out to have one found or generated.",
    )
