"""What a PHP project says about itself: composer.json and composer.lock, and the extensions that its code calls."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from shipway.builders.detectors.tree import Tree
from shipway.builders.detectors.versions import Version, choose, from_tool_versions, pinned
from shipway.domain.artifacts import Finding

MANIFEST = "composer.json"
LOCK = "composer.lock"
_LINES = ("8.5", "8.4", "8.3", "8.2", "8.1", "8.0", "7.4")
_DEFAULT = "8.4"
#: In the official image from the start.
_BUILT_IN = {
    "core", "ctype", "curl", "date", "dom", "fileinfo", "filter", "ftp", "hash", "iconv", "json", "lexbor", "libxml",
    "mbstring", "mysqlnd", "openssl", "pcre", "pdo", "pdo_sqlite", "phar", "posix", "random", "readline",
    "reflection", "session", "simplexml", "sodium", "spl", "sqlite3", "standard", "tokenizer", "uri", "xml",
    "xmlreader", "xmlwriter", "zlib",
}  # fmt: skip
#: What shows, in code without a composer.json, that an extension is needed.
_CALLED = {
    "bcmath": r"\bbc(?:add|sub|mul|div|mod|pow|comp|sqrt)\(",
    "exif": r"\bexif_\w+\(",
    "gd": r"\bimage(?:create\w*|png|jpeg)\(",
    "gmp": r"\bgmp_\w+\(",
    "intl": r"\bnew \\?(?:NumberFormatter|IntlDateFormatter|Collator|MessageFormatter)\b",
    "mysqli": r"\bmysqli(?:_\w+)?\(",
    "pdo_mysql": r"['\"]mysql:",
    "pdo_pgsql": r"['\"]pgsql:",
    "pgsql": r"\bpg_p?connect\(",
    "redis": r"\bnew \\?Redis\(",
    "soap": r"\bnew \\?SoapClient\(",
    "zip": r"\bnew \\?ZipArchive\b",
}
#: Extensions that packages use without asking for them, as databases are a matter of configuration.
_IMPLIED = {
    "laravel/framework": ("bcmath", "pcntl", "pdo_mysql", "pdo_pgsql"),
    "illuminate/database": ("pdo_mysql", "pdo_pgsql"),
    "doctrine/dbal": ("pdo_mysql", "pdo_pgsql"),
    "cakephp/cakephp": ("intl", "pdo_mysql", "pdo_pgsql"),
    "codeigniter4/framework": ("intl", "mysqli"),
    "drupal/core": ("gd", "pdo_mysql", "pdo_pgsql"),
}
#: As WordPress's own image has them.
_WORDPRESS = ("bcmath", "exif", "gd", "intl", "mysqli", "zip")
#: Files that are searched for calls.
_MAX_FILES = 300
_EXTENSION = re.compile(r"ext-([a-z0-9_-]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Project:
    """A tree with PHP in it. Malformed parts of its manifest count as absent."""

    tree: Tree

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """composer.json, empty when there is none. Raises `AnalysisFailed` (`manifest-error`) when it is no JSON."""
        return self.tree.json(MANIFEST) if self.tree.has(MANIFEST) else {}

    @cached_property
    def lock(self) -> dict[str, Any]:
        """composer.lock, likewise."""
        return self.tree.json(LOCK) if self.tree.has(LOCK) else {}

    @property
    def by_composer(self) -> bool:
        """Whether there is anything to install."""
        return self.tree.has(MANIFEST)

    @cached_property
    def packages(self) -> frozenset[str]:
        """Names of the packages it needs to run: direct and, when locked, indirect ones."""
        locked = (str(package.get("name")) for package in self._locked)
        return frozenset({*table(self.manifest, "require"), *locked})

    @property
    def has_scripts(self) -> bool:
        """Whether Composer runs something of the project's when it installs."""
        return bool(table(self.manifest, "scripts"))

    @property
    def has_local_packages(self) -> bool:
        """Whether some packages are in the source itself."""
        repositories = self.manifest.get("repositories")
        listed = repositories if isinstance(repositories, list) else table(self.manifest, "repositories").values()
        return any(isinstance(repository, dict) and repository.get("type") == "path" for repository in listed)

    @property
    def is_wordpress(self) -> bool:
        """Whether it is WordPress itself, as one unpacks it."""
        return self.tree.has("wp-includes/version.php") or self.tree.has("wp-config-sample.php")

    @cached_property
    def version(self) -> Version:
        """PHP's, by the project's pins."""
        platform = table(table(self.manifest, "config"), "platform").get("php")
        wanted = platform or table(self.manifest, "require").get("php")
        where = self.tree.line_of(MANIFEST, r'"php"\s*:')
        return (
            pinned(self.tree, (".php-version",))
            or from_tool_versions(self.tree, "php")
            or (choose(_range(str(wanted)), where, _LINES, _DEFAULT) if wanted else Version(_DEFAULT))
        )

    @cached_property
    def extensions(self) -> tuple[Finding, ...]:
        """What it needs besides what every PHP has: `text` is the extension, `where` what asks for it."""
        found = {finding.text: finding for finding in [*self._called(), *self._implied(), *self._required()]}
        return tuple(found[name] for name in sorted(found) if name not in _BUILT_IN)

    @property
    def _locked(self) -> list[dict[str, Any]]:
        packages = self.lock.get("packages")
        return [package for package in packages if isinstance(package, dict)] if isinstance(packages, list) else []

    def _required(self) -> list[Finding]:
        own = [(key, self.tree.line_of(MANIFEST, f'"{key}"')) for key in table(self.manifest, "require")]
        others = [(key, LOCK) for package in self._locked for key in table(package, "require")]
        return [
            Finding(match[1].lower(), where) for key, where in [*others, *own] if (match := _EXTENSION.fullmatch(key))
        ]

    def _implied(self) -> list[Finding]:
        where = LOCK if self.lock else MANIFEST
        wordpress = [Finding(name, "wp-includes/version.php") for name in _WORDPRESS if self.is_wordpress]
        named = [
            Finding(extension, where) for name in _IMPLIED if name in self.packages for extension in _IMPLIED[name]
        ]
        return [*wordpress, *named]

    def _called(self) -> list[Finding]:
        """By the code itself, where no composer.json says what it needs."""
        if self.by_composer or self.is_wordpress:
            return []
        files = list(self.tree.matching("*.php"))[:_MAX_FILES]
        texts = {path: self.tree.text(path) for path in files if not path.startswith("vendor/")}
        return [
            Finding(name, self.tree.line_of(path, pattern))
            for name, pattern in _CALLED.items()
            if (path := next((path for path, text in texts.items() if re.search(pattern, text)), ""))
        ]


def table(document: dict[str, Any], key: str) -> dict[str, Any]:
    """The object at `key`, empty when there is none or something else is in its place."""
    value = document.get(key)
    return value if isinstance(value, dict) else {}


def _range(wanted: str) -> str:
    """Composer's notation as `versions` reads it: its `~8.2` goes up to 9, and one bar is enough."""
    return re.sub(r"\|+", "||", re.sub(r"~(?!=)", "~=", wanted))
