"""What Shipway needs on its machine, and which Debian package brings it."""

from dataclasses import dataclass
from typing import Literal

Purpose = Literal["demo", "test"]

#: Signs that no file shows; `look` adds them to what it sees.
ENGINE_ANSWERS = "a Docker engine that answers"
BUILDKIT_CLIENT = "a docker command that can build with BuildKit"
NO_APPARMOR = "a kernel without AppArmor"
IS_ROOT = "root"


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that has to be on the machine."""

    #: As Debian's own dependencies are written, `a | b`: the first that the distribution knows.
    package: str
    why: str
    #: Any one of these shows that it is there: a command, an absolute path with wildcards, or one of the signs above.
    signs: tuple[str, ...]
    #: Service that Debian starts when it installs the package; Shipway starts the program itself, as it wants it.
    service: str = ""
    #: Shipway can do without it, less well.
    optional: bool = False

    def __str__(self) -> str:
        return line(self.package, self.why)


ENGINE = Need("docker.io", "Docker engine: runs the apps", ("dockerd", ENGINE_ANSWERS), service="docker")

_EVERYWHERE = (
    ENGINE,
    # Debian 13 has the engine, the command and its buildx in three packages, Debian 12 in one.
    Need("docker-cli | docker.io", "docker command", ("docker",)),
    Need("docker-buildx-plugin | docker-buildx | docker.io", "BuildKit for the docker command", (BUILDKIT_CLIENT,)),
    Need(
        "apparmor",
        "the kernel's AppArmor profiles, without which Docker starts nothing",
        ("apparmor_parser", NO_APPARMOR),
    ),
    Need("iptables", "firewall rules of the apps' networks", ("iptables",)),
    Need("haproxy", "proxy in front of the apps", ("haproxy",), service="haproxy"),
    Need("docker-registry", "registry that keeps the built images", ("docker-registry",), service="docker-registry"),
    Need("git", "fetches the apps' code", ("git",)),
    Need("ca-certificates", "authorities to trust over TLS", ("/etc/ssl/certs/ca-certificates.crt",)),
    Need("mmdebstrap", "makes base images where no public registry answers", ("mmdebstrap",), optional=True),
    Need("uidmap", "lets mmdebstrap work without root", ("newuidmap", IS_ROOT), optional=True),
)

_FOR_TESTS = (
    Need(
        "postgresql", "the other database the store is tested on", ("/usr/lib/postgresql/*/bin/postgres",), "postgresql"
    ),
    Need("chromium", "browser that drives the dashboard", ("chromium",)),
    Need("busybox-static", "fills the smallest images of test apps", ("/var/lib/dpkg/info/busybox-static.list",)),
    Need("git-lfs", "repositories with large files", ("git-lfs",)),
)

NEEDS: dict[Purpose, tuple[Need, ...]] = {"demo": _EVERYWHERE, "test": _EVERYWHERE + _FOR_TESTS}


def line(package: str, why: str) -> str:
    """One line of an announcement."""
    return f"{package:<17} {why}"


def missing(purpose: Purpose, seen: frozenset[str]) -> tuple[Need, ...]:
    """The needs of `purpose` of which no sign was seen."""
    return tuple(need for need in NEEDS[purpose] if seen.isdisjoint(need.signs))
