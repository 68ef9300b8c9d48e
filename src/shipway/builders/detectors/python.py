"""Python: an app with dependencies in a virtual environment, or a plain script."""

from shipway.builders.detectors.detector import HOME, Candidate, Copy, Detector, Run, Stage
from shipway.builders.detectors.python_installs import find_packages
from shipway.builders.detectors.python_packages import PIP_CACHE, VENV, Packages, unlocked
from shipway.builders.detectors.python_serve import Start
from shipway.builders.detectors.python_start import find_start
from shipway.builders.detectors.python_system import SystemPackages, system_packages
from shipway.builders.detectors.python_version import python_version
from shipway.builders.detectors.python_workers import workers
from shipway.builders.detectors.tree import Tree
from shipway.builders.detectors.versions import Version
from shipway.domain.artifacts import Finding

_TOOLS = "/opt/tools"
#: The installers are told by these where to install.
_BUILD_ENVIRONMENT = (("VIRTUAL_ENV", VENV), ("PATH", f"{VENV}/bin:{_TOOLS}/bin:$PATH"))
#: Output is seen at once; the servers believe the proxy, the only one that reaches them, about scheme and client.
_RUN_ENVIRONMENT = (("PATH", f"{VENV}/bin:$PATH"), ("PYTHONUNBUFFERED", "1"), ("FORWARDED_ALLOW_IPS", "*"))


def detect(tree: Tree) -> Candidate | None:
    """A Python app: declared dependencies, or a script with a name that says it is to be run."""
    packages = find_packages(tree)
    start = find_start(tree, packages)
    if not (packages or start):
        return None
    version = python_version(tree)
    system = system_packages(tree, packages, start.system if start else ()) if packages else SystemPackages()
    queues = workers(tree, packages.names) if packages else ()
    return Candidate(
        provider="python",
        stages=_stages(version, packages, start, system),
        start=start.command if start else "",
        evidence=(*_evidence(version, packages, start, system), *(() if start else queues)),
        warnings=(*_warnings(packages, start), *(queues if start else ())),
        without_release=start.without_release if start else (),
        serves=start is None or start.serves,
        certain=start is not None and (packages is not None or start.serves),
        port=start.port if start else 0,
    )


def _stages(
    version: Version, packages: Packages | None, start: Start | None, system: SystemPackages
) -> tuple[Stage, ...]:
    environment = (*_RUN_ENVIRONMENT, *_own_environment(start))
    if not packages:
        plain = (Run((f"python3 -m venv --without-pip {VENV}",)), Copy((".",)))
        return (Stage("python", version.number, plain, environment=environment),)
    steps = _building(packages, start)
    built = any(isinstance(step, Copy) and step.paths == (".",) for step in steps)
    app = Copy((f"{HOME}/",), stage="build") if built else Copy((".",))
    settings = (*_BUILD_ENVIRONMENT, *packages.environment)
    final = (Copy((VENV,), VENV, "build"), app)
    return (
        Stage("python", version.number, steps, "build", system.building, settings),
        Stage("python", version.number, final, packages=system.running, environment=environment),
    )


def _own_environment(start: Start | None) -> tuple[tuple[str, str], ...]:
    if not start:
        return ()
    path = (("PYTHONPATH", f"{HOME}/{start.import_root}"),) if start.import_root else ()
    return (*path, *start.environment)


def _building(packages: Packages, start: Start | None) -> tuple[Copy | Run, ...]:
    """Dependencies before the source, so that they are installed again only when they change."""
    added = (f"{packages.add} {_quoted(start.missing)}",) if start and start.missing else ()
    install = Run((*packages.install, *added), packages.caches, downloads=True)
    whole = Copy((".",))
    steps: list[Copy | Run] = [
        _environment(packages),
        whole if packages.needs_source else Copy(packages.files),
        install,
    ]
    collect = start.build if start else ()
    if (packages.itself or collect) and not packages.needs_source:
        steps.append(whole)
    if packages.itself:
        steps.append(Run(packages.itself, packages.caches, downloads=True))
    return (*steps, Run(collect)) if collect else tuple(steps)


def _quoted(requirement: str) -> str:
    return f"'{requirement}'" if "[" in requirement else requirement


def _environment(packages: Packages) -> Run:
    """The app's virtual environment, and one for the installer, whose own dependencies stay out of the app's."""
    venv = f"python3 -m venv {VENV}"
    if not packages.tool_package:
        return Run((venv,))
    tools = (f"python3 -m venv {_TOOLS}", f"{_TOOLS}/bin/pip install {packages.tool_package}")
    return Run((venv, *tools), (PIP_CACHE,), downloads=True)


def _evidence(
    version: Version, packages: Packages | None, start: Start | None, system: SystemPackages
) -> tuple[Finding, ...]:
    installed = (Finding(f"dependencies by {packages.tool}", packages.where),) if packages else ()
    return (version.finding("Python"), *installed, *system.evidence, *(start.evidence if start else ()))


def _warnings(packages: Packages | None, start: Start | None) -> tuple[Finding, ...]:
    found = list(start.warnings) if start else []
    if packages and not packages.locked:
        found.append(unlocked(packages))
    if packages and start and start.missing:
        found.append(
            Finding(
                f"{start.missing} is not among the dependencies: its newest version is installed to serve the app. "
                "Declare it to choose the version.",
                packages.where,
            )
        )
    return tuple(found)


DETECTOR = Detector(
    "Python",
    "requirements.txt, pyproject.toml, uv.lock, poetry.lock, pdm.lock, pylock.toml, Pipfile, setup.py, main.py, app.py "
    "or server.py",
    detect,
)
