"""What a Go source says about itself: its modules, their requirements, its programs, its version of Go."""

import posixpath
import re
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from shipway.builders.detectors.compiled import Program
from shipway.builders.detectors.tree import Tree
from shipway.builders.detectors.versions import Version, from_tool_versions

#: The newest of the line, where nothing asks for another.
_DEFAULT = "1"
#: Programs and settings are not looked for in more files than this.
_MAX_FILES = 1000
_NOT_THE_APP = {"vendor", "testdata", "example", "examples", "test", "tests", "tools", "hack", "scripts", "third_party"}
_OTHER_SYSTEMS = re.compile(r"_(?:test|windows|darwin|js|wasm|freebsd|android|ios|plan9)\.go$")
_OTHER_BUILDS = re.compile(r"^//\s*(?:go:build|\+build)\s+(?:ignore|tools?|mage|windows|darwin|js|wasm|tinygo)\b", re.M)
_MAIN = re.compile(r"^package main\b", re.MULTILINE)
_MAIN_FUNCTION = re.compile(r"^func main\(\)", re.MULTILINE)
_SERVES = re.compile(
    r"ListenAndServe|http\.Serve\(|net\.Listen\(|\.(?:Listen|Start|Run)\([^)\n]*(?:port|addr|\":)", re.I
)
_VERSION = re.compile(r"(?:go)?([0-9]{1,9}(?:\.[0-9]{1,9}){0,2})")


@dataclass(frozen=True)
class Module:
    """One go.mod."""

    tree: Tree
    #: Empty for the top, else with a slash at its end.
    folder: str

    @property
    def file(self) -> str:
        """Path of the go.mod."""
        return f"{self.folder}go.mod"

    @cached_property
    def name(self) -> str:
        """The module's path, such as `example.com/shop`; empty when there is no go.mod."""
        return next((words[1].strip('"') for words in self._lines if words[0] == "module"), "")

    @cached_property
    def requires(self) -> frozenset[str]:
        """Paths of the modules it needs."""
        return frozenset(words[1] for words in self._lines if words[0] == "require")

    @cached_property
    def direct(self) -> frozenset[str]:
        """Those that its own code imports."""
        return frozenset(words[1] for words in self._lines if words[0] == "require" and words[-1] != "//indirect")

    @cached_property
    def replaced(self) -> tuple[str, ...]:
        """Directories, relative to the top of the source, that stand in for modules."""
        ends = (words[words.index("=>") + 1] for words in self._lines if words[0] == "replace" and "=>" in words[:-1])
        return tuple(posixpath.normpath(f"{self.folder}{path}") for path in ends if path.startswith("."))

    @property
    def is_locked(self) -> bool:
        """Whether go.sum is there, or there is nothing to be in it."""
        outside = self.requires - {name for name in self.requires if name.startswith(f"{self.name}/")}
        return not outside or self.tree.has(f"{self.folder}go.sum")

    def asks_for(self, key: str) -> Version | None:
        """The version after `go` or `toolchain`. `go` is the least that will do, so its newest patch is taken."""
        value = next((words[1] for words in self._lines if words[0] == key), "")
        match = _VERSION.match(value)
        if not match:
            return None
        number = match[1] if key == "toolchain" else ".".join(match[1].split(".")[:2])
        return Version(number, self.tree.line_of(self.file, rf"^{key}\s"))

    @cached_property
    def _lines(self) -> tuple[tuple[str, ...], ...]:
        return directives(self.tree.text(self.file))


def directives(text: str) -> tuple[tuple[str, ...], ...]:
    """The lines of a go.mod or go.work as words, at least two, the directive in front; `// indirect` stays as one word."""
    found, block = [], ""
    for raw in text.split("\n"):
        line, _, comment = raw.partition("//")
        words = (*line.split(), *(("//indirect",) if comment.strip() == "indirect" else ()))
        if not words or words[0] == ")":
            block = "" if words else block
        elif words[-1] == "(":
            block = words[0]
        else:
            found.append((block, *words) if block else words)
    return tuple(words for words in found if len(words) > 1)


