"""Ruby: gems by Bundler, then Rails, another Rack app, or a script."""

import re

from shipway.builders.detectors.detector import HOME, Candidate, Copy, Detector, Run, Stage
from shipway.builders.detectors.ruby_assets import Assets, find_assets
from shipway.builders.detectors.ruby_gems import LOCK, MANIFEST, Gems, find_gems, packages, reasons, warnings
from shipway.builders.detectors.ruby_start import Start, find_start
from shipway.builders.detectors.tree import Tree
from shipway.builders.detectors.versions import Version, choose, from_tool_versions, pinned
from shipway.domain.artifacts import Finding

_LINES = ("4.0", "3.4", "3.3", "3.2", "3.1", "3.0", "2.7")
_DEFAULT = "3.4"
_GEMS = "/opt/gems"
_CACHES = (f"{_GEMS}/cache", "/root/.bundle/cache")
#: Settings that a developer committed for a machine (`.bundle/config`) don't count.
_BUNDLER = (("GEM_HOME", _GEMS), ("BUNDLE_APP_CONFIG", f"{_GEMS}/.bundle"), ("BUNDLE_WITHOUT", "development:test"))
_FROZEN = (("BUNDLE_FROZEN", "true"),)
_PATH = (("PATH", f"{_GEMS}/bin:$PATH"),)
#: glibc keeps far more memory than a threaded Ruby uses, unless it is told so.
_PRODUCTION = (("RACK_ENV", "production"), ("APP_ENV", "production"), ("MALLOC_ARENA_MAX", "2"))
_RAILS = (
    ("RAILS_ENV", "production"),
    ("RAILS_LOG_TO_STDOUT", "true"),
    ("RAILS_SERVE_STATIC_FILES", "true"),
)


def detect(tree: Tree) -> Candidate | None:
    """A Ruby app: a Gemfile, a config.ru, or a script with a name that says it is to be run."""
    gems = find_gems(tree)
    start = find_start(tree, gems)
    if not (gems.where or start):
        return None
    version = _version(tree)
    assets = find_assets(tree, gems)
    installed = Finding("gems by Bundler", gems.where)
    return Candidate(
        provider="ruby",
        stages=_stages(version, gems, start, assets),
        start=start.command if start else "",
        evidence=(
            version.finding("Ruby"),
            *((installed,) if gems.where else ()),
            *(start.evidence if start else ()),
            *reasons(gems),
            *assets.evidence,
        ),
        warnings=(*(start.warnings if start else ()), *warnings(gems)),
        without_release=start.without_release if start else (),
        serves=start is None or start.serves,
        certain=start is not None and start.serves,
        stop_signal=start.stop_signal if start else "",
    )


def _version(tree: Tree) -> Version:
    return (
        pinned(tree, (".ruby-version",))
        or _locked(tree)
        or _from_gemfile(tree)
        or from_tool_versions(tree, "ruby")
        or Version(_DEFAULT)
    )


def _locked(tree: Tree) -> Version | None:
    """What Bundler wrote down when the Gemfile asks for a range."""
    pattern = r"^RUBY VERSION\n\s+ruby (\d+\.\d+\.\d+)(?!\S*(?:preview|rc))"
    match = re.search(pattern, tree.text(LOCK) if tree.has(LOCK) else "", re.MULTILINE)
    return Version(match[1], tree.line_of(LOCK, r"^ +ruby \d")) if match else None


def _from_gemfile(tree: Tree) -> Version | None:
    pattern = r"^[ \t]*ruby[ (]+((?:['\"][^'\"]+['\"][, ]*)+)"
    match = re.search(pattern, tree.text(MANIFEST), re.MULTILINE)
    if not match:
        return None
    wanted = re.sub(r"['\"]", "", match[1]).replace("~>", "~=")
    return choose(wanted, tree.line_of(MANIFEST, pattern), _LINES, _DEFAULT)


def _stages(version: Version, gems: Gems, start: Start | None, assets: Assets) -> tuple[Stage, ...]:
    production = (*_PRODUCTION, *(_RAILS if start and start.rails else ()))
    missing = start.missing if start else ()
    if not (gems.where or missing):
        return (Stage("ruby", version.number, (Copy((".",)),), environment=production),)
    environment = (*_BUNDLER, *(_FROZEN if gems.locked else ()), *_PATH, *production)
    building, running = packages(gems)
    steps = (*_install(gems, missing), *assets.steps)
    final = (Copy((_GEMS,), _GEMS, "build"), Copy((f"{HOME}/",), stage="build"))
    return (
        Stage("ruby", version.number, steps, "build", tuple(sorted({*building, *assets.packages})), environment),
        Stage("ruby", version.number, final, packages=running, environment=environment),
    )


def _install(gems: Gems, missing: tuple[str, ...]) -> tuple[Copy | Run, ...]:
    """Gems before the source, so that they are installed again only when they change."""
    whole = Copy((".",))
    cached = (Copy(("vendor/cache",), "./vendor/cache"),) if gems.cached else ()
    cleared = (Run(("rm -rf vendor/cache",)),) if gems.cached else ()
    # A cache that lacks something, such as gems for this platform, is better than none.
    bundle = "{ bundle install --local || bundle install; }" if gems.cached else "bundle install"
    completed = (
        ('BUNDLE_FROZEN=false bundle lock --add-platform "$(uname -m)-linux"',) if gems.for_other_platforms else ()
    )
    # Bundler is left alone with what the base brings already.
    added = (f"gem install --no-document --conservative {' '.join(missing)}",) if missing else ()
    # What mounting the cache made goes again, and with it the directory itself where nothing else was put into it.
    kept = f"mkdir -p {_GEMS}/.bundle"
    install = Run((*((*completed, bundle) if gems.where else ()), *added, kept), _CACHES, downloads=True)
    if gems.needs_source or not gems.files:
        return whole, install, *cleared
    return (Copy(gems.files), *cached, install, whole, *cleared)


DETECTOR = Detector("Ruby", "Gemfile, config.ru, app.rb, main.rb or server.rb", detect)
