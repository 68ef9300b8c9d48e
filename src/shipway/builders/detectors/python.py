"""Python: an app with dependencies in a virtual environment, or a plain script."""

import re

from shipway.builders.detectors.detector import HOME, Candidate, Copy, Detector, Run, Stage
from shipway.builders.detectors.python_packages import Packages, find_packages, unlocked
from shipway.builders.detectors.python_start import Start, find_start
from shipway.builders.detectors.tree import Tree
from shipway.builders.detectors.versions import Version, choose, from_tool_versions, pinned
from shipway.domain.artifacts import Finding

_LINES = ("3.14", "3.13", "3.12", "3.11", "3.10", "3.9")
_DEFAULT = "3.13"
_VENV = "/opt/venv"
_TOOLS = "/opt/tools"
#: The installers are told by these where to install.
_BUILD_ENVIRONMENT = (("VIRTUAL_ENV", _VENV), ("PATH", f"{_VENV}/bin:{_TOOLS}/bin:$PATH"))
#: Output is seen at once; the servers believe the proxy, the only one that reaches them, about scheme and client.
_RUN_ENVIRONMENT = (("PATH", f"{_VENV}/bin:$PATH"), ("PYTHONUNBUFFERED", "1"), ("FORWARDED_ALLOW_IPS", "*"))
#: Packages that are compiled while they are installed: Debian packages that takes, and those they need to run.
_COMPILED = {
    "psycopg2": (("gcc", "libc6-dev", "python3-dev", "libpq-dev"), ("libpq5",)),
    "psycopg[c]": (("gcc", "libc6-dev", "python3-dev", "libpq-dev"), ("libpq5",)),
    "psycopg": ((), ("libpq5",)),
    "mysqlclient": (("gcc", "libc6-dev", "python3-dev", "pkg-config", "default-libmysqlclient-dev"), ("libmariadb3",)),
    "uwsgi": (("gcc", "libc6-dev", "python3-dev"), ()),
}


def detect(tree: Tree) -> Candidate | None:
    """A Python app: declared dependencies, or a script with a name that says it is to be run."""
    packages = find_packages(tree)
    start = find_start(tree, packages)
    if not (packages or start):
        return None
    version = _version(tree)
    return Candidate(
        provider="python",
        stages=_stages(tree, version, packages, start),
        start=start.command if start else "",
        evidence=_evidence(version, packages, start),
        warnings=_warnings(packages, start),
        without_release=start.without_release if start else (),
        serves=start is None or start.serves,
        certain=start is not None and (packages is not None or start.serves),
    )


def _version(tree: Tree) -> Version:
    return (
        pinned(tree, (".python-version", "runtime.txt"))
        or from_tool_versions(tree, "python")
        or _from_range(tree)
        or Version(_DEFAULT)
    )


def _from_range(tree: Tree) -> Version | None:
    """The range in pyproject.toml or the Pipfile: the default version where it allows that."""
    poetry = r"^python\s*=\s*['\"]([^'\"]+)"
    places = (("pyproject.toml", r"^requires-python\s*=\s*['\"]([^'\"]+)"), ("pyproject.toml", poetry),
              ("Pipfile", r"^python(?:_full)?_version\s*=\s*['\"]([^'\"]+)"))  # fmt: skip
    for path, pattern in places:
        if match := re.search(pattern, tree.text(path), re.MULTILINE):
            return choose(match[1], tree.line_of(path, pattern), _LINES, _DEFAULT)
    return None


def _stages(tree: Tree, version: Version, packages: Packages | None, start: Start | None) -> tuple[Stage, ...]:
    environment = (
        *_RUN_ENVIRONMENT,
        *((("PYTHONPATH", f"{HOME}/{start.import_root}"),) if start and start.import_root else ()),
    )
    if not packages:
        plain = (Run((f"python3 -m venv --without-pip {_VENV}",)), Copy((".",)))
        return (Stage("python", version.number, plain, environment=environment),)
    steps = _building(packages, start)
    built = any(isinstance(step, Copy) and step.paths == (".",) for step in steps)
    app = Copy((f"{HOME}/",), stage="build") if built else Copy((".",))
    building, running = _system_packages(tree, packages)
    settings = (*_BUILD_ENVIRONMENT, *packages.environment)
    final = (Copy((_VENV,), _VENV, "build"), app)
    return (
        Stage("python", version.number, steps, "build", building, settings),
        Stage("python", version.number, final, packages=running, environment=environment),
    )


def _building(packages: Packages, start: Start | None) -> tuple[Copy | Run, ...]:
    """Dependencies before the source, so that they are installed again only when they change."""
    added = (f"{packages.add} {start.missing}",) if start and start.missing else ()
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


def _environment(packages: Packages) -> Run:
    """The app's virtual environment, and one for the installer, whose own dependencies stay out of the app's."""
    venv = f"python3 -m venv {_VENV}"
    if not packages.tool_package:
        return Run((venv,))
    tools = (f"python3 -m venv {_TOOLS}", f"{_TOOLS}/bin/pip install {packages.tool_package}")
    return Run((venv, *tools), ("/root/.cache/pip",), downloads=True)


def _system_packages(tree: Tree, packages: Packages) -> tuple[tuple[str, ...], tuple[str, ...]]:
    binary = {"psycopg"} if "psycopg[binary]" in packages else set[str]()
    needed = [_COMPILED[name] for name in packages.names & set(_COMPILED) - binary]
    git = {"git"} if any("git+" in tree.text(path) for path in packages.files) else set[str]()
    building = git.union(*(build for build, _ in needed))
    running = set[str]().union(*(run for _, run in needed))
    return tuple(sorted(building)), tuple(sorted(running))


def _evidence(version: Version, packages: Packages | None, start: Start | None) -> tuple[Finding, ...]:
    installed = Finding(f"dependencies by {packages.tool}", packages.where) if packages else None
    return tuple(filter(None, (version.finding("Python"), installed, start.evidence if start else None)))


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
    "requirements.txt, pyproject.toml, uv.lock, poetry.lock, pdm.lock, Pipfile, setup.py, main.py, app.py or server.py",
    detect,
)
