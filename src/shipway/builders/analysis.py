"""What will be built from a source tree, how it is started, on which port, and by which evidence (S3.2 to S3.4)."""

import contextlib
from collections.abc import Callable
from pathlib import Path

from shipway.builders import dockerfile as dockerfiles
from shipway.builders import procfile as procfiles
from shipway.builders.detectors import DETECTORS
from shipway.builders.detectors.detector import Candidate
from shipway.builders.detectors.tree import Tree
from shipway.builders.dockerfile_checks import check
from shipway.builders.dockerfile_sources import Context
from shipway.builders.generate import Dockerfile
from shipway.builders.ignore import Dockerignore, is_inside
from shipway.builders.procfile import Procfile
from shipway.builders.undetected import nothing_detected, nothing_to_start, unreadable_start_command
from shipway.builders.workbench import DEFAULT_DOCKERIGNORE
from shipway.domain.artifacts import Analysis, Finding
from shipway.domain.errors import AnalysisFailed, BuildFailed, Invalid
from shipway.domain.process import WEB, ProcessType, argv
from shipway.domain.service import ServiceSettings

DEFAULT_PORT = 8080
_DOCKERFILES = ("Dockerfile", "dockerfile", "Containerfile")

Base = Callable[[str, str], str]


def analyze(
    directory: Path, settings: ServiceSettings, base: Base, *, gitignore: bool = False, cache_prefix: str = ""
) -> Analysis:
    """Decide how the source in `directory` is built and started. Only reads it, and nothing outside of it.

    `base(runtime, version)` names the image that a generated Dockerfile starts from; runtimes are `python`, `node` and
    `static` (nginx). `gitignore` leaves out what an upload of this working copy would. `cache_prefix` sets the build
    caches of a generated Dockerfile apart from those of others on the same builder.

    Raises `AnalysisFailed`: `nothing-detected`, `no-start-command`, `start-command-error`, `procfile-error`,
    `manifest-error`; and `BuildFailed` (`dockerfile-error`) for a Dockerfile that is certain to fail.
    """
    ignored = _dockerignore(directory)
    tree = Tree(directory, ignored, gitignore)
    procfile = procfiles.parse(tree.text(procfiles.NAME))
    _check_start_command(settings)
    if path := _dockerfile(tree, settings):
        return _from_dockerfile(tree, path, procfile, settings)
    return _generated(tree, procfile, settings, base, cache_prefix)


def explain(analysis: Analysis) -> list[str]:
    """The decision and its reasons, as lines for a step's log."""
    made = "a generated Dockerfile" if analysis.generated else "its own Dockerfile"
    lines = [f"-----> {_TITLES.get(analysis.provider, analysis.provider)}: built from {made}"]
    lines += [f"       {_told(finding)}" for finding in analysis.evidence]
    lines += [
        f"       {process.name}: {process.command or 'the command of the image'}" for process in analysis.processes
    ]
    if analysis.release_command:
        lines.append(f"       release: {analysis.release_command}")
    if analysis.alternatives:
        lines.append(f"       Also looks like: {', '.join(analysis.alternatives)}")
    return [*lines, *(f" !     {_told(warning)}" for warning in analysis.warnings)]


_TITLES = {"python": "Python", "node": "Node.js", "static": "Static site", "dockerfile": "Dockerfile"}


def _told(finding: Finding) -> str:
    return f"{finding.text} ({finding.where})" if finding.where else finding.text


def _dockerignore(directory: Path) -> Dockerignore:
    """The rules the build will go by: the same choice that the workbench makes."""
    for path in ("Dockerfile.dockerignore", ".dockerignore"):
        if is_inside(directory, path):
            return Dockerignore(path, (directory / path).read_text("utf-8-sig", errors="replace"))
    return Dockerignore("", DEFAULT_DOCKERIGNORE)


def _check_start_command(settings: ServiceSettings) -> None:
    try:
        argv(settings.start_command, {})
    except Invalid as error:
        raise unreadable_start_command(error) from error


