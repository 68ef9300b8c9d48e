"""The gems of a Ruby project, and what they need of the system: its Gemfile and Gemfile.lock, read as Bundler would."""

import re
from dataclasses import dataclass

from shipway.builders.detectors.tree import Tree
from shipway.domain.artifacts import Finding

MANIFEST = "Gemfile"
LOCK = "Gemfile.lock"
_CACHED = "vendor/cache/"
#: A Gemfile may take the version of Ruby from these.
_READ_BY_BUNDLER = (MANIFEST, LOCK, ".ruby-version", ".tool-versions")
#: Compiler, and the headers that a Ruby of the full image is compiled with.
_COMPILER = ("build-essential", "libffi-dev", "libssl-dev", "libyaml-dev", "pkg-config", "zlib1g-dev")
#: Gems that need more of the system: Debian packages to compile them, and those to run them.
_NATIVE = {
    "pg": (("libpq-dev",), ("libpq5",)),
    "mysql2": (("default-libmysqlclient-dev",), ("libmariadb3",)),
    "sqlite3": (("libsqlite3-dev",), ("libsqlite3-0",)),
    "rmagick": (("libmagickwand-dev",), ("imagemagick",)),
    "mini_magick": ((), ("imagemagick",)),
    "ruby-vips": ((), ("libvips42",)),
    "curb": (("libcurl4-openssl-dev",), ("libcurl4",)),
    "ruby-ldap": (("libldap-dev",), ("libldap-common",)),
    "rugged": (("cmake",), ()),
    "tzinfo": ((), ("tzdata",)),
}
#: Every part of a program that loads it needs a JavaScript runtime, unless a gem is one.
_JAVASCRIPT = "execjs"
_JAVASCRIPT_GEMS = {"mini_racer", "therubyracer", "duktape"}


@dataclass(frozen=True, slots=True)
class Gems:
    """What a Gemfile and its lock file say; without any, nothing."""

    #: What declares them, as evidence; empty when there is no Gemfile.
    where: str = ""
    #: Direct and, when locked, indirect ones.
    names: frozenset[str] = frozenset()
    #: Files that an installation reads.
    files: tuple[str, ...] = ()
    locked: bool = False
    #: Whether some are in the source itself.
    needs_source: bool = False
    #: Whether some are fetched from git repositories.
    from_git: bool = False
    #: Whether `vendor/cache` brings them along.
    cached: bool = False
    #: Whether they were resolved for other platforms only, such as the developer's.
    for_other_platforms: bool = False

    def __contains__(self, name: str) -> bool:
        return name in self.names


def find_gems(tree: Tree) -> Gems:
    """The project's gems, by the lock file where there is one."""
    if not tree.has(MANIFEST):
        return Gems()
    declared, lock = tree.text(MANIFEST), tree.text(LOCK) if tree.has(LOCK) else ""
    pattern = r"^ {4}([\w.-]+) \(" if lock else r"^[ \t]*gem[ (]+['\"]([\w.-]+)['\"]"
    inside = r"^PATH$" if lock else r"^[ \t]*(?:gemspec|path)\b|\bpath:|:path\s*=>"
    return Gems(
        LOCK if lock else MANIFEST,
        frozenset(re.findall(pattern, lock or declared, re.MULTILINE)),
        tuple(path for path in _READ_BY_BUNDLER if tree.has(path)),
        locked=bool(lock),
        needs_source=bool(
            re.search(rf"{inside}|^[ \t]*eval_gemfile\b", f"{lock or declared}\n{declared}", re.MULTILINE)
        ),
        from_git=bool(re.search(r"^GIT$", lock, re.MULTILINE) or re.search(r"\b(?:git|github):", declared)),
        cached=any(path.startswith(_CACHED) and path.endswith(".gem") for path in tree.files),
        for_other_platforms=_for_other_platforms(lock),
    )


def _for_other_platforms(lock: str) -> bool:
    section = re.search(r"^PLATFORMS\n((?:  .+\n?)+)", lock, re.MULTILINE)
    return bool(section) and not re.search(r"^  (?:ruby$|.*-linux)", section[1] if section else "", re.MULTILINE)


def packages(gems: Gems) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Debian packages: to build the app with, and to run it with."""
    needed = [_NATIVE[name] for name in gems.names & set(_NATIVE) if name != "tzinfo" or "tzinfo-data" not in gems]
    javascript = {"nodejs"} if needs_javascript(gems) else set[str]()
    git = {"git"} if gems.from_git else set[str]()
    building = {*_COMPILER}.union(git, javascript, *(build for build, _ in needed))
    running = javascript.union(*(run for _, run in needed))
    return tuple(sorted(building)), tuple(sorted(running))


def needs_javascript(gems: Gems) -> bool:
    """Whether the app does not even load without a JavaScript runtime."""
    return _JAVASCRIPT in gems and _JAVASCRIPT_GEMS.isdisjoint(gems.names)


def reasons(gems: Gems) -> tuple[Finding, ...]:
    """The evidence for packages that not every app gets."""
    found = [
        Finding(f"{name} needs {', '.join(run or build)}", gems.where)
        for name, (build, run) in _NATIVE.items()
        if name in gems and name != "tzinfo"
    ]
    javascript = Finding("execjs needs a JavaScript runtime: Node.js from Debian's packages", gems.where)
    return (*found, *((javascript,) if needs_javascript(gems) else ()))


def warnings(gems: Gems) -> tuple[Finding, ...]:
    """What may make a build differ from the developer's."""
    unlocked = (
        "No lock file: each build installs the newest gems that the Gemfile allows. Commit Gemfile.lock (bundle lock)."
    )
    elsewhere = (
        "The lock file knows no Linux platform: it is completed in each build. "
        "Run `bundle lock --add-platform x86_64-linux` and commit the result."
    )
    return (
        *((Finding(unlocked, MANIFEST),) if gems.where and not gems.locked else ()),
        *((Finding(elsewhere, LOCK),) if gems.for_other_platforms else ()),
    )
