"""Go: programs built from one module, or from the modules of a workspace."""

import re
import shlex

from shipway.builders.detectors.compiled import (
    BIN,
    Code,
    Listening,
    Program,
    beside_evidence,
    chosen_evidence,
    find_listening,
    pick,
    running,
    without_compiler,
)
from shipway.builders.detectors.detector import Candidate, Copy, Detector, Run, Stage
from shipway.builders.detectors.go_project import Project
from shipway.builders.detectors.tree import Tree
from shipway.domain.artifacts import Finding

_MODULES = "/go/pkg/mod"
_CACHES = (_MODULES, "/root/.cache/go-build")
_CODE = Code(("*.go", "go.mod", "go.sum", "go.work", "go.work.sum", "*.c", "*.h", "*.s", "*.proto"), ("vendor",))
_FRAMEWORKS = {
    "github.com/gin-gonic/gin": "Gin",
    "github.com/labstack/echo": "Echo",
    "github.com/gofiber/fiber": "Fiber",
    "github.com/go-chi/chi": "chi",
    "github.com/gorilla/mux": "gorilla/mux",
    "github.com/julienschmidt/httprouter": "httprouter",
    "github.com/beego/beego": "Beego",
    "github.com/kataras/iris": "Iris",
    "github.com/cloudwego/hertz": "Hertz",
    "github.com/valyala/fasthttp": "fasthttp",
    "github.com/danielgtaylor/huma": "Huma",
    "github.com/pocketbase/pocketbase": "PocketBase",
    "connectrpc.com/connect": "Connect",
    "google.golang.org/grpc": "gRPC",
}
#: Modules with C in them: Debian packages that building takes besides a compiler, and those needed to run.
_WITH_C: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "github.com/mattn/go-sqlite3": ((), ()),
    "github.com/mutecomm/go-sqlcipher": ((), ()),
    "crawshaw.io/sqlite": ((), ()),
    "github.com/confluentinc/confluent-kafka-go": ((), ()),
    "github.com/DataDog/zstd": ((), ()),
    "github.com/chai2010/webp": ((), ()),
    "github.com/marcboeker/go-duckdb": (("g++",), ("libstdc++6",)),
    "github.com/duckdb/duckdb-go": (("g++",), ("libstdc++6",)),
    "github.com/kolesa-team/go-webp": (("libwebp-dev",), ("libwebp7",)),
    "github.com/davidbyttow/govips": (("libvips-dev", "pkg-config"), ("libvips42",)),
    "github.com/h2non/bimg": (("libvips-dev", "pkg-config"), ("libvips42",)),
    "github.com/pebbe/zmq4": (("libzmq3-dev", "pkg-config"), ("libzmq5",)),
}
#: Settings that make a framework behave as in production.
_PRODUCTION = {"github.com/gin-gonic/gin": ("GIN_MODE", "release"), "github.com/beego/beego": ("BEEGO_RUNMODE", "prod")}
_LISTENS = re.compile(
    r"(?:ListenAndServe(?:TLS)?\(|net\.Listen\(\s*\"tcp\d?\",|\.(?:Listen|Start|Run)\(|Server\{[^{}]*?\bAddr:)"
    r"\s*\"(?P<host>[^\":\s]*):(?P<port>\d{0,5})\""
)
#: The usual flags and names for that: `flag.String("addr", ":4000", …)`, `const port = ":4000"`.
_NAMED = re.compile(
    r"(?i:\bflag\.String(?:Var)?\((?:&\w+,)?\s*\"(?:http|addr|address|listen|port)\",|\b(?:addr|address|port)\s*:?=)"
    r"\s*\"(?P<host>(?:0\.0\.0\.0)?):(?P<port>\d{2,5})\""
)
_SUBCOMMAND = re.compile(r"\b(?:Use|Name):\s*\"(?P<name>serve)\b")
_PUBLIC_HOSTS = re.compile(
    r"(?:github\.com|gitlab\.com|bitbucket\.org|codeberg\.org|golang\.org|gopkg\.in|google\.golang\.org|k8s\.io|"
    r"go\.\w+\.\w+|[\w-]+\.(?:dev|io|sh|org))/"
)


