"""What a Rails app builds before it runs: its assets, and the caches that let it start sooner."""

from dataclasses import dataclass

from shipway.builders.detectors.detector import Copy, Run
from shipway.builders.detectors.node_packages import PackageManager
from shipway.builders.detectors.node_project import Project
from shipway.builders.detectors.ruby_gems import Gems
from shipway.builders.detectors.ruby_start import is_rails
from shipway.builders.detectors.tree import Tree
from shipway.domain.artifacts import Finding

_PIPELINES = ("propshaft", "sprockets-rails", "sprockets", "shakapacker", "webpacker", "vite_rails")
_BY_NODE = {"jsbundling-rails", "cssbundling-rails", "shakapacker", "webpacker", "vite_rails", "vite_ruby"}
#: No secret or database is at hand in a build: the app gets stand-ins, which it neither keeps nor connects to.
_STAND_INS = "SECRET_KEY_BASE_DUMMY=1 SECRET_KEY_BASE=only-for-assets"
_DATABASES = {"pg": "postgresql", "mysql2": "mysql2", "trilogy": "trilogy"}


@dataclass(frozen=True, slots=True)
class Assets:
    """Steps after the source is there, and what they take."""

    steps: tuple[Copy | Run, ...] = ()
    #: Debian packages.
    packages: tuple[str, ...] = ()
    evidence: tuple[Finding, ...] = ()


def find_assets(tree: Tree, gems: Gems) -> Assets:
    """What there is to build."""
    if not is_rails(tree, gems):
        return Assets()
    pipeline = next((name for name in _PIPELINES if name in gems), "")
    by_node = tree.has("package.json") and not _BY_NODE.isdisjoint(gems.names)
    # Old releases write their pid where nobody else makes the directory.
    commands = ["mkdir -p log storage tmp/cache tmp/pids"]
    if by_node:
        commands = [*commands, *_modules(Project(tree).manager)]
    if pipeline:
        commands.append(f"{_stand_ins(gems)} bundle exec rake assets:precompile")
    if by_node:
        commands.append("rm -rf node_modules")
    if "bootsnap" in gems:
        commands.append("bundle exec bootsnap precompile --gemfile app/ lib/")
    what = Finding(f"assets by {pipeline}, built by rake assets:precompile", gems.where)
    node = Finding("assets are built with Node.js from Debian's packages", "package.json")
    caches = (Project(tree).manager.cache,) if by_node else ()
    return Assets(
        (Run(tuple(commands), caches, downloads=by_node),),
        ("nodejs", "npm") if by_node else (),
        (*((what,) if pipeline else ()), *((node,) if by_node else ())),
    )


def _modules(manager: PackageManager) -> tuple[str, ...]:
    tool = (f"npm install --global {manager.tool}",) if manager.tool else ()
    return (*tool, manager.install)


def _stand_ins(gems: Gems) -> str:
    scheme = next((scheme for gem, scheme in _DATABASES.items() if gem in gems), "")
    return f"{_STAND_INS} DATABASE_URL={scheme}://127.0.0.1/unused" if scheme else _STAND_INS
