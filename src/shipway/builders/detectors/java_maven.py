"""Maven: what pom.xml says about an app, and which module of several it is."""

import posixpath
import re
from dataclasses import replace

from shipway.builders.detectors import markup
from shipway.builders.detectors.java_maven_module import POM, Module
from shipway.builders.detectors.java_project import (
    OUT,
    QUARKUS,
    SPRING_BOOT,
    Framework,
    Kept,
    Project,
    command,
    folders_named,
    framework_of,
    keep_folder,
    keep_jar,
    unstartable,
)
from shipway.builders.detectors.java_version import feature
from shipway.builders.detectors.tree import Tree
from shipway.domain.artifacts import Finding

#: A reactor with more modules is read up to here.
_MAX_MODULES = 200
#: Plugins that put an app and all it needs into one jar.
_FAT = {"maven-shade-plugin", "maven-assembly-plugin", "micronaut-maven-plugin", "onejar-maven-plugin"}
_CLASS_PATH = "'app.jar:lib/*'"
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


def find(tree: Tree, procfile: str) -> Project | None:
    """The app of a pom.xml at the top; `procfile` is the text of the Procfile, whose commands may name what is built."""
    if not tree.has(POM):
        return None
    modules = _modules(tree)
    folders = folders_named(procfile, tuple(module.folder for module in modules), "target")
    wanted = [module for module in modules if posixpath.join(module.folder, "target") in folders]
    apps = wanted or _apps(modules)
    release = (apps[0] if apps else modules[0]).release()
    tool = _tool(tree)
    facts = (Finding(f"built by Maven{', by its wrapper' if tool != 'mvn' else ''}", "mvnw" if tool != "mvn" else POM),)
    base = Project("java", release, False, (f"{tool} {_package(apps)}",), "/root/.m2", facts)
    if wanted:
        return _named_by_procfile(base, wanted, folders)
    return _app(base, apps[0]) if len(apps) == 1 else _undecided(base, modules, apps)


def _modules(tree: Tree) -> tuple[Module, ...]:
    """The root and all that it names, each after the one that names it."""
    found = [Module(tree, "", markup.read(tree, POM))]
    for module in found:
        for element in module.pom.all("modules/module"):
            folder = posixpath.normpath(posixpath.join(module.folder, element.text.strip())).removesuffix(f"/{POM}")
            path = posixpath.join(folder, POM)
            known = {other.folder for other in found}
            if tree.has(path) and folder not in known and len(found) < _MAX_MODULES:
                found.append(Module(tree, folder, markup.read(tree, path), module))
    return tuple(found)


def _apps(modules: tuple[Module, ...]) -> list[Module]:
    """The modules that look most like something to start."""
    best = max(module.rank for module in modules)
    return [module for module in modules if module.rank == best > 0]


def _tool(tree: Tree) -> str:
    """The wrapper, which pins Maven's version, where it is whole."""
    return "sh ./mvnw" if tree.has("mvnw") and tree.has(".mvn/wrapper/maven-wrapper.properties") else "mvn"


def _package(apps: list[Module]) -> str:
    """Maven's arguments: of several modules only those that are wanted, and what they need."""
    wanted = ",".join(app.folder for app in apps if app.folder)
    only = f"-pl {wanted} -am " if wanted else ""
    return f"--batch-mode --no-transfer-progress -DskipTests {_compiling(apps)}{only}clean package"


def _compiling(apps: list[Module]) -> str:
    """The compiler plugin that Maven before 3.9 brings knows no `release`, and falls back to Java 5."""
    asked = {app.properties.get("maven.compiler.release", "") for app in apps}
    release = feature(asked.pop()) if len(asked) == 1 else ""
    pinned = any("maven.compiler.source" in app.properties or "maven.compiler.target" in app.properties for app in apps)
    return f"-Dmaven.compiler.source={release} -Dmaven.compiler.target={release} " if release and not pinned else ""


def _app(base: Project, app: Module) -> Project:
    """What is kept of the one module that is the app, and how that is started."""
    main, where = app.named_main
    if not main and len(app.sources.mains) == 1:
        main, where = app.sources.mains[0]
    framework = framework_of(_groups(app), main)
    about = (
        *((Finding(f"{app.folder} is the module to start", app.path),) if app.folder else ()),
        *((Finding(framework.title, app.path),) if framework else ()),
    )
    kept = _kept(app, main, framework)
    if not kept:
        return unstartable(replace(base, evidence=(*base.evidence, *about)), _why_not(app), _outputs([app]))
    started = f"started by its class {main}" if main and kept.run.endswith(main) else "started as one jar"
    if framework is QUARKUS:
        started = "started as Quarkus lays it out"
    fixed = None if framework and (framework.option or framework.arguments) else app.sources.fixed_port()
    return replace(
        base,
        build=(f"{base.build[0]}{_copying(kept)}", *kept.commands),
        evidence=(*base.evidence, *about, Finding(started, where or app.path), *((fixed[1],) if fixed else ())),
        start=command(framework, kept.run),
        port=fixed[0] if fixed else 0,
        serves=_serves(app, framework),
    )


