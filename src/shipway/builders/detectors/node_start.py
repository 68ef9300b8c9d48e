"""How a Node server is started: by its start script without what only developers want, or by its main file."""

import posixpath
import re
import shlex
from dataclasses import dataclass

from shipway.builders.detectors.node_project import Project
from shipway.domain.artifacts import Finding

#: A script that is one plain command can be started without npm and a shell between it and its signals.
PLAIN = re.compile(r"(?!(?:npm|npx|yarn|pnpm|bunx|cross-env|env|cd|exec|source)\b)[\w@./-]+(?: +[\w@%+=:,./$-]+)*")
_DEVELOPMENT = re.compile(
    r"(?:npx |bunx |NODE_ENV=\w+ |cross-env \S+=\S+ )*(?:(?:nodemon|ts-node-dev|tsnd|tsx watch|node --watch|bun --(?:hot|watch)"
    r"|next dev|nuxt dev|nuxi dev|vite dev|vite serve|vite preview|astro (?:dev|preview)|react-router dev|remix (?:vite:)?dev"
    r"|svelte-kit dev|nest start|ng serve|gatsby develop|vitepress dev|docusaurus start|eleventy --serve|react-scripts start"
    r"|vue-cli-service serve|parcel(?! build)|webpack serve|webpack-dev-server|vinxi dev)(?= |$)|(?:next|nuxt|vite)(?: -|$))"
)
#: Scripts that by custom start the app as it is to run.
_PRODUCTION = ("start:prod", "start:production", "start-prod", "serve:prod", "production")
_WATCHED = re.compile(
    r"(?:npx )?(?:nodemon|node --watch)((?: +--?(?:quiet|q|exitcrash|legacy-watch|L|watch-path=\S+))*) +(.+)"
)
_TSX = re.compile(r"(?:npx )?tsx watch +(.+)")
_BUN = re.compile(r"bun --(?:hot|watch) +(.+)")
_PORT = re.compile(r"(?:\s--port[= ]|\s-p[= ]?|\bPORT=)(\d{2,5})\b")
#: A call that listens: on a number, or on a name that may stand for one.
_LISTENS = re.compile(
    r"(?:\.listen|\bserve)\(\s*(?:\{[^{}]*?\b(?:port:\s*|(?=port\b)))?(?:(\d{2,5})|([A-Za-z_$][\w$]*))(?![\w$]|\s*[.(])"
)
_READS_PORT = re.compile(r"\benv\b.{0,200}PORT|PORT.{0,200}\benv\b")
_LOCAL = re.compile(
    r"\.listen\([^)\n]*['\"](?:localhost|127\.0\.0\.1)['\"]|\bhost:\s*['\"](?:localhost|127\.0\.0\.1)['\"]"
)
#: Fastify listens on localhost unless it is told a host.
_WITHOUT_HOST = re.compile(r"\.listen\(\s*\{(?![^}]*\bhost\b)")
_ENV_FILE = re.compile(r" --env-file[= ](\S+)")
#: Where compilers put what they make of `src`.
_BUILT = re.compile(r"(?:dist|build|lib|out)(?:/(?:src/)?(.+))?")


@dataclass(frozen=True, slots=True)
class Start:
    """The command of `web`, empty when nothing tells it, and why it is that."""

    command: str = ""
    evidence: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    #: A port that it listens on whatever PORT says; 0 for none.
    port: int = 0


def is_development(command: str) -> bool:
    """Whether a command runs a server that is made for a developer's machine."""
    return bool(_DEVELOPMENT.match(command))


def find_start(project: Project, default: str = "") -> Start:
    """By the start script, else by `default`, which is what the framework is started by, else by the main file."""
    name, script = project.resolved("start")
    start = _scripted(project, name, script, default) if script else _unscripted(project, default)
    port, told = _fixed_port(project, start.command)
    inside = f"cd {shlex.quote(project.folder.rstrip('/'))} && "
    needs_folder = bool(project.folder and start.command)
    command = f"{inside}{'' if 'exec ' in start.command else 'exec '}{start.command}" if needs_folder else start.command
    return Start(command, (*start.evidence, *told), (*start.warnings, *_only_local(project, start.command)), port)


def _scripted(project: Project, name: str, script: str, default: str) -> Start:
    where = project.line(name)
    if is_development(script) and (replaced := _replacement(project, script, default)):
        text = f"`{script}` is for development: started by `{replaced}` instead. Make that the start script."
        return Start(replaced, warnings=(Finding(text, where),))
    warnings = (Finding(f"`{script}` is for development, and slow and unsafe in production.", where),)
    kept = warnings if is_development(script) else ()
    plain = script.removeprefix("NODE_ENV=production ").removeprefix("cross-env NODE_ENV=production ")
    # Node does not start without the file, which is not part of a build: its variables are config vars here.
    plain = _ENV_FILE.sub(lambda file: file[0] if project.tree.has(f"{project.folder}{file[1]}") else "", plain)
    if "prestart" in project.scripts:
        return Start(_by_manager(project), (Finding("started by its start script, after prestart", where),), kept)
    if PLAIN.fullmatch(plain) and not _calls_script(project, plain):
        return Start(plain, (Finding(f"started by its start script, without npm in between: {plain}", where),), kept)
    return Start(_handing_over(project, script), (Finding(f"started by its start script: {script}", where),), kept)


