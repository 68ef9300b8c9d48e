"""What our own base images are made of. Data only; `bases_airgapped.py` makes them."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from shipway.builders.base_recipes_php import INSTALL_EXTENSIONS

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
#: How the names of our own bases begin.
OWN = "shipway-base/"


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
    #: Directories that packages' own scripts take for granted, though what belongs there is left out. (No `repr`: a base
    #: that has none stays as it was made before there was this field.)
    directories: tuple[str, ...] = field(default=(), repr=False)

    @property
    def reference(self) -> str:
        """What goes into FROM."""
        return f"{OWN}{self.runtime}:{self.version}"

    @property
    def fingerprint(self) -> str:
        """Tells an image made by this recipe from one made by an older one."""
        return hashlib.sha256(repr((self, *self.directories, OPTIONS, CLEAN_UP)).encode()).hexdigest()[:16]


def _builder(version: str, suite: str) -> Recipe:
    """Where builds happen: an engine with BuildKit, and what it takes to give it networks and a disk of its own."""
    packages = ("docker.io", "docker-cli", "docker-buildx", "iptables", "e2fsprogs", "ca-certificates")
    return Recipe("builder", version, suite, packages, seconds=60)


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


def _plain(version: str, suite: str) -> Recipe:
    return Recipe("plain", version, suite, ("ca-certificates", "tzdata"), config=("ENV LANG=C.UTF-8",), seconds=15)


def _go(version: str, suite: str) -> Recipe:
    packages = ("golang-go", "git", "ca-certificates")
    return Recipe("go", version, suite, packages, config=("ENV LANG=C.UTF-8", 'CMD ["go", "version"]'), seconds=60)


def _rust(version: str, suite: str) -> Recipe:
    packages = ("cargo", "rustc", "gcc", "libc6-dev", "git", "ca-certificates")
    return Recipe("rust", version, suite, packages, config=("ENV LANG=C.UTF-8", 'CMD ["cargo", "version"]'), seconds=60)


def _java(version: str, suite: str) -> Recipe:
    """To build with."""
    return _jvm("java", version, suite, f"openjdk-{version}-jdk-headless", "maven")


def _jre(version: str, suite: str) -> Recipe:
    """To run with."""
    return _jvm("jre", version, suite, f"openjdk-{version}-jre-headless")


def _jvm(runtime: str, version: str, suite: str, *packages: str) -> Recipe:
    config = ("ENV LANG=C.UTF-8", 'CMD ["java", "-version"]')
    manuals = ("/usr/share/man/man1",)
    return Recipe(
        runtime, version, suite, (*packages, "ca-certificates"), config=config, seconds=60, directories=manuals
    )


def _ruby(version: str, suite: str) -> Recipe:
    """With what compiles gems against Ruby, as in the official image, and a server for a Rack app that names no gems."""
    packages = ("ruby", "ruby-dev", "ruby-bundler", "puma", "ruby-rack", "ca-certificates")
    config = ("ENV LANG=C.UTF-8", "ENV BUNDLE_SILENCE_ROOT_WARNING=1", 'CMD ["irb"]')
    return Recipe("ruby", version, suite, packages, config=config, seconds=40)


def _php(version: str, suite: str) -> Recipe:
    """PHP inside Apache, with the extensions that the official image has built in."""
    extensions = (f"php{version}-{name}" for name in ("curl", "mbstring", "sqlite3", "xml"))
    tool = "/usr/bin/install-php-extensions"
    return Recipe(
        "php",
        version,
        suite,
        ("apache2", f"libapache2-mod-php{version}", *extensions, "ca-certificates"),
        files=((tool, INSTALL_EXTENSIONS),),
        hooks=(f'chmod 755 "$1"{tool}', 'rm -rf "$1"/var/www/html/*'),
        config=("ENV LANG=C.UTF-8", 'CMD ["php", "-a"]'),
        seconds=50,
    )


def _sbom(version: str, suite: str) -> Recipe:
    """What lists the packages of an image that was built."""
    scanner = "/usr/local/lib/sbom_scanner.py"
    script = Path(__file__).with_name("sbom_scanner.py").read_text()
    # Isolated, without site packages: a fifth of a second less, for each build.
    config = (f'ENTRYPOINT ["python3", "-I", "-S", "{scanner}"]',)
    return Recipe("sbom", version, suite, ("python3",), files=((scanner, script),), config=config, seconds=20)


RECIPES = (
    _builder("26.1", "trixie"),
    _python("3.13", "trixie"),
    _python("3.11", "bookworm"),
    _node("20", "trixie"),
    _node("18", "bookworm"),
    _static("1.26", "trixie"),
    _static("1.22", "bookworm"),
    _java("25", "trixie"),
    _java("21", "trixie"),
    _java("17", "bookworm"),
    _jre("25", "trixie"),
    _jre("21", "trixie"),
    _jre("17", "bookworm"),
    _plain("13", "trixie"),
    _plain("12", "bookworm"),
    # Bookworm's Go and Rust are older than what most modules and crates ask for.
    _go("1.24", "trixie"),
    _rust("1.85", "trixie"),
    _ruby("3.3", "trixie"),
    _ruby("3.1", "bookworm"),
    _php("8.4", "trixie"),
    _php("8.2", "bookworm"),
    _sbom("13", "trixie"),
    _sbom("12", "bookworm"),
)