def detect(tree: Tree) -> Candidate | None:
    """A go.mod, a go.work, or a program at the top."""
    project = Project(tree)
    if not project.modules and not any("/" not in program.where for program in project.programs):
        return None
    top = next((program for program in project.programs if program.target == "."), None)
    chosen = top or pick(project.programs, project.names)
    listening = find_listening(project.texts, _LISTENS, _NAMED)
    start, why = _start(project, chosen)
    return Candidate(
        provider="go",
        stages=_stages(project),
        start=start,
        evidence=(*_evidence(project), *chosen_evidence(project.programs, chosen), *why, *listening.evidence),
        warnings=(*_warnings(project), *listening.warnings),
        serves=_serves(project, listening),
        certain=bool(project.programs),
        port=listening.port,
    )


def _serves(project: Project, listening: Listening) -> bool:
    return bool(_framework(project)) or bool(listening.port) or any(program.serves for program in project.programs)


def _start(project: Project, chosen: Program | None) -> tuple[str, tuple[Finding, ...]]:
    """The program, with the subcommand that makes it serve."""
    if not chosen:
        return "", ()
    start = f"{BIN}/{shlex.quote(chosen.name)}"
    if "github.com/pocketbase/pocketbase" in project.direct:
        return f"{start} serve --http=0.0.0.0:$PORT", ()
    if _has(project.direct, "github.com/spf13/cobra") or _has(project.direct, "github.com/urfave/cli"):
        places = (path for path, text in project.texts.items() if _SUBCOMMAND.search(text))
        if where := next(places, ""):
            return f"{start} serve", (Finding("started by its subcommand serve", where),)
    return start, ()


def _stages(project: Project) -> tuple[Stage, ...]:
    """Modules before the source, so that they are downloaded again only when they change."""
    with_c = _with_c(project)
    building = {"gcc", "libc6-dev"}.union(*(build for build, _ in with_c.values())) if with_c else set[str]()
    needed = set[str]().union(*(run for _, run in with_c.values()))
    # A newer Go than the base's is fetched like a module, when one of them asks for it.
    environment = (
        ("GOTOOLCHAIN", "auto"),
        ("GOMODCACHE", _MODULES),
        ("CGO_ENABLED", "1" if with_c else "0"),
    )
    build = Stage(
        "go",
        project.version.number,
        (*_modules(project), Copy((".",)), *_build(project), *_left(project)),
        "build",
        tuple(sorted(building)),
        environment,
    )
    production = tuple(variable for module, variable in _PRODUCTION.items() if _has(project.direct, module))
    last = running(project.tree, project.programs, _CODE, tuple(sorted(needed)), production)
    return build, last


def _modules(project: Project) -> tuple[Copy | Run, ...]:
    """The download of what the modules need, from nothing but their go.mod files."""
    if project.is_vendored or not project.requires:
        return ()
    folders = {module.folder for module in project.modules}
    folders |= {f"{folder}/" for module in project.modules for folder in module.replaced}
    paths = ["go.work", "go.work.sum", *(f"{folder}{name}" for folder in folders for name in ("go.mod", "go.sum"))]
    files = Copy(tuple(sorted(path for path in paths if project.tree.has(path))))
    return files, Run(("go mod download",), _CACHES[:1], downloads=True)


def _build(project: Project) -> tuple[Run, ...]:
    targets = " ".join(shlex.quote(program.target) for program in project.programs) or "./..."
    prepare = () if project.modules else ("go mod init app",)
    # What go.sum lacks is written down during the build, which go build by itself refuses.
    mode = "" if _is_locked(project) or project.is_workspace else " -mod=mod"
    build = f"go build{mode} -trimpath -ldflags='-s -w' -o {BIN}/ {targets}"
    return (Run((*prepare, build), _CACHES, downloads=True),)