@dataclass(frozen=True)
class Project:
    """A tree with a go.mod, a go.work, or at least a main.go."""

    tree: Tree

    @cached_property
    def modules(self) -> tuple[Module, ...]:
        """Those of the workspace, else the one at the top; none when there is only a script."""
        used = [words[1] for words in directives(self.tree.text("go.work")) if words[0] == "use"]
        folders = [posixpath.normpath(path.strip('"')) for path in used] or ["."]
        modules = (Module(self.tree, "" if folder == "." else f"{folder}/") for folder in folders)
        return tuple(module for module in modules if self.tree.has(module.file))

    @property
    def is_workspace(self) -> bool:
        """Whether go.work says which modules are worked on together."""
        return self.tree.has("go.work")

    @cached_property
    def texts(self) -> dict[str, str]:
        """The source files of its modules, without tests and code for other systems."""
        paths = (path for path in self.tree.matching("*.go", depth=6) if self._is_own(path))
        texts = ((path, self.tree.text(path)) for path in islice(paths, _MAX_FILES))
        return {path: text for path, text in texts if not _OTHER_BUILDS.search(text)}

    @cached_property
    def programs(self) -> tuple[Program, ...]:
        """Packages with a `main`, those nearest the top first; of several with the same name, the first."""
        found: dict[str, Program] = {}
        for path, text in self.texts.items():
            if _MAIN.search(text) and _MAIN_FUNCTION.search(text):
                program = self._program(posixpath.dirname(path), path)
                found.setdefault(program.name, program)
        return tuple(found.values())

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What the project's own program would be called."""
        return tuple(_last(module.name) for module in self.modules)

    @cached_property
    def requires(self) -> frozenset[str]:
        """All modules that are needed."""
        return frozenset().union(*(module.requires for module in self.modules))

    @cached_property
    def direct(self) -> frozenset[str]:
        """Those that its own code imports."""
        return frozenset().union(*(module.direct for module in self.modules))

    @property
    def is_vendored(self) -> bool:
        """Whether the dependencies are part of the source."""
        return self.tree.has("vendor/modules.txt")

    @cached_property
    def version(self) -> Version:
        """Go's, by the pins; never less than what a go.mod needs."""
        needed = max(filter(None, (module.asks_for("go") for module in self.modules)), key=_numbers, default=None)
        pins = (
            max(filter(None, (module.asks_for("toolchain") for module in self.modules)), key=_numbers, default=None),
            self._from_file(".go-version", r"(?:go)?([0-9]{1,9}(?:\.[0-9]{1,9}){1,2})\s*$"),
            from_tool_versions(self.tree, "golang", "go"),
            self._from_file("mise.toml", r"^\s*(?:go|\"?core:go\"?)\s*=\s*\"([0-9]{1,9}(?:\.[0-9]{1,9}){0,2})"),
        )
        pin = next(filter(None, pins), None)
        if pin and (not needed or _numbers(pin) >= _numbers(needed)):
            return pin
        return needed or Version(_DEFAULT)

    def _from_file(self, path: str, pattern: str) -> Version | None:
        match = re.search(pattern, self.tree.text(path), re.MULTILINE)
        return Version(match[1], self.tree.line_of(path, pattern)) if match else None

    def _is_own(self, path: str) -> bool:
        folders = path.split("/")[:-1]
        hidden = any(folder in _NOT_THE_APP or folder.startswith(("_", ".")) for folder in folders)
        return not hidden and not _OTHER_SYSTEMS.search(path) and self._is_in_a_module(path)

    def _is_in_a_module(self, path: str) -> bool:
        """Whether the nearest go.mod above is one of ours."""
        folder = posixpath.dirname(path)
        while folder and not self.tree.has(f"{folder}/go.mod"):
            folder = posixpath.dirname(folder)
        return not self.modules or any(module.folder == (f"{folder}/" if folder else "") for module in self.modules)

    def _program(self, folder: str, path: str) -> Program:
        module = next((module for module in self.modules if module.folder.rstrip("/") == folder), None)
        name = _last(module.name) if module else posixpath.basename(folder) or "app"
        serves = any(_SERVES.search(text) for file, text in self.texts.items() if posixpath.dirname(file) == folder)
        return Program(name, path, f"./{folder}" if folder else ".", serves)


def _last(module: str) -> str:
    """The name that Go gives the program in a module's top folder: its last part that is no major version."""
    parts = [part for part in module.split("/") if not re.fullmatch(r"v[0-9]+", part)]
    return re.sub(r"\.v[0-9]+$", "", "".join(parts[-1:])) or "app"


def _numbers(version: Version) -> tuple[int, ...]:
    return tuple(map(int, version.number.split(".")))
