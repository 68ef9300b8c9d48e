"""The package manager of a Node project: npm, pnpm, Yarn or Bun, by its lock file and `packageManager`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from shipway.builders.detectors.tree import Tree

#: Read by the installers besides package.json and the lock file.
_SETTINGS = (".npmrc", ".yarnrc", ".yarnrc.yml", "pnpm-workspace.yaml", ".pnpmfile.cjs", "bunfig.toml")
#: Lock files, of which the first that is there counts.
_LOCKS = {
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
    "bun.lock": "bun",
    "bun.lockb": "bun",
}
#: Its own pins come after `packageManager`: `engines` and `volta` may name a manager too.
_PINS = ("volta", "engines")


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
    #: Whether two installations at once break each other's cache; as Yarn 1's do.
    exclusive: bool = False
    #: What npm installs to have the manager; empty for npm itself.
    tool: str = ""
    environment: tuple[tuple[str, str], ...] = ()
    #: Other managers' lock files, which nobody reads.
    unread: tuple[str, ...] = ()

    @property
    def run(self) -> str:
        """What runs a script of package.json, before its name."""
        return f"{self.name.lower()} run"

    def files(self, tree: Tree) -> tuple[str, ...]:
        """The files that an installation reads."""
        return tuple(filter(None, ("package.json", self.lock, *(name for name in _SETTINGS if tree.has(name)))))


def find_manager(tree: Tree, package: dict[str, Any]) -> PackageManager:
    """The manager that wrote the lock file; `packageManager` decides its version, and between several lock files."""
    named = re.match(r"([a-z]+)(?:@([\w.-]+))?", str(package.get("packageManager")))
    name, version = (named[1], named[2] or "") if named else ("", "")
    present = {lock: manager for lock, manager in _LOCKS.items() if tree.has(lock)}
    lock = next((lock for lock, manager in present.items() if manager == name), next(iter(present), ""))
    manager = present.get(lock) or (name if name in ("pnpm", "yarn", "bun") else "npm")
    wanted = version if manager == name else _pinned(package, manager)
    unread = tuple(other for other, wrote in present.items() if wrote != manager)
    return replace(_MANAGERS[manager](tree, lock, wanted), unread=unread)


def _pinned(package: dict[str, Any], manager: str) -> str:
    """An exact version, or a range of one major version as that version."""
    for key in _PINS:
        table = package.get(key)
        wanted = str(table.get(manager) or "") if isinstance(table, dict) else ""
        if match := re.fullmatch(r"[\^~]?(\d+)(?:\.\d+|\.[x*])*", wanted):
            return match[1] if wanted.startswith(("^", "~")) or "x" in wanted or "*" in wanted else wanted
    return ""


def _npm(_tree: Tree, lock: str, _version: str) -> PackageManager:
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
    several = "packages:" in tree.text("pnpm-workspace.yaml")
    return PackageManager(
        "pnpm",
        lock,
        f"pnpm install {frozen} --prod=false",
        f"pnpm install {frozen} --prod",
        # It prunes one package of several only; to install again does it for all.
        f"pnpm install {frozen} --prod --ignore-scripts" if several else "pnpm prune --prod --ignore-scripts",
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
            exclusive=True,
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


def _bun(tree: Tree, lock: str, version: str) -> PackageManager:
    own = re.match(r"\d+(?:\.\d+)*", tree.text(".bun-version").strip())
    install = f"bun install{' --frozen-lockfile' if lock else ''}"
    return PackageManager(
        "Bun",
        lock,
        install,
        f"{install} --production",
        f"rm -rf node_modules && {install} --production --ignore-scripts",
        "/root/.bun/install/cache",
        tool=f"bun@{version or (own[0] if own else '1')}",
        environment=(("BUN_INSTALL_CACHE_DIR", "/root/.bun/install/cache"),),
    )


_MANAGERS: Mapping[str, Callable[[Tree, str, str], PackageManager]] = {
    "npm": _npm,
    "pnpm": _pnpm,
    "yarn": _yarn,
    "bun": _bun,
}
