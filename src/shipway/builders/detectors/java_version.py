"""Which Java: the version that a project's files pin, as the number that images are named by (8, 17, 21)."""

import re

from shipway.builders.detectors.tree import Tree
from shipway.builders.detectors.versions import Version

DEFAULT = "21"
#: Versions with long-term support, which every vendor has images of.
_LONG_TERM = (8, 11, 17, 21, 25)
#: Files that name the JDK itself, whose word goes before that of the build file.
_PINS = (
    ("system.properties", r"^\s*java\.runtime\.version\s*=\s*(\S+)"),
    (".java-version", r"^\s*(\S+)"),
    (".sdkmanrc", r"^\s*java\s*=\s*(\S+)"),
    (".tool-versions", r"^java[ \t]+(\S+)"),
    ("mise.toml", r"^\s*java\s*=\s*[\"']([^\"']+)"),
    (".mise.toml", r"^\s*java\s*=\s*[\"']([^\"']+)"),
)
#: `21`, `1.8`, `temurin-21.0.2+13`, `openjdk64-11.0.2`, `17.0.9-tem`.
_NUMBER = re.compile(r"(?:^|[a-z]\w*-)(?:1[._])?(\d{1,3})(?![\d])")


def pinned(tree: Tree) -> Version | None:
    """The JDK that a version file names."""
    for path, pattern in _PINS:
        match = re.search(pattern, tree.text(path), re.MULTILINE)
        if match and (number := _NUMBER.search(match[1])):
            return Version(number[1], tree.line_of(path, pattern))
    return None


def feature(text: str) -> str:
    """`8` of `1.8`, `17` of `17.0.2`; empty when there is no version in it."""
    match = _NUMBER.match(text.strip())
    return match[1] if match else ""


def long_term(release: str) -> str:
    """The oldest version with long-term support that compiles for `release`; the release itself when there is none."""
    return next((str(version) for version in _LONG_TERM if version >= int(release)), release)
