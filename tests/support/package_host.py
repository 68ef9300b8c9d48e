"""A private host of packages: a pip index, an npm registry, a Go module proxy and a git repository, for one credential.

It listens where builds reach it: on the engine's bridge. Whoever comes without the credential gets a 401.
"""

import base64
import hashlib
import io
import json
import secrets
import ssl
import subprocess
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.support.authority import Authority

USER = "builder"
#: What it is called where it has a certificate; a build is told by `named` where that is.
NAME = "packages.test"
#: All that is here has this name, and says so.
PYTHON_PACKAGE = "acme-greeting"
NPM_PACKAGE = "@acme/greeting"
NPM_UNSCOPED = "greeting"
GO_MODULE = "go.acme.test/greeting"
#: A new one each time: builds keep modules.
GO_VERSION = f"v1.0.{secrets.randbits(30)}"


@dataclass
class PackageHost:
    """A host that is up."""

    #: Its name, or its address.
    name: str
    port: int
    password: str
    #: What is accepted besides Basic with `USER` and the password, such as a bearer token.
    token: str
    scheme: str
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    #: Paths that were asked for, with the credential and without.
    served: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        """`name:port`."""
        return f"{self.name}:{self.port}"

    @property
    def url(self) -> str:
        """Its root, without a slash."""
        return f"{self.scheme}://{self.host}"

    @property
    def index(self) -> str:
        """Of the pip packages."""
        return f"{self.url}/pypi/simple/"

    @property
    def npm(self) -> str:
        """Of the npm packages."""
        return f"{self.url}/repository/npm/"

    def accepts(self, header: str) -> bool:
        """Whether this Authorization is the right one."""
        basic = base64.b64encode(f"{USER}:{self.password}".encode()).decode()
        return header in (f"Basic {basic}", f"Bearer {self.token}")


@contextmanager
def package_host(
    directory: Path, password: str, token: str = "no token at all", authority: Authority | None = None
) -> Iterator[PackageHost]:
    """Serve all of it, over TLS with a certificate of the authority's where one is given."""
    address = bridge()
    server = ThreadingHTTPServer((address, 0), _Handler)
    if authority:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority.certificate(directory, NAME, address))
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    name = NAME if authority else address
    host = PackageHost(name, server.server_port, password, token, "https" if authority else "http")
    host.files = {
        **_python(),
        **_npm(host.npm, NPM_PACKAGE),
        **_npm(host.npm, NPM_UNSCOPED),
        **_go(),
        **_git(directory),
    }
    server.package_host = host  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()


def named() -> tuple[str, ...]:
    """Options of a docker client by which a build finds a host with a certificate."""
    return "--add-host", f"{NAME}:{bridge()}"


def bridge() -> str:
    """The address of this machine that containers, and builds in them, reach."""
    command = ["docker", "network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """A file, for those who may have it."""
        host: PackageHost = self.server.package_host  # type: ignore[attr-defined]
        path = self.path.partition("?")[0].replace("%2f", "/").replace("%2F", "/").replace("%40", "@")
        if not host.accepts(self.headers.get("Authorization", "")):
            host.refused.append(path)
            self._answer(401, "text/plain", b"who is there?", (("WWW-Authenticate", 'Basic realm="packages"'),))
        elif path in host.files:
            host.served.append(path)
            self._answer(200, *host.files[path])
        else:
            self._answer(404, "text/plain", b"not here")

    do_HEAD = do_GET

    def _answer(self, status: int, kind: str, body: bytes, headers: tuple[tuple[str, str], ...] = ()) -> None:
        self.send_response(status)
        for name, value in (*headers, ("Content-Type", kind), ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Nothing."""


def _python() -> dict[str, tuple[str, bytes]]:
    stem = f"{PYTHON_PACKAGE.replace('-', '_')}-1.0"
    content = {
        "acme_greeting.py": "TEXT = 'from the private index'\n",
        f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {PYTHON_PACKAGE}\nVersion: 1.0\n",
        f"{stem}.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{stem}.dist-info/RECORD"
    content[record] = "".join(f"{name},,\n" for name in (*content, record))
    wheel = _zipped(content)
    name = f"{stem}-py3-none-any.whl"
    link = f'<a href="../../{name}#sha256={hashlib.sha256(wheel).hexdigest()}">{name}</a>'
    return {
        f"/pypi/simple/{PYTHON_PACKAGE}/": ("text/html", f"<!doctype html><html><body>{link}</body></html>".encode()),
        f"/pypi/{name}": ("application/octet-stream", wheel),
    }


def _npm(url: str, name: str) -> dict[str, tuple[str, bytes]]:
    package = {"name": name, "version": "1.0.0", "main": "index.js"}
    files = {
        "package/package.json": json.dumps(package),
        "package/index.js": "module.exports = 'from the private registry';\n",
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for path, text in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(text), 0o644
            tar.addfile(entry, io.BytesIO(text.encode()))
    tarball = buffer.getvalue()
    path = f"{name}/-/greeting-1.0.0.tgz"
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(tarball).digest()).decode()
    dist = {"tarball": f"{url}{path}", "integrity": integrity, "shasum": hashlib.sha1(tarball).hexdigest()}
    versions = {"1.0.0": {**package, "dist": dist}}
    packument = {"name": name, "dist-tags": {"latest": "1.0.0"}, "versions": versions}
    root = "/repository/npm/"
    return {
        f"{root}{name}": ("application/json", json.dumps(packument).encode()),
        f"{root}{path}": ("application/octet-stream", tarball),
    }


def _go() -> dict[str, tuple[str, bytes]]:
    mod = f"module {GO_MODULE}\n\ngo 1.21\n"
    code = 'package greeting\n\nconst Text = "from the private proxy"\n'
    stem = f"{GO_MODULE}@{GO_VERSION}"
    archive = _zipped({f"{stem}/go.mod": mod, f"{stem}/greeting.go": code})
    root = f"/go/{GO_MODULE}/@v"
    info = json.dumps({"Version": GO_VERSION, "Time": "2024-01-01T00:00:00Z"}).encode()
    return {
        f"{root}/list": ("text/plain", f"{GO_VERSION}\n".encode()),
        f"{root}/{GO_VERSION}.info": ("application/json", info),
        f"{root}/{GO_VERSION}.mod": ("text/plain", mod.encode()),
        f"{root}/{GO_VERSION}.zip": ("application/zip", archive),
    }


def _git(directory: Path) -> dict[str, tuple[str, bytes]]:
    """A bare repository as plain files, which git's client can read as well."""
    work, bare = directory / "git-work", directory / "greeting.git"
    work.mkdir(parents=True)
    (work / "greeting.txt").write_text("from the private repository\n")
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main")
    for command in (
        ["git", *identity, "init", "-q", str(work)],
        ["git", *identity, "-C", str(work), "add", "."],
        ["git", *identity, "-C", str(work), "commit", "-q", "-m", "one"],
        ["git", *identity, "clone", "-q", "--bare", str(work), str(bare)],
        ["git", "-C", str(bare), "update-server-info"],
    ):
        subprocess.run(command, check=True, capture_output=True)
    paths = (path for path in bare.rglob("*") if path.is_file())
    return {f"/git/{path.relative_to(directory)}": ("application/octet-stream", path.read_bytes()) for path in paths}


def _zipped(content: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in content.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return buffer.getvalue()