def _dockerfile(tree: Tree, settings: ServiceSettings) -> str:
    """Path of the user's Dockerfile, empty for none. One that the settings name has to be there."""
    wanted = settings.dockerfile
    if not wanted:
        return next((name for name in _DOCKERFILES if is_inside(tree.root, name)), "")
    if "\0" in wanted or not is_inside(tree.root, wanted):
        present = [path for path in tree.files if "dockerfile" in path.lower() and not path.endswith(".dockerignore")]
        there = f"There is {', '.join(present[:5])}." if present else "There is none in the source."
        raise BuildFailed(
            f"The Dockerfile {wanted!r} that the service's settings name does not exist in the source.",
            code="dockerfile-error",
            hint=f"{there} Correct the setting, or leave it empty to have one found or generated.",
        )
    return wanted


def _from_dockerfile(tree: Tree, path: str, procfile: Procfile, settings: ServiceSettings) -> Analysis:
    text = tree.text(path)
    parsed = dockerfiles.parse(text, path)
    named = {process.name for process in procfile.processes}
    given = bool(settings.start_command) or bool(named)
    checked = check(parsed, Context(tree.root, tree.ignored), command_given=given, port_given=bool(settings.port))
    # A Procfile of workers only, beside an image that serves nothing, is a service without a web process.
    image_serves = not named or bool(checked.ports)
    processes = _processes(procfile, settings, "" if image_serves else None)
    port, port_evidence = _port(settings, checked.ports, checked.ports_where)
    return Analysis(
        provider="dockerfile",
        dockerfile=text,
        generated=False,
        processes=processes,
        port=port,
        release_command=procfile.release_command,
        evidence=(Finding("Dockerfile", path), port_evidence, *_started_by(procfile, settings)),
        warnings=checked.warnings,
        alternatives=tuple(candidate.provider for candidate in _candidates(tree, strict=False)),
    )


def _generated(tree: Tree, procfile: Procfile, settings: ServiceSettings, base: Base, cache_prefix: str) -> Analysis:
    candidates = _candidates(tree, strict=True)
    if not candidates:
        raise nothing_detected(tree)
    chosen, *others = candidates
    detected = chosen.start if chosen.serves or not procfile.processes else ""
    processes = _processes(procfile, settings, detected or None)
    if not processes:
        raise nothing_to_start(chosen)
    port, port_evidence = _port(settings, (chosen.port,) if chosen.port else (), "")
    command = processes[0].command
    return Analysis(
        provider=chosen.provider,
        dockerfile=Dockerfile(base, port, command, cache_prefix).render(chosen),
        generated=True,
        processes=processes,
        port=port,
        release_command=procfile.release_command,
        evidence=(*chosen.evidence, port_evidence, *_started_by(procfile, settings)),
        warnings=(*chosen.warnings, *(() if procfile.release_command else chosen.without_release)),
        alternatives=tuple(other.provider for other in others),
    )


def _candidates(tree: Tree, *, strict: bool) -> list[Candidate]:
    """All that detectors recognise, the best first: in their order, those that are certain before those that aren't."""
    found: list[Candidate] = []
    for detector in DETECTORS:
        with contextlib.nullcontext() if strict else contextlib.suppress(AnalysisFailed):
            if candidate := detector.detect(tree):
                found.append(candidate)
    return sorted(found, key=lambda candidate: not candidate.certain)


def _processes(procfile: Procfile, settings: ServiceSettings, detected: str | None) -> tuple[ProcessType, ...]:
    """The Procfile's, with `web` from the settings before the Procfile before what was detected (`None`: nothing was)."""
    commands = {process.name: process.command for process in procfile.processes}
    web = settings.start_command or commands.get(WEB, detected)
    others = [ProcessType(name, command) for name, command in commands.items() if name != WEB]
    return (*([] if web is None else [ProcessType(WEB, web)]), *others)


def _port(settings: ServiceSettings, declared: tuple[int, ...], where: str) -> tuple[int, Finding]:
    if settings.port:
        return settings.port, Finding(f"port {settings.port}, from the service's settings")
    if len(declared) == 1:
        return declared[0], Finding(f"port {declared[0]}", where)
    return DEFAULT_PORT, Finding(f"port {DEFAULT_PORT}, the default")


def _started_by(procfile: Procfile, settings: ServiceSettings) -> tuple[Finding, ...]:
    if settings.start_command:
        return (Finding("web is started as the service's settings say"),)
    return tuple(Finding(f"{name} is named", f"{procfiles.NAME}:{line}") for name, line in procfile.lines)