def _kept(app: Module, main: str, framework: Framework | None) -> Kept | None:
    """What its plugins make of it; `None` when that can't be started."""
    output = posixpath.join(app.folder, "target")
    if framework is QUARKUS and not _is_uber_jar(app):
        return keep_folder(f"{output}/quarkus-app", "-jar quarkus-run.jar")
    if "spring-boot-maven-plugin" in app.plugins and app.packaging in {"jar", "war"}:
        return keep_jar(output, f"-jar app.{app.packaging}", app.packaging)
    if app.packaging != "jar":
        return None
    alone = not app.dependencies
    if _FAT & set(app.plugins) or framework is QUARKUS or (alone and app.manifest_main):
        return keep_jar(output)
    return keep_jar(output, f"-cp {'app.jar' if alone else _CLASS_PATH} {main}") if main else None


def _copying(kept: Kept) -> str:
    """What an app that is started by its class needs besides: its dependencies, as files."""
    return f" {_COPY} -DincludeScope=runtime -DoutputDirectory={OUT}/lib" if _CLASS_PATH in kept.run else ""


def _is_uber_jar(app: Module) -> bool:
    settings = app.tree.text(posixpath.join(app.folder, "src/main/resources/application.properties"))
    asked = [value for key, value in app.properties.items() if key.startswith("quarkus.package.")]
    return "uber-jar" in asked or bool(
        re.search(r"^quarkus\.package\.(?:jar\.)?type\s*=\s*uber-jar", settings, re.MULTILINE)
    )


def _groups(app: Module) -> frozenset[str]:
    return frozenset(group for group, _ in app.dependencies)


def _serves(app: Module, framework: Framework | None) -> bool:
    """Whether it is of the web: Spring Boot makes workers and commands too."""
    if framework is SPRING_BOOT:
        return any(re.search("web|jersey|graphql|rest|gateway", artifact) for _, artifact in app.dependencies)
    return framework is not None or app.sources.serves or app.sources.reads_port


def _why_not(app: Module) -> Finding:
    """Why the app can't be started as it is, and what would help."""
    if app.packaging == "war":
        return Finding(
            "a WAR is made for a servlet container, which nothing here brings: make an executable jar, or add a "
            "Dockerfile that copies the WAR into a servlet container's image",
            app.tree.line_of(app.path, "<packaging>"),
        )
    if app.packaging != "jar":
        return Finding(f"{app.packaging} is not a packaging that can be started: it has to be jar", app.path)
    return _several_classes(app) if app.sources.mains else Finding("no class with a main method", app.path)


def _several_classes(app: Module) -> Finding:
    names = ", ".join(name for name, _ in app.sources.mains[:5])
    advice = "name the one to start as <mainClass> of maven-jar-plugin"
    return Finding(f"several classes have a main method ({names}): {advice}", app.path)


def _named_by_procfile(base: Project, wanted: list[Module], folders: tuple[str, ...]) -> Project:
    named = ", ".join(f"{folder}/" for folder in folders)
    kept = Finding(f"commands name {named}, so that is kept in its place", "Procfile")
    serves = any(_serves(module, framework_of(_groups(module), "")) for module in wanted)
    return replace(base, evidence=(*base.evidence, kept), folders=folders, serves=serves)


def _undecided(base: Project, modules: tuple[Module, ...], apps: list[Module]) -> Project:
    """None of the modules, or several of them, look like the app."""
    if not apps:
        return unstartable(base, _why_not(modules[0]), _outputs([*modules]))
    names = ", ".join(app.folder for app in apps[:5])
    example = f"web: java -jar {apps[0].folder}/target/<name>.jar"
    several = Finding(f"several modules can be started ({names}): a Procfile says which, as in `{example}`", POM)
    return unstartable(base, several, _outputs(apps))


def _outputs(modules: list[Module]) -> tuple[str, ...]:
    return tuple(posixpath.join(module.folder, "target") for module in modules if module.packaging != "pom")
