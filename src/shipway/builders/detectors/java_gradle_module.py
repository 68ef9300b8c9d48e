"""One project of a Gradle build: what its build file says."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from shipway.builders.detectors.java_sources import Sources
from shipway.builders.detectors.tree import Tree
from shipway.builders.detectors.versions import Version

_CATALOG = "gradle/libs.versions.toml"
COMMENT = re.compile(r"/\*.*?\*/|(?<![:\\])//[^\n]*", re.DOTALL)
#: A plugin by its id, Kotlin's shorthand, the catalog's name, or one of Gradle's own as a bare word.
_PLUGIN = re.compile(
    r"\bid\s*\(?\s*['\"](?P<id>[\w.-]+)|\bkotlin\(\"(?P<kotlin>[\w.]+)\"\)|\balias\s*\(?\s*libs\.plugins\.(?P<alias>[\w.]+)"
    r"|\bapply\s*\(?\s*plugin\s*[:=]\s*['\"](?P<applied>[\w.-]+)|^\s*`?(?P<word>application|java|war)`?\s*$",
    re.MULTILINE,
)
MAIN = re.compile(
    r"\b(?:mainClass(?:Name)?(?:\.set\(|\s*=|\s)|['\"]Main-Class['\"]\s*(?:to|:|,))\s*\(?\s*['\"]([\w.$]+)['\"]"
)
#: A JDK that has to be that one, and versions to compile for.
_TOOLCHAINS = (r"JavaLanguageVersion\.of\(\s*['\"]?(\d+)", r"\bjvmToolchain\(\s*(\d+)")
_RELEASES = (
    r"\brelease(?:\.set\(|\s*=)\s*(\d+)",
    r"\b(?:target|source)Compatibility\s*=?\s*(?:JavaVersion\.(?:VERSION_|toVersion\(['\"]?)|['\"])?(?:1[._])?(\d+)",
    r"\bJVM_(?:1_)?(\d+)\b",
)
_APP_PLUGINS = {
    *("org.springframework.boot", "io.quarkus", "io.ktor.plugin", "application", "io.micronaut.application"),
    *("com.gradleup.shadow", "com.github.johnrengelman.shadow"),
}


@dataclass(frozen=True)
class Module:
    """One project of the build; `folder` is empty for the root."""

    tree: Tree
    folder: str
    path: str

    @cached_property
    def text(self) -> str:
        """Its build file without comments."""
        return COMMENT.sub("", self.tree.text(self.path))

    @cached_property
    def plugins(self) -> frozenset[str]:
        """Ids of those it applies."""
        lines = [line for line in self.text.split("\n") if not re.search(r"\bapply\s*\(?\s*false", line)]
        return frozenset(self._id(match) for match in _PLUGIN.finditer("\n".join(lines)))

    def _id(self, match: re.Match[str]) -> str:
        if match["alias"]:
            return _catalog(self.tree, "plugins", "id").get(match["alias"], "")
        return match["id"] or match["applied"] or match["word"] or f"org.jetbrains.kotlin.{match['kotlin']}"

    @cached_property
    def dependencies(self) -> str:
        """What it names in its build file, those of the catalog spelled out."""
        libraries = _catalog(self.tree, "libraries", "module")
        named = [libraries.get(name, "") for name in re.findall(r"\blibs\.([\w.]+)", self.text)]
        return "\n".join((self.text, *(f"'{name}'" for name in named)))

    @cached_property
    def groups(self) -> frozenset[str]:
        """Groups of its dependencies and plugins."""
        return frozenset(re.findall(r"['\"]([\w.-]+):[\w.-]+", self.dependencies)) | self.plugins

    @cached_property
    def sources(self) -> Sources:
        """Its code."""
        return Sources(self.tree, self.folder)

    @property
    def main(self) -> str:
        """The class to start that the build file names."""
        match = MAIN.search(self.text)
        return match[1] if match else ""

    @property
    def rank(self) -> int:
        """How likely it is the app: 2 by its plugins, 1 by its code, else 0."""
        if _APP_PLUGINS & self.plugins or re.search(r"^application\s*\{", self.text, re.MULTILINE):
            return 2
        return 1 if self.main or self.sources.mains else 0


def version_of(module: Module) -> tuple[Version | None, bool]:
    """What the build file asks for, and whether that is the JDK itself."""
    for exact, patterns in ((True, _TOOLCHAINS), (False, _RELEASES)):
        for pattern in patterns:
            if match := re.search(pattern, module.text):
                return Version(match[1], module.tree.line_of(module.path, pattern)), exact
    return None, False


def _catalog(tree: Tree, table: str, key: str) -> dict[str, str]:
    """Ids of the version catalog's plugins, or modules of its libraries, by the names that build files use for them."""
    entries = tree.toml(_CATALOG).get(table)
    if not isinstance(entries, dict):
        return {}
    return {re.sub("[-_]", ".", name): _identity(entry, key) for name, entry in entries.items()}


def _identity(entry: Any, key: str) -> str:
    """Of `{ module = "a:b", … }`, `{ group = "a", name = "b" }`, or the short form `"a:b:1.0"`."""
    if isinstance(entry, dict):
        return str(entry.get(key) or f"{entry.get('group', '')}:{entry.get('name', '')}")
    words = str(entry).split(":")
    return ":".join(words[:-1])