def _unscripted(project: Project, default: str) -> Start:
    script = next((name for name in _PRODUCTION if name in project.scripts), "")
    if script and PLAIN.fullmatch(command := project.resolved(script)[1]):
        return Start(command, (Finding(f"started by its script {script}: {command}", project.line(script)),))
    if default:
        return Start(default, (Finding(f"started as its framework says: {default}", project.manifest),))
    if project.main:
        runtime = "bun" if project.manager.name == "Bun" and project.main.endswith((".ts", ".tsx")) else "node"
        found = (Finding("started by its main file", f"{project.folder}{project.main}"),)
        return Start(f"{runtime} {shlex.quote(project.main)}", found)
    return Start()


def _replacement(project: Project, script: str, default: str) -> str:
    """The same app without the watching, where that is certain."""
    for name in _PRODUCTION:
        command = project.resolved(name)[1].removeprefix("NODE_ENV=production ")
        if PLAIN.fullmatch(command) and not is_development(command):
            return command
    if default:
        return default
    if (watched := _WATCHED.fullmatch(script)) and re.fullmatch(r"[\w./-]+\.[cm]?js", watched[2]):
        return f"node {watched[2]}"
    for pattern, runner in ((_TSX, "tsx"), (_BUN, "bun")):
        if (match := pattern.fullmatch(script)) and PLAIN.fullmatch(match[1]):
            return f"{runner} {match[1]}"
    return ""


def _handing_over(project: Project, script: str) -> str:
    """The last of several commands takes the shell's place, so that it gets the signals; what is more complex is npm's."""
    first, _, last = script.rpartition("&&")
    last = last.strip()
    plain = bool(PLAIN.fullmatch(last)) and not _calls_script(project, last)
    return f"{first.rstrip()} && exec {last}" if first and plain else _by_manager(project)


def _by_manager(project: Project) -> str:
    return "bun run start" if project.manager.name == "Bun" else "npm start"


def _calls_script(project: Project, command: str) -> bool:
    """`bun run x` is a file, or a script: then it is Bun's to run."""
    called = re.match(r"bun (?:run )?([\w:.-]+)", command)
    return bool(called and called[1] in project.scripts)


def _fixed_port(project: Project, command: str) -> tuple[int, tuple[Finding, ...]]:
    script = project.resolved("start")[1] if command.endswith("start") else command
    if match := _PORT.search(script):
        return int(match[1]), (Finding(f"its start command names port {match[1]}", project.line("start")),)
    path = _file(project, command)
    text = project.tree.text(path)
    if (port := _listens_on(text)) and not _READS_PORT.search(text):
        return port, (Finding(f"listens on port {port} whatever PORT says", path),)
    return 0, ()


def _listens_on(text: str) -> int:
    """The port that is written into the code, be it by a constant's name; 0 for none."""
    for call in _LISTENS.finditer(text):
        name = re.escape(call[2] or "")
        constant = re.search(rf"\b(?:const|let|var)\s+{name}\s*(?::\s*number\s*)?=\s*(\d{{2,5}})\s*[;,\n]", text)
        if number := call[1] or (constant and constant[1]):
            return int(number)
    return 0


def _only_local(project: Project, command: str) -> tuple[Finding, ...]:
    path = _file(project, command)
    patterns = (_LOCAL, *([_WITHOUT_HOST] if "fastify" in project.dependencies else []))
    found = next((pattern for pattern in patterns if pattern.search(project.tree.text(path))), None)
    if not found:
        return ()
    text = "It listens on localhost, where nothing outside of its container reaches it. Listen on 0.0.0.0."
    return (Finding(text, project.tree.line_of(path, found.pattern)),)


def _file(project: Project, command: str) -> str:
    """The source file that a command starts, or that this is compiled from; or an empty text."""
    words = [word for word in command.split() if re.fullmatch(r"[\w./-]+\.[cm]?[jt]sx?", word)]
    if not words and re.search(r"\bnode .*[\w.]$", command):
        words = command.split()
    path = posixpath.normpath(words[-1]) if words else ""
    stem = re.sub(r"\.[cm]?js$", "", path)
    built = _BUILT.fullmatch(stem)
    sources = [f"{folder}{built[1] or 'index'}.ts" for folder in ("src/", "")] if built else []
    main = [project.main] if path == "." else [path, f"{path}.js", f"{path}/index.js"]
    return project.tree.first(*(f"{project.folder}{one}" for one in (*main, *sources))) if path else ""
