"""Task queues: work that a web process only puts in line, and the worker that has to be named to get it done."""

import re
from collections.abc import Callable

from shipway.builders.detectors.python_app import import_root, module_name, modules
from shipway.builders.detectors.tree import Tree
from shipway.domain.artifacts import Finding


def workers(tree: Tree, declared: frozenset[str]) -> tuple[Finding, ...]:
    """A warning for each queue that is among the dependencies and that no line of the Procfile serves."""
    procfile = tree.text("Procfile")
    found = []
    for package, (title, served, command) in _QUEUES.items():
        if package in declared and not re.search(rf"\b{served}\b", procfile):
            text = (
                f"{title} is among the dependencies, and its tasks are done by nobody. A Procfile with the line "
                f"`worker: {command(tree)}` starts a worker beside web."
            )
            found.append(Finding(text, "Procfile" if procfile else ""))
    return tuple(found)


def _celery(tree: Tree) -> str:
    for path in modules(tree, "*.py"):
        text = tree.text(path)
        if re.search(r"^\w+(?:\s*:\s*\w+)?\s*=\s*(?:celery\.)?Celery\(", text, re.MULTILINE):
            app = module_name(path, import_root(tree, path, text)).removesuffix(".celery")
            return f"celery -A {app} worker --loglevel=INFO --concurrency=2"
    return "celery -A <module> worker --loglevel=INFO --concurrency=2"


#: By package: its title, what a Procfile's line that serves it has, and such a line.
_QUEUES: dict[str, tuple[str, str, Callable[[Tree], str]]] = {
    "celery": ("Celery", "celery", _celery),
    "django-rq": ("RQ", "rqworker", lambda _: "python manage.py rqworker default"),
    "rq": ("RQ", "rq", lambda _: "rq worker --url $REDIS_URL"),
    "dramatiq": ("Dramatiq", "dramatiq", lambda _: "dramatiq <module>"),
}
