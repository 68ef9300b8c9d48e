"""The stages of a Node app's image: what it needs is installed apart from the source, and only what runs is kept."""

import re
from dataclasses import dataclass

from shipway.builders.detectors.detector import HOME, Copy, Run, Stage
from shipway.builders.detectors.node_frameworks import Server
from shipway.builders.detectors.node_project import Project
from shipway.builders.detectors.node_system import System

_TOOLS = "/opt/tools"
_MODULES = f"{HOME}/node_modules"
#: The npm package holds the whole of Bun as one file, which needs no Node to run; its name there differs by version.
_BUN = f"{_TOOLS}/bun"
_LINK_BUN = f'ln "$(readlink -f {_TOOLS}/bin/bun)" {_BUN}'
_BUN_FILE = re.compile(r"(?:cd \S+ && exec )?bun (?:run |--\S+ )*[\w./-]+\.[cm]?[jt]sx?(?: |$)")


@dataclass(frozen=True, slots=True)
class Plan:
    """What the stages are made from."""

    project: Project
    start: str
    #: Commands that build, none for an app that runs as it is.
    build: tuple[str, ...]
    system: System
    framework: Server | None = None
    #: Whether what runs needs development dependencies too.
    keeps_development: bool = False
    #: All packages of the repository, where there are several.
    members: tuple[Project, ...] = ()

    @property
    def from_source(self) -> bool:
        """Whether the source has to be there when dependencies are installed: also where the other packages are not seen."""
        unseen = self.project.has_workspaces and not self.members
        return unseen or any(
            project.installs_from_source for project in (self.project, Project(self.project.tree), *self.members)
        )


def server_stages(plan: Plan) -> tuple[Stage, ...]:
    """Stages that end in the image of a server."""
    framework, manager = plan.framework, plan.project.manager
    if framework and framework.output:
        return built_stage(plan), _running(plan, *framework.output, path=False)
    if plan.from_source or plan.members:
        pruned = () if plan.keeps_development else (manager.prune,)
        return built_stage(plan, *pruned), _running(plan, Copy((f"{HOME}/",), stage="build"), tools_of="build")
    needed = manager.install if plan.keeps_development else manager.production
    # A project without dependencies gets no node_modules from its installer, but there has to be one to be copied.
    installed = _run(plan, *_unprepared(plan.project), needed, "mkdir -p node_modules")
    dependencies = _building(plan, *_manifest(plan), installed, name="dependencies")
    modules = Copy((_MODULES,), "./node_modules", "dependencies")
    if not plan.build:
        return dependencies, _running(plan, modules, Copy((".",)))
    return (
        dependencies,
        built_stage(plan, "rm -rf node_modules"),
        _running(plan, modules, Copy((f"{HOME}/",), stage="build")),
    )


def built_stage(plan: Plan, *after: str) -> Stage:
    """The stage `build`: everything installed, the source, what it is built to, and then `after`."""
    project = plan.project
    if plan.from_source:
        return _building(plan, Copy((".",)), _run(plan, project.manager.install, *plan.build, *after, builds=True))
    tools = _run(plan, *_unprepared(project), project.manager.install)
    commands = (*plan.build, *after)
    built = (_run(plan, *commands, builds=True),) if commands else ()
    return _building(plan, *_manifest(plan), tools, Copy((".",)), *built)


def _building(plan: Plan, *steps: Copy | Run, name: str = "build") -> Stage:
    project, tool = plan.project, _tools(plan)
    link = (_LINK_BUN,) if runs_on_bun(plan.start) else ()
    install = Run((f"npm install --global --prefix {_TOOLS} {tool}", *link), ("/root/.npm",), downloads=True)
    path = (("PATH", f"{_TOOLS}/bin:$PATH"),) if tool else ()
    browser = tuple(pair for pair in plan.system.environment if "SKIP" in pair[0])
    # The build is to know what its server will run with, where that is not the address it listens on.
    framework = tuple(
        pair for pair in (plan.framework.environment if plan.framework else ()) if not pair[0].startswith("HOST")
    )
    environment = (*project.manager.environment, *path, *browser, *framework)
    all_steps = (*((install,) if tool else ()), *steps)
    return Stage("node", project.version.number, all_steps, name, plan.system.building, environment)


def _tools(plan: Plan) -> str:
    """What npm installs globally: the manager, and Bun where it runs what another manager installs."""
    tool = plan.project.manager.tool
    calls_bun = bool(re.search(r"\bbunx?\b", plan.start)) and plan.project.manager.name != "Bun"
    return f"{tool} bun@1".strip() if calls_bun else tool


def _running(plan: Plan, *steps: Copy | Run, tools_of: str = "dependencies", path: bool = True) -> Stage:
    """The manager comes along only when the start script calls it."""
    project = plan.project
    extra = (*(plan.framework.environment if plan.framework else ()), *plan.system.environment)
    environment = (("NODE_ENV", "production"), *extra)
    if runs_on_bun(plan.start):
        binary = Copy((_BUN,), "/usr/local/bin/bun", tools_of)
        return Stage("plain", "", (binary, *steps), packages=plan.system.running, environment=environment)
    called = bool(re.search(r"\b(yarn|pnpm|bunx?)\b", f"{plan.start} {project.scripts.get('start', '')}"))
    comes_along = called and path and bool(_tools(plan))
    tools = (Copy((_TOOLS,), _TOOLS, tools_of),) if comes_along else ()
    if path:
        folders = dict.fromkeys((f"{HOME}/{project.folder}node_modules/.bin", f"{_MODULES}/.bin"))
        paths = ":".join([*folders, *([f"{_TOOLS}/bin"] if comes_along else []), "$PATH"])
        environment = (environment[0], ("PATH", paths), *environment[1:])
    return Stage(
        "node", project.version.number, (*tools, *steps), packages=plan.system.running, environment=environment
    )


def runs_on_bun(start: str) -> bool:
    """Whether a command needs Bun and nothing of Node: Bun running a file."""
    return bool(_BUN_FILE.match(start))


def _run(plan: Plan, *commands: str, builds: bool = False) -> Run:
    caches = plan.framework.caches if plan.framework and builds else ()
    manager = plan.project.manager
    return Run((*plan.system.prepare, *commands), (manager.cache, *caches), manager.exclusive, downloads=True)


def _manifest(plan: Plan) -> tuple[Copy, ...]:
    """The files that an installation reads, and the folders of Yarn's releases and of patches where there are any."""
    tree, manager = plan.project.tree, plan.project.manager
    folders = (folder for folder in (".yarn/", "patches/") if any(path.startswith(folder) for path in tree.files))
    paths = (*manager.files(tree), *(member.manifest for member in plan.members))
    return (Copy(paths), *(Copy((folder,), f"./{folder}") for folder in folders))


def _unprepared(project: Project) -> tuple[str, ...]:
    """`prepare` sets up a developer's machine, with tools that are not installed here."""
    return ("npm pkg delete scripts.prepare",) if "prepare" in project.scripts else ()
