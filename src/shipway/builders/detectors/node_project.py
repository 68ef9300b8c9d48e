"""What a Node project says about itself: its package.json, its main file, its version of Node."""

import posixpath
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from shipway.builders.detectors.node_packages import PackageManager, find_manager
from shipway.builders.detectors.tree import Tree
from shipway.builders.detectors.versions import Version, choose, from_tool_versions, pinned

_LINES = ("24", "22", "20", "18")
_DEFAULT = "22"
_CODENAMES = {"hydrogen": "18", "iron": "20", "jod": "22", "krypton": "24"}
#: Scripts that npm runs on its own while it installs.
_LIFECYCLE = {"preinstall", "install", "postinstall"}
_MAINS = ("server.js", "index.js", "app.js", "main.js", "server.mjs", "index.mjs")
_SOURCES = ("src/server.js", "src/index.js", "src/app.js")
_CALLS_SCRIPT = re.compile(r"(?:npm|yarn|pnpm|bun) (?:run )?(?:-s |--silent )?([\w:.-]+)")


@dataclass(frozen=True)
class Config:
    """A tool's configuration file without its commented lines; both empty when there is none."""

    path: str = ""
    text: str = ""

    def find(self, pattern: str) -> str:
        """What the first group of `pattern` matches, or an empty text."""
        match = re.search(pattern, self.text)
        return match[1] if match else ""


@dataclass(frozen=True)
class Project:
    """A directory with a package.json, or at least a main file. Malformed parts of package.json count as absent."""

    tree: Tree
    #: A workspace's directory inside the tree, ending in `/`; empty for the top.
    folder: str = ""

    @cached_property
    def package(self) -> dict[str, Any]:
        """package.json, empty when there is none. Raises `AnalysisFailed` (`manifest-error`) when it is no JSON."""
        return self.tree.json(self.manifest)

    @property
    def manifest(self) -> str:
        """Path of its package.json."""
        return f"{self.folder}package.json"

    @cached_property
    def scripts(self) -> dict[str, str]:
        """Scripts by name; without what can't be named in a command."""
        named = {name: str(command).strip() for name, command in self.table("scripts").items()}
        return {name: command for name, command in named.items() if re.fullmatch(r"[\w@:./+-]+", name)}

    @cached_property
    def dependencies(self) -> frozenset[str]:
        """Packages it needs to run."""
        return frozenset(self.table("dependencies")) | frozenset(self.table("optionalDependencies"))

    @cached_property
    def development(self) -> frozenset[str]:
        """Packages it needs to be built or tested."""
        return frozenset(self.table("devDependencies"))

    def uses(self, *packages: str) -> bool:
        """Whether it depends on one of `packages`, be it only to be built."""
        return not (self.dependencies | self.development).isdisjoint(packages)

    @cached_property
    def manager(self) -> PackageManager:
        """What installs them: the same for all workspaces of a tree."""
        return find_manager(self.tree, self.tree.json("package.json"))

    @cached_property
    def main(self) -> str:
        """Its main file, from its own directory: the one package.json names, else the first with a usual name; or empty."""
        named = [str(self.package.get(key) or "") for key in ("main", "module")]
        typed = (".ts", ".tsx") if self.manager.name == "Bun" else ()
        own = [posixpath.normpath(path) for path in named if path.endswith((".js", ".mjs", ".cjs", *typed))]
        sources = [*_SOURCES, *(path.replace(".js", ".ts") for path in _SOURCES if typed)]
        usual = [*_MAINS, *(sources if self.package else ())]
        found = self.tree.first(*(f"{self.folder}{path}" for path in (*own, *usual)))
        return found.removeprefix(self.folder)

    @property
    def installs_from_source(self) -> bool:
        """Whether installing needs more than manifests: scripts that run then, local packages, a schema to generate from."""
        local = any(spec.startswith(("file:", "link:", "portal:")) for spec in self.specifiers.values())
        return local or not _LIFECYCLE.isdisjoint(self.scripts) or self.uses("prisma", "@prisma/client")

    @property
    def has_workspaces(self) -> bool:
        """Whether it is the top of several packages."""
        return bool(self.package.get("workspaces")) or "packages:" in self.tree.text("pnpm-workspace.yaml")

    @cached_property
    def specifiers(self) -> dict[str, str]:
        """What it asks for, of each package it depends on."""
        kinds = ("devDependencies", "optionalDependencies", "dependencies")
        return {name: str(spec) for kind in kinds for name, spec in self.table(kind).items()}

    @cached_property
    def version(self) -> Version:
        """Node's, by the project's pins."""
        if found := self._pinned():
            return found
        for project in dict.fromkeys((self, Project(self.tree))):
            wanted = project.table("volta").get("node") or project.table("engines").get("node")
            if wanted:
                where = self.tree.line_of(project.manifest, r'"node"\s*:')
                return choose(str(wanted), where, _LINES, _DEFAULT)
        return Version(_DEFAULT)

    def _pinned(self) -> Version | None:
        paths = [f"{folder}{name}" for folder in (self.folder, "") for name in (".nvmrc", ".node-version")]
        if found := pinned(self.tree, paths) or from_tool_versions(self.tree, "nodejs", "node"):
            return found
        for path in paths:
            if match := re.match(r"lts/([a-z]+)", self.tree.text(path).strip().lower()):
                return Version(_CODENAMES.get(match[1], _DEFAULT), path)
        if match := re.search(
            r"^(?:node|nodejs)\s*=\s*\"(\d+(?:\.\d+){0,2})\"", self.tree.text("mise.toml"), re.MULTILINE
        ):
            return Version(match[1], self.tree.line_of("mise.toml", r"^(?:node|nodejs)\s*="))
        return None

    def resolved(self, script: str) -> tuple[str, str]:
        """A script's name and command, after scripts that only call another one; both empty when there is none.

        A script with a `pre` script of its own stays a call, since only its manager runs both.
        """
        for _ in range(3):
            command = self.scripts.get(script, "")
            called = _CALLS_SCRIPT.fullmatch(command)
            if not called or called[1] not in self.scripts or f"pre{called[1]}" in self.scripts:
                break
            script = called[1]
        return (script, command) if command else ("", "")

    def config(self, *patterns: str) -> Config:
        """The first file at its top whose name matches one of the globs."""
        depth = self.folder.count("/")
        for pattern in patterns:
            for path in self.tree.matching(pattern, depth=depth):
                if posixpath.dirname(path) == self.folder.rstrip("/"):
                    return Config(path, re.sub(r"^\s*(?://|\*|/\*).*$", "", self.tree.text(path), flags=re.MULTILINE))
        return Config()

    def line(self, key: str) -> str:
        """`package.json:7`, where `key` stands."""
        return self.tree.line_of(self.manifest, rf'"{re.escape(key)}"\s*:')

    def table(self, key: str) -> dict[str, Any]:
        """An object of package.json, empty when it is absent or something else."""
        value = self.package.get(key)
        return value if isinstance(value, dict) else {}
