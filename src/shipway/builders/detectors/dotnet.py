""".NET: the project of a source or solution that is an app, published for release and run by ASP.NET's runtime."""

import posixpath
import re
import shlex
from dataclasses import dataclass
from functools import cached_property

from shipway.builders.detectors import markup
from shipway.builders.detectors.detector import Candidate, Copy, Detector, Run, Stage
from shipway.builders.detectors.tree import Tree
from shipway.builders.detectors.versions import Version
from shipway.domain.artifacts import Finding

_OUT = "/out"
_DEFAULT = "10.0"
_PROJECTS = ("*.csproj", "*.fsproj", "*.vbproj")
#: What decides which packages are installed, and is there before the source.
_RESTORED = (
    *_PROJECTS,
    *("*.sln", "*.slnx", "Directory.*.props", "Directory.*.targets", "global.json", "packages.lock.json"),
    *("nuget.config", "NuGet.Config", "NuGet.config"),
)
_DEPTH = 5
_WEB = "Microsoft.NET.Sdk.Web"
_WORKER = "Microsoft.NET.Sdk.Worker"
_FRAMEWORK = re.compile(r"net(?:coreapp)?(\d+\.\d+)(?:-\w+)?$")
#: Where the code or its settings say what to listen on, which goes before what the environment says.
_FIXED = re.compile(r"\.UseUrls\(|\bapp\.Run\(\s*\"http|\.Urls\.Add\(|\.Listen(?:AnyIP|Localhost)?\(\s*[\w.]*,?\s*\d+")
_SETTINGS = re.compile(r"\"(?:Urls|urls)\"\s*:|\"Kestrel\"\s*:\s*\{\s*\"Endpoints\"")
#: Nothing is reported to its maker, no greeting; the account has no home to write to.
_BUILD = (("DOTNET_CLI_TELEMETRY_OPTOUT", "1"), ("DOTNET_NOLOGO", "1"))
_RUN = (("DOTNET_ENVIRONMENT", "Production"), ("DOTNET_EnableDiagnostics", "0"), ("HOME", "/tmp"))  # noqa: S108 - inside the image


@dataclass(frozen=True)
class Project:
    """One project file."""

    tree: Tree
    path: str
    xml: markup.Element

    @property
    def folder(self) -> str:
        """Its directory, empty for the root."""
        return posixpath.dirname(self.path)

    @property
    def name(self) -> str:
        """What its program is called: `Shop.Api` of `Shop.Api.dll`."""
        return self.property("AssemblyName")[0] or posixpath.basename(self.path).rpartition(".")[0]

    @property
    def sdk(self) -> str:
        """`Microsoft.NET.Sdk.Web` for ASP.NET."""
        inside = self.xml.first("Sdk")
        return (self.xml.attributes.get("Sdk") or (inside.attributes.get("Name", "") if inside else "")).partition("/")[
            0
        ]

    @property
    def web(self) -> bool:
        """Whether it is of ASP.NET."""
        referenced = any(
            element.attributes.get("Include") == "Microsoft.AspNetCore.App"
            for element in self.xml.all("ItemGroup/FrameworkReference")
        )
        return self.sdk == _WEB or referenced

    @property
    def runs(self) -> bool:
        """Whether it is a program, and not a library or tests."""
        program = self.sdk in {_WEB, _WORKER} or self.property("OutputType")[0].lower() in {"exe", "winexe"}
        return program and not self.tests

    @property
    def tests(self) -> bool:
        """Whether it holds tests."""
        packages = {element.attributes.get("Include") for element in self.xml.all("ItemGroup/PackageReference")}
        return "Microsoft.NET.Test.Sdk" in packages or self.property("IsTestProject")[0].lower() == "true"

    def property(self, name: str) -> tuple[str, str]:
        """A property's value and where it stands: in the project, or in the Directory.Build.props nearest to it."""
        if value := self.xml.value(f"PropertyGroup/{name}"):
            return value, self.tree.line_of(self.path, rf"<{name}\b")
        return self._shared(name)

    def _shared(self, name: str) -> tuple[str, str]:
        parts = self.folder.split("/") if self.folder else []
        folders = ("/".join(parts[:depth]) for depth in range(len(parts), -1, -1))
        path = self.tree.first(*(posixpath.join(folder, "Directory.Build.props") for folder in folders))
        value = markup.read(self.tree, path).value(f"PropertyGroup/{name}") if path else ""
        return value, self.tree.line_of(path, rf"<{name}\b") if value else ""

    @cached_property
    def target(self) -> tuple[str, Version | None]:
        """The framework it is for as it says it, and as a version; `None` for one that does not run here."""
        text, where = self.property("TargetFramework")
        if not text:
            text, where = self.property("TargetFrameworks")
        versions = [match[1] for part in text.split(";") if (match := _FRAMEWORK.match(part.strip()))]
        newest = max(versions, key=lambda version: [int(number) for number in version.split(".")], default="")
        if newest:
            return text, Version(newest, where)
        return text, None if text and "$(" not in text else Version(_DEFAULT)


def detect(tree: Tree) -> Candidate | None:
    """A project file, at the top or in a solution's directories."""
    paths = [path for pattern in _PROJECTS for path in tree.matching(pattern, depth=_DEPTH)]
    if not paths or not _at_the_top(tree, paths):
        return None
    projects = [Project(tree, path, markup.read(tree, path)) for path in sorted(paths)]
    apps = _apps(tree, projects)
    app = apps[0] if len(apps) == 1 else None
    if app is None or app.target[1] is None:
        return _not_startable(tree, projects, apps)
    return _candidate(tree, app, app.target[1])


