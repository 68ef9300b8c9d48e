"""The package manager of a Node project: npm, pnpm or Yarn, by its lock file and `packageManager`."""

import re
from dataclasses import dataclass
from typing import Any

from shipway.builders.detectors.tree import Tree

#: Read by the installers besides package.json and the lock file.
_SETTINGS = (".npmrc", ".yarnrc", ".yarnrc.yml", "pnpm-workspace.yaml")


@dataclass(frozen=True, slots=True)
class PackageManager:
    """How dependencies are installed."""

    name: str
    #: Lock file; empty when there is none.
    lock: str
    #: Installs all dependencies.
    install: str
    #: Installs those needed to run.
    production: str
    #: Removes those not needed to run.
    prune: str
    cache: str
    #: What npm installs to have the manager; empty for npm itself.
    tool: str = ""
    environment: tuple[tuple[str, str], ...] = ()

    def files(self, tree: Tree) -> tuple[str, ...]:
        """The files that an installation reads."""
        return tuple(filter(None, ("package.json", self.lock, *(name for name in _SETTINGS if tree.has(name)))))


def find_manager(tree: Tree, package: dict[str, Any]) -> PackageManager:
    """The manager that wrote the lock file; `packageManager` decides its version, and between several lock files."""
    named = re.match(r"([a-z]+)(?:@([\w.-]+))?", str(package.get("packageManager")))
    name, version = (named[1], named[2] or "") if named else ("", "")
    locks = {"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "package-lock.json": "npm", "npm-shrinkwrap.json": "npm"}
    present = {lock: manager for lock, manager in locks.items() if tree.has(lock)}
    lock = next((lock for lock, manager in present.items() if manager == name), next(iter(present), ""))
    manager = present.get(lock) or (name if name in ("pnpm", "yarn") else "npm")
    if manager == "npm":
        return _npm(lock)
    wanted = version if manager == name else ""
    return _pnpm(tree, lock, wanted) if manager == "pnpm" else _yarn(tree, lock, wanted)


def _npm(lock: str) -> PackageManager:
    install = f"npm {'ci' if lock else 'install'} --no-audit --no-fund"
    return PackageManager(
        "npm",
        lock,
        f"{install} --include=dev",
        f"{install} --omit=dev",
        "npm prune --omit=dev --ignore-scripts --no-audit --no-fund",
        "/root/.npm",
    )


def _pnpm(tree: Tree, lock: str, version: str) -> PackageManager:
    frozen = "--frozen-lockfile" if lock else "--no-frozen-lockfile"
    return PackageManager(
        "pnpm",
        lock,
        f"pnpm install {frozen} --prod=false",
        f"pnpm install {frozen} --prod",
        "pnpm prune --prod --ignore-scripts",
        "/root/.cache/pnpm",
        tool=f"pnpm@{version or _pnpm_line(tree)}",
        environment=(
            ("CI", "true"),
            ("npm_config_store_dir", "/root/.cache/pnpm"),
            ("npm_config_package_import_method", "copy"),
        ),
    )


def _pnpm_line(tree: Tree) -> str:
    """The pnpm that reads this lock file; the workspace file without packages in it is newer than pnpm 9."""
    written = re.search(r"lockfileVersion:\s*['\"]?(\d+)", tree.text("pnpm-lock.yaml"))
    old = {"5": "7", "6": "8"}.get(written[1] if written else "", "")
    settings = tree.text("pnpm-workspace.yaml")
    return old or ("10" if settings and "packages:" not in settings else "9")


def _yarn(tree: Tree, lock: str, version: str) -> PackageManager:
    modern = not version.startswith("1.") if version else "__metadata:" in tree.text(lock)
    if not modern:
        install = f"yarn install --non-interactive{' --frozen-lockfile' if lock else ''}"
        return PackageManager(
            "Yarn",
            lock,
            f"{install} --production=false",
            f"{install} --production=true",
            "yarn install --non-interactive --production=true --ignore-scripts --offline",
            "/root/.cache/yarn",
            tool=f"yarn@{version or '1'}",
            environment=(("YARN_CACHE_FOLDER", "/root/.cache/yarn"),),
        )
    focus = "yarn workspaces focus --all --production"
    return PackageManager(
        "Yarn",
        lock,
        "yarn install --immutable" if lock else "yarn install",
        focus,
        focus,
        "/root/.cache/yarn",
        tool=f"@yarnpkg/cli-dist@{version or '4'}",
        # The app is started by node itself, which finds its modules in node_modules only.
        environment=(("YARN_NODE_LINKER", "node-modules"), ("YARN_GLOBAL_FOLDER", "/root/.cache/yarn")),
    )
