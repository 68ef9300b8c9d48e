"""What Maven and Gradle projects have in common: a module that is the app, its framework, and what is kept of its build."""

import re
from dataclasses import dataclass, replace

from shipway.builders.detectors.versions import Version
from shipway.domain.artifacts import Finding

#: Where a build leaves what the app needs to run.
OUT = "/out"
#: Jars beside the app's own that builds make too.
_NOT_THE_APP = r"(-sources|-javadoc|-tests|-plain)\.jar$|/original-"


@dataclass(frozen=True, slots=True)
class Framework:
    """One of the web, by the group of its packages, and how it is told its port; by its own code where both are empty."""

    title: str
    group: str
    option: str = ""
    arguments: str = ""


_KTOR_ENGINE = Framework("Ktor", "io.ktor", arguments="-port=$PORT -host=0.0.0.0")
SPRING_BOOT = Framework("Spring Boot", "org.springframework.boot", "-Dserver.port=$PORT")
QUARKUS = Framework("Quarkus", "io.quarkus", "-Dquarkus.http.port=$PORT")
_FRAMEWORKS = (
    SPRING_BOOT,
    QUARKUS,
    Framework("Micronaut", "io.micronaut", "-Dmicronaut.server.port=$PORT"),
    Framework("Helidon", "io.helidon", "-Dserver.port=$PORT"),
    Framework("Ktor", "io.ktor"),
    Framework("Javalin", "io.javalin"),
    Framework("http4k", "org.http4k"),
    Framework("Vert.x", "io.vertx"),
    Framework("Spark", "com.sparkjava"),
    Framework("Jetty", "org.eclipse.jetty"),
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is left of a build: the commands that put it into `OUT`, and the command that runs it, but for `java`."""

    commands: tuple[str, ...]
    run: str


@dataclass(frozen=True, slots=True)
class Project:
    """One app as its build tool describes it."""

    #: `java`, or another image that has the build tool.
    runtime: str
    #: Version the build file asks for.
    version: Version | None
    #: Whether another JDK than that one won't do.
    exact: bool
    build: tuple[str, ...]
    #: Directory kept between builds.
    cache: str
    evidence: tuple[Finding, ...]
    start: str = ""
    warnings: tuple[Finding, ...] = ()
    #: Output directories kept in their place, for a command that names them.
    folders: tuple[str, ...] = ()
    #: False when nothing tells what to start.
    certain: bool = True
    port: int = 0
    serves: bool = False


def framework_of(groups: frozenset[str], main: str) -> Framework | None:
    """The framework by the groups of the dependencies."""
    found = next((known for known in _FRAMEWORKS if any(_within(group, known.group) for group in groups)), None)
    return _KTOR_ENGINE if found and found.title == "Ktor" and main.endswith(".EngineMain") else found


def _within(group: str, name: str) -> bool:
    return group == name or group.startswith(f"{name}.")


def command(framework: Framework | None, run: str) -> str:
    """How it is started, told its port when that is done on the command line."""
    parts = ("java", framework.option if framework else "", run, framework.arguments if framework else "")
    return " ".join(filter(None, parts))


def keep_jar(folder: str, run: str = "-jar app.jar", kind: str = "jar") -> Kept:
    """The app's jar: of several, the largest is the one with everything in it."""
    largest = f"ls -S {folder}/*.{kind} | grep -vE '{_NOT_THE_APP}' | head -n 1"
    return Kept((f"mkdir -p {OUT}", f'cp "$({largest})" {OUT}/app.{kind}'), run)


def keep_folder(folder: str, run: str) -> Kept:
    """A directory's content."""
    return Kept((f"mkdir -p {OUT}", f"cp -r {folder}/. {OUT}/"), run)


def folders_named(procfile: str, modules: tuple[str, ...], output: str) -> tuple[str, ...]:
    """The build's output directories that a Procfile's commands name: `target` or `api/target`."""
    folders = (f"{module}/{output}" if module else output for module in modules)
    return tuple(folder for folder in folders if re.search(rf"[\s\"'=:](?:\./)?{re.escape(folder)}/", procfile))


def unstartable(base: Project, why: Finding, folders: tuple[str, ...]) -> Project:
    """What can be built, but not started without a command of the user's own, which may name what is in `folders`."""
    return replace(base, evidence=(*base.evidence, why), folders=folders, certain=False)
