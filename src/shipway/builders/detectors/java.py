"""Java and Kotlin: an app built by Maven or Gradle with a JDK, and run by the same version without the compiler."""

from shipway.builders.detectors import java_gradle, java_maven
from shipway.builders.detectors.detector import HOME, Candidate, Copy, Detector, Run, Stage
from shipway.builders.detectors.java_project import OUT, Project
from shipway.builders.detectors.java_trust import CERTIFICATES
from shipway.builders.detectors.java_version import DEFAULT, long_term, pinned
from shipway.builders.detectors.tree import Tree
from shipway.builders.detectors.versions import Version
from shipway.domain.artifacts import Finding

#: Java leaves three quarters of a container's memory unused if not told otherwise, and goes on without the thread that
#: ran out of it. A config var of this name replaces it.
_OPTIONS = "-XX:MaxRAMPercentage=75.0 -XX:+ExitOnOutOfMemoryError"


def detect(tree: Tree) -> Candidate | None:
    """A pom.xml, or a Gradle build file."""
    procfile = tree.text("Procfile")
    project = java_maven.find(tree, procfile) or java_gradle.find(tree, procfile)
    if not project:
        return None
    version = _version(tree, project)
    return Candidate(
        provider="java",
        stages=_stages(project, version),
        start=project.start,
        evidence=(version.finding("Java"), *project.evidence),
        warnings=(*_too_old(version, project), *project.warnings),
        serves=project.serves,
        certain=project.certain,
        port=project.port,
    )


def _version(tree: Tree, project: Project) -> Version:
    """The JDK: the one that a version file names; else the one the build file asks for, or that compiles for it."""
    if found := pinned(tree):
        return found
    asked = project.version
    if asked and not project.exact:
        return Version(long_term(asked.number), asked.where)
    return asked or Version(DEFAULT)


def _too_old(version: Version, project: Project) -> tuple[Finding, ...]:
    asked = project.version
    if not asked or int(asked.number) <= int(version.number):
        return ()
    return (
        Finding(
            f"Java {version.number} can't compile for Java {asked.number}, which {asked.where} asks for.", version.where
        ),
    )


def _stages(project: Project, version: Version) -> tuple[Stage, ...]:
    """What is downloaded stays in a cache, which a changed build file keeps, as a layer of dependencies would not."""
    build = Run(project.build, (project.cache,), downloads=True, certificates=CERTIFICATES)
    kept = tuple(Copy((f"{HOME}/{folder}/",), f"./{folder}/", "build") for folder in project.folders)
    return (
        Stage(project.runtime, version.number, (Copy((".",)), build), "build"),
        Stage(
            "jre",
            version.number,
            kept or (Copy((f"{OUT}/",), "./", "build"),),
            environment=(("JAVA_TOOL_OPTIONS", _OPTIONS),),
        ),
    )


DETECTOR = Detector("Java", "pom.xml, build.gradle, build.gradle.kts", detect)
