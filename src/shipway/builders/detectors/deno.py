"""Deno: a server started by its `start` task or its main file. Deno itself comes from the npm package of that name."""

import json
import posixpath
import re
from functools import cached_property
from typing import Any

from shipway.builders.detectors.detector import HOME, Candidate, Copy, Detector, Run, Stage
from shipway.builders.detectors.tree import Tree
from shipway.builders.detectors.versions import Version, from_tool_versions, pinned
from shipway.domain.artifacts import Finding
from shipway.domain.errors import AnalysisFailed

_DEFAULT = "2"
_TOOLS = "/opt/tools"
_CACHE = "/deno-dir"
_MAINS = tuple(
    f"{folder}{name}.{end}"
    for folder in ("", "src/")
    for name in ("main", "server", "mod", "index", "app")
    for end in ("ts", "js", "tsx")
)
_PLAIN = re.compile(r"deno (?:run|serve)(?: +[\w@%+=:,./$-]+)+")
_WATCH = re.compile(r" +--(?:watch(?:-hmr|-exclude|-hmr-exclude)?|unstable-hmr)(?:=\S+)?(?= |$)")
_FILE = re.compile(r"[\w./-]+\.[cm]?[jt]sx?(?= |$)")
#: Comments and trailing commas, which deno.json may have; texts in quotes are kept as they are.
_NOT_JSON = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/|,(?=\s*[}\]])', re.DOTALL)


class _Project:
    """What a Deno project says about itself."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.manifest = tree.first("deno.json", "deno.jsonc")

    @cached_property
    def config(self) -> dict[str, Any]:
        """deno.json, empty when there is none. Raises `AnalysisFailed` (`manifest-error`) when it can't be read."""
        text = self.tree.text(self.manifest) if self.manifest else ""
        try:
            # Comments first: a comma may be followed by one.
            plain = _NOT_JSON.sub(lambda match: match[1] or "", _NOT_JSON.sub(_uncommented, text) or "{}")
            value = json.loads(plain)
        except (json.JSONDecodeError, RecursionError) as error:
            raise AnalysisFailed(
                f"{self.manifest} can't be read as JSON: {error}.",
                code="manifest-error",
                hint=f"Correct {self.manifest}; `deno task` says where it is wrong.",
            ) from error
        return value if isinstance(value, dict) else {}

    @cached_property
    def tasks(self) -> dict[str, str]:
        """Tasks by name."""
        tasks = self.config.get("tasks")
        given = tasks if isinstance(tasks, dict) else {}
        return {name: str(task.get("command", "") if isinstance(task, dict) else task) for name, task in given.items()}

    @cached_property
    def main(self) -> str:
        """The file that is run: the one that the start task names, else the first with a usual name; or empty."""
        named = [posixpath.normpath(path) for path in _FILE.findall(self.tasks.get("start", ""))]
        return self.tree.first(*named[-1:], *_MAINS)

    @cached_property
    def version(self) -> Version:
        """Deno's, by the project's pins."""
        own = pinned(self.tree, (".dvmrc", ".deno-version")) or from_tool_versions(self.tree, "deno")
        match = re.search(r"^deno\s*=\s*\"(\d+(?:\.\d+){0,2})\"", self.tree.text("mise.toml"), re.MULTILINE)
        in_mise = Version(match[1], self.tree.line_of("mise.toml", r"^deno\s*=")) if match else None
        return own or in_mise or Version(_DEFAULT)


def detect(tree: Tree) -> Candidate | None:
    """A deno.json or deno.lock, with a start task or a main file."""
    if not tree.first("deno.json", "deno.jsonc", "deno.lock"):
        return None
    project = _Project(tree)
    start, why, port, warnings = _start(project)
    # Beside a package.json, deno.json is often there for its formatter only.
    certain = bool(start) and (not tree.has("package.json") or "start" in project.tasks)
    return Candidate(
        provider="deno",
        stages=_stages(project),
        start=start,
        evidence=(project.version.finding("Deno"), _dependencies(project), *why),
        warnings=(*warnings, *_unlocked(project)),
        certain=certain,
        port=port,
    )