def _left(project: Project) -> tuple[Run, ...]:
    return (_CODE.removal(),) if _CODE.beside(project.tree) else ()


def _is_locked(project: Project) -> bool:
    return project.is_vendored or (bool(project.modules) and all(module.is_locked for module in project.modules))


def _has(modules: frozenset[str], module: str) -> bool:
    """Whether `module` is among them, in any major version."""
    return any(name == module or re.fullmatch(rf"{re.escape(module)}/v\d+", name) for name in modules)


def _framework(project: Project) -> str:
    return next((title for module, title in _FRAMEWORKS.items() if _has(project.direct, module)), "")


def _with_c(project: Project) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """What needs a C compiler: known modules, and the app's own code."""
    own = next((path for path, text in project.texts.items() if re.search(r'^import "C"', text, re.MULTILINE)), "")
    known = {module: packages for module, packages in _WITH_C.items() if _has(project.requires, module)}
    return known | ({own: ((), ())} if own else {})


def _evidence(project: Project) -> tuple[Finding, ...]:
    found = [project.version.finding("Go")]
    where = "go.work" if project.is_workspace else project.modules[0].file if project.modules else ""
    if project.is_workspace:
        found.append(Finding(f"a workspace of {len(project.modules)} modules", where))
    if project.is_vendored:
        found.append(Finding("dependencies from the source's own vendor/", "vendor/modules.txt"))
    elif project.requires:
        locked = "go.sum" if project.tree.has("go.sum") and not project.is_workspace else where
        found.append(Finding("dependencies by Go modules", locked))
    framework = _framework(project)
    serving = next((program.where for program in project.programs if program.serves), "")
    if framework or serving:
        found.append(Finding(framework or "net/http", where if framework else serving))
    if with_c := _with_c(project):
        found.append(Finding(f"cgo, with a C compiler, for {', '.join(sorted(with_c))}", where))
    return *found, *_private(project), *beside_evidence(_CODE, project.tree)


def _private(project: Project) -> tuple[Finding, ...]:
    """Modules that may need credentials, which a build has none of: of the same owner, or from a host nobody knows."""
    if project.is_vendored:
        return ()
    own = {module.name for module in project.modules}
    owners = {f"{'/'.join(name.split('/')[:2])}/" for name in own if name.count("/") >= 2}
    replaced = {words for module in project.modules for words in module.replaced}
    suspects = sorted(
        name
        for name in project.requires - own
        if any(name.startswith(owner) for owner in owners) or not _PUBLIC_HOSTS.match(f"{name}/")
    )
    if not suspects or replaced:
        return ()
    text = f"If {suspects[0]} is private, run `go mod vendor` and commit vendor/: a build has no credentials for it"
    return (Finding(text, project.tree.line_of(project.modules[0].file, re.escape(suspects[0]))),)


def _warnings(project: Project) -> tuple[Finding, ...]:
    found = []
    if not project.modules:
        text = (
            "No go.mod: each build takes the newest versions of what is imported. Run `go mod init` and `go mod tidy`."
        )
        found.append(Finding(text))
    elif not _is_locked(project):
        text = "No go.sum: what is downloaded can't be checked. Run `go mod tidy` and commit go.sum."
        found.append(Finding(text, next(module.file for module in project.modules if not module.is_locked)))
    outside = [(module, path) for module in project.modules for path in module.replaced if path.startswith("..")]
    for module, path in outside:
        text = f"A module is replaced by {path}, which is outside of the service's directory and so not in the build."
        found.append(Finding(text, project.tree.line_of(module.file, r"=>\s*\.\./")))
    return *found, *without_compiler(project.tree, {"go run": "Go", "go build": "Go"})


DETECTOR = Detector("Go", "go.mod, go.work or main.go", detect)
