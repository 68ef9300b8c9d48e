"""Node.js: a server started by its `start` script or its main file, or a single-page app that only has to be built."""

import posixpath
import re
import shlex

from shipway.builders.detectors.detector import HOME, Candidate, Copy, Detector, Run, Stage
from shipway.builders.detectors.node_project import Project
from shipway.builders.detectors.static import site
from shipway.builders.detectors.tree import Tree
from shipway.domain.artifacts import Finding

_TOOLS = "/opt/tools"
_MODULES = f"{HOME}/node_modules"
_SERVERS = {
    "express": "Express",
    "fastify": "Fastify",
    "koa": "Koa",
    "@hapi/hapi": "hapi",
    "@nestjs/core": "NestJS",
    "hono": "Hono",
    "restify": "Restify",
    "polka": "Polka",
    "next": "Next.js",
    "nuxt": "Nuxt",
    "socket.io": "Socket.IO",
}
#: Bundlers of single-page apps, and where each puts what it builds.
_BUNDLERS = {"vite": "dist", "react-scripts": "build", "@vue/cli-service": "dist", "parcel": "dist"}
_DEV_SERVER = re.compile(r"(?:npx )?(?:vite|react-scripts|vue-cli-service|parcel|npm run dev)\b")
#: A script that is one plain command can be started without npm and a shell between it and its signals.
_PLAIN = re.compile(r"(?!(?:npm|npx|yarn|pnpm|bun|cross-env|env|cd|exec|source)\b)[\w@./-]+(?: +[\w@%+=:,./$-]+)*")


def detect(tree: Tree) -> Candidate | None:
    """A package.json, or a well-known main file."""
    project = Project(tree)
    if not tree.has("package.json"):
        return _script(project) if project.main else None
    bundler = _bundler(project)
    return _single_page(project, bundler) if bundler else _server(project)


def _server(project: Project) -> Candidate:
    start, why = _start(project)
    framework = next((title for name, title in _SERVERS.items() if name in project.dependencies), "")
    keeps = start.partition(" ")[0] in project.development
    text = f"`{start}` runs a development dependency, so all of those are kept. Move it to `dependencies`."
    kept = (Finding(text, project.line("start")),) if keeps else ()
    return Candidate(
        provider="node",
        stages=_stages(project, keeps_development=keeps),
        start=start,
        evidence=(*_evidence(project), *((Finding(framework, "package.json"),) if framework else ()), *why),
        warnings=(*_unlocked(project), *kept),
        serves=bool(framework),
        certain=bool(start),
    )


def _start(project: Project) -> tuple[str, tuple[Finding, ...]]:
    """The command and the evidence for it: the `start` script, else the main file."""
    script = project.scripts.get("start", "")
    plain = script.removeprefix("NODE_ENV=production ")
    if _PLAIN.fullmatch(plain):
        return plain, (Finding(f"started by its start script, without npm in between: {plain}", project.line("start")),)
    if script:
        return _handing_over(script), (Finding(f"started by its start script: {script}", project.line("start")),)
    if project.main:
        return f"node {shlex.quote(project.main)}", (Finding("started by its main file", project.main),)
    return "", ()


def _handing_over(script: str) -> str:
    """The last of several commands takes the shell's place, so that it gets the signals; what is more complex is npm's."""
    first, _, last = script.rpartition("&&")
    return f"{first.rstrip()} && exec {last.strip()}" if first and _PLAIN.fullmatch(last.strip()) else "npm start"


def _stages(project: Project, *, keeps_development: bool) -> tuple[Stage, ...]:
    """What it needs to run is installed apart from the source, so that it is installed again only when that changes."""
    manager, build = project.manager, _build_command(project)
    if project.installs_from_source:
        pruned = () if keeps_development else (manager.prune,)
        everything = (Copy((".",)), _run(project, manager.install, *build, *pruned))
        return _building(project, *everything), _running(project, Copy((f"{HOME}/",), stage="build"), tools_of="build")
    needed = manager.install if keeps_development else manager.production
    # A project without dependencies gets no node_modules from its installer, but there has to be one to be copied.
    installed = _run(project, *_unprepared(project), needed, "mkdir -p node_modules")
    dependencies = _building(project, *_manifest(project), installed, name="dependencies")
    modules = Copy((_MODULES,), "./node_modules", "dependencies")
    if not build:
        return dependencies, _running(project, modules, Copy((".",)))
    tools = _run(project, *_unprepared(project), manager.install)
    built: tuple[Copy | Run, ...] = (
        *_manifest(project),
        tools,
        Copy((".",)),
        _run(project, *build, "rm -rf node_modules"),
    )
    return dependencies, _building(project, *built), _running(project, modules, Copy((f"{HOME}/",), stage="build"))


