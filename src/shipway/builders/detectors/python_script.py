"""Python scripts that serve by themselves: which one is run, and whether it obeys PORT."""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shipway.builders.detectors.python_app import module_name, modules
from shipway.builders.detectors.python_serve import Start
from shipway.builders.detectors.tree import Tree
from shipway.domain.artifacts import Finding

_SCRIPTS = ("main.py", "app.py", "server.py", "run.py", "__main__.py")
_SERVES = re.compile(r"\b(PORT|http\.server|socketserver|wsgiref|tornado|serve_forever|run_app|start_server|listen)\b")
_READS_PORT = re.compile(r"['\"](?:PORT|SERVER_PORT)['\"]")
#: Calls that open a port, by the last part of their name.
_OPENS = re.compile(
    r"(?i)(?:run|run_app|run_simple|run_server|serve|listen|bind|launch|(?:make|start|create)_server|\w*Server|TCPSite)$"
)
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class Listening:
    """What a file says about where it listens; a port of 0 and an empty host say nothing."""

    port: int = 0
    host: str = ""
    where: str = ""


def script(tree: Tree, project: dict[str, Any]) -> Start | None:
    """A script by its usual name, a package that can be run, or the one command that the project declares."""
    if path := tree.first(*_SCRIPTS):
        return run(tree, f"python {path}", path, "a script to run", serves=bool(_SERVES.search(tree.text(path))))
    return _package(tree) or _declared_command(tree, project)


def run(tree: Tree, command: str, path: str, what: str, *, serves: bool = True, root: str = "") -> Start:
    """The start of a file that opens its port itself."""
    told = listening(tree, path)
    evidence = [Finding(what, path)]
    if told.port:
        evidence.append(Finding(f"it listens on port {told.port}, whatever PORT says", told.where))
    return Start(
        command,
        tuple(evidence),
        import_root=root,
        warnings=_unreachable(path, told),
        serves=serves or bool(told.port),
        port=told.port,
    )


def listening(tree: Tree, path: str) -> Listening:
    """The port and host that are written into the file, unless it takes the port from the environment."""
    text = tree.text(path)
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Listening()
    constants = {
        target.id: node.value.value
        for node in module.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call) and _OPENS.search(_last_name(node.func))]
    found = [_said(call, constants, path) for call in calls]
    best = max(found, key=lambda one: (bool(one.port), bool(one.host)), default=Listening())
    return Listening(0, best.host, best.where) if _READS_PORT.search(text) else best


def _said(call: ast.Call, constants: Mapping[str, object], path: str) -> Listening:
    given = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg in ("host", "port", "address"))]
    flat = [part for node in given for part in (node.elts if isinstance(node, ast.Tuple | ast.List) else [node])]
    values = [
        node.value if isinstance(node, ast.Constant) else constants.get(node.id) if isinstance(node, ast.Name) else None
        for node in flat
    ]
    ports = [value for value in values if type(value) is int and 0 < value < 65536]
    hosts = [value for value in values if isinstance(value, str) and value in _LOOPBACK]
    return Listening(ports[0] if ports else 0, hosts[0] if hosts else "", f"{path}:{call.lineno}")


def _unreachable(path: str, told: Listening) -> tuple[Finding, ...]:
    found = []
    if told.host:
        text = f"{path} listens on {told.host}, which nobody outside of its container reaches: make that 0.0.0.0."
        found.append(Finding(text, told.where))
    if told.port:
        text = (
            f"{path} does not read PORT; it gets its traffic on port {told.port}, as long as that is what it listens on. "
            'Better: int(os.environ.get("PORT", ' + f"{told.port}))."
        )
        found.append(Finding(text, told.where))
    return tuple(found)


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _package(tree: Tree) -> Start | None:
    """`python -m package`, when what it runs serves."""
    for path in modules(tree, "__main__.py"):
        root = "src" if path.startswith("src/") else ""
        package = module_name(path, root).removesuffix(".__main__")
        if _SERVES.search("".join(tree.text(file) for file in modules(tree, "*.py") if file.startswith(path[:-11]))):
            return run(tree, f"python -m {package}", path, "a package to run", root=root)
    return None


def _declared_command(tree: Tree, project: dict[str, Any]) -> Start | None:
    """The project's only script, when what it calls serves: its package is installed, and with it the command."""
    table = project.get("project")
    scripts = table.get("scripts") if isinstance(table, dict) else None
    if not isinstance(scripts, dict) or len(scripts) != 1 or "build-system" not in project:
        return None
    ((name, target),) = scripts.items()
    module = str(target).partition(":")[0].replace(".", "/")
    path = tree.first(*(f"{root}{module}{end}" for root in ("src/", "") for end in (".py", "/__init__.py")))
    if not path or not _SERVES.search(tree.text(path)) or not re.fullmatch(r"[\w.-]+", name):
        return None
    return run(tree, name, path, f"the project's script {name}")
