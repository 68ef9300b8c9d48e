"""Pins from before the default Python: packages in C of that age have no wheel for it, and often don't compile either."""

import re

from shipway.builders.detectors.tree import Tree
from shipway.builders.detectors.versions import Version

#: The newest Python that they all have wheels for or compile with, of those that our own bases have too.
OLDER = "3.11"
#: First version with a wheel for Python 3.13, as the package index has them.
_FIRST = {
    "aiohttp": (3, 10, 6),
    "asyncpg": (0, 30, 0),
    "cffi": (1, 17, 0),
    "greenlet": (3, 1, 0),
    "lxml": (5, 3, 0),
    "numpy": (2, 1, 0),
    "pandas": (2, 2, 3),
    "pillow": (10, 4, 0),
    "psycopg2": (2, 9, 10),
    "psycopg2-binary": (2, 9, 10),
    "pydantic": (2, 8, 0),
    "pydantic-core": (2, 20, 0),
    "scikit-learn": (1, 5, 2),
    "scipy": (1, 14, 1),
    "uvloop": (0, 21, 0),
}
#: Versions of another age in which nothing was in C.
_PURE = {"pydantic": (2, 0, 0)}
_FILE = "requirements.txt"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*==\s*([0-9]+(?:\.[0-9]+)*)", re.MULTILINE)


def before_the_default(tree: Tree) -> Version | None:
    """The Python to use where a package is pinned to a version that the default one is too new for."""
    for match in _PIN.finditer(tree.text(_FILE)):
        name, pin = re.sub(r"[-_.]+", "-", match[1]).lower(), tuple(map(int, match[2].split(".")))
        if _PURE.get(name, ()) <= pin < _FIRST.get(name, ()):
            return Version(OLDER, f"{_FILE}: {match[1]}=={match[2]} is older than Python 3.13")
    return None
