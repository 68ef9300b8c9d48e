"""Debian packages that Python packages take: to be compiled, as they bring no wheel, or to run."""

import re
from dataclasses import dataclass

from shipway.builders.detectors.python_packages import Packages
from shipway.builders.detectors.tree import Tree
from shipway.domain.artifacts import Finding

#: `python3-dev` is for our own bases, whose Python is Debian's; an official image has its headers already. It stays in
#: the stage that builds.
_COMPILER = ("gcc", "libc6-dev", "python3-dev")
#: Python package: what it takes to be built, and what to run. What has wheels for each Python (lxml, Pillow,
#: cryptography, numpy, a recent psycopg2-binary) needs nothing.
_NEEDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "psycopg2": ((*_COMPILER, "libpq-dev"), ("libpq5",)),
    "psycopg-c": ((*_COMPILER, "libpq-dev"), ("libpq5",)),
    "psycopg[c]": ((*_COMPILER, "libpq-dev"), ("libpq5",)),
    "psycopg": ((), ("libpq5",)),
    "mysqlclient": ((*_COMPILER, "pkg-config", "default-libmysqlclient-dev"), ("libmariadb3",)),
    "uwsgi": (_COMPILER, ()),
    "python-ldap": (
        (*_COMPILER, "libldap-dev", "libsasl2-dev"),
        ("ldap-utils",),
    ),  # its library has another name in each release
    "pycairo": ((*_COMPILER, "pkg-config", "libcairo2-dev"), ("libcairo2",)),
    "pygraphviz": ((*_COMPILER, "pkg-config", "libgraphviz-dev"), ("graphviz",)),
    "cairosvg": ((), ("libcairo2",)),
    "cairocffi": ((), ("libcairo2",)),
    "ffmpeg-python": ((), ("ffmpeg",)),
    "graphviz": ((), ("graphviz",)),
    "opencv-python": ((), ("libgl1", "libglib2.0-0")),
    "opencv-contrib-python": ((), ("libgl1", "libglib2.0-0")),
    "pdf2image": ((), ("poppler-utils",)),
    "pydub": ((), ("ffmpeg",)),
    "pyodbc": ((), ("unixodbc",)),
    "pytesseract": ((), ("tesseract-ocr",)),
    "python-magic": ((), ("libmagic1",)),
    "pyzbar": ((), ("libzbar0",)),
    "weasyprint": ((), ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "fonts-dejavu-core")),
}
#: A pin from before there were wheels for Python 3.13: it is compiled, as psycopg2 is.
_UNWHEELED = re.compile(
    r"^psycopg2-binary\s*==\s*2\.(?:[0-8]\.\d+|9(?:\.[0-9])?)(?![\d.])", re.MULTILINE | re.IGNORECASE
)
#: Wheels with the library inside: the plain package then takes nothing.
_INSTEAD = {"psycopg": {"psycopg[binary]", "psycopg-binary"}}
#: A dependency on a Git repository, as each tool writes it.
_GIT = re.compile(r"git\+|\bgit\s*=\s*\"|\"git\"\s*:")


@dataclass(frozen=True, slots=True)
class SystemPackages:
    """Debian packages for the stage that builds and for the image that runs, with the reasons."""

    building: tuple[str, ...] = ()
    running: tuple[str, ...] = ()
    evidence: tuple[Finding, ...] = ()


def system_packages(tree: Tree, packages: Packages, framework: tuple[str, ...]) -> SystemPackages:
    """What the installed packages take, those that only the lock file names too, and what the framework does."""
    installed = packages.names | packages.locked_names
    compiled = {"psycopg2"} if any(_UNWHEELED.search(tree.text(path)) for path in packages.files) else set()
    known = (installed | compiled) & set(_NEEDS)
    wanting = sorted(name for name in known if not _INSTEAD.get(name, set()) & installed)
    git = any(_GIT.search(tree.text(path)) for path in packages.files)
    building = {*framework, *(["git"] if git else [])}.union(*(_NEEDS[name][0] for name in wanting))
    running = set(framework).union(*(_NEEDS[name][1] for name in wanting))
    evidence = [Finding(f"Debian packages for {name}: {_told(name)}", packages.where) for name in wanting]
    evidence += [Finding(f"Debian package for Django's geographic fields: {name}") for name in framework]
    if git:
        evidence.append(Finding("Debian package for a dependency in a Git repository: git", packages.where))
    return SystemPackages(tuple(sorted(building)), tuple(sorted(running)), tuple(evidence))


def _told(name: str) -> str:
    building, running = _NEEDS[name]
    parts = [f"{' '.join(building)} to build" if building else "", f"{' '.join(running)} to run" if running else ""]
    return "; ".join(filter(None, parts))
