"""Java and Kotlin sources of one module: the class to start, and the port that its code names."""

import posixpath
import re
from dataclasses import dataclass
from functools import cached_property

from shipway.builders.detectors.tree import Tree
from shipway.domain.artifacts import Finding

#: No more files than this are read for one module.
_MAX_FILES = 500
_JAVA_MAIN = re.compile(r"\bstatic\s+(?:final\s+)?void\s+main\s*\(")
_KOTLIN_MAIN = re.compile(r"^(?:suspend\s+)?fun\s+main\s*\(", re.MULTILINE)
_PACKAGE = re.compile(r"^\s*package\s+([\w.]+)", re.MULTILINE)
_JVM_NAME = re.compile(r"@file:JvmName\(\"(\w+)\"\)")
#: Names that a class to start usually has; what begins or ends so goes before others.
_USUAL = re.compile(r"(?:Main|App|Application|Server)(?:Kt)?$|^(?:Main|App)")
_LISTENS = re.compile(
    r"\b(?:InetSocketAddress|ServerSocket|embeddedServer|HttpServer|Server|start|port|listen)"
    r"\((?:[^()\n]*?\bport\s*=\s*|\"[\d.]+\",\s*|[A-Z]\w+,\s*)?(\d{2,5})\b"
)
_READS_PORT = re.compile(r"[\"'$\{]PORT\b")
_SERVES = re.compile(r"\b(?:HttpServer|ServerSocket|InetSocketAddress|embeddedServer)\b")


@dataclass(frozen=True)
class Sources:
    """The sources under `src/main` of a module, `module` being its directory or empty."""

    tree: Tree
    module: str

    @cached_property
    def _texts(self) -> dict[str, str]:
        start = posixpath.join(self.module, "src/main/")
        paths = [path for path in self.tree.files if path.startswith(start) and path.endswith((".java", ".kt"))]
        return {path: self.tree.text(path) for path in paths[:_MAX_FILES]}

    @cached_property
    def mains(self) -> tuple[tuple[str, str], ...]:
        """Classes that can be started, and their files; those with a usual name when there are several."""
        found = [(name, path) for path, text in self._texts.items() if (name := _main_class(path, text))]
        usual = [pair for pair in found if _USUAL.search(pair[0].rpartition(".")[2])]
        return tuple(usual if len(found) > 1 and usual else found)

    @property
    def reads_port(self) -> bool:
        """Whether PORT occurs in the code."""
        return any(_READS_PORT.search(text) for text in self._texts.values())

    @property
    def serves(self) -> bool:
        """Whether it listens with the JDK's own means."""
        return any(_SERVES.search(text) for text in self._texts.values())

    def fixed_port(self) -> tuple[int, Finding] | None:
        """The port that it always listens on, when its code names one and does not ask for PORT."""
        if self.reads_port:
            return None
        for path, text in self._texts.items():
            if match := _LISTENS.search(text):
                line = text.count("\n", 0, match.start()) + 1
                return int(match[1]), Finding(
                    f"its code names the port {match[1]}, and does not read PORT", f"{path}:{line}"
                )
        return None


def _main_class(path: str, text: str) -> str:
    kotlin = path.endswith(".kt")
    if not (_KOTLIN_MAIN if kotlin else _JAVA_MAIN).search(text):
        return ""
    package, stem = _PACKAGE.search(text), posixpath.basename(path).rpartition(".")[0]
    named = _JVM_NAME.search(text)
    name = (named[1] if named else f"{stem[:1].upper()}{stem[1:]}Kt") if kotlin else stem
    return f"{package[1]}.{name}" if package else name
