"""The Python version an app asks for, in whichever of Python's many places."""

import re

from shipway.builders.detectors.python_wheels import before_the_default
from shipway.builders.detectors.tree import Tree
from shipway.builders.detectors.versions import Version, choose, from_tool_versions, pinned

#: Newest first.
_LINES = ("3.14", "3.13", "3.12", "3.11", "3.10", "3.9")
_DEFAULT = "3.13"
_MISE = ("mise.toml", ".mise.toml")
#: Ranges, by file: those of the standards, of Poetry, of Pipenv and of setuptools.
_RANGES = (
    ("pyproject.toml", r"^requires-python\s*=\s*['\"]([^'\"]+)"),
    ("pyproject.toml", r"^python\s*=\s*['\"]([^'\"]+)"),
    ("pyproject.toml", r"^python\s*=\s*\{[^}\n]*version\s*=\s*['\"]([^'\"]+)"),
    ("Pipfile", r"^python(?:_full)?_version\s*=\s*['\"]([^'\"]+)"),
    ("setup.cfg", r"^python_requires\s*=\s*([^\s#].*)"),
    ("setup.py", r"\bpython_requires\s*=\s*['\"]([^'\"]+)"),
)


def python_version(tree: Tree) -> Version:
    """What is pinned for this very app, before a range that the app allows, before what its packages can be had for, before
    the default."""
    return (
        pinned(tree, (".python-version", "runtime.txt"))
        or from_tool_versions(tree, "python")
        or _from_mise(tree)
        or _from_range(tree)
        or before_the_default(tree)
        or Version(_DEFAULT)
    )


def _from_mise(tree: Tree) -> Version | None:
    pattern = r"^python\s*=\s*\[?\s*(?:\{[^}\n]*version\s*=\s*)?['\"]([0-9]+(?:\.[0-9]+){0,2})"
    for path in _MISE:
        if match := re.search(pattern, tree.text(path), re.MULTILINE):
            return Version(match[1], tree.line_of(path, pattern))
    return None


def _from_range(tree: Tree) -> Version | None:
    """The default version where the range allows it."""
    for path, pattern in _RANGES:
        if match := re.search(pattern, tree.text(path), re.MULTILINE):
            return choose(match[1], tree.line_of(path, pattern), _LINES, _DEFAULT)
    return None
