"""PHP: served by Apache from its document root, with packages by Composer where it has any."""

from dataclasses import dataclass

from shipway.builders.detectors import php_apache
from shipway.builders.detectors.detector import HOME, Candidate, Copy, Detector, Run, Stage
from shipway.builders.detectors.node_project import Project as NodeProject
from shipway.builders.detectors.php_composer import LOCK, MANIFEST, Project
from shipway.builders.detectors.tree import Tree
from shipway.domain.artifacts import Finding

_TOOL = "install-php-extensions"
_ROOTS = ("public", "web", "webroot", "htdocs", "www", "html", "")
_COMPOSER = (("COMPOSER_ALLOW_SUPERUSER", "1"), ("COMPOSER_CACHE_DIR", "/root/.cache/composer"))
_INSTALL = "composer install --no-dev --no-interaction --no-progress --prefer-dist"


@dataclass(frozen=True, slots=True)
class _Framework:
    title: str
    #: Package that shows it.
    package: str
    #: Document root where its installer makes it, if the source has none.
    root: str = ""
    environment: tuple[tuple[str, str], ...] = ()
    #: Config var that it does not work without.
    needs: str = ""
    #: Commands once the source is there, before Composer's scripts.
    prepare: tuple[str, ...] = ()
    #: What brings the database up to date, and the package that it takes.
    migrate: tuple[str, str] = ("", "")


_FRAMEWORKS = (
    _Framework(
        "Laravel",
        "laravel/framework",
        environment=(("APP_ENV", "production"), ("LOG_CHANNEL", "stderr")),
        needs="APP_KEY (`php artisan key:generate --show` prints one)",
        prepare=(
            "mkdir -p bootstrap/cache storage/app/public storage/framework/cache storage/framework/sessions "
            "storage/framework/views storage/logs",
            "ln -sfn ../storage/app/public public/storage",
        ),
        migrate=("php artisan migrate --force", "laravel/framework"),
    ),
    _Framework(
        "Symfony",
        "symfony/framework-bundle",
        environment=(("APP_ENV", "prod"), ("APP_DEBUG", "0")),
        needs="APP_SECRET",
        # Symfony does not start without the file; what it would set comes from config vars.
        prepare=("touch .env",),
        migrate=("php bin/console doctrine:migrations:migrate --no-interaction", "doctrine/doctrine-migrations-bundle"),
    ),
    _Framework("Lumen", "laravel/lumen-framework"),
    _Framework("Slim", "slim/slim"),
    _Framework("CakePHP", "cakephp/cakephp"),
    _Framework("CodeIgniter", "codeigniter4/framework"),
    _Framework("Yii", "yiisoft/yii2"),
    _Framework("Drupal", "drupal/core", root="web"),
)


@dataclass(frozen=True, slots=True)
class _Site:
    """What is served from where."""

    framework: _Framework | None
    #: Directory, empty for the top.
    root: str
    #: File that shows it; empty when an installer is to make it.
    index: str
    #: Whether every path that is no file goes to index.php.
    front: bool


def detect(tree: Tree) -> Candidate | None:
    """A composer.json, or a page written in PHP where a server would look for one."""
    project = Project(tree)
    site = _site(project)
    if not (project.by_composer or site):
        return None
    return Candidate(
        provider="php",
        stages=_stages(project, site),
        start=php_apache.START if site else "",
        evidence=_evidence(project, site),
        warnings=_warnings(project, site),
        without_release=_advice(project, site),
        certain=site is not None,
        stop_signal=php_apache.STOP_SIGNAL if site else "",
    )


def _site(project: Project) -> _Site | None:
    """By its index.php, or, for pages beside a few scripts, its index.html."""
    tree = project.tree
    framework = next((row for row in _FRAMEWORKS if row.package in project.packages), None)
    index = tree.first(*(f"{root}/index.php".lstrip("/") for root in _ROOTS))
    if not index and framework and framework.root:
        return _Site(framework, framework.root, "", front=True)
    if not index and not project.by_composer:
        index = "index.html" if tree.has("index.html") and any(tree.matching("*.php", depth=0)) else ""
    if not index:
        return None
    root = index.rpartition("/")[0]
    # Whoever brings an .htaccess says there where paths lead to.
    directs = tree.has(f"{root}/.htaccess".lstrip("/"))
    single = bool(framework) or project.is_wordpress or (project.by_composer and bool(root))
    return _Site(framework, root, index, front=single and not directs)


