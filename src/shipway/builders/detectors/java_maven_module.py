"""One pom.xml: what it says itself and inherits from those above it in the same source."""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from shipway.builders.detectors import markup
from shipway.builders.detectors.java_sources import Sources
from shipway.builders.detectors.java_version import feature
from shipway.builders.detectors.tree import Tree
from shipway.builders.detectors.versions import Version

POM = "pom.xml"
_PROPERTY = re.compile(r"\$\{([\w.-]+)\}")
_RELEASES = (
    *("maven.compiler.release", "java.version", "maven.compiler.target", "maven.compiler.source"),
    "kotlin.compiler.jvmTarget",
)
_MAIN_PROPERTIES = ("exec.mainClass", "start-class", "mainClass", "main.class")


@dataclass(frozen=True)
class Module:
    """One pom.xml; `parent` is the one above it in the same source."""

    tree: Tree
    #: Directory, empty for the root.
    folder: str
    pom: markup.Element
    parent: "Module | None" = None

    @property
    def path(self) -> str:
        """Of its pom.xml."""
        return posixpath.join(self.folder, POM)

    @property
    def packaging(self) -> str:
        """`jar`, `war`, `pom`, …"""
        return self._filled(self.pom.value("packaging")) or "jar"

    @cached_property
    def properties(self) -> Mapping[str, str]:
        """Its own and those it inherits."""
        table = self.pom.first("properties")
        own = {element.name: element.text.strip() for element in table.children} if table else {}
        return {**(self.parent.properties if self.parent else {}), **own}

    @cached_property
    def plugins(self) -> Mapping[str, markup.Element]:
        """Build plugins of its own, by artifact."""
        return {plugin.value("artifactId"): plugin for plugin in self.pom.all("build/plugins/plugin")}

    @cached_property
    def dependencies(self) -> tuple[tuple[str, str], ...]:
        """Group and artifact of what it needs to run, inherited ones too."""
        own = [(element.value("groupId"), element.value("artifactId"))
               for element in self.pom.all("dependencies/dependency")
               if element.value("scope") not in {"test", "provided"}]  # fmt: skip
        return (*own, *(self.parent.dependencies if self.parent else ()))

    @cached_property
    def sources(self) -> Sources:
        """Its code."""
        return Sources(self.tree, self.folder)

    @cached_property
    def named_main(self) -> tuple[str, str]:
        """The class to start that a plugin or a property names, and where; empty when none does."""
        named = [element for plugin in self.plugins.values() for element in plugin.inside()
                 if element.name in {"mainClass", "Main-Class"}]  # fmt: skip
        for element in named:
            if name := self._filled(element.text.strip()):
                return name, f"{self.path}:{element.line}"
        name = next((self.properties[key] for key in _MAIN_PROPERTIES if key in self.properties), "")
        return self._filled(name), self.path if name else ""

    @property
    def manifest_main(self) -> bool:
        """Whether its jar itself says what to start."""
        jar = self.plugins.get("maven-jar-plugin")
        return bool(jar and any(element.name in {"mainClass", "Main-Class"} for element in jar.inside()))

    @property
    def rank(self) -> int:
        """How likely it is the app: 3 by a framework's plugin, 2 by a named main class, 1 by its code, else 0."""
        plugins = set(self.plugins)
        if self.packaging == "pom":
            return 0
        if {"spring-boot-maven-plugin", "quarkus-maven-plugin", "micronaut-maven-plugin"} & plugins:
            return 3
        return 2 if self.named_main[0] else 1 if self.sources.mains else 0

    def release(self) -> Version | None:
        """The Java version it is compiled for."""
        for plugin in (self.plugins.get("maven-compiler-plugin"), *_managed_compiler(self.pom)):
            for key in ("release", "target", "source"):
                if plugin and (number := feature(self._filled(plugin.value(f"configuration/{key}")))):
                    return Version(number, self.tree.line_of(self.path, rf"<{key}>"))
        properties = self.pom.first("properties")
        for key in _RELEASES:
            if properties and (number := feature(self._filled(properties.value(key)))):
                return Version(number, self.tree.line_of(self.path, rf"<{re.escape(key)}>"))
        return self.parent.release() if self.parent else None

    def _filled(self, text: str) -> str:
        """With properties filled in; what is not known stays as it is."""
        for _ in range(5):
            text = _PROPERTY.sub(lambda match: self.properties.get(match[1], match[0]), text)
        return text


def _managed_compiler(pom: markup.Element) -> list[markup.Element]:
    managed = pom.all("build/pluginManagement/plugins/plugin")
    return [plugin for plugin in managed if plugin.value("artifactId") == "maven-compiler-plugin"]
