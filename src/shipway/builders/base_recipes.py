"""What our own base images are made of. Data only; `bases_airgapped.py` makes them."""

import hashlib
from dataclasses import dataclass

#: Documentation is left out, of packages that an app installs later too; licences stay.
OPTIONS = (
    "--variant=minbase",
    '--aptopt=Acquire::Languages "none"',
    '--aptopt=APT::Install-Recommends "false"',
    *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "info", "lintian", "locale", "man")),
    "--dpkgopt=path-exclude=/usr/share/nodejs/@types/*",
    "--dpkgopt=path-include=/usr/share/doc/*/copyright",
)
#: Run last, in a shell, `$1` being the new root: nothing of this machine stays in it.
CLEAN_UP = ': >"$1/etc/resolv.conf"; : >"$1/etc/hostname"; rm -rf "$1"/var/cache/debconf/*-old "$1"/var/log/*.log'

_NGINX = """\
worker_processes 2;
pid /tmp/nginx.pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  access_log /dev/stdout;
  client_body_temp_path /tmp/client_body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  sendfile on;
  server { listen 8080; root /usr/share/nginx/html; }
}
"""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one base is made. Changing anything of it makes existing bases outdated."""

    runtime: str
    #: What the suite's packages have.
    version: str
    suite: str
    packages: tuple[str, ...]
    #: Text by path inside the image.
    files: tuple[tuple[str, str], ...] = ()
    #: Shell commands run in the end, `$1` being the new root.
    hooks: tuple[str, ...] = ()
    #: The image's configuration, as a Dockerfile says it.
    config: tuple[str, ...] = ()
    #: Seconds it takes, roughly; said beforehand.
    seconds: int = 30

    @property
    def reference(self) -> str:
        """What goes into FROM."""
        return f"shipway-base/{self.runtime}:{self.version}"

    @property
    def fingerprint(self) -> str:
        """Tells an image made by this recipe from one made by an older one."""
        return hashlib.sha256(repr((self, OPTIONS, CLEAN_UP)).encode()).hexdigest()[:16]


def _python(version: str, suite: str) -> Recipe:
    return Recipe(
        "python",
        version,
        suite,
        ("python3", "python3-venv", "python3-pip", "python-is-python3", "ca-certificates"),
        # As in the official image, pip may install beside the system's packages: nothing else lives in a container.
        hooks=('rm "$1"/usr/lib/python3*/EXTERNALLY-MANAGED',),
        config=("ENV LANG=C.UTF-8", 'CMD ["python3"]'),
    )


def _node(version: str, suite: str) -> Recipe:
    config = ("ENV LANG=C.UTF-8", 'CMD ["node"]')
    return Recipe("node", version, suite, ("nodejs", "npm", "ca-certificates"), config=config, seconds=60)


def _static(version: str, suite: str) -> Recipe:
    return Recipe(
        "static",
        version,
        suite,
        ("nginx",),
        files=(("/etc/nginx/nginx.conf", _NGINX),),
        hooks=(
            'chroot "$1" useradd --no-log-init --uid 101 --user-group --home-dir /nonexistent nginx',
            'chroot "$1" chown -R nginx:nginx /etc/nginx /usr/share/nginx/html',
        ),
        config=("USER 101", "EXPOSE 8080", 'CMD ["nginx", "-e", "stderr", "-g", "daemon off;"]'),
        seconds=20,
    )


RECIPES = (
    _python("3.13", "trixie"),
    _python("3.11", "bookworm"),
    _node("20", "trixie"),
    _node("18", "bookworm"),
    _static("1.26", "trixie"),
    _static("1.22", "bookworm"),
)
