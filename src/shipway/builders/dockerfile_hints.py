"""What a Dockerfile could do better without being wrong: few and gentle, each with the words to write instead."""

import re
from collections.abc import Iterator

from shipway.builders.dockerfile import Dockerfile, Stage
from shipway.builders.dockerfile_instruction import Instruction
from shipway.domain.artifacts import Finding

_UPDATE = re.compile(r"\bapt(?:-get)?\b[^&|;]*\bupdate\b")
_INSTALL = re.compile(r"\bapt(?:-get)?\b(?P<options>[^&|;]*)\binstall\b(?P<rest>[^&|;]*)")
_YES = re.compile(r"(?:^|\s)(?:-\w*y|--yes|--assume-yes|-qq)")
#: What installs a project's dependencies, and the files that it goes by.
_INSTALLERS = (
    (re.compile(r"\bpip3? install\b.*\s-r\b"), "requirements.txt"),
    (re.compile(r"\b(?:uv|poetry|pdm|pipenv) (?:sync|install)\b"), "the project file and its lock file"),
    (
        re.compile(
            r"\b(?:npm (?:ci|i|install)(?:\s+-\S+)*|(?:yarn|pnpm|bun)(?: install| i)?(?:\s+-\S+)*)\s*(?:&&|;|$)"
        ),
        "package*.json",
    ),
    (re.compile(r"\bbundle install\b"), "Gemfile and Gemfile.lock"),
    (re.compile(r"\bcomposer install\b"), "composer.json and composer.lock"),
    (re.compile(r"\bgo mod download\b"), "go.mod and go.sum"),
)


def hints(dockerfile: Dockerfile, chain: tuple[Stage, ...], *, runs_as_root: bool) -> Iterator[Finding]:
    """One finding per habit and place. `chain`: the final stage and those it is based on; `runs_as_root`: its base does."""
    for stage in dockerfile.stages:
        yield from _packages(dockerfile, stage)
        yield from _order(dockerfile, stage)
    for found in dockerfile.instructions:
        if found.keyword == "ADD" and "checksum" not in found.flags and re.match(r"https?://", found.arguments):
            text = "Each build takes whatever comes from there. Write ADD --checksum=sha256:…, or keep the file in the source."
            yield Finding(text, dockerfile.at(found.line))
    yield from _user(dockerfile, chain, runs_as_root)


def _packages(dockerfile: Dockerfile, stage: Stage) -> Iterator[Finding]:
    updated = False
    for run in (found for found in stage.instructions if found.keyword == "RUN"):
        updates, install = _UPDATE.search(run.arguments), _INSTALL.search(run.arguments)
        if updates and not install and not run.heredoc:
            text = (
                "The cache keeps these package lists until they are stale. Write apt-get update && apt-get install -y …"
            )
            yield Finding(text, dockerfile.at(run.line))
        if install and not _YES.search(install["options"] + install["rest"]):
            text = "apt-get asks before it installs, and nobody answers in a build. Write apt-get install -y …"
            yield Finding(text, dockerfile.at(run.line))
        if install and not (updates or updated):
            text = "Base images come without package lists. Write apt-get update && apt-get install -y …"
            yield Finding(text, dockerfile.at(run.line))
        updated = updated or bool(updates)


def _order(dockerfile: Dockerfile, stage: Stage) -> Iterator[Finding]:
    """The whole source is copied before its dependencies are installed for the first time, and no cache makes up for it."""
    for found in stage.instructions:
        if found.keyword in ("COPY", "ADD") and "from" not in found.flags and set(found.words[:-1]) & {".", "./"}:
            yield from _installed_after(dockerfile, stage, found)
            return
        if found.keyword == "RUN" and _files_of(found):
            return


def _installed_after(dockerfile: Dockerfile, stage: Stage, copy: Instruction) -> Iterator[Finding]:
    installs = (
        found for found in stage.instructions if found.keyword == "RUN" and found.line > copy.line and _files_of(found)
    )
    install = next(installs, None)
    if install and "type=cache" not in install.text:
        first = f"Copy {_files_of(install)} and install, then {copy.text}"
        text = f"Each change of the source installs all dependencies anew. {first}"
        yield Finding(text, dockerfile.at(copy.line))


def _files_of(run: Instruction) -> str:
    """The files by which a RUN installs a project's dependencies; empty when it does something else."""
    return next((names for pattern, names in _INSTALLERS if pattern.search(run.arguments)), "")


def _user(dockerfile: Dockerfile, chain: tuple[Stage, ...], runs_as_root: bool) -> Iterator[Finding]:
    users = [user for stage in chain if (user := stage.last("USER"))]
    root = users[0].arguments.partition(":")[0] in ("root", "0") if users else runs_as_root
    if root:
        last = chain[0].instructions[-1].line if chain[0].instructions else chain[0].line
        text = "The app runs as root. Write a line USER with another user, or a number such as 10001, before CMD."
        yield Finding(text, dockerfile.at(users[0].line if users else last))
