"""What a Node project says about itself: its package.json, its main file, its version of Node."""

import posixpath
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from shipway.builders.detectors.node_packages import PackageManager, find_manager
from shipway.builders.detectors.tree import Tree
from shipway.builders.detectors.versions import Version, choose, from_tool_versions, pinned

_LINES = ("24", "22", "20", "18")
_DEFAULT = "22"
#: Scripts that npm runs on its own while it installs.
_LIFECYCLE = {"preinstall", "install", "postinstall"}
_MAINS = ("server.js", "index.js", "app.js", "main.js", "server.mjs", "index.mjs")
_SOURCES = ("src/server.js", "src/index.js", "src/app.js")


@dataclass(frozen=True)
class Project:
    """A tree with a package.json, or at least a main file. Malformed parts of package.json count as absent."""

    tree: Tree

    @cached_property
    def package(self) -> dict[str, Any]:
        """package.json, empty when there is none. Raises `AnalysisFailed` (`manifest-error`) when it is no JSON."""
        return self.tree.json("package.json")

    @cached_property
    def scripts(self) -> dict[str, str]:
        """Scripts by name."""
        return {name: str(command).strip() for name, command in self._table("scripts").items()}

    @cached_property
    def dependencies(self) -> frozenset[str]:
        """Packages it needs to run."""
        return frozenset(self._table("dependencies"))

    @cached_property
    def development(self) -> frozenset[str]:
        """Packages it needs to be built or tested."""
        return frozenset(self._table("devDependencies"))

    @cached_property
    def manager(self) -> PackageManager:
        """What installs them."""
        return find_manager(self.tree, self.package)

    @cached_property
    def main(self) -> str:
        """Its main file: the one package.json names, else the first with a usual name; empty for none."""
        named = str(self.package.get("main") or "")
        own = (posixpath.normpath(named),) if named.endswith((".js", ".mjs", ".cjs")) else ()
        return self.tree.first(*own, *_MAINS, *(_SOURCES if self.package else ()))

    @property
    def installs_from_source(self) -> bool:
        """Whether installing needs more than the manifest: scripts that run then, or workspaces."""
        workspaces = self.package.get("workspaces") or "packages:" in self.tree.text("pnpm-workspace.yaml")
        return bool(workspaces) or not _LIFECYCLE.isdisjoint(self.scripts)

    @cached_property
    def version(self) -> Version:
        """Node's, by the project's pins."""
        wanted = self._table("volta").get("node") or self._table("engines").get("node")
        where = self.tree.line_of("package.json", r'"node"\s*:')
        return (
            pinned(self.tree, (".nvmrc", ".node-version"))
            or from_tool_versions(self.tree, "nodejs", "node")
            or (choose(str(wanted), where, _LINES, _DEFAULT) if wanted else Version(_DEFAULT))
        )

    def line(self, key: str) -> str:
        """`package.json:7`, where `key` stands."""
        return self.tree.line_of("package.json", rf'"{key}"\s*:')

    def _table(self, key: str) -> dict[str, Any]:
        value = self.package.get(key)
        return value if isinstance(value, dict) else {}
