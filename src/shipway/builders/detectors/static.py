"""Static sites: files that nginx serves as they are."""

import re

from shipway.builders.detectors.detector import Candidate, Copy, Detector, Run, Stage
from shipway.builders.detectors.tree import Tree
from shipway.domain.artifacts import Finding

_FOLDERS = ("", "public/", "dist/", "build/", "_site/", "site/", "www/", "docs/")
_WWW = "/srv/www"
_CONFIG = "/etc/nginx/site.conf"
#: Written at each start, since only then the port is known.
_LISTEN = "/tmp/listen.conf"  # noqa: S108 - the container's own
_START = f'echo "listen $PORT;" > {_LISTEN} && exec nginx -e stderr -c {_CONFIG}'
_SINGLE_PAGE = re.compile(r"""<div\s+id=["']?(?:root|app|__next)\b""")
#: What a browser would take for a script or picture, if a single-page app answered with its page instead of a 404.
_ASSETS = "js|mjs|css|map|json|png|jpe?g|gif|svg|ico|webp|avif|woff2?|ttf|wasm|txt|xml|webmanifest"
_TYPES = "text/css text/plain text/xml application/javascript application/json application/xml image/svg+xml"


def detect(tree: Tree) -> Candidate | None:
    """An index.html at the top or in the folder that a generator would put it."""
    index = tree.first(*(f"{folder}index.html" for folder in _FOLDERS))
    if not index or tree.text(index).startswith("---\n"):
        # What begins so is no page yet: a generator, such as Jekyll, makes one of it.
        return None
    folder = index.removesuffix("index.html")
    pages = Copy((folder or ".",))
    others = [path for path in tree.matching("*.html", depth=9) if path.startswith(folder)]
    single = set(others) <= {index, f"{folder}404.html"} and bool(_SINGLE_PAGE.search(tree.text(index)))
    what = Finding("a single-page app that is already built" if single else "a static site", index)
    missing_page = "/404.html" if tree.has(f"{folder}404.html") else ""
    return site(pages, "static", (what,), single_page=single, missing_page=missing_page)


def site(
    pages: Copy,
    provider: str,
    evidence: tuple[Finding, ...],
    warnings: tuple[Finding, ...] = (),
    earlier: tuple[Stage, ...] = (),
    *,
    single_page: bool,
    missing_page: str = "",
    fallback: str = "index.html",
) -> Candidate:
    """nginx serving `pages`. A single-page app gets `fallback` for every path that is no file; others a 404."""
    lines = _nginx(f"/{fallback}" if single_page else "", missing_page)
    quoted = " ".join(f"\n      '{line}'" for line in lines)
    write = Run((f"printf '%s\\n'{quoted}\n      > {_CONFIG}".replace("\n", " \\\n"),))
    serve = Stage("static", "", (write, Copy(pages.paths, f"{_WWW}/", pages.stage)))
    return Candidate(
        provider,
        (*earlier, serve),
        _START,
        (*evidence, Finding("served by nginx")),
        warnings,
        account=False,
        stop_signal="SIGQUIT",
    )


def _nginx(fallback: str, missing_page: str) -> list[str]:
    """nginx as an ordinary user: nothing is written outside /tmp, logs go to the output."""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return [
        "daemon off;",
        "worker_processes 2;",
        "pid /tmp/nginx.pid;",
        "error_log stderr warn;",
        "events { worker_connections 1024; }",
        "http {",
        "  include /etc/nginx/mime.types;",
        "  default_type application/octet-stream;",
        "  charset utf-8;",
        "  access_log /dev/stdout;",
        *(f"  {kind}_temp_path /tmp/{kind};" for kind in kinds),
        "  sendfile on;",
        "  gzip on;",
        f"  gzip_types {_TYPES};",
        "  server_tokens off;",
        "  absolute_redirect off;",
        "  add_header Cache-Control no-cache;",
        "  server {",
        f"    include {_LISTEN};",
        f"    root {_WWW};",
        *([f"    error_page 404 {missing_page};"] if missing_page else []),
        "    location = /_health/ { access_log off; default_type text/plain; return 200 ok; }",
        "    location ~ /\\.(?!well-known) { return 404; }",
        *([f"    location ~ \\.({_ASSETS})$ {{ try_files $uri =404; }}"] if fallback else []),
        f"    location / {{ try_files $uri $uri/ {fallback or '$uri.html =404'}; }}",
        "  }",
        "}",
    ]


DETECTOR = Detector("static site", "index.html, at the top or in public/, dist/ or build/", detect)
