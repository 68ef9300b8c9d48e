"""Node tools that build pages without a server: single-page apps and site generators, and where each puts them."""

import posixpath
import re
from dataclasses import dataclass
from typing import Any

from shipway.builders.detectors.node_frameworks import Framework, Pages, Server
from shipway.builders.detectors.node_project import Project
from shipway.builders.detectors.node_start import is_development
from shipway.domain.errors import AnalysisFailed

#: What a start script calls to show built pages, which nginx does here.
_PREVIEW = re.compile(
    r"(?:npx )?(?:vite preview|serve\b|http-server\b|gatsby serve|docusaurus serve|vitepress (?:serve|preview)|npm run dev\b)"
)


@dataclass(frozen=True, slots=True)
class _Tool:
    title: str
    package: str
    folder: str
    #: Begins the command that builds, where a script has to be found by it or there is none.
    build: str
    #: Configuration file, and what in it says another folder.
    config: str = ""
    output: str = ""
    #: Whether one page answers for every path.
    single: bool = True
    #: Whether the package alone is proof; a bundler may also be there for a library or for tests.
    alone: bool = False


_TOOLS = (
    _Tool("Gatsby", "gatsby", "public", "gatsby build", single=False, alone=True),
    _Tool("Docusaurus", "@docusaurus/core", "build", "docusaurus build", single=False, alone=True),
    _Tool("VitePress", "vitepress", ".vitepress/dist", "vitepress build", single=False),
    _Tool(
        "Eleventy",
        "@11ty/eleventy",
        "_site",
        "eleventy",
        "[.e]*leventy*.*js",
        r"\boutput:\s*['\"]([\w./-]+)",
        single=False,
        alone=True,
    ),
    _Tool("Create React App", "react-scripts", "build", "react-scripts build"),
    _Tool(
        "Vue CLI", "@vue/cli-service", "dist", "vue-cli-service build", "vue.config.*", r"outputDir:\s*['\"]([\w./-]+)"
    ),
    _Tool("Preact", "preact-cli", "build", "preact build"),
    _Tool("Vite", "vite", "dist", "vite build", "vite.config.*", r"outDir:\s*['\"]([\w./-]+)"),
    _Tool("Parcel", "parcel", "dist", "parcel build"),
)


def find_pages(project: Project) -> Framework | None:
    """What builds the pages; `None` when the start script starts a server, or nothing here builds pages."""
    start = project.resolved("start")[1]
    if start and not is_development(start) and not _PREVIEW.match(start):
        return None
    if project.uses("@angular/core") and project.tree.has(f"{project.folder}angular.json"):
        return _angular(project)
    return next((_pages(project, tool) for tool in _TOOLS if _builds(project, tool)), None)


def build_script(project: Project, framework: Framework | None) -> str:
    """The script that builds: Heroku's own, `build`, or for pages the one that calls their tool; empty for none."""
    usual = next((name for name in ("heroku-postbuild", "build") if name in project.scripts), "")
    if usual or not framework or not framework.build:
        return usual
    command = framework.build.removeprefix("npx ")
    return next((name for name, script in project.scripts.items() if script.startswith(command)), "")


def _builds(project: Project, tool: _Tool) -> bool:
    scripted = "build" in project.scripts or any(tool.build in script for script in project.scripts.values())
    return project.uses(tool.package) and (tool.alone or scripted)


def _pages(project: Project, tool: _Tool) -> Pages:
    configured = project.config(tool.config).find(tool.output) if tool.config else ""
    folder = configured or _named_by_script(project, tool) or tool.folder
    # Vite's paths are from its root, unless the configuration joins them to its own directory.
    root = project.config(tool.config).find(r"\broot:\s*['\"]([\w./-]+)") if tool.package == "vite" else ""
    inside = posixpath.normpath(posixpath.join(root, folder))
    fallback = "index.html" if tool.single else ""
    return Pages(f"a {_KINDS[tool.single]}, built by {tool.title}", inside, fallback, f"npx {tool.build}")


_KINDS = {True: "single-page app", False: "site"}


def _named_by_script(project: Project, tool: _Tool) -> str:
    """VitePress builds inside the directory of its pages, Eleventy takes the folder as an option."""
    script = next((script for script in project.scripts.values() if tool.build in script), "")
    if tool.package == "vitepress":
        match = re.search(r"vitepress build ([\w./-]+)", script)
        return f"{match[1]}/.vitepress/dist" if match else ""
    match = re.search(r"(?:--outDir|--output|--dist-dir|--out-dir)[= ]([\w./-]+)", script)
    return match[1] if match else ""


def _angular(project: Project) -> Framework:
    """By angular.json: the application builder puts pages into `browser/`, the older one doesn't."""
    name, build = _angular_build(project)
    given = build.get("options")
    options: dict[str, Any] = given if isinstance(given, dict) else {}
    path = options.get("outputPath") or f"dist/{name}"
    base = str(path.get("base", f"dist/{name}") if isinstance(path, dict) else path).rstrip("/")
    applied = str(build.get("builder")).endswith(":application")
    if applied and options.get("ssr") and options.get("outputMode") != "static":
        return Server("Angular with server-side rendering", f"node {base}/server/server.mjs", build="npx ng build")
    inside = str(path.get("browser", "browser")) if isinstance(path, dict) else "browser" if applied else ""
    folder = posixpath.normpath(f"{base}/{inside}")
    return Pages("a single-page app, built by Angular", folder, "index.html", "npx ng build")


def _angular_build(project: Project) -> tuple[str, dict[str, Any]]:
    """Name and `build` target of the first application. Raises `AnalysisFailed` (`manifest-error`) when there is none."""
    path = f"{project.folder}angular.json"
    manifest = project.tree.json(path)
    projects = manifest.get("projects")
    for name, one in projects.items() if isinstance(projects, dict) else ():
        if isinstance(one, dict) and one.get("projectType", "application") == "application":
            targets = one.get("architect") or one.get("targets")
            build = targets.get("build") if isinstance(targets, dict) else None
            if isinstance(build, dict):
                return name, build
    raise AnalysisFailed(
        f"{path} names no application that can be built.",
        code="manifest-error",
        hint="It needs a project of the type application with a build target; `ng build` says the same.",
    )
