"""What will be built from a source tree, how it is started, on which port, and by which evidence (S3.2 to S3.4)."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

from shipway.builders import dockerfile as dockerfiles
from shipway.builders import own_dockerfile, workspaces
from shipway.builders.build_arguments import BuildNames
from shipway.builders.declarations import declarations, liveness, probe
from shipway.builders.declared import SETTINGS, Declared
from shipway.builders.detectors.tree import Tree
from shipway.builders.dockerignore import rules_of
from shipway.builders.explanation import explain
from shipway.builders.generate import Dockerfile
from shipway.builders.overrides import overridden
from shipway.builders.providers import OWN_DOCKERFILE, Choice, candidates, choose
from shipway.builders.substituted import substituted
from shipway.builders.undetected import (
    nothing_detected,
    nothing_to_start,
    other_dockerfile,
    unreadable_start_command,
)
from shipway.builders.workspaces import Workspace
from shipway.domain.artifacts import Analysis, Finding
from shipway.domain.errors import Invalid
from shipway.domain.process import WEB, ProcessType, argv
from shipway.domain.service import ServiceSettings

__all__ = ["analyze", "explain"]

DEFAULT_PORT = 8080

Base = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Source:
    """Where the service is, and what it is known by."""

    tree: Tree
    #: Root of the checkout: the service's own directory, or one above it.
    root: Path
    #: Its path, for commands that people can copy.
    name: str


def analyze(
    directory: Path,
    settings: ServiceSettings,
    base: Base,
    *,
    root: Path | None = None,
    name: str = "PATH",
    configured: Collection[str] = (),
    gitignore: bool = False,
    cache_prefix: str = "",
    build: BuildNames | None = None,
) -> Analysis:
    """Decide how the source in `directory` is built and started. Only reads it, and nothing outside of `root`.

    `base(runtime, version)` names the image that a generated Dockerfile starts from; runtimes are `python`, `node`,
    `static` (nginx) and so on. `root` is the checkout that `directory` lies in, where that is more: a member of a
    workspace may be built from there, which the answer's `context` says. `name` is the service's path, `configured` the
    names of its config vars. `gitignore` leaves out what an upload of this working copy would. `cache_prefix` sets the
    build caches of a generated Dockerfile apart from those of others on the same builder. `build` names what its builds are
    given.

    Raises `AnalysisFailed`: `nothing-detected`, `unknown-provider`, `no-start-command`, `start-command-error`,
    `procfile-error`, `manifest-error`; and `BuildFailed` (`dockerfile-error`) for a Dockerfile that is certain to fail.
    """
    source = Source(Tree(directory, rules_of(directory), gitignore), root or directory, name)
    _check_start_command(settings)
    declared = declarations(source.tree, settings, configured)
    names = build or BuildNames()
    if path := own_dockerfile.find(source.tree, declared):
        found = _from_dockerfile(source, path, declared)
    else:
        found = _generated(source, declared, base, cache_prefix, names)
    given = names.warnings(dockerfiles.parse(found.dockerfile, path or "Dockerfile"))
    return replace(
        found,
        release_command=declared.text("release"),
        warnings=(*found.warnings, *declared.warnings, *_without_command(found, declared), *given),
        probe=probe(declared),
        liveness=liveness(declared),
    )


def _check_start_command(settings: ServiceSettings) -> None:
    try:
        argv(settings.start_command, {})
    except Invalid as error:
        raise unreadable_start_command(error) from error


def _from_dockerfile(source: Source, path: str, declared: Declared) -> Analysis:
    named = _named(declared)
    context = own_dockerfile.context(source.tree, source.root, declared)
    directory = source.tree.root / context
    checked = own_dockerfile.checked(
        source.tree.text(path),
        path,
        declared,
        directory=directory,
        ignored=rules_of(directory),
        command_given="processes.web" in declared.said or named,
    )
    # A Procfile of workers only, beside an image that serves nothing, is a service without a web process.
    processes = _processes(declared, "" if not named or checked.ports else None)
    port, port_evidence = _port(declared, checked.ports, checked.ports_where)
    others = dict.fromkeys(candidate.provider for candidate in candidates(source.tree, strict=False))
    return Analysis(
        provider=OWN_DOCKERFILE,
        dockerfile=source.tree.text(path),
        generated=False,
        processes=processes,
        port=port,
        evidence=(Finding("Dockerfile", path), *port_evidence, *declared.evidence),
        warnings=(*checked.warnings, *own_dockerfile.without_effect(declared)),
        alternatives=tuple(others),
        context=context,
        target=declared.text("build.target"),
    )


def _generated(source: Source, declared: Declared, base: Base, cache_prefix: str, build: BuildNames) -> Analysis:
    workspace, choice = _choice(source, declared)
    chosen = overridden(choice.chosen, declared)
    processes = _processes(declared, (chosen.start if chosen.serves or not _named(declared) else "") or None)
    if not processes:
        raise nothing_to_start(chosen)
    port, port_evidence = _port(declared, (chosen.port,) if chosen.port else (), "")
    early = build.early(workspace.top if workspace else source.tree)
    late = tuple(name for name in build.arguments if name not in early)
    text = Dockerfile(base, port, processes[0].command, cache_prefix, early, late, build.secrets)
    return Analysis(
        provider=chosen.provider,
        dockerfile=text.render(chosen),
        generated=True,
        processes=processes,
        port=port,
        evidence=(*choice.reason, *chosen.evidence, *port_evidence, *declared.evidence, *_unused(source.tree)),
        warnings=(
            *chosen.warnings,
            *(() if declared.text("release") else chosen.without_release),
            *substituted(chosen, base),
        ),
        alternatives=_alternatives(source.tree, choice),
        context=workspace.context if workspace else ".",
    )


def _choice(source: Source, declared: Declared) -> tuple[Workspace | None, Choice]:
    """How it is built, and the workspace it is built with, if any. Raises `AnalysisFailed`."""
    own = source.tree
    workspace = workspaces.find(source.root, own.root, gitignore=own.gitignore)
    wanted = workspace and declared.text("build.provider") in ("", workspace.provider)
    if workspace and wanted and (candidate := workspaces.candidate(workspace)):
        others = (each for each in candidates(own, strict=False) if each.provider != candidate.provider)
        return workspace, Choice(candidate, tuple(others))
    choice = choose(own, declared)
    if choice is None:
        raise nothing_detected(own, source.name)
    return None, choice


def _alternatives(tree: Tree, choice: Choice) -> tuple[str, ...]:
    own = (OWN_DOCKERFILE,) if own_dockerfile.usual(tree) else ()
    return (*own, *dict.fromkeys(other.provider for other in choice.others if other.provider != choice.chosen.provider))


def _unused(tree: Tree) -> tuple[Finding, ...]:
    """A Dockerfile that someone may have meant."""
    path = other_dockerfile(tree)
    text = f'{path} is not used, unless it is named: dockerfile = "{path}" under [build] in shipway.toml'
    return (Finding(text),) if path else ()


def _named(declared: Declared) -> bool:
    """Whether a file names process types; one that the settings overrule counts too."""
    return any(said.where != SETTINGS or said.instead_of for said in declared.under("processes").values())


def _processes(declared: Declared, detected: str | None) -> tuple[ProcessType, ...]:
    """`web` first: as declared, else as detected (`None`: nothing was); then the others."""
    commands = {name: str(said.value) for name, said in declared.under("processes").items()}
    web = commands.get(WEB, detected)
    ordered = {**({} if web is None else {WEB: web}), **{name: each for name, each in commands.items() if name != WEB}}
    return tuple(
        ProcessType(name, command, declared.number(f"scale.{name}") if f"scale.{name}" in declared.said else 1)
        for name, command in ordered.items()
    )


def _without_command(analysis: Analysis, declared: Declared) -> tuple[Finding, ...]:
    """Process types that are to be scaled but that nobody says how to start."""
    known = {process.name for process in analysis.processes}
    return tuple(
        Finding(f"{name} is to run, but nothing says how it is started. Name it in the Procfile.", said.where)
        for name, said in declared.under("scale").items()
        if name not in known
    )


def _port(declared: Declared, exposed: tuple[int, ...], where: str) -> tuple[int, tuple[Finding, ...]]:
    """The port, and the evidence for it where it is not among what is declared."""
    if port := declared.number("port"):
        return port, ()
    if len(exposed) == 1:
        return exposed[0], (Finding(f"port {exposed[0]}", where),)
    return DEFAULT_PORT, (Finding(f"port {DEFAULT_PORT}, the default"),)
