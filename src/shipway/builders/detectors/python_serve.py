"""How an application object is served: by the server its project declares, else by the usual one."""

import shlex
from dataclasses import dataclass

from shipway.domain.artifacts import Finding

#: Requests one process of Gunicorn answers at the same time. One process fits the default memory; a second one would
#: need as much again, so more are asked for by WEB_CONCURRENCY, which Gunicorn and Uvicorn read by themselves.
_THREADS = 8
_GUNICORN = f"gunicorn --bind 0.0.0.0:$PORT --threads {_THREADS}"
_UVICORN = "uvicorn --host 0.0.0.0 --port $PORT"
#: With what an app in production wants of it: websockets, and the fast event loop.
_MISSING_UVICORN = "uvicorn[standard]"
_BRING_UVICORN = frozenset({"uvicorn", "fastapi[standard]", "fastapi[all]", "litestar[standard]"})
_MORE_PROCESSES = "set the config var WEB_CONCURRENCY for more, each of which takes as much memory again"


@dataclass(frozen=True, slots=True)
class App:
    """An application object: `package.module:app`, or a function that makes one."""

    name: str
    path: str
    #: `path:line` that shows it.
    where: str
    factory: bool = False
    #: Directory that imports start from, when it is not the root.
    import_root: str = ""


@dataclass(frozen=True, slots=True)
class Start:
    """The command of `web`, and what it takes."""

    command: str
    evidence: tuple[Finding, ...]
    #: Server package the command needs and the project does not declare; empty for none.
    missing: str = ""
    #: Directory that imports start from, when it is not the root.
    import_root: str = ""
    #: Commands to run once the source is there.
    build: tuple[str, ...] = ()
    #: Debian packages the framework needs, to build as to run.
    system: tuple[str, ...] = ()
    #: Variables of the image.
    environment: tuple[tuple[str, str], ...] = ()
    warnings: tuple[Finding, ...] = ()
    #: Warnings that count only when there is no release command.
    without_release: tuple[Finding, ...] = ()
    serves: bool = True
    #: Port it listens on whatever PORT says; 0: it obeys.
    port: int = 0


@dataclass(frozen=True, slots=True)
class Server:
    """A command line that serves an app, and the package that it takes when the project declares none."""

    command: str
    missing: str = ""
    evidence: tuple[Finding, ...] = ()

    def start(self, framework: str, app: App, *more: Finding, root: str = "") -> Start:
        """The start of that app by this server."""
        found = Finding(f"{framework}, {app.name}", app.where)
        return Start(self.command, (found, *more, *self.evidence), self.missing, root or app.import_root)


def wsgi(app: App, declared: frozenset[str]) -> Server:
    """Served by Gunicorn, or by Waitress where only that is declared."""
    if "waitress" in declared and "gunicorn" not in declared:
        return Server(f"waitress-serve --listen=0.0.0.0:$PORT {'--call ' if app.factory else ''}{app.name}")
    return gunicorn(f"{app.name}()" if app.factory else app.name, declared)


def gunicorn(app: str, declared: frozenset[str], worker: str = "") -> Server:
    """Gunicorn with threads, or with a worker class that brings its own concurrency."""
    command = f"gunicorn --bind 0.0.0.0:$PORT --worker-class {worker}" if worker else _GUNICORN
    told = Finding(f"one Gunicorn process{'' if worker else f' of {_THREADS} threads'}: {_MORE_PROCESSES}")
    return Server(f"{command} {shlex.quote(app)}", "" if "gunicorn" in declared else "gunicorn", (told,))


def asgi(app: App, declared: frozenset[str]) -> Server:
    """Served by Uvicorn, or by Hypercorn or Daphne where that is declared and Uvicorn is not."""
    if not _BRING_UVICORN & declared and not app.factory:
        if {"hypercorn", "quart"} & declared:  # Quart depends on Hypercorn
            return Server(f"hypercorn --bind 0.0.0.0:$PORT {app.name}")
        if "daphne" in declared:
            return Server(f"daphne -b 0.0.0.0 -p $PORT {app.name}")
    missing = "" if _BRING_UVICORN & declared else _MISSING_UVICORN
    told = Finding(f"one Uvicorn process: {_MORE_PROCESSES}")
    return Server(f"{_UVICORN} {'--factory ' if app.factory else ''}{app.name}", missing, (told,))
