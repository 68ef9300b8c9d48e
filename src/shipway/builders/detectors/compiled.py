"""What Go and Rust have in common: programs are built in one stage, and run in another beside the files they read."""

import posixpath
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from shipway.builders import procfile
from shipway.builders.detectors.detector import HOME, Copy, Run, Stage
from shipway.builders.detectors.tree import Tree
from shipway.domain.artifacts import Finding

#: Where the programs are, inside `HOME`; on the PATH too.
BIN = "bin"
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
_USUAL_NAMES = ("server", "web")
_LOCAL = ("localhost", "127.0.0.1", "[::1]")
_OTHER_NAMES = ("api", "app", "main", "*-server", "*_server", "*-web", "*-api")
#: Of no use to a program that runs: what people and tools read.
_FOR_PEOPLE = (
    ".*",
    "*.md",
    "readme*",
    "license*",
    "licence*",
    "copying*",
    "notice*",
    "changelog*",
    "codeowners",
    "*file",
    "*.mk",
    "dockerfile*",
    "docker-compose*",
    "compose.y*ml",
    "taskfile.y*ml",
    "app.json",
    "shipway.toml",
    "fly.toml",
    "render.yaml",
    "railway.*",
    "renovate.json",
    "package.json",
    "package-lock.json",
    "clippy.toml",
    "rustfmt.toml",
    "deny.toml",
    "buf*.yaml",
    "sqlc.y*ml",
)
_FOLDERS_FOR_PEOPLE = {
    "docs",
    "doc",
    "test",
    "tests",
    "testdata",
    "examples",
    "deploy",
    "k8s",
    "helm",
    "scripts",
    "hack",
}


@dataclass(frozen=True, slots=True)
class Program:
    """An executable that the source can be built into."""

    #: File name in `BIN`.
    name: str
    #: File with its `main`.
    where: str
    #: What the compiler is told to build it by: a Go package, a crate's directory.
    target: str
    #: Whether its own code listens for requests, as far as can be seen.
    serves: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """What of a source is of no use once it is built."""

    #: Globs of file names.
    files: tuple[str, ...]
    #: Directories at the top.
    folders: tuple[str, ...]

    def removal(self) -> Run:
        """The step that leaves only what a program may read, and the programs."""
        names = " -o ".join(f"-name {shlex.quote(glob)}" for glob in self.files)
        remove = f"find . -type f \\( {names} \\) -delete"
        return Run((f"rm -rf {' '.join(self.folders)}", remove, "find . -mindepth 1 -type d -empty -delete"))

    def beside(self, tree: Tree) -> tuple[str, ...]:
        """Folders and files at the top, with something in them that a running program may read: templates, migrations."""
        tops = (f"{path.split('/')[0]}/" if "/" in path else path for path in tree.files if self._is_read(path))
        return tuple(sorted(dict.fromkeys(tops)))

    def _is_read(self, path: str) -> bool:
        *folders, name = path.split("/")
        if folders and (folders[0] in self.folders or {*folders} & _FOLDERS_FOR_PEOPLE or folders[0].startswith(".")):
            return False
        return not any(fnmatchcase(name.lower(), glob.lower()) for glob in (*self.files, *_FOR_PEOPLE))


def pick(programs: tuple[Program, ...], own: Iterable[str]) -> Program | None:
    """The program that is `web`: the only one, else by its name (`own`: what the project is called), else the only one
    that serves; `None` when that does not tell.
    """
    if len(programs) == 1:
        return programs[0]
    for glob in (*_USUAL_NAMES, *own, *_OTHER_NAMES):
        named = [program for program in programs if fnmatchcase(program.name, glob)]
        if len(named) == 1:
            return named[0]
    serving = [program for program in programs if program.serves]
    return serving[0] if len(serving) == 1 else None


def chosen_evidence(programs: tuple[Program, ...], chosen: Program | None) -> tuple[Finding, ...]:
    """Which program is `web`, and what else there is to start."""
    others = ", ".join(f"{BIN}/{program.name}" for program in programs if program is not chosen)
    started = (Finding(f"started by its program {chosen.name}", chosen.where),) if chosen else ()
    if not others:
        return started
    return *started, Finding(f"{'also built' if chosen else 'built'}, for a Procfile to name: {others}")


