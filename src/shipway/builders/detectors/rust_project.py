"""What a Rust source says about itself: its crates, what they are built with, its version of Rust."""

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

from shipway.builders.detectors.compiled import Program
from shipway.builders.detectors.rust_crate import Crate, table, texts
from shipway.builders.detectors.tree import Tree
from shipway.builders.detectors.versions import Version, from_tool_versions

#: The newest, where nothing asks for another.
_DEFAULT = "1"
#: The first that reads version 4 of Cargo.lock.
_LOCKS_4 = "1.78"
_TOOLCHAINS = ("rust-toolchain.toml", "rust-toolchain")


@dataclass(frozen=True)
class Project:
    """A tree with a Cargo.toml at the top."""

    tree: Tree

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The Cargo.toml at the top. Raises `AnalysisFailed` (`manifest-error`)."""
        return self.tree.toml("Cargo.toml")

    @property
    def is_workspace(self) -> bool:
        """Whether several crates are built together."""
        return "workspace" in self.manifest

    @cached_property
    def local(self) -> tuple[Crate, ...]:
        """Every crate in the source that Cargo may look at, those nearest the top first."""
        crates = (
            Crate(self.tree, path.removesuffix("Cargo.toml")) for path in self.tree.matching("Cargo.toml", depth=6)
        )
        return tuple(crate for crate in crates if (_is_own(crate.file) or self._is_member(crate.folder)) and crate.name)

    @cached_property
    def crates(self) -> tuple[Crate, ...]:
        """The one at the top and the members of the workspace, without examples."""
        return tuple(crate for crate in self.local if _is_own(crate.file) and self._is_member(crate.folder))

    def _is_member(self, folder: str) -> bool:
        workspace = table(self.manifest, "workspace")
        members, excluded = texts(workspace.get("members")), texts(workspace.get("exclude"))
        return not folder or (_matches(folder, members) and not _matches(folder, excluded))

    @cached_property
    def programs(self) -> tuple[Program, ...]:
        """The programs of all crates; of several with the same name, the first."""
        found: dict[str, Program] = {}
        for crate in self.crates:
            for program in crate.programs:
                found.setdefault(program.name, program)
        return tuple(found.values())

    @property
    def default_run(self) -> Program | None:
        """The program that `default-run` names."""
        named = {str(crate.package["default-run"]) for crate in self.crates if "default-run" in crate.package}
        return next((program for program in self.programs if program.name in named), None)

    @cached_property
    def sources(self) -> dict[str, str]:
        """The source files of crates that have programs."""
        folders = tuple(f"{crate.folder}src/" for crate in self.crates if crate.programs)
        paths = (path for path in self.tree.files if path.endswith(".rs") and path.startswith(folders))
        return {path: self.tree.text(path) for path in paths} if folders else {}

    @cached_property
    def packages(self) -> frozenset[str]:
        """Names of all packages that are built: those locked, else those that the crates name."""
        locked = self.tree.toml("Cargo.lock").get("package")
        if isinstance(locked, list):
            return frozenset(str(package.get("name")) for package in locked if isinstance(package, dict))
        return frozenset().union(*(crate.dependencies for crate in self.crates))

    @property
    def is_locked(self) -> bool:
        """Whether there is a Cargo.lock."""
        return self.tree.has("Cargo.lock")

    @cached_property
    def config(self) -> str:
        """Path of Cargo's own settings; empty for none."""
        return self.tree.first(".cargo/config.toml", ".cargo/config")

    @cached_property
    def settings(self) -> dict[str, Any]:
        """Cargo's own settings. Raises `AnalysisFailed` (`manifest-error`)."""
        return self.tree.toml(self.config) if self.config else {}

    @property
    def vendored(self) -> str:
        """Directory with the dependencies, when they are part of the source."""
        sources = table(self.settings, "source")
        folders = (str(source.get("directory", "")) for source in sources.values() if isinstance(source, dict))
        return next((folder for folder in folders if folder and not folder.startswith(("/", ".."))), "")

    @cached_property
    def channel(self) -> tuple[str, str]:
        """The channel that rust-toolchain(.toml) names, such as `1.80.1` or `nightly`, and where; empty for none."""
        path = self.tree.first(*_TOOLCHAINS)
        text = self.tree.text(path) if path else ""
        pattern = r"^\s*channel\s*=\s*['\"]([^'\"]+)" if "[toolchain]" in text else r"\A\s*([\w.-]+)"
        match = re.search(pattern, text, re.MULTILINE)
        return (match[1], self.tree.line_of(path, pattern)) if match else ("", "")

    @property
    def has_own_toolchain(self) -> bool:
        """Whether rustup has to fetch what the base does not have: a nightly, other targets or components."""
        text = self.tree.text(self.tree.first(*_TOOLCHAINS) or "rust-toolchain")
        return self.channel[0].startswith(("nightly", "beta")) or bool(
            re.search(r"^\s*targets\s*=", text, re.MULTILINE)
        )

    @cached_property
    def version(self) -> Version:
        """Rust's, by the pins."""
        channel, where = self.channel
        if match := re.match(r"[0-9]{1,9}(?:\.[0-9]{1,9}){1,2}", channel):
            return Version(match[0], where)
        if channel:
            return Version(_DEFAULT, where)
        mise = r"^\s*rust\s*=\s*\"([0-9]{1,9}(?:\.[0-9]{1,9}){1,2})"
        if found := re.search(mise, self.tree.text("mise.toml"), re.MULTILINE):
            return from_tool_versions(self.tree, "rust") or Version(found[1], self.tree.line_of("mise.toml", mise))
        return from_tool_versions(self.tree, "rust") or self._least() or Version(_DEFAULT)

    def _least(self) -> Version | None:
        """The `rust-version` of the manifest at the top, or of the first crate that has one."""
        pattern = r"^\s*rust-version\s*=\s*['\"]([0-9]{1,9}(?:\.[0-9]{1,9}){1,2})"
        for path in ("Cargo.toml", *(crate.file for crate in self.crates)):
            if match := re.search(pattern, self.tree.text(path), re.MULTILINE):
                # What wrote this kind of lock file, and has to read it, is newer than the code would need.
                is_newer = bool(re.search(r"^version = 4$", self.tree.text("Cargo.lock"), re.MULTILINE))
                number = _LOCKS_4 if is_newer and _numbers(match[1]) < _numbers(_LOCKS_4) else match[1]
                return Version(number, self.tree.line_of(path, pattern))
        return None


def _is_own(path: str) -> bool:
    return not {"target", "vendor", "tests", "examples", "fixtures"} & set(path.split("/"))


def _matches(folder: str, globs: Iterable[str]) -> bool:
    """Whether a member's glob names the folder; `*` is one directory."""
    parts = folder.rstrip("/").split("/")
    wanted = (posixpath.normpath(glob).split("/") for glob in globs)
    return any(len(parts) == len(glob) and all(map(fnmatchcase, parts, glob)) for glob in wanted)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
