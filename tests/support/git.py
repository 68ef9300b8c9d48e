"""Real git repositories for tests, on disk and served over loopback."""

import base64
import hashlib
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

#: Independent of who runs the tests, and the same commit for the same content.
_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
    "GIT_ALLOW_PROTOCOL": "file",
}


def git(directory: Path, *arguments: str) -> str:
    """Run git in `directory` and return what it printed, without the line break."""
    done = subprocess.run(
        ["git", *arguments], cwd=directory, env=_ENVIRONMENT, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@dataclass(frozen=True)
class GitRepository:
    """A repository with a work tree."""

    path: Path

    @classmethod
    def create(cls, path: Path, branch: str = "main") -> "GitRepository":
        """An empty one, its HEAD at `branch`."""
        path.mkdir(parents=True)
        git(path, "init", "--quiet", "--initial-branch", branch)
        return cls(path)

    def commit(self, files: Mapping[str, str], message: str = "A change") -> str:
        """Write `files`, commit everything, and return the commit."""
        for name, content in files.items():
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            (self.path / name).write_text(content)
        git(self.path, "add", "--all")
        git(self.path, "commit", "--quiet", "--allow-empty", "--message", message)
        return git(self.path, "rev-parse", "HEAD")

    def switch(self, branch: str) -> None:
        """Go on with this branch, made from the present one when it is new."""
        if git(self.path, "symbolic-ref", "--short", "HEAD") != branch:
            exists = git(self.path, "branch", "--list", branch)
            git(self.path, "checkout", "--quiet", *([] if exists else ["-b"]), branch)

    def tag(self, name: str, *, annotated: bool = False) -> str:
        """Tag the present commit, and return the id of the tag itself."""
        git(self.path, "tag", *(["--annotate", "--message", name] if annotated else []), name)
        return git(self.path, "rev-parse", f"refs/tags/{name}")

    def remove_everything(self) -> None:
        """Empty the work tree; `commit` makes that part of the history."""
        git(self.path, "rm", "-r", "-q", "--ignore-unmatch", ".")

    def add_submodule(self, url: str, path: str) -> None:
        """Stage a submodule; `commit` makes it part of the history."""
        git(self.path, "submodule", "--quiet", "add", url, path)

    def config(self, key: str, value: str) -> None:
        """Set a value in the repository's own configuration."""
        git(self.path, "config", key, value)


@dataclass
class GitServer:
    """Smart HTTP over the repositories below a directory."""

    root: Path
    #: User name and password that it asks for; `None` lets everybody in.
    require: tuple[str, str] | None = None
    #: Speaks the protocol's version 0, in which only tips of branches and tags can be asked for by id.
    old: bool = False
    #: Serves files only, as any web server does (dumb HTTP).
    dumb: bool = False
    port: int = 0
    #: What was asked for: method and path.
    requests: list[str] = field(default_factory=list)
    #: Authorization headers that arrived.
    authorizations: list[str] = field(default_factory=list)

    def url(self, name: str) -> str:
        """URL of the repository in the directory `name`."""
        return f"http://127.0.0.1:{self.port}/{name}/.git"

    def admits(self, header: str | None) -> bool:
        """Whether a request with this Authorization header is let in."""
        if self.require is None:
            return True
        expected = base64.b64encode(":".join(self.require).encode()).decode()
        return header == f"Basic {expected}"


@contextmanager
def git_server(root: Path, **options: object) -> Iterator[GitServer]:
    """A running `GitServer` on a loopback port of its own."""
    served = GitServer(root, **options)  # type: ignore[arg-type]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _answer(self, served)

        def do_POST(self) -> None:
            _answer(self, served)

        def log_message(self, *args: object) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        served.port = http.server_port
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield served
        finally:
            http.shutdown()
            thread.join()


def tree(directory: Path) -> dict[str, str]:
    """Every file below `directory` with its content; links as `-> destination`, empty directories with a slash."""
    found = {}
    for path in sorted(directory.rglob("*")):
        name = str(path.relative_to(directory))
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            found[name] = path.read_text()
        elif not any(path.iterdir()):
            found[f"{name}/"] = ""
    return found


def cached_repositories(home: Path) -> list[Path]:
    """The bare repositories that git sources keep in `home`."""
    return sorted((home / "git-cache").glob("*.git"))


def commits_in(repository: Path) -> int:
    """Commits that a (shallow) repository holds."""
    objects = git(repository, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype)")
    return objects.splitlines().count("commit")


def digest(content: bytes) -> str:
    """SHA-256, in hex."""
    return hashlib.sha256(content).hexdigest()


def has_http_backend() -> bool:
    """Whether git's own server side is installed."""
    return shutil.which("git-http-backend", path=_exec_path()) is not None


def _exec_path() -> str:
    return subprocess.run(["git", "--exec-path"], check=True, capture_output=True, text=True).stdout.strip()


def _answer(handler: BaseHTTPRequestHandler, server: GitServer) -> None:
    server.requests.append(f"{handler.command} {handler.path}")
    header = handler.headers.get("Authorization")
    if header:
        server.authorizations.append(header)
    if not server.admits(header):
        handler.send_response(401)
        handler.send_header("WWW-Authenticate", 'Basic realm="git"')
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return
    body = _body(handler)
    (_serve_file if server.dumb else _serve_backend)(handler, server, body)


def _body(handler: BaseHTTPRequestHandler) -> bytes:
    if handler.headers.get("Transfer-Encoding") != "chunked":
        return handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
    chunks = []
    while size := int(handler.rfile.readline(), 16):
        chunks.append(handler.rfile.read(size))
        handler.rfile.readline()
    return b"".join(chunks)


def _serve_file(handler: BaseHTTPRequestHandler, server: GitServer, body: bytes) -> None:
    path = server.root / handler.path.partition("?")[0].lstrip("/")
    content = path.read_bytes() if path.is_file() else None
    handler.send_response(404 if content is None else 200)
    handler.send_header("Content-Length", str(len(content or b"")))
    handler.end_headers()
    handler.wfile.write(content or b"")


def _serve_backend(handler: BaseHTTPRequestHandler, server: GitServer, body: bytes) -> None:
    path, _, query = handler.path.partition("?")
    variables = {
        **_ENVIRONMENT,
        "GIT_PROJECT_ROOT": str(server.root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "REQUEST_METHOD": handler.command,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": handler.headers.get("Content-Type", ""),
        "HTTP_CONTENT_ENCODING": handler.headers.get("Content-Encoding", ""),
        "CONTENT_LENGTH": str(len(body)),
        "GIT_PROTOCOL": "" if server.old else handler.headers.get("Git-Protocol", ""),
    }
    done = subprocess.run(["git", "http-backend"], input=body, env=variables, capture_output=True, check=False)
    headers, _, content = done.stdout.partition(b"\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in headers.decode().split("\r\n") if ": " in line)
    handler.send_response(int(fields.pop("Status", "200").split()[0]))
    for name, value in fields.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)
