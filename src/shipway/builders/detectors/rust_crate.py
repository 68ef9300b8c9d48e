"""One Rust crate: its programs, what it depends on, and the framework it serves with."""

import posixpath
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from shipway.builders.detectors.compiled import Program
from shipway.builders.detectors.tree import Tree

FRAMEWORKS = {
    "axum": "Axum",
    "actix-web": "Actix Web",
    "rocket": "Rocket",
    "warp": "warp",
    "poem": "Poem",
    "salvo": "Salvo",
    "loco-rs": "Loco",
    "ntex": "ntex",
    "tide": "Tide",
    "gotham": "Gotham",
    "tonic": "tonic",
    "tiny_http": "tiny_http",
    "rouille": "Rouille",
    "hyper": "hyper",
}
_SERVES = re.compile(r"\bTcpListener\b|\bHttpServer\b")


@dataclass(frozen=True)
class Crate:
    """One package: a Cargo.toml with a `[package]`."""

    tree: Tree
    #: Empty for the top, else with a slash at its end.
    folder: str

    @property
    def file(self) -> str:
        """Path of its Cargo.toml."""
        return f"{self.folder}Cargo.toml"

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Its Cargo.toml. Raises `AnalysisFailed` (`manifest-error`) when that is no TOML."""
        return self.tree.toml(self.file)

    @property
    def package(self) -> dict[str, Any]:
        """Its `[package]`."""
        return table(self.manifest, "package")

    @property
    def name(self) -> str:
        """The package's name; empty for one that Cargo would refuse."""
        return _name(self.package)

    @cached_property
    def dependencies(self) -> frozenset[str]:
        """Packages its own code uses, or its build script."""
        kinds = ("dependencies", "build-dependencies")
        return frozenset(name for kind in kinds for name in table(self.manifest, kind))

    @property
    def framework(self) -> str:
        """What it serves with; empty for nothing that is known."""
        return next((name for name in FRAMEWORKS if name in self.dependencies), "")

    @cached_property
    def programs(self) -> tuple[Program, ...]:
        """Its `[[bin]]`s, and those that Cargo finds by itself."""
        entries = self._entries("bin")
        named = {_name(entry): self._path(entry, "src/bin") for entry in entries}
        unasked = {_name(entry) for entry in entries if not self._is_asked_for(entry)}
        found = named if self.package.get("autobins") is False else self._by_place() | named
        only = len(found) == 1
        taken = [path for path in named.values() if path]
        return tuple(
            self._program(name, path, only=only)
            for name, path in found.items()
            if name and path and name not in unasked and not (path in taken and name not in named)
        )

    @property
    def entries(self) -> tuple[str, ...]:
        """Files that have to be there for Cargo to read the manifest."""
        usual = [path for path in (f"{self.folder}src/lib.rs", f"{self.folder}src/main.rs") if self.tree.has(path)]
        places = {"bin": "src/bin", "example": "examples", "test": "tests", "bench": "benches"}
        named = [self._path(entry, place) for kind, place in places.items() for entry in self._entries(kind)]
        library = table(self.manifest, "lib").get("path")
        others = [f"{self.folder}{library}"] if library else []
        found = [path for path in dict.fromkeys((*usual, *named, *others)) if self.tree.has(path)]
        return tuple(found or [path for path in self._by_place().values()][:1])

    def _by_place(self) -> dict[str, str]:
        main = {self.name: f"{self.folder}src/main.rs"} if self.tree.has(f"{self.folder}src/main.rs") else {}
        pattern = re.compile(rf"{re.escape(self.folder)}src/bin/([^/]+?)(?:\.rs|/main\.rs)")
        others = {match[1]: path for path in self.tree.files if (match := pattern.fullmatch(path))}
        return main | dict(sorted(others.items()))

    def _path(self, entry: dict[str, Any], place: str) -> str:
        """Where the code of a `[[bin]]` is; empty when it is not there."""
        name = entry.get("name")
        usual = [f"{place}/{name}.rs", f"{place}/{name}/main.rs", *(["src/main.rs"] if place == "src/bin" else [])]
        paths = [str(entry["path"])] if entry.get("path") else usual
        return self.tree.first(*(posixpath.normpath(f"{self.folder}{path}") for path in paths))

    def _is_asked_for(self, entry: dict[str, Any]) -> bool:
        """Whether Cargo builds it without being asked for features."""
        return set(texts(entry.get("required-features"))) <= set(texts(table(self.manifest, "features").get("default")))

    def _entries(self, kind: str) -> list[dict[str, Any]]:
        value = self.manifest.get(kind)
        return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []

    def _program(self, name: str, path: str, *, only: bool) -> Program:
        text = self.tree.text(path)
        by_itself = bool(_SERVES.search(text)) or bool(self.framework and self.framework.replace("-", "_") in text)
        return Program(name, path, self.folder.rstrip("/") or ".", by_itself or (only and bool(self.framework)))


def _name(value: dict[str, Any]) -> str:
    name = str(value.get("name") or "")
    return name if re.fullmatch(r"[\w.-]+", name) else ""


def table(value: dict[str, Any], key: str) -> dict[str, Any]:
    """The table under `key`; what is something else counts as empty."""
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def texts(value: Any) -> list[str]:
    """The list of texts; what is something else counts as empty."""
    return [str(item) for item in value] if isinstance(value, list) else []