def _start(project: _Project) -> tuple[str, tuple[Finding, ...], int, tuple[Finding, ...]]:
    """The command, the evidence for it, a port it insists on, and warnings."""
    task = project.tasks.get("start", "")
    where = project.tree.line_of(project.manifest, r'"start"\s*:') if project.manifest else ""
    command = _WATCH.sub("", task)
    dropped = f"`{task}` watches for changes, which is for development: started without."
    warnings = (Finding(dropped, where),) if command != task else ()
    if task and not _PLAIN.fullmatch(command):
        return "deno task start", (Finding(f"started by its start task: {task}", where),), 0, warnings
    if not task and not project.main:
        return "", (), 0, ()
    command = command or _by_main(project)
    found = (
        Finding(f"started by its start task: {command}", where)
        if task
        else Finding("started by its main file", project.main)
    )
    return *_listening(project, command, found), warnings


def _by_main(project: _Project) -> str:
    """A module that exports a handler is served; any other is run, with what a server usually needs to be allowed."""
    if re.search(r"^export default\b", project.tree.text(project.main), re.MULTILINE):
        return f"deno serve --allow-env --allow-read --allow-net {project.main}"
    return f"deno run --allow-env --allow-read --allow-net {project.main}"


def _listening(project: _Project, command: str, found: Finding) -> tuple[str, tuple[Finding, ...], int]:
    """Where the code doesn't read PORT, Deno itself can be told what `Deno.serve` and `deno serve` listen on."""
    named = re.search(r" --port[= ](\d+)", command)
    if named:
        return command, (found, Finding(f"its start command names port {named[1]}", found.where)), int(named[1])
    if command.startswith("deno serve ") and "--port" not in command:
        return command.replace("deno serve ", "deno serve --host=0.0.0.0 --port=$PORT ", 1), (found,), 0
    sources = (path for pattern in ("*.ts", "*.js", "*.tsx") for path in project.tree.matching(pattern))
    if any("PORT" in project.tree.text(path) for path in sources):
        return command, (found,), 0
    told = Finding("no file reads PORT, so DENO_SERVE_ADDRESS says where Deno.serve listens", project.main)
    return f"export DENO_SERVE_ADDRESS=tcp:0.0.0.0:$PORT && exec {command}", (found, told), 0


def _stages(project: _Project) -> tuple[Stage, ...]:
    """Only the program, the cached dependencies and the app come into the last stage, which has no Node."""
    tree = project.tree
    frozen = " --frozen" if tree.has("deno.lock") else ""
    # The npm package keeps the program in a package of its own for each platform.
    program = f"cp {_TOOLS}/lib/node_modules/deno/node_modules/@deno/linux-*-glibc/deno /usr/local/bin/deno"
    install = Run(
        (f"npm install --global --prefix {_TOOLS} deno@{project.version.number}", program),
        ("/root/.npm",),
        downloads=True,
    )
    manifests = tuple(filter(tree.has, ("deno.json", "deno.jsonc", "deno.lock", "package.json", "import_map.json")))
    needed = (Copy(manifests), Run((f"deno install{frozen}",), downloads=True)) if project.manifest else ()
    entries = dict.fromkeys(filter(tree.has, (project.main,)))
    build = ("deno task build",) if "build" in project.tasks else ()
    cached = tuple(f"deno cache{frozen} {entry}" for entry in entries)
    rest = (Run((*build, *cached), downloads=True),) if build or cached else ()
    environment = (("DENO_DIR", _CACHE), ("DENO_NO_UPDATE_CHECK", "1"))
    built = Stage("node", "", (install, *needed, Copy((".",)), *rest), "build", environment=environment)
    kept = (
        Copy(("/usr/local/bin/deno",), "/usr/local/bin/deno", "build"),
        Copy((f"{_CACHE}/",), f"{_CACHE}/", "build"),
        Copy((f"{HOME}/",), stage="build"),
    )
    return built, Stage("plain", "", kept, environment=environment)


def _uncommented(match: re.Match[str]) -> str:
    return match[0] if match[1] or match[0] == "," else ""


def _dependencies(project: _Project) -> Finding:
    return Finding("dependencies by Deno", project.tree.first("deno.lock", project.manifest))


def _unlocked(project: _Project) -> tuple[Finding, ...]:
    text = "No lock file: each build takes the newest versions that are allowed. Commit deno.lock."
    return () if project.tree.has("deno.lock") else (Finding(text, project.manifest),)


DETECTOR = Detector("Deno", "deno.json or deno.lock, with a start task or main.ts", detect)
