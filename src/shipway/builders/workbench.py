"""What a build needs besides the source, in a directory of its own: nothing is ever written into the user's tree."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from shipway.builders import client_inputs
from shipway.builders.builder import CA_SECRET, BuildRequest
from shipway.builders.dockerfile import parse
from shipway.builders.ignore import is_inside
from shipway.domain.errors import BuildFailed, Unavailable

#: What stays out of a build when the source does not say: history, installed dependencies, caches, local secrets.
DEFAULT_DOCKERIGNORE = """\
**/.git
**/node_modules
**/.venv
**/venv
**/__pycache__
**/*.pyc
**/.env
**/.env.local
**/.env.*.local
**/.pytest_cache
**/.mypy_cache
**/.ruff_cache
**/.tox
**/.DS_Store
**/.idea
**/.vscode
"""

#: Where distributions keep the machine's own bundle.
_HOST_BUNDLES = (
    Path("/etc/ssl/certs/ca-certificates.crt"),
    Path("/etc/pki/tls/certs/ca-bundle.crt"),
    Path("/etc/ssl/ca-bundle.pem"),
    Path("/etc/ssl/cert.pem"),
)
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Workbench:
    """The files beside one build. `directory` is temporary and belongs to it alone."""

    directory: Path

    @property
    def dockerfile(self) -> Path:
        """The Dockerfile's text."""
        return self.directory / "Dockerfile"

    @property
    def image_id_file(self) -> Path:
        """Where the client leaves the image's content id."""
        return self.directory / "image-id"

    @property
    def ca_bundle(self) -> Path:
        """The certificates a build trusts; missing when this machine has none."""
        return self.directory / "ca.pem"

    def lay_out(self, request: BuildRequest, extra_ca: Path | None) -> Path:
        """Write everything down and return the build context. Raises `BuildFailed` when that lies outside the source, or
        the Dockerfile has no stage."""
        context = _context(request)
        # A file without a stage would not fail but crash an engine of 20.10, and with it everybody's builds.
        parse(request.analysis.dockerfile)
        self.dockerfile.write_text(request.analysis.dockerfile, encoding="utf-8")
        if (rules := _dockerignore(context)) is not None:
            # BuildKit looks for this name, next to the Dockerfile, before it looks for .dockerignore in the context.
            self.dockerfile.with_name("Dockerfile.dockerignore").write_text(rules)
        if bundle := ca_bundle(extra_ca):
            self.ca_bundle.write_text(bundle)
        if config := client_inputs.client_config(request):
            descriptor = os.open(self.directory / "config.json", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(config)
        return context

    def options(self, request: BuildRequest) -> list[str]:
        """The client's options for this build."""
        options = ["--file", str(self.dockerfile), "--tag", request.tag, "--iidfile", str(self.image_id_file)]
        for name, value in sorted(request.labels.items()):
            options += ["--label", f"{name}={value}"]
        if request.analysis.target:
            options += ["--target", request.analysis.target]
        if self.ca_bundle.exists():
            options += ["--secret", f"id={CA_SECRET},src={self.ca_bundle}"]
        return [*options, *client_inputs.options(request)]

    def environment(self, request: BuildRequest, engine: str) -> dict[str, str]:
        """The variables that the client needs besides its own; they hold secrets. `engine` is its address."""
        # The client itself, not the builder, gets the tokens that registries ask for.
        trust = {"SSL_CERT_FILE": str(self.ca_bundle)} if self.ca_bundle.exists() else {}
        return client_inputs.environment(request, engine) | trust


def host_bundle() -> Path | None:
    """This machine's own certificates; `None` when it has none."""
    return next((path for path in _HOST_BUNDLES if path.is_file()), None)


def ca_bundle(extra_ca: Path | None) -> str:
    """This machine's certificates and those of `extra_ca`, each once; empty when there are none.

    Raises `Unavailable` when `extra_ca` can't be read: a build without it would only fail later, and darker.
    """
    bundles = [path for path in (host_bundle(), extra_ca) if path]
    try:
        texts = [path.read_text(errors="replace") for path in bundles]
    except OSError as error:
        raise Unavailable(
            f"The certificates in {extra_ca} can't be read: {error.strerror}.",
            hint="Correct the setting extra_ca (SHIPWAY_EXTRA_CA): the path of a PEM file.",
        ) from error
    return "".join(f"{pem}\n" for pem in dict.fromkeys(pem for text in texts for pem in _CERTIFICATE.findall(text)))


def _context(request: BuildRequest) -> Path:
    root = request.directory.resolve()
    context = (root / request.analysis.context).resolve()
    if not context.is_relative_to(root) or not context.is_dir():
        raise BuildFailed(
            f"The build context {request.analysis.context!r} is not a directory inside the source.",
            code="dockerfile-error",
            hint="Name a directory that is part of the service's source, without links that lead outside.",
        )
    return context


def _dockerignore(context: Path) -> str | None:
    """The rules to put beside the Dockerfile; `None` when BuildKit finds the source's own by itself."""
    beside = "Dockerfile.dockerignore"
    if is_inside(context, beside):
        return (context / beside).read_text(errors="replace")
    return None if is_inside(context, ".dockerignore") else DEFAULT_DOCKERIGNORE