def _stages(project: Project, site: _Site | None) -> tuple[Stage, ...]:
    """The server with its extensions, and on it both the stage that builds and the one that runs."""
    version = project.version.number
    environment = (*php_apache.ENVIRONMENT, *(site.framework.environment if site and site.framework else ()))
    extensions = ["opcache", *(finding.text for finding in project.extensions)]
    server: tuple[Copy | Run, ...] = (
        Copy((f"/usr/bin/{_TOOL}",), f"/usr/local/bin/{_TOOL}", "tools"),
        Run((f"{_TOOL} {' '.join(extensions)}",), downloads=True),
        *(php_apache.configured(site.root, front=site.front) if site else ()),
    )
    base = (Stage("php-extensions", version, (), "tools"), Stage("php", version, server, "server"))
    if not project.by_composer:
        return *base, Stage("php", version, (Copy((".",)),), environment=environment, on="server")
    building = (Run((f"{_TOOL} @composer",), downloads=True), *_installing(project, site))
    build = Stage("php", version, building, "build", ("git", "unzip"), (*_COMPOSER, *environment), on="server")
    assets = _assets(project)
    whole = Copy((f"{HOME}/",), stage="assets" if assets else "build")
    final = Stage("php", version, (whole,), environment=environment, on="server")
    return *base, build, *assets, final


def _installing(project: Project, site: _Site | None) -> tuple[Copy | Run, ...]:
    """Packages before the source, so that they are installed again only when they change; scripts when all is there."""
    cache = ("/root/.cache/composer",)
    prepare = site.framework.prepare if site and site.framework else ()
    whole = Run((*prepare, f"{_INSTALL} --optimize-autoloader"), cache, downloads=True)
    if project.has_local_packages:
        return Copy((".",)), whole
    files = Copy(tuple(path for path in (MANIFEST, LOCK, "symfony.lock") if project.tree.has(path)))
    first = Run((f"{_INSTALL} --no-scripts --no-autoloader",), cache, downloads=True)
    return files, first, Copy((".",)), whole


def _assets(project: Project) -> tuple[Stage, ...]:
    """A stage that builds the pages' scripts and styles, wherever in the app that puts them."""
    node = NodeProject(project.tree)
    if "build" not in node.scripts or not project.by_composer:
        return ()
    manager = node.manager
    tool = (f"npm install --global {manager.tool}",) if manager.tool else ()
    steps = (
        Copy(manager.files(project.tree)),
        Run((*tool, manager.install), (manager.cache,), downloads=True),
        # Some packages of Composer's bring scripts and styles for these.
        Copy((f"{HOME}/",), stage="build"),
        Run((f"{manager.run} build", "rm -rf node_modules")),
    )
    return (Stage("node", node.version.number, steps, "assets", environment=manager.environment),)


def _evidence(project: Project, site: _Site | None) -> tuple[Finding, ...]:
    found = [project.version.finding("PHP")]
    if project.by_composer:
        found.append(Finding("packages by Composer", LOCK if project.lock else MANIFEST))
    if site and site.framework:
        found.append(Finding(site.framework.title, LOCK if project.lock else MANIFEST))
        if site.framework.needs:
            found.append(Finding(f"needs the config var {site.framework.needs}"))
    if project.is_wordpress:
        found.append(Finding("WordPress", project.tree.first("wp-includes/version.php", "wp-config-sample.php")))
    found += [Finding(f"extension {finding.text}", finding.where) for finding in project.extensions]
    return (*found, *(_served(site) if site else ()), *_built(project))


def _served(site: _Site) -> tuple[Finding, ...]:
    place = f"{site.root}/" if site.root else "its top directory"
    front = " every path that is no file is index.php's" if site.front else ""
    return (Finding(f"served by Apache from {place}{';' if front else ''}{front}", site.index),)


def _built(project: Project) -> tuple[Finding, ...]:
    node = NodeProject(project.tree)
    told = Finding(f"assets built by Node.js: {node.scripts.get('build')}", node.line("build"))
    return (told,) if _assets(project) else ()


def _warnings(project: Project, site: _Site | None) -> tuple[Finding, ...]:
    unlocked = Finding(
        "No lock file: each build installs the newest packages that composer.json allows. Commit composer.lock.",
        MANIFEST,
    )
    defaults = Finding(
        "This file is not part of the build, as it may hold secrets: set what it says as config vars.", ".env"
    )
    hidden = project.tree.text(".env") and not project.tree.has(".env")
    symfony = bool(site and site.framework and site.framework.title == "Symfony")
    return (
        *((unlocked,) if project.by_composer and not project.lock else ()),
        *((defaults,) if hidden and symfony else ()),
    )


def _advice(project: Project, site: _Site | None) -> tuple[Finding, ...]:
    command, package = site.framework.migrate if site and site.framework else ("", "")
    if not command or package not in project.packages:
        return ()
    return (
        Finding(
            "No release command: migrations are run by nobody. A Procfile with the line "
            f"`release: {command}` runs them before each release.",
            MANIFEST,
        ),
    )


DETECTOR = Detector("PHP", "composer.json, or index.php at the top or in public/, web/ or htdocs/", detect)
