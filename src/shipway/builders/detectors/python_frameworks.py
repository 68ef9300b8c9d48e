"""Frameworks whose application object a server imports: rows of a table, and what a few of them do otherwise."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shipway.builders.detectors.python_app import find_app, named_app
from shipway.builders.detectors.python_script import listening, run
from shipway.builders.detectors.python_serve import App, Server, Start, asgi, gunicorn, wsgi
from shipway.builders.detectors.tree import Tree
from shipway.domain.artifacts import Finding

Serve = Callable[[App, frozenset[str]], Server]


@dataclass(frozen=True, slots=True)
class Framework:
    """One framework. The first in the table that is declared and whose object is found counts."""

    package: str
    title: str
    #: Names that make the object, as a pattern.
    kinds: str
    serve: Serve


def _sanic(app: App, _: frozenset[str]) -> Server:
    return Server(f"sanic --host 0.0.0.0 --port $PORT {'--factory ' if app.factory else ''}{app.name}")


def _aiohttp(app: App, declared: frozenset[str]) -> Server:
    return gunicorn(app.name, declared, "aiohttp.GunicornWebWorker")


_FRAMEWORKS = (
    Framework("fastapi", "FastAPI", "FastAPI", asgi),
    Framework("litestar", "Litestar", "Litestar", asgi),
    Framework("quart", "Quart", "Quart", asgi),
    Framework("blacksheep", "BlackSheep", r"(?<!web\.)Application", asgi),
    Framework("sanic", "Sanic", "Sanic", _sanic),
    Framework("starlette", "Starlette", "Starlette", asgi),
    Framework("dash", "Dash", "Dash", wsgi),
    Framework("flask", "Flask", "Flask|APIFlask|OpenAPI", wsgi),
    Framework("falcon", "Falcon", r"(?:falcon\.)?asgi\.App", asgi),
    Framework("falcon", "Falcon", r"(?:falcon\.)?App|falcon\.API", wsgi),
    Framework("bottle", "Bottle", "Bottle", wsgi),
    Framework("aiohttp", "aiohttp", r"web\.Application", _aiohttp),
)


def application(tree: Tree, declared: frozenset[str], project: dict[str, Any]) -> Start | None:
    """An application object and the server for it."""
    for framework in _FRAMEWORKS:
        if framework.package in declared and (start := _start(tree, framework, declared, project)):
            return start
    return None


def _start(tree: Tree, framework: Framework, declared: frozenset[str], project: dict[str, Any]) -> Start | None:
    app = _named(tree, framework, project) or find_app(tree, framework.kinds)
    if not app:
        return None
    if framework.package == "dash":
        return _dash(tree, app, declared)
    if framework.package == "aiohttp" and _runs_itself(tree, app):
        return run(tree, f"python {app.path}", app.path, f"aiohttp, {app.path}")
    start = framework.serve(app, declared).start(framework.title, app)
    return _silenced(tree, start, app) if framework.package == "flask" else start


def _named(tree: Tree, framework: Framework, project: dict[str, Any]) -> App | None:
    """The object that the project's own files name: FLASK_APP, or FastAPI's entrypoint."""
    if framework.package == "flask":
        pattern = r"^\s*(?:export\s+)?FLASK_APP\s*=\s*(\S+)"
        match = re.search(pattern, tree.text(".flaskenv"), re.MULTILINE)
        return named_app(tree, match[1], tree.line_of(".flaskenv", pattern)) if match and ":" in match[1] else None
    tool = project.get("tool")
    table = tool.get(framework.package) if isinstance(tool, dict) else None
    entry = table.get("entrypoint") if isinstance(table, dict) else None
    return named_app(tree, str(entry), tree.line_of("pyproject.toml", r"^entrypoint\s*=")) if entry else None


def _runs_itself(tree: Tree, app: App) -> bool:
    """Whether the file opens the port that it is told."""
    text = tree.text(app.path)
    return "run_app(" in text and bool(re.search(r"['\"]PORT['\"]", text)) and not listening(tree, app.path).host


def _silenced(tree: Tree, start: Start, app: App) -> Start:
    """Flask's `app.run()` at the top of a module would start its development server on import: Flask can be told not to."""
    unguarded = r"^\w+\.run\("
    if not re.search(unguarded, tree.text(app.path), re.MULTILINE):
        return start
    told = Finding(
        "app.run(…) outside of `if __name__ == '__main__':` is made to do nothing (FLASK_RUN_FROM_CLI)",
        tree.line_of(app.path, unguarded),
    )
    return Start(
        start.command,
        (*start.evidence, told),
        start.missing,
        start.import_root,
        environment=(("FLASK_RUN_FROM_CLI", "true"),),
    )


def _dash(tree: Tree, app: App, declared: frozenset[str]) -> Start:
    """Dash is a web server's app only by its `server`; without a name for that, it runs on its development server."""
    pattern = r"^(\w+)\s*=\s*\w+\.server\b"
    if match := re.search(pattern, tree.text(app.path), re.MULTILINE):
        server = App(f"{app.name.partition(':')[0]}:{match[1]}", app.path, tree.line_of(app.path, pattern))
        return wsgi(server, declared).start("Dash", server, root=app.import_root)
    slow = Finding(
        "It runs on Dash's development server. Add `server = app.server`, and Gunicorn serves it.", app.where
    )
    return Start(f"env HOST=0.0.0.0 python {app.path}", (Finding("Dash", app.where),), warnings=(slow,))