def _at_the_top(tree: Tree, paths: list[str]) -> bool:
    """Projects further down are some other part's, unless a solution at the top, or a directory of sources, holds them."""
    solutions = (path for pattern in ("*.sln", "*.slnx") for path in tree.matching(pattern, depth=0))
    return next(solutions, "") != "" or any(path.count("/") == 0 or path.startswith("src/") for path in paths)


def _apps(tree: Tree, projects: list[Project]) -> list[Project]:
    """The one a Procfile names, else those of the web, else any program."""
    programs = [project for project in projects if project.runs]
    named = [project for project in programs if f"{project.name}.dll" in tree.text("Procfile")]
    return named or [project for project in programs if project.web] or programs


def _candidate(tree: Tree, app: Project, runtime: Version) -> Candidate:
    sdk = _sdk(tree, runtime)
    kind = Finding("ASP.NET Core" if app.web else "a .NET program", app.path)
    tools = () if sdk == runtime else (sdk.finding("built by the .NET SDK"),)
    run = f"dotnet {shlex.quote(f'{app.name}.dll')}"
    return Candidate(
        provider="dotnet",
        stages=_stages(tree, app, sdk, runtime),
        start=f"env ASPNETCORE_URLS=http://0.0.0.0:$PORT {run}" if app.web else run,
        evidence=(
            runtime.finding(".NET"),
            *tools,
            _installed(tree, app),
            kind,
            Finding(f"started as {app.name}.dll", app.path),
        ),
        warnings=_fixed_addresses(tree, app) if app.web else (),
        serves=app.web,
        # The official image has a user named app.
        account=False,
    )


def _sdk(tree: Tree, runtime: Version) -> Version:
    """The SDK: the one that global.json pins, as exactly as it insists on it; else the runtime's."""
    pinned = tree.json("global.json").get("sdk")
    version = str(pinned.get("version", "")) if isinstance(pinned, dict) else ""
    if not isinstance(pinned, dict) or not re.fullmatch(r"\d+\.\d+\.\d+", version):
        return runtime
    line = version.rpartition(".")[0]
    loose = str(pinned.get("rollForward", "latestPatch")).lower() in {
        *("feature", "minor", "major", "latestfeature", "latestminor", "latestmajor"),
    }
    where = tree.line_of("global.json", r'"version"')
    return Version(line if loose else version, where)


def _stages(tree: Tree, app: Project, sdk: Version, runtime: Version) -> tuple[Stage, ...]:
    """Packages before the source. They stay in the cache, so publishing looks again whether they are all there."""
    caches = ("/root/.nuget/packages",)
    locked = " --locked-mode" if tree.has(posixpath.join(app.folder, "packages.lock.json")) else ""
    framework = f" -f net{runtime.number}" if ";" in app.target[0] else ""
    project = shlex.quote(app.path)
    publish = f"dotnet publish {project} -c Release{framework} -o {_OUT} --no-self-contained -p:UseAppHost=false"
    described = tuple(path for pattern in _RESTORED for path in tree.matching(pattern, depth=_DEPTH))
    steps = (
        Copy(described),
        Run((f"dotnet restore {project}{locked}",), caches, downloads=True),
        Copy((".",)),
        Run((publish,), caches, downloads=True),
    )
    return (
        Stage("dotnet", sdk.number, steps, "build", environment=_BUILD),
        Stage("aspnet", runtime.number, (Copy((f"{_OUT}/",), "./", "build"),), environment=_RUN),
    )


def _installed(tree: Tree, app: Project) -> Finding:
    lock = posixpath.join(app.folder, "packages.lock.json")
    return Finding(
        "packages by NuGet" + (", as locked" if tree.has(lock) else ""), lock if tree.has(lock) else app.path
    )


def _fixed_addresses(tree: Tree, app: Project) -> tuple[Finding, ...]:
    """Code and settings that would make it listen elsewhere, whatever it is told."""
    prefix = f"{app.folder}/" if app.folder else ""
    files = [path for path in tree.matching("*.cs", depth=_DEPTH) if path.startswith(prefix)]
    places = [(path, _FIXED) for path in files[:200]]
    places += [(f"{prefix}{name}", _SETTINGS) for name in ("appsettings.json", "appsettings.Production.json")]
    text = "It says itself what to listen on. Remove that, so that it listens on 0.0.0.0 and the port in PORT."
    return tuple(
        Finding(text, tree.line_of(path, pattern.pattern))
        for path, pattern in places
        if pattern.search(tree.text(path))
    )


def _not_startable(tree: Tree, projects: list[Project], apps: list[Project]) -> Candidate:
    """What is known when it is not known which project to start, or it can't be started here."""
    first = (apps or projects)[0]
    runtime = first.target[1] or Version(_DEFAULT)
    stages = _stages(tree, first, _sdk(tree, runtime), runtime)
    return Candidate("dotnet", stages, "", (_why_not(projects, apps),), serves=False, certain=False, account=False)


def _why_not(projects: list[Project], apps: list[Project]) -> Finding:
    if len(apps) > 1:
        names = ", ".join(app.path for app in apps[:5])
        advice = f"a Procfile says which, as in `web: dotnet {shlex.quote(f'{apps[0].name}.dll')}`"
        return Finding(f"several projects can be started ({names}): {advice}", apps[0].path)
    if apps:
        text, _ = apps[0].target
        return Finding(f"{text} is not a .NET that runs on Linux: move it to net8.0 or newer", apps[0].path)
    return Finding("no project is a program: OutputType is not Exe, and the SDK not that of the web", projects[0].path)


DETECTOR = Detector(
    ".NET", "*.csproj, *.fsproj or *.vbproj, at the top, in src/ or in a solution (*.sln, *.slnx)", detect
)
