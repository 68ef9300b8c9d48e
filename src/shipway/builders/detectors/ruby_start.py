"""How a Ruby app is started: Rails and other Rack apps by a server, classic Sinatra and scripts by themselves."""

import re
from dataclasses import dataclass

from shipway.builders.detectors.ruby_gems import Gems
from shipway.builders.detectors.tree import Tree
from shipway.domain.artifacts import Finding

RACKUP = "config.ru"
#: In the order of choice, when there are several.
_SERVERS = {
    "puma": ("Puma", "puma --bind tcp://0.0.0.0:$PORT"),
    "falcon": ("Falcon", "falcon serve --bind http://0.0.0.0:$PORT"),
    "unicorn": ("Unicorn", "unicorn --listen 0.0.0.0:$PORT"),
    "iodine": ("Iodine", "iodine -b 0.0.0.0 -p $PORT"),
    "thin": ("Thin", "thin start --address 0.0.0.0 --port $PORT"),
    "webrick": ("WEBrick", "rackup --server webrick --host 0.0.0.0 --port $PORT"),
}
_FRAMEWORKS = {
    "sinatra": "Sinatra",
    "hanami": "Hanami",
    "roda": "Roda",
    "grape": "Grape",
    "padrino": "Padrino",
    "cuba": "Cuba",
}
_SCRIPTS = ("app.rb", "main.rb", "server.rb", "web.rb")
_SERVES = re.compile(r"\bPORT\b|\bWEBrick\b|\bTCPServer\b|\bRack(?:up)?::Handler\b")
_SINATRA = r"""^\s*require\s*\(?['"]sinatra(?:/base)?['"]"""


@dataclass(frozen=True, slots=True)
class Start:
    """The command of `web`, and what it takes."""

    command: str
    evidence: tuple[Finding, ...]
    rails: bool = False
    #: Gems that the command needs and the project does not declare.
    missing: tuple[str, ...] = ()
    warnings: tuple[Finding, ...] = ()
    without_release: tuple[Finding, ...] = ()
    #: Empty for the usual SIGTERM.
    stop_signal: str = ""
    serves: bool = True


def find_start(tree: Tree, gems: Gems) -> Start | None:
    """The best way to start what is there, or `None` when nothing tells."""
    if is_rails(tree, gems):
        return _rails(tree, gems)
    return _rack(tree, gems) if tree.has(RACKUP) else _script(tree, gems)


def is_rails(tree: Tree, gems: Gems) -> bool:
    """Whether it is a Rails app, and not only a gem or an engine that names Rails."""
    return ("rails" in gems or "railties" in gems) and tree.has("config/application.rb") and tree.has(RACKUP)


def _rails(tree: Tree, gems: Gems) -> Start:
    advice = Finding("No release command: migrations are run by nobody. A Procfile with the line "
                     "`release: bundle exec rake db:migrate` runs them before each release.", "db/migrate")  # fmt: skip
    migrates = any(path.startswith("db/migrate/") for path in tree.files)
    secrets = tree.first("config/credentials/production.yml.enc", "config/credentials.yml.enc")
    key = "RAILS_MASTER_KEY, which opens its credentials," if secrets else "SECRET_KEY_BASE (`rails secret` prints one)"
    evidence = (
        Finding("Rails", "config/application.rb"),
        Finding(f"needs {key} as a secret config var", secrets),
    )
    return _served(tree, gems, evidence, rails=True, advice=(advice,) if migrates else ())


def _rack(tree: Tree, gems: Gems) -> Start:
    framework = next((title for name, title in _FRAMEWORKS.items() if name in gems), "")
    return _served(tree, gems, (Finding(f"{framework}, a Rack app" if framework else "a Rack app", RACKUP),))


def _served(
    tree: Tree, gems: Gems, evidence: tuple[Finding, ...], *, rails: bool = False, advice: tuple[Finding, ...] = ()
) -> Start:
    server = next((name for name in _SERVERS if name in gems), "")
    if not server:
        return _served_by_puma(gems, evidence, rails=rails, advice=advice)
    title, command = _SERVERS[server]
    configured = tree.first("config/unicorn.rb", "unicorn.rb") if server == "unicorn" else ""
    development = Finding("WEBrick is made for development. Add the gem puma for production.", gems.where)
    return Start(
        f"bundle exec {command}{f' --config-file {configured}' if configured else ''}",
        (*evidence, Finding(f"served by {title}", gems.where)),
        rails,
        warnings=(development,) if server == "webrick" else (),
        without_release=advice,
        # SIGTERM would cut off what Unicorn is answering.
        stop_signal="SIGQUIT" if server == "unicorn" else "",
    )


def _served_by_puma(gems: Gems, evidence: tuple[Finding, ...], *, rails: bool, advice: tuple[Finding, ...]) -> Start:
    text = "No server is among the gems: Puma is installed to serve the app. Add the gem puma to choose its version."
    return Start(
        _SERVERS["puma"][1],
        (*evidence, Finding("served by Puma")),
        rails,
        missing=("puma",) if gems.where else ("rack", "puma"),
        warnings=(Finding(text, gems.where or RACKUP),),
        without_release=advice,
    )


def _script(tree: Tree, gems: Gems) -> Start | None:
    """A classic Sinatra app serves itself, on PORT."""
    path = tree.first(*_SCRIPTS)
    if not path:
        return None
    text = tree.text(path)
    prefix = "bundle exec " if gems.where else ""
    sinatra = re.search(_SINATRA, text, re.MULTILINE)
    what = (
        Finding("Sinatra, which serves itself", tree.line_of(path, _SINATRA)) if sinatra else Finding("a script", path)
    )
    missing = () if gems.where or not sinatra else ("sinatra", "rackup", "puma")
    serves = bool(sinatra or _SERVES.search(text))
    return Start(f"{prefix}ruby {path}", (what,), missing=missing, serves=serves)