def _building(project: Project, *steps: Copy | Run, name: str = "build") -> Stage:
    tool = project.manager.tool
    install = Run((f"npm install --global --prefix {_TOOLS} {tool}",), ("/root/.npm",), downloads=True)
    environment = (*project.manager.environment, *((("PATH", f"{_TOOLS}/bin:$PATH"),) if tool else ()))
    return Stage("node", project.version.number, (*((install,) if tool else ()), *steps), name, environment=environment)


def _running(project: Project, *steps: Copy | Run, tools_of: str = "dependencies") -> Stage:
    """The manager comes along only when the start script calls it."""
    called = bool(re.search(r"\b(yarn|pnpm)\b", project.scripts.get("start", ""))) and bool(project.manager.tool)
    tools = (Copy((_TOOLS,), _TOOLS, tools_of),) if called else ()
    path = f"{_MODULES}/.bin:{_TOOLS}/bin:$PATH" if called else f"{_MODULES}/.bin:$PATH"
    environment = (("NODE_ENV", "production"), ("PATH", path))
    return Stage("node", project.version.number, (*tools, *steps), environment=environment)


def _run(project: Project, *commands: str) -> Run:
    return Run(commands, (project.manager.cache,), downloads=True)


def _manifest(project: Project) -> tuple[Copy, ...]:
    """The files that an installation reads, and the folders of Yarn's releases and of patches where there are any."""
    folders = (
        folder for folder in (".yarn/", "patches/") if any(path.startswith(folder) for path in project.tree.files)
    )
    return (Copy(project.manager.files(project.tree)), *(Copy((folder,), f"./{folder}") for folder in folders))


def _unprepared(project: Project) -> tuple[str, ...]:
    """`prepare` sets up a developer's machine, with tools that are not installed here."""
    return ("npm pkg delete scripts.prepare",) if "prepare" in project.scripts else ()


def _build_command(project: Project) -> tuple[str, ...]:
    return (f"{project.manager.name.lower()} run build",) if "build" in project.scripts else ()


def _single_page(project: Project, bundler: str) -> Candidate:
    """Built by Node, served by nginx."""
    configured = next((project.tree.text(path) for path in project.tree.matching("vite.config.*", depth=0)), "")
    output = re.search(r"outDir:\s*['\"]([\w./-]+)", configured)
    folder = posixpath.normpath(output[1] if output else _BUNDLERS[bundler])
    install = _run(project, *_unprepared(project), project.manager.install)
    first: tuple[Copy | Run, ...] = (
        (Copy((".",)), install) if project.installs_from_source else (*_manifest(project), install, Copy((".",)))
    )
    built = _building(project, *first, _run(project, *_build_command(project)))
    what = Finding(f"a single-page app, built by {bundler} into {folder}/", project.line("build"))
    pages = Copy((f"{HOME}/{folder}/",), stage="build")
    return site(pages, "node", (*_evidence(project), what), _unlocked(project), (built,), single_page=True)


def _bundler(project: Project) -> str:
    """The bundler of an app without a server of its own; empty for none."""
    start = project.scripts.get("start", "")
    has_server = bool(start and not _DEV_SERVER.match(start)) or not project.dependencies.isdisjoint(_SERVERS)
    if has_server or "build" not in project.scripts:
        return ""
    return next((name for name in _BUNDLERS if name in project.dependencies | project.development), "")


def _script(project: Project) -> Candidate:
    """A main file without a package.json: nothing to install."""
    stage = Stage("node", project.version.number, (Copy((".",)),), environment=(("NODE_ENV", "production"),))
    serves = bool(re.search(r"\bcreateServer\b|\.listen\(|\bPORT\b", project.tree.text(project.main)))
    evidence = (project.version.finding("Node.js"), Finding("a script to run", project.main))
    return Candidate("node", (stage,), f"node {project.main}", evidence, serves=serves, certain=serves)


def _evidence(project: Project) -> tuple[Finding, ...]:
    installed = Finding(f"dependencies by {project.manager.name}", project.manager.lock or "package.json")
    return project.version.finding("Node.js"), installed


def _unlocked(project: Project) -> tuple[Finding, ...]:
    text = "No lock file: each build installs the newest versions that package.json allows. Commit the lock file."
    return () if project.manager.lock else (Finding(text, "package.json"),)


DETECTOR = Detector("Node.js", "package.json, server.js, index.js or app.js", detect)
