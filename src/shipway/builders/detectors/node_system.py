"""System packages for what Node packages compile or call."""

import re
from dataclasses import dataclass

from shipway.builders.detectors.node_project import Project
from shipway.domain.artifacts import Finding

_COMPILER = ("python3", "make", "g++")
#: Compiled where no binary is shipped for the platform, or where the binary can't be downloaded.
_NATIVE = (
    "argon2",
    "bcrypt",
    "better-sqlite3",
    "canvas",
    "cpu-features",
    "deasync",
    "isolated-vm",
    "kerberos",
    "leveldown",
    "libpq",
    "node-gyp",
    "node-pty",
    "node-sass",
    "pg-native",
    "re2",
    "sqlite3",
    "zeromq",
)
#: Debian packages by the Node package that wants them: those to build it with, and those to run it with.
_LIBRARIES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "canvas": (
        ("pkg-config", "libcairo2-dev", "libpango1.0-dev", "libjpeg-dev", "libgif-dev", "librsvg2-dev"),
        ("libcairo2", "libpango-1.0-0", "libpangocairo-1.0-0", "libjpeg62-turbo", "libgif7", "librsvg2-2"),
    ),
    "pg-native": (("libpq-dev",), ("libpq5",)),
    "libpq": (("libpq-dev",), ("libpq5",)),
    "prisma": (("openssl", "ca-certificates"), ("openssl", "ca-certificates")),
    "@prisma/client": (("openssl", "ca-certificates"), ("openssl", "ca-certificates")),
    "puppeteer": ((), ("chromium",)),
    "puppeteer-core": ((), ("chromium",)),
}
_BROWSER = (("PUPPETEER_SKIP_DOWNLOAD", "true"), ("PUPPETEER_EXECUTABLE_PATH", "/usr/bin/chromium"))


@dataclass(frozen=True, slots=True)
class System:
    """What the images need besides Node."""

    building: tuple[str, ...] = ()
    running: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    #: Commands before an installation.
    prepare: tuple[str, ...] = ()
    evidence: tuple[Finding, ...] = ()


def find_system(projects: tuple[Project, ...]) -> System:
    """What these packages' dependencies need."""
    building: dict[str, None] = {}
    running: dict[str, None] = {}
    evidence = []
    for project in projects:
        for name, spec in project.specifiers.items():
            build, run = _packages(name, spec)
            # What is only built with stays out of the image that runs.
            run = run if name in project.dependencies or name == "prisma" else ()
            building |= dict.fromkeys(build)
            running |= dict.fromkeys(run)
            if wanted := dict.fromkeys((*build, *run)):
                evidence.append(Finding(f"{name} needs {', '.join(wanted)}", project.line(name)))
    # Headers lie beside node itself, so that node-gyp need not download them.
    headers = ('export npm_config_nodedir="$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")"',)
    environment = _BROWSER if "chromium" in running else ()
    prepare = headers if "g++" in building else ()
    return System(tuple(building), tuple(running), environment, prepare, tuple(evidence))


def _packages(name: str, spec: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    build, run = _LIBRARIES.get(name, ((), ()))
    compiler = _COMPILER if name in _NATIVE else ()
    from_git = (
        ("git", "ca-certificates")
        if re.match(r"git[+:@]|(?:github|gitlab|bitbucket):|[\w-]+/[\w.-]+(?:#|$)", spec)
        else ()
    )
    return (*compiler, *build, *from_git), run
