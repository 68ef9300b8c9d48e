"""How a Python app is started: Django, FastAPI, Starlette, Flask, or a script of its own."""

import posixpath
import re
from dataclasses import dataclass

from shipway.builders.detectors.python_packages import Packages
from shipway.builders.detectors.tree import Tree
from shipway.domain.artifacts import Finding

#: Requests one process answers at the same time; more processes by WEB_CONCURRENCY, which Gunicorn and Uvicorn read.
_THREADS = 8
_GUNICORN = f"gunicorn --bind 0.0.0.0:$PORT --threads {_THREADS}"
_UVICORN = "uvicorn --host 0.0.0.0 --port $PORT"
_ENTRIES = ("main.py", "app.py", "wsgi.py", "asgi.py", "server.py", "application.py", "api.py", "run.py", "__init__.py")
_SCRIPTS = ("main.py", "app.py", "server.py", "run.py", "__main__.py")
#: An app is not looked for in more files than this.
_MAX_MODULES = 500
#: A function that a server can call: one without arguments, or with defaults for them.
_FACTORY = r"^def (create_app|make_app|get_app|create_application)\(\s*(?:\)|\w+\s*(?::[^=,)]+)?=)"
_SERVES = re.compile(r"\b(PORT|http\.server|socketserver|wsgiref|tornado|serve_forever|run_app|start_server|listen)\b")


@dataclass(frozen=True, slots=True)
class Start:
    """The command of `web`, and what it takes."""

    command: str
    evidence: Finding
    #: Server package the command needs and the project does not declare; empty for none.
    missing: str = ""
    #: Directory that imports start from, when it is not the root.
    import_root: str = ""
    #: Commands to run once the source is there.
    build: tuple[str, ...] = ()
    warnings: tuple[Finding, ...] = ()
    #: Warnings that count only when there is no release command.
    without_release: tuple[Finding, ...] = ()
    serves: bool = True


@dataclass(frozen=True, slots=True)
class _App:
    """An application object: `package.module:app`, or a function that makes one."""

    name: str
    factory: bool
    import_root: str
    where: str
    path: str


def find_start(tree: Tree, packages: Packages | None) -> Start | None:
    """The best way to start what is there, or `None` when nothing tells."""
    declared = packages.names if packages else frozenset[str]()
    return (
        (_django(tree, declared) if "django" in declared else None)
        or (_asgi(tree, declared) if {"fastapi", "starlette"} & declared else None)
        or (_flask(tree, declared) if "flask" in declared else None)
        or _script(tree)
    )


def _django(tree: Tree, declared: frozenset[str]) -> Start | None:
    manage = next(iter(_modules(tree, "manage.py")), "")
    if not manage:
        return None
    root = posixpath.dirname(manage)
    async_wanted = bool({"channels", "daphne", "uvicorn"} & declared) and "gunicorn" not in declared
    entry = _django_entry(tree, root, manage, ("asgi.py", "wsgi.py") if async_wanted else ("wsgi.py", "asgi.py"))
    collect = _collectstatic(tree, manage, root)
    advice = Finding("No release command: migrations are run by nobody. A Procfile with the line "
                     f"`release: python {manage} migrate` runs them before each release.", manage)  # fmt: skip
    if not entry:
        runserver = f"python {manage} runserver --noreload 0.0.0.0:$PORT"
        slow = Finding("There is no wsgi.py or asgi.py: it runs on Django's development server.", manage)
        return Start(runserver, Finding("Django", manage), build=collect, warnings=(slow,), without_release=(advice,))
    module = posixpath.relpath(entry, root or ".").removesuffix(".py").replace("/", ".")
    command, missing = _server(f"{module}:application", declared, asgi=entry.endswith("asgi.py"))
    evidence = Finding(f"Django, {module}", manage)
    return Start(command, evidence, missing, root, collect, without_release=(advice,))


def _django_entry(tree: Tree, root: str, manage: str, names: tuple[str, ...]) -> str:
    """The project's `wsgi.py` or `asgi.py`: beside the settings that manage.py names, else the one nearest the top."""
    settings = re.search(r"DJANGO_SETTINGS_MODULE['\"],\s*['\"]([\w.]+)", tree.text(manage))
    folders = settings[1].split(".")[:-1] if settings else []
    nearby = ["/".join([*filter(None, [root]), *folders[:depth]]) for depth in range(len(folders), 0, -1)]
    for name in names:
        if found := tree.first(*(f"{folder}/{name}" for folder in nearby)):
            return found
    anywhere = (path for name in names for path in _modules(tree, name) if path.startswith(f"{root}/" if root else ""))
    return next(anywhere, "")


def _collectstatic(tree: Tree, manage: str, root: str) -> tuple[str, ...]:
    """Static files are collected when the settings say where to; no database or secret is at hand in a build."""
    settings = [path for path in tree.matching("*.py", depth=4) if "settings" in path and path.startswith(root)]
    if not any(re.search(r"^\s*STATIC_ROOT\s*=", tree.text(path), re.MULTILINE) for path in settings):
        return ()
    stand_ins = (
        "SECRET_KEY=only-for-collectstatic DJANGO_SECRET_KEY=only-for-collectstatic DATABASE_URL=sqlite://:memory:"
    )
    return (f"{stand_ins} python {manage} collectstatic --noinput",)


