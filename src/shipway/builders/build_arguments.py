"""Build arguments and build secrets of a service, as far as its Dockerfile has to know them: by name."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from shipway.builders.builder import EPOCH
from shipway.builders.detectors.tree import Tree
from shipway.builders.dockerfile import Dockerfile
from shipway.domain.artifacts import Finding
from shipway.domain.leaks import names_secret

#: Installers have variables of their own; the others may wait until the dependencies are there.
_INSTALLERS = re.compile(
    r"(?:PIP|UV|POETRY|PDM|PIPENV|NPM|PNPM|YARN|BUN|BUNDLE|COMPOSER|CARGO|MAVEN|MVN|GRADLE|NUGET|DENO)_.*"
    # What they compile is to tell the same time.
    rf"|{EPOCH}"
    r"|GO(?:PROXY|PRIVATE|NOPROXY|NOSUMDB|SUMDB|FLAGS|INSECURE|AUTH|TOOLCHAIN)|CGO_.*|.*(?:INDEX|REGISTRY|MIRROR)_URL",
    re.IGNORECASE,
)
#: Where installers are told of registries, and may refer to variables.
_INSTALLERS_FILES = re.compile(
    r"\.npmrc|\.yarnrc(?:\.yml)?|bunfig\.toml|pip\.conf|uv\.toml|requirements[\w./-]*\.txt|Pipfile|pyproject\.toml"
    r"|Gemfile|composer\.json|auth\.json|settings\.xml|pom\.xml|(?:build|settings)\.gradle(?:\.kts)?|gradle\.properties"
    r"|[Nn]u[Gg]et\.[Cc]onfig|\.cargo/config(?:\.toml)?"
)


@dataclass(frozen=True, slots=True)
class BuildNames:
    """Names of what a service's builds are given."""

    arguments: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()

    @classmethod
    def of(cls, arguments: Collection[str], secrets: Collection[str]) -> "BuildNames":
        """In an order of their own."""
        return cls(tuple(sorted(arguments)), tuple(sorted(secrets)))

    def early(self, tree: Tree) -> tuple[str, ...]:
        """The arguments that dependencies are installed by: a change of these installs them again."""
        texts = [tree.text(path) for path in tree.files if _INSTALLERS_FILES.fullmatch(path)]
        return tuple(
            name for name in self.arguments if _INSTALLERS.fullmatch(name) or any(_refers(text, name) for text in texts)
        )

    def warnings(self, dockerfile: Dockerfile) -> tuple[Finding, ...]:
        """What of them has no effect on this Dockerfile, or more than was meant."""
        return tuple(self._warnings(dockerfile))

    def _warnings(self, dockerfile: Dockerfile) -> Iterator[Finding]:
        declared = {
            word.partition("=")[0]
            for found in dockerfile.instructions
            if found.keyword == "ARG"
            for word in found.words
        }
        for name in self.arguments:
            if name not in declared and name != EPOCH:  # the builder itself goes by it
                text = f"{name} is marked for builds, but no ARG {name} declares it: it has no effect on them."
                yield Finding(text, dockerfile.path)
            if names_secret(name):
                text = f"{name} is a build argument, which whoever has the image may find in it. For a secret: "
                yield Finding(f"{text}`shipway config set --build-secret {name}=…`.")
        mounted = " ".join(value or "" for found in dockerfile.instructions for _, value in found.options)
        for name in self.secrets:
            if not re.search(rf"\bid={re.escape(name)}(?![\w-])", mounted):
                text = f"{name} is a build secret, but no RUN --mount=type=secret,id={name} reads it."
                yield Finding(text, dockerfile.path)


def _refers(text: str, name: str) -> bool:
    return bool(re.search(rf"\$(?:{re.escape(name)}\b|\{{(?:env\.)?{re.escape(name)}\b)|%{re.escape(name)}%", text))
