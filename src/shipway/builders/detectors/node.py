"""Node.js and Bun: a server started by its `start` script or its main file, or pages that only have to be built."""

import posixpath
import re

from shipway.builders.detectors.detector import HOME, Candidate, Copy, Detector, Stage
from shipway.builders.detectors.node_frameworks import Framework, Pages, Server, find_framework
from shipway.builders.detectors.node_pages import build_script, find_pages
from shipway.builders.detectors.node_project import Project
from shipway.builders.detectors.node_stages import Plan, built_stage, runs_on_bun, server_stages
from shipway.builders.detectors.node_start import Start, find_start
from shipway.builders.detectors.node_system import find_system
from shipway.builders.detectors.node_workspaces import check_alone, members, needed
from shipway.builders.detectors.static import site
from shipway.builders.detectors.tree import Tree
from shipway.domain.artifacts import Finding

_SERVERS = {
    "express": "Express",
    "fastify": "Fastify",
    "koa": "Koa",
    "@hapi/hapi": "hapi",
    "hono": "Hono",
    "elysia": "Elysia",
    "restify": "Restify",
    "polka": "Polka",
    "socket.io": "Socket.IO",
}
#: Commands whose package has another name.
_COMMANDS = {"nest": "@nestjs/cli", "remix-serve": "@remix-run/serve", "react-router-serve": "@react-router/serve"}
_Builds = tuple[tuple[str, ...], tuple[Finding, ...], tuple[Finding, ...]]


def detect(tree: Tree) -> Candidate | None:
    """A package.json, or a well-known main file. Of several workspaces, the one that can be started."""
    root = Project(tree)
    if not tree.has("package.json"):
        return _script(root) if root.main else None
    check_alone(root)
    others = members(root) if root.has_workspaces else ()
    if asked_for := next((member for member in others if member.folder == f"{tree.member}/"), None):
        return _app(asked_for, others)
    if not others or "start" in root.scripts or root.main or _framework(root):
        return _app(root, others)
    startable = tuple(member for member in others if "start" in member.scripts or _framework(member))
    return _app(startable[0], others) if len(startable) == 1 else _several(root, others, startable)


def _framework(project: Project) -> Framework | None:
    found = find_framework(project)
    if found:
        return found
    # Angular's own server is made with Express.
    serves = not project.dependencies.isdisjoint(_SERVERS) and not project.uses("@angular/core")
    return None if serves else find_pages(project)


def _app(project: Project, others: tuple[Project, ...]) -> Candidate:
    framework = _framework(project)
    if isinstance(framework, Pages):
        return _pages(project, framework, others)
    return _server(project, framework, others)


def _server(project: Project, framework: Server | None, others: tuple[Project, ...]) -> Candidate:
    start = _started(project, framework)
    command, built, unbuilt = _build(project, framework, others)
    system = find_system(tuple(dict.fromkeys((project, *others))))
    keeps = _kept_for(project, start.command)
    kept = (Finding(keeps, project.line("start")),) if keeps else ()
    plan = Plan(project, start.command, command, system, framework, bool(keeps), others)
    title = framework.title if framework else _title(project)
    return Candidate(
        provider="node",
        stages=server_stages(plan),
        start=start.command,
        evidence=(
            *_evidence(project, start.command),
            *((Finding(title, project.manifest),) if title else ()),
            *(framework.evidence if framework else ()),
            *system.evidence,
            *built,
            *start.evidence,
        ),
        warnings=(*_unlocked(project), *unbuilt, *start.warnings, *kept, *(framework.warnings if framework else ())),
        serves=bool(title),
        certain=bool(start.command),
        port=start.port,
    )


def _started(project: Project, framework: Server | None) -> Start:
    """A build that is all there is to run is started by what it is, not by a script that is not in it."""
    if not (framework and framework.output):
        return find_start(project, framework.start if framework else "")
    nested = "standalone" in framework.output[0].paths[0]
    command = framework.start
    if project.folder:
        command = f"node {project.folder}server.js" if nested else f"cd {project.folder.rstrip('/')} && exec {command}"
    return Start(command, (Finding(f"started as its build is: {command}", project.manifest),))


def _pages(project: Project, pages: Pages, others: tuple[Project, ...]) -> Candidate:
    """Built by Node, served by nginx."""
    command, built, unbuilt = _build(project, pages, others)
    system = find_system(tuple(dict.fromkeys((project, *others))))
    folder = posixpath.normpath(f"{project.folder}{pages.folder}")
    what = Finding(f"{pages.title} into {folder}/", project.line(build_script(project, pages) or "name"))
    copy = Copy((f"{HOME}/{folder}/",), stage="build")
    return site(
        copy,
        "node",
        (*_evidence(project, ""), what, *system.evidence, *built),
        (*_unlocked(project), *unbuilt, *pages.warnings),
        (built_stage(Plan(project, "", command, system, members=others)),),
        single_page=bool(pages.fallback),
        missing_page="" if pages.fallback else "/404.html",
        fallback=pages.fallback,
    )