def _asgi(tree: Tree, declared: frozenset[str]) -> Start | None:
    framework = "FastAPI" if "fastapi" in declared else "Starlette"
    app = _find_app(tree, r"FastAPI|Starlette")
    if not app:
        return None
    command, missing = _server(app.name, declared, asgi=True, factory=app.factory)
    return Start(command, Finding(f"{framework}, {app.name}", app.where), missing, app.import_root)


def _flask(tree: Tree, declared: frozenset[str]) -> Start | None:
    app = _find_app(tree, r"Flask")
    if not app:
        return None
    if unguarded := re.search(r"^app\.run\(", tree.text(app.path), re.MULTILINE):
        warning = f"{unguarded[0]}…) outside `if __name__ == '__main__':` starts Flask's development server on import. "
        where = tree.line_of(app.path, r"^app\.run\(")
        advice = Finding(
            warning + "Guard it so that a production server can be used; it must listen on 0.0.0.0:$PORT.", where
        )
        return Start(f"python {app.path}", Finding(f"Flask, {app.path}", where), warnings=(advice,))
    name = f"{app.name}()" if app.factory else app.name
    command, missing = _server(name, declared, asgi=False, factory=app.factory)
    return Start(command, Finding(f"Flask, {name}", app.where), missing, app.import_root)


def _server(app: str, declared: frozenset[str], *, asgi: bool, factory: bool = False) -> tuple[str, str]:
    """The command that serves `app`, with the project's own server when it has one; and the package to add if not."""
    quoted = f"'{app}'" if "(" in app else app
    if not asgi:
        if "waitress" in declared and "gunicorn" not in declared:
            call = "--call " if factory else ""
            return f"waitress-serve --listen=0.0.0.0:$PORT {call}{app.removesuffix('()')}", ""
        return f"{_GUNICORN} {quoted}", "" if "gunicorn" in declared else "gunicorn"
    if "uvicorn" not in declared:
        if "hypercorn" in declared:
            return f"hypercorn --bind 0.0.0.0:$PORT {quoted}", ""
        if "daphne" in declared:
            return f"daphne -b 0.0.0.0 -p $PORT {quoted}", ""
    brought = {"uvicorn", "fastapi[standard]", "fastapi[all]"} & declared
    return f"{_UVICORN} {'--factory ' if factory else ''}{quoted}", "" if brought else "uvicorn"


def _find_app(tree: Tree, kinds: str) -> _App | None:
    """The application object: one that is ready at import, else a factory; well-known file names and the top first."""
    aside = re.compile(r"(^|/)(tests?|migrations|docs|examples?)/|test_")
    files = [path for path in _modules(tree, "*.py") if not aside.search(path)]
    files.sort(key=lambda path: (path.count("/"), _rank(path)))
    variable = rf"^(\w+)(?:\s*:\s*[\w.]+)?\s*=\s*(?:\w+\.)?(?:{kinds}|create_app|make_app|get_app|create_application)\("
    texts = {path: tree.text(path) for path in files[:_MAX_MODULES]}
    for pattern in (variable, _FACTORY):
        for path, text in texts.items():
            match = re.search(pattern, text, re.MULTILINE)
            if match and (pattern == variable or re.search(rf"\b(?:{kinds})\(", text)):
                root = _import_root(tree, path, text)
                module = _module(path, root)
                return _App(f"{module}:{match[1]}", pattern == _FACTORY, root, tree.line_of(path, pattern), path)
    return None


def _modules(tree: Tree, pattern: str) -> list[str]:
    """Files that match and can be imported by their path, those nearest the top first."""
    return [path for path in tree.matching(pattern) if re.fullmatch(r"(?:\w+/)*\w+\.py", path)]


def _rank(path: str) -> int:
    name = posixpath.basename(path)
    return _ENTRIES.index(name) if name in _ENTRIES else len(_ENTRIES)


def _import_root(tree: Tree, path: str, text: str) -> str:
    """The directory its imports start from: its own when it imports a neighbour by bare name, else `src`, else the root."""
    folder = posixpath.dirname(path)
    neighbours = re.findall(r"^(?:from|import)\s+(\w+)", text, re.MULTILINE)
    if folder and any(
        tree.first(f"{folder}/{name}.py", f"{folder}/{name}/__init__.py")
        and not tree.first(f"{name}.py", f"{name}/__init__.py")
        for name in neighbours
    ):
        return folder
    return "src" if path.startswith("src/") and not tree.has("src/__init__.py") else ""


def _module(path: str, root: str) -> str:
    return posixpath.relpath(path, root or ".").removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _script(tree: Tree) -> Start | None:
    path = tree.first(*_SCRIPTS)
    if not path:
        return None
    serves = bool(_SERVES.search(tree.text(path)))
    return Start(f"python {path}", Finding("a script to run", path), serves=serves)