def beside_evidence(code: Code, tree: Tree) -> tuple[Finding, ...]:
    """What goes into the image with the programs."""
    names = code.beside(tree)
    shown = f"{', '.join(names[:6])}{' and more' if names[6:] else ''}"
    return (Finding(f"beside the program: {shown}; the code stays out of the image"),) if names else ()


def running(
    tree: Tree,
    programs: tuple[Program, ...],
    code: Code,
    packages: tuple[str, ...] = (),
    environment: tuple[tuple[str, str], ...] = (),
) -> Stage:
    """The image that runs: the programs, what they read, and the certificates they trust others by."""
    trust = Copy((_CERTIFICATES,), "/etc/ssl/certs/", "build")
    app = Copy((f"{HOME}/",), stage="build") if code.beside(tree) else Copy((f"{HOME}/{BIN}/",), f"./{BIN}/", "build")
    steps: tuple[Copy | Run, ...] = (trust, app, *_links(tree, programs))
    return Stage("plain", "", steps, packages=packages, environment=(("PATH", f"{HOME}/{BIN}:$PATH"), *environment))


def _links(tree: Tree, programs: tuple[Program, ...]) -> tuple[Run, ...]:
    """A Procfile names programs where its author's builds put them: `./server`, `target/release/server`."""
    names = {program.name for program in programs}
    links: dict[str, str] = {}
    for _, command in _procfile(tree):
        path = posixpath.normpath(next(iter(command.split()), ""))
        name = posixpath.basename(path)
        wanted = name if name in names else next(iter(names)) if len(names) == 1 else ""
        is_named = "/" in command.split()[0] and not path.startswith(("/", "..")) and not tree.has(path)
        if is_named and wanted and path != f"{BIN}/{wanted}" and not re.search(r"[^\w./-]", path):
            links[path] = f"{HOME}/{BIN}/{wanted}"
    return tuple(
        Run(
            ((f"mkdir -p {posixpath.dirname(path)}",) if "/" in path else ()) + (f"ln -s {shlex.quote(target)} {path}",)
        )
        for path, target in links.items()
    )


def without_compiler(tree: Tree, commands: Mapping[str, str]) -> tuple[Finding, ...]:
    """A warning for each line of the Procfile that begins with one of `commands` (`go run`): the image has no compiler."""
    return tuple(
        Finding(f"`{command}` needs {tool}, which the image does not have: name the program, as {BIN}/…", where)
        for where, command in _procfile(tree)
        for begin, tool in commands.items()
        if command.startswith(begin)
    )


def _procfile(tree: Tree) -> list[tuple[str, str]]:
    """The commands of the Procfile and where each stands."""
    parsed = procfile.parse(tree.text(procfile.NAME))
    commands = {process.name: process.command for process in parsed.processes} | {"release": parsed.release_command}
    return [(f"{procfile.NAME}:{line}", commands[name]) for name, line in parsed.lines if commands.get(name)]


@dataclass(frozen=True, slots=True)
class Listening:
    """What the code says about where it listens."""

    #: The port it insists on; 0 when it asks the environment, or nothing is seen.
    port: int = 0
    evidence: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()


def find_listening(texts: Mapping[str, str], *patterns: re.Pattern[str]) -> Listening:
    """Look for calls that listen. The patterns have the groups `host` and `port`, either of which may be empty."""
    calls = [(path, match) for path, text in texts.items() for pattern in patterns for match in pattern.finditer(text)]
    fixed = [(path, match) for path, match in calls if 0 < int(match["port"] or 0) < 65536]
    warnings = tuple(
        Finding(f"It listens on {_host(match)} only, where nothing reaches it: use 0.0.0.0.", _line(texts, path, match))
        for path, match in calls
        if _host(match) in _LOCAL and match["port"] != "0"
    )[:1]
    if not fixed or any(re.search(r"\bPORT\b", text) for text in texts.values()):
        return Listening(warnings=warnings)
    path, match = fixed[0]
    found = Finding(f"it listens on port {match['port']}, and does not read PORT", _line(texts, path, match))
    return Listening(int(match["port"]), (found,), warnings)


def _host(match: re.Match[str]) -> str:
    """As an address also where it is written as four numbers."""
    return re.sub(r",\s*", ".", match["host"] or "")


def _line(texts: Mapping[str, str], path: str, match: re.Match[str]) -> str:
    return f"{path}:{texts[path].count(chr(10), 0, match.start()) + 1}"