def _several(root: Project, others: tuple[Project, ...], startable: tuple[Project, ...]) -> Candidate:
    """All is built, and the service's start command is left to say which of them runs."""
    run = root.manager.run
    folders = [member for member in others if "build" in member.scripts]
    ordered = dict.fromkeys(one for member in folders for one in needed(member, others) if "build" in one.scripts)
    own = (f"{run} build",) if "build" in root.scripts else tuple(f"({_inside(one)}{run} build)" for one in ordered)
    ways = [(member, _started(member, _server_of(member)).command) for member in startable]
    told = tuple(Finding(f"a workspace, started by: {command}", member.manifest) for member, command in ways if command)
    system = find_system((root, *others))
    plan = Plan(root, "", own, system, keeps_development=True, members=others)
    evidence = (*_evidence(root, ""), *system.evidence, *told)
    return Candidate("node", server_stages(plan), "", evidence, _unlocked(root), serves=bool(told), certain=False)


def _server_of(project: Project) -> Server | None:
    found = _framework(project)
    return found if isinstance(found, Server) else None


def _build(project: Project, framework: Framework | None, others: tuple[Project, ...]) -> _Builds:
    """The commands that build it, the evidence for them, and what is missing."""
    run, root = project.manager.run, Project(project.tree)
    first = _generate(project)
    if project.folder and "build" in root.scripts:
        return (*first, f"{run} build"), (Finding("built by the root's build script", root.line("build")),), ()
    packages = [one for one in needed(project, others)[:-1] if "build" in one.scripts]
    before = (*first, *(f"({_inside(one)}{run} build)" for one in packages))
    inside = [Finding(f"built from {one.folder.rstrip('/')} too", one.manifest) for one in packages]
    if script := build_script(project, framework):
        told = Finding(f"built by its script {script}: {project.scripts[script]}", project.line(script))
        return (*before, _in_folder(project, f"{run} {script}")), (*inside, told), ()
    if framework and framework.build:
        text = f"No build script: built by `{framework.build}`. Make that the build script."
        return (*before, _in_folder(project, framework.build)), tuple(inside), (Finding(text, project.manifest),)
    return before, tuple(inside), _unbuilt(project)


def _generate(project: Project) -> tuple[str, ...]:
    """Prisma's client is made from the schema, which newer versions no longer do by themselves."""
    scripted = any("prisma generate" in script for script in project.scripts.values())
    return ("npx prisma generate",) if project.uses("prisma") and not scripted and not project.folder else ()


def _inside(project: Project) -> str:
    return f"cd {project.folder.rstrip('/')} && "


def _in_folder(project: Project, command: str) -> str:
    return f"({_inside(project)}{command})" if project.folder else command


def _unbuilt(project: Project) -> tuple[Finding, ...]:
    """A start script that names a file which nothing here makes."""
    script = project.resolved("start")[1]
    match = re.search(r"\bnode (?:-\S+ )*((?:\./)?(?:dist|build|lib|out)/[\w./-]+)", script)
    path = posixpath.normpath(f"{project.folder}{match[1]}") if match else ""
    if not path or project.tree.first(path, f"{path}.js", f"{path}/index.js"):
        return ()
    text = f"{path} is not in the source, and there is no build script to make it. Add one, for example `tsc`."
    return (Finding(text, project.line("start")),)


def _kept_for(project: Project, start: str) -> str:
    """Why the start command needs development dependencies, and what to do about it; empty when it doesn't."""
    script = project.resolved("start")[1] if start.endswith(" start") else start
    if re.search(r"\b(?:npm|yarn|pnpm|bun) (?:run )?build\b", script):
        return f"`{script}` builds at each start, so all development dependencies are kept. Leave that to the build script."
    command = start.rpartition("exec ")[2]
    word = command.partition(" ")[0]
    if _COMMANDS.get(word, word) not in project.development | Project(project.tree).development:
        return ""
    return f"`{command}` runs a development dependency, so all of those are kept. Move it to `dependencies`."


def _title(project: Project) -> str:
    return next((title for name, title in _SERVERS.items() if name in project.dependencies), "")


def _script(project: Project) -> Candidate:
    """A main file without a package.json: nothing to install."""
    stage = Stage("node", project.version.number, (Copy((".",)),), environment=(("NODE_ENV", "production"),))
    serves = bool(re.search(r"\bcreateServer\b|\.listen\(|\bPORT\b", project.tree.text(project.main)))
    evidence = (project.version.finding("Node.js"), Finding("a script to run", project.main))
    return Candidate("node", (stage,), f"node {project.main}", evidence, serves=serves, certain=serves)


def _evidence(project: Project, start: str) -> tuple[Finding, ...]:
    manager = project.manager
    version = manager.tool.rpartition("@")[2]
    by = Finding(f"dependencies by {manager.name}{f' {version}' if version else ''}", manager.lock or "package.json")
    if runs_on_bun(start):
        return Finding(f"Bun {version} runs it", project.manifest), by
    return project.version.finding("Node.js"), by


def _unlocked(project: Project) -> tuple[Finding, ...]:
    manager = project.manager
    if manager.unread:
        text = f"{', '.join(manager.unread)} is not read, {manager.lock} is. Delete the one that is out of date."
        return (Finding(text, manager.unread[0]),)
    text = "No lock file: each build installs the newest versions that package.json allows. Commit the lock file."
    return () if manager.lock else (Finding(text, "package.json"),)


DETECTOR = Detector("Node.js", "package.json, server.js, index.js or app.js", detect)
