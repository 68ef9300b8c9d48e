"""Django: its server, its settings, and its static files, which are collected without a secret or a database at hand."""

import posixpath
import re
import shlex

from shipway.builders.detectors.python_app import module_name, modules
from shipway.builders.detectors.python_serve import App, Start, asgi, wsgi
from shipway.builders.detectors.python_settings import Settings, read_settings
from shipway.builders.detectors.tree import Tree
from shipway.domain.artifacts import Finding

_SETTINGS = r"DJANGO_SETTINGS_MODULE['\"]\s*,\s*['\"]([\w.]+)"
#: Given to any settings; others are given what they ask for.
_STAND_INS = {
    "SECRET_KEY": "only-for-collectstatic",
    "DJANGO_SECRET_KEY": "only-for-collectstatic",
    "DATABASE_URL": "sqlite://:memory:",
}
#: Static files that go to somebody else's storage: a build has no credentials for it.
_STORED_ELSEWHERE = (
    r"(?i)STATICFILES_STORAGE\s*=.*(?:s3|storages|gcloud|azure)"
    r"|['\"]staticfiles['\"]\s*:\s*\{[^}]*(?:s3|storages\.backends|gcloud|azure)"
)


def django(tree: Tree, declared: frozenset[str]) -> Start | None:
    """A project with a manage.py."""
    manage = next(iter(modules(tree, "manage.py")), "")
    if not manage:
        return None
    root = posixpath.dirname(manage)
    entry = _entry(tree, root, manage, declared)
    default = _settings_module(tree, manage)
    chosen = (_settings_module(tree, entry) if entry else "") or default
    settings = read_settings(tree, chosen, root)
    start = _served(manage, root, entry, declared)
    collect, collected = _collectstatic(settings, manage, default)
    return Start(
        start.command,
        (*start.evidence, *_needed(settings), *collected, *_settings_evidence(tree, entry, chosen, default)),
        start.missing,
        root,
        collect,
        system=("gdal-bin",) if settings.has(r"django\.contrib\.gis") else (),
        environment=(("DJANGO_SETTINGS_MODULE", chosen),) if chosen != default else (),
        warnings=(*start.warnings, *_debug(settings), *_hosts(settings), *_unserved(settings, declared, bool(collect))),
        without_release=(_migrations(manage),),
    )


def _settings_module(tree: Tree, path: str) -> str:
    match = re.search(_SETTINGS, tree.text(path))
    return match[1] if match else ""


def _entry(tree: Tree, root: str, manage: str, declared: frozenset[str]) -> str:
    """The project's `wsgi.py` or `asgi.py`: beside the settings that manage.py names, else the one nearest the top."""
    wants_async = bool({"channels", "daphne"} & declared) or ("uvicorn" in declared and "gunicorn" not in declared)
    names = ("asgi.py", "wsgi.py") if wants_async else ("wsgi.py", "asgi.py")
    folders = _settings_module(tree, manage).split(".")[:-1]
    nearby = ["/".join([*filter(None, [root]), *folders[:depth]]) for depth in range(len(folders), 0, -1)]
    for name in names:
        if found := tree.first(*(f"{folder}/{name}" for folder in nearby)):
            return found
    anywhere = (path for name in names for path in modules(tree, name) if path.startswith(f"{root}/" if root else ""))
    return next(anywhere, "")


def _served(manage: str, root: str, entry: str, declared: frozenset[str]) -> Start:
    if not entry:
        slow = Finding("There is no wsgi.py or asgi.py: it runs on Django's development server.", manage)
        runserver = f"python {manage} runserver --noreload 0.0.0.0:$PORT"
        return Start(runserver, (Finding("Django", manage),), warnings=(slow,))
    app = App(f"{module_name(entry, root)}:application", entry, manage)
    server = asgi(app, declared) if entry.endswith("asgi.py") else wsgi(app, declared)
    return server.start("Django", app)


def _collectstatic(settings: Settings, manage: str, default: str) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Static files are collected when the settings say where to. What the settings demand, they get a stand-in for."""
    where = settings.has(r"^\s*STATIC_ROOT\s*[:=]")
    if not where:
        return (), ()
    if elsewhere := settings.has(_STORED_ELSEWHERE):
        told = (
            "static files go to a storage of their own: collect them in the release command, which has its credentials"
        )
        return (), (Finding(told, elsewhere),)
    wanted = (*settings.required(), *settings.marks_of_production())
    variables = _STAND_INS | {variable.name: variable.stand_in for variable in wanted}
    if settings.module != default:
        variables["DJANGO_SETTINGS_MODULE"] = settings.module
    given = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
    told = "static files are collected during the build, with stand-ins for the variables that the settings need"
    return (f"{given} python {manage} collectstatic --noinput",), (Finding(told, where),)


def _needed(settings: Settings) -> tuple[Finding, ...]:
    needed = settings.required()
    if not needed:
        return ()
    names = ", ".join(variable.name for variable in needed)
    return (Finding(f"its settings do not load without these config vars: {names}", needed[0].where),)


def _settings_evidence(tree: Tree, entry: str, chosen: str, default: str) -> tuple[Finding, ...]:
    if chosen == default:
        return ()
    told = f"DJANGO_SETTINGS_MODULE is {chosen}, for manage.py too, which would take {default or 'none'}"
    return (Finding(told, tree.line_of(entry, _SETTINGS)),)


def _debug(settings: Settings) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            f"DEBUG is on unless {mark.name} is set, which nobody does here: `shipway config set {mark.name}=1`, and what "
            "else the settings read then.",
            mark.where,
        )
        for mark in settings.marks_of_production()
    )


def _hosts(settings: Settings) -> tuple[Finding, ...]:
    where = settings.local_hosts_only()
    if not where:
        return ()
    told = (
        "ALLOWED_HOSTS has no host that people could ask for, so Django answers 400 to them. Take it from the environment, "
        'e.g. ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost").split(",").'
    )
    return (Finding(told, where),)


def _unserved(settings: Settings, declared: frozenset[str], collected: bool) -> tuple[Finding, ...]:
    if not collected or {"whitenoise", "servestatic", "dj-static"} & declared:
        return ()
    told = "Static files are collected, but nothing serves them: add whitenoise and its middleware, or they answer 404."
    return (Finding(told, settings.has(r"^\s*STATIC_ROOT\s*[:=]")),)


def _migrations(manage: str) -> Finding:
    return Finding(
        "No release command: migrations are run by nobody. A Procfile with the line "
        f"`release: python {manage} migrate` runs them before each release.",
        manage,
    )
