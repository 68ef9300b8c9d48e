"""Gradle: what build.gradle or build.gradle.kts says about an app, and which project of several it is."""

import posixpath
import re
from dataclasses import replace

from shipway.builders.detectors.java_gradle_module import COMMENT, MAIN, Module, version_of
from shipway.builders.detectors.java_project import (
    OUT,
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
from shipway.builders.detectors.tree import Tree
from shipway.domain.artifacts import Finding

_NAMES = ("build.gradle.kts", "build.gradle")
_SETTINGS = ("settings.gradle.kts", "settings.gradle")
_WRAPPER = ("gradlew", "gradle/wrapper/gradle-wrapper.properties", "gradle/wrapper/gradle-wrapper.jar")
_WAR = Finding(
    "a WAR is made for a servlet container, which nothing here brings: make an executable jar, or add a Dockerfile that "
    "copies the WAR into a servlet container's image"
)
#: Tasks that put an app and all it needs into one jar, by the plugin that brings them.
_FAT = {
    "org.springframework.boot": "bootJar",
    "io.ktor.plugin": "buildFatJar",
    "com.gradleup.shadow": "shadowJar",
    "com.github.johnrengelman.shadow": "shadowJar",
}


def find(tree: Tree, procfile: str) -> Project | None:
    """The app of a Gradle build; `procfile` is the text of the Procfile, whose commands may name what is built."""
    modules = _modules(tree)
    if not modules:
        return None
    folders = folders_named(procfile, tuple(module.folder for module in modules), "build")
    wanted = [module for module in modules if posixpath.join(module.folder, "build") in folders]
    apps = wanted or _apps(modules)
    base = _base(tree, apps[0] if apps else modules[0], modules[0])
    if wanted:
        return _named_by_procfile(base, tree, wanted, folders)
    return _app(base, tree, apps[0]) if len(apps) == 1 else _undecided(base, apps, modules[0])


def _modules(tree: Tree) -> tuple[Module, ...]:
    """The root, and those that the settings include."""
    settings = tree.first(*_SETTINGS)
    text = COMMENT.sub("", tree.text(settings))
    statements = re.findall(r"^\s*include\b((?:[^\n]*,\s*\n)*[^\n]*)", text, re.MULTILINE)
    names = [name for statement in statements for name in re.findall(r"['\"]:?([\w:./-]+)['\"]", statement)]
    found = []
    for folder in dict.fromkeys(("", *(name.replace(":", "/") for name in names))):
        if path := tree.first(*(posixpath.join(folder, name) for name in _NAMES)):
            found.append(Module(tree, folder, path))
    return tuple(found)


def _apps(modules: tuple[Module, ...]) -> list[Module]:
    """The projects that look most like something to start."""
    best = max(module.rank for module in modules)
    return [module for module in modules if module.rank == best > 0]


def _base(tree: Tree, module: Module, root: Module) -> Project:
    """The tool and the version, whatever is built."""
    version, exact = version_of(module)
    if not version:
        version, exact = version_of(root)
    wrapped = all(tree.has(path) for path in _WRAPPER)
    told = Finding(f"built by {_gradle(tree) if wrapped else 'Gradle'}", "gradlew" if wrapped else module.path)
    return Project(
        "java" if wrapped else "gradle",
        version,
        exact,
        ("sh ./gradlew" if wrapped else "gradle",),
        "/root/.gradle",
        (told,),
        warnings=() if wrapped else (_unwrapped(tree),),
    )


def _gradle(tree: Tree) -> str:
    match = re.search(r"gradle-(\d[\w.]*)-(?:bin|all)\.zip", tree.text(_WRAPPER[1]))
    return f"Gradle {match[1]}, by its wrapper" if match else "Gradle, by its wrapper"


def _unwrapped(tree: Tree) -> Finding:
    """The warning for a build whose Gradle is whichever the image has."""
    missing = ", ".join(path for path in _WRAPPER if not tree.has(path))
    advice = "Run `gradle wrapper` and commit what it makes, the jar too, to choose the version."
    return Finding(f"Gradle's wrapper is not whole ({missing}): the image's own Gradle builds it. {advice}")


def _app(base: Project, tree: Tree, app: Module) -> Project:
    """What is kept of the one project that is the app, and how that is started."""
    main, where = app.main, tree.line_of(app.path, MAIN.pattern)
    if not main and len(app.sources.mains) == 1:
        main, where = app.sources.mains[0]
    framework = framework_of(app.groups, main)
    about = (
        *((Finding(f"{app.folder} is the project to start", app.path),) if app.folder else ()),
        *((Finding(framework.title, app.path),) if framework else ()),
    )
    task, kept = _kept(app, main)
    if not kept:
        built = replace(base, build=(_command(base, [app], "assemble"),), evidence=(*base.evidence, *about))
        return unstartable(built, _why_not(app), _outputs([app]))
    started = f"started by its class {main}" if main else "started as one jar"
    fixed = None if framework and (framework.option or framework.arguments) else app.sources.fixed_port()
    return replace(
        base,
        build=(_command(base, [app], task), *kept.commands),
        evidence=(
            *base.evidence,
            *about,
            Finding(started, where if main else app.path),
            *((fixed[1],) if fixed else ()),
        ),
        start=command(framework, kept.run),
        port=fixed[0] if fixed else 0,
        serves=_serves(app, framework),
    )


def _kept(app: Module, main: str) -> tuple[str, Kept | None]:
    """The task that makes it, and what is kept; `None` when that can't be started."""
    output = posixpath.join(app.folder, "build")
    if "io.quarkus" in app.plugins:
        return "quarkusBuild", keep_folder(f"{output}/quarkus-app", "-jar quarkus-run.jar")
    if task := next((task for plugin, task in _FAT.items() if plugin in app.plugins), ""):
        return task, keep_jar(f"{output}/libs")
    if app.rank == 2 and main:
        copied = (f"mkdir -p {OUT}/lib", f"cp {output}/install/*/lib/* {OUT}/lib/")
        return "installDist", Kept(copied, f"-cp 'lib/*' {main}")
    return "jar", keep_jar(f"{output}/libs") if "Main-Class" in app.text else None


def _command(base: Project, apps: list[Module], task: str) -> str:
    tasks = " ".join(f":{app.folder.replace('/', ':')}:{task}" if app.folder else f":{task}" for app in apps)
    return f"{base.build[0]} --no-daemon --console=plain clean {tasks}"


def _serves(app: Module, framework: Framework | None) -> bool:
    """Whether it is of the web: Spring Boot makes workers and commands too."""
    if framework is SPRING_BOOT:
        return bool(re.search(r":spring-boot-starter-\S*(?:web|jersey|graphql|rest)|gateway", app.dependencies))
    return framework is not None or app.sources.serves or app.sources.reads_port


def _why_not(app: Module) -> Finding:
    """Why the project can't be started as it is, and what would help."""
    if "war" in app.plugins:
        return replace(_WAR, where=app.path)
    if app.sources.mains:
        names = ", ".join(name for name, _ in app.sources.mains[:5])
        advice = "apply the plugin `application` and name the one to start as its mainClass"
        return Finding(f"what has a main method ({names}) is made into no jar that can be started: {advice}", app.path)
    return Finding("no class with a main method", app.path)


def _named_by_procfile(base: Project, tree: Tree, wanted: list[Module], folders: tuple[str, ...]) -> Project:
    """Heroku's task `stage` where there is one, else what the plugins make."""
    named = ", ".join(f"{folder}/" for folder in folders)
    kept = Finding(f"commands name {named}, so that is kept in its place", "Procfile")
    staged = any(re.search(r"\b(?:task\s+|register\(\s*['\"])stage\b", module.text) for module in wanted)
    task = "stage" if staged else "assemble"
    installed = " installDist" if "build/install/" in tree.text("Procfile") else ""
    serves = any(_serves(module, framework_of(module.groups, module.main)) for module in wanted)
    return replace(
        base,
        build=(f"{_command(base, wanted, task)}{installed}",),
        evidence=(*base.evidence, kept),
        folders=folders,
        serves=serves,
    )


def _undecided(base: Project, apps: list[Module], root: Module) -> Project:
    """None of the projects, or several of them, look like the app."""
    built = replace(base, build=(_command(base, apps or [root], "assemble"),))
    if not apps:
        return unstartable(built, _why_not(root), _outputs([root]))
    names = ", ".join(app.folder or "the root" for app in apps[:5])
    example = f"web: java -jar {posixpath.join(apps[-1].folder, 'build/libs')}/<name>.jar"
    several = Finding(f"several projects can be started ({names}): a Procfile says which, as in `{example}`", root.path)
    return unstartable(built, several, _outputs(apps))


def _outputs(modules: list[Module]) -> tuple[str, ...]:
    return tuple(posixpath.join(module.folder, "build") for module in modules)
