"""What is declared about a build, applied to a candidate: data in, data out."""

import re
from collections.abc import Callable
from dataclasses import replace

from shipway.builders.declared import Declared
from shipway.builders.detectors.detector import HOME, Candidate, Copy, Run, Stage
from shipway.domain.artifacts import Finding

Step = Copy | Run

_TOOL = (
    r"(?:\S*/)?(?:pip3?|uv(?: pip)?|poetry|pdm|pipenv|npm|pnpm|yarn|bun|bundle|composer|go mod|cargo|dotnet|deno"
    r"|mvnw?|gradlew?)"
)
#: Commands that install what an app depends on; those that install an installer are none of them.
INSTALLS = re.compile(
    rf"(?!.*(?:--global|/opt/tools)){_TOOL}\b.*\b(?:install|ci|sync|download|fetch|restore|dependency:\S+|dependencies)\b"
)
BUILDS = re.compile(
    rf"{_TOOL}\b.*\b(?:build|publish|package|assemble|bootJar|shadowJar|installDist)\b|go build\b"
    r"|.*\b(?:collectstatic|assets:precompile|dump-autoload)\b|(?:npx )?(?:tsc|vite build|next build)\b"
)
#: Debian packages that are of use only while something is compiled.
_FORBUILDS = re.compile(r".*-dev|gcc|g\+\+|make|cmake|build-essential|pkg-config|pkgconf|autoconf|automake|libtool|git")


def overridden(candidate: Candidate, declared: Declared) -> Candidate:
    """The candidate with its version, system packages, install and build commands as declared."""
    candidate = replace(
        candidate, evidence=tuple(each for each in candidate.evidence if not _is_overruled(each, declared))
    )
    if version := declared.text("build.version"):
        candidate = _with_version(candidate, version, declared.where("build.version"))
    if packages := declared.words("build.packages"):
        candidate = _with_packages(candidate, packages)
    if commands := declared.words("build.install"):
        candidate = _with_commands(candidate, commands, INSTALLS)
    if commands := declared.words("build.build"):
        candidate = _with_commands(candidate, commands, BUILDS)
    return candidate


def _is_overruled(finding: Finding, declared: Declared) -> bool:
    """Whether it tells how the app would be built or started, if nobody had declared that."""
    started = "processes.web" in declared.said and finding.text.startswith("started by")
    return started or ("build.build" in declared.said and finding.text.startswith("built by"))


def _with_version(candidate: Candidate, version: str, where: str) -> Candidate:
    """In every stage of the app's own runtime, which is the first one's, and in the evidence."""
    runtime, old = candidate.stages[0].runtime, candidate.stages[0].version
    told = re.compile(rf"(\D+) {re.escape(old)}(?:, the default)?")
    title = next((found[1] for finding in candidate.evidence if (found := told.fullmatch(finding.text))), "version")
    others = tuple(finding for finding in candidate.evidence if not told.fullmatch(finding.text))
    changed = _each_stage(candidate, lambda each: replace(each, version=version) if each.runtime == runtime else each)
    return replace(changed, evidence=(Finding(f"{title} {version}", where), *others))


def _with_packages(candidate: Candidate, packages: tuple[str, ...]) -> Candidate:
    """In all stages; those that only a compiler needs are left out of the last where there are several."""
    last = candidate.stages[-1]

    def add(stage: Stage) -> Stage:
        leave = stage is last and len(candidate.stages) > 1
        wanted = {name for name in packages if not (leave and _FORBUILDS.fullmatch(name))}
        return replace(stage, packages=tuple(sorted({*stage.packages, *wanted})))

    return _each_stage(candidate, add)


def _with_commands(candidate: Candidate, commands: tuple[str, ...], kind: re.Pattern[str]) -> Candidate:
    """`commands` instead of those of that kind; where there are none, after the source has come into the first stage."""
    replaced = _each_stage(candidate, lambda stage: _replacing(stage, commands, kind))
    return replaced if replaced != candidate else _with_step(candidate, commands)


def _replacing(stage: Stage, commands: tuple[str, ...], kind: re.Pattern[str]) -> Stage:
    """The first such command of a stage makes way, the others go."""
    if not any(kind.match(command) for step in stage.steps if isinstance(step, Run) for command in step.commands):
        return stage
    steps: list[Step] = []
    done = False
    for step in stage.steps:
        if isinstance(step, Run) and any(kind.match(command) for command in step.commands):
            kept = [command for command in step.commands if not kind.match(command)]
            first = next(index for index, command in enumerate(step.commands) if kind.match(command))
            new = (*kept[:first], *(() if done else commands), *kept[first:])
            done = True
            steps += [replace(step, commands=new, downloads=True)] if new else []
        else:
            steps.append(step)
    return replace(stage, steps=tuple(steps) if _has_what_it_reads(steps, commands) else _whole_source(tuple(steps)))


def _has_what_it_reads(steps: list[Step], commands: tuple[str, ...]) -> bool:
    """Whether all that the commands may read is there before them: the whole source, or what an installer looks for."""
    before = next(index for index, step in enumerate(steps) if isinstance(step, Run) and commands[0] in step.commands)
    copied = {path for step in steps[:before] if isinstance(step, Copy) and not step.stage for path in step.paths}
    named = {word for command in commands for word in command.split() if re.search(r"[./]", word)}
    return "." in copied or (all(INSTALLS.match(command) for command in commands) and named <= copied)


def _with_step(candidate: Candidate, commands: tuple[str, ...]) -> Candidate:
    first, *others = candidate.stages
    caches = next((step.caches for step in reversed(first.steps) if isinstance(step, Run)), ())
    if not others:
        return replace(candidate, stages=(replace(first, steps=(*first.steps, Run(commands, caches, downloads=True))),))
    steps = _whole_source(first.steps)
    source = () if Copy((".",)) in steps else (Copy((".",)),)
    built = replace(first, steps=(*steps, *source, Run(commands, caches, downloads=True)))
    last = others[-1]
    results = Copy((f"{HOME}/",), stage=first.name)
    taken = tuple(results if isinstance(step, Copy) and step == Copy((".",)) else step for step in last.steps)
    return replace(candidate, stages=(built, *others[:-1], replace(last, steps=taken)))


def _whole_source(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """All of the source where only parts of it were copied first."""
    sources = [index for index, step in enumerate(steps) if isinstance(step, Copy) and not step.stage]
    if not sources:
        return steps
    return tuple(
        Copy((".",)) if index == sources[0] else step
        for index, step in enumerate(steps)
        if index == sources[0] or index not in sources
    )


def _each_stage(candidate: Candidate, change: Callable[[Stage], Stage]) -> Candidate:
    return replace(candidate, stages=tuple(change(stage) for stage in candidate.stages))
