"""Names of things and the path that addresses them: `workspace/project/environment/service` (S1.1)."""

import re
from dataclasses import dataclass

from shipway.domain.errors import Invalid

_SLUG = re.compile(r"[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?")
_HOST = re.compile(r"(?=.{1,253}$)(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)*(?!-)[a-z0-9-]{1,63}(?<!-)")


def slug(value: str, what: str) -> str:
    """Return `value` if it can name a `what`; such names appear in host names, container names and paths.

    Raises `Invalid` with the rule: 1 to 40 lower-case letters, digits and dashes, a letter first, no dash last.
    """
    if not _SLUG.fullmatch(value) or "--" in value:
        raise Invalid(
            f"{value!r} can't name a {what}.",
            hint="Use 1 to 40 lower-case letters, digits and single dashes, starting with a letter: my-app-2.",
        )
    return value


def slugify(value: str, fallback: str = "app") -> str:
    """The nearest valid slug to a directory's or repository's name."""
    candidate = re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-").lstrip("0123456789-")[:40].strip("-")
    return candidate or fallback


def host(value: str) -> str:
    """Return `value` as a lower-case host name without a trailing dot, or raise `Invalid`."""
    candidate = value.strip().lower().removesuffix(".")
    if not _HOST.fullmatch(candidate):
        raise Invalid(
            f"{value!r} is not a host name.",
            hint="Give a name such as shop.example.com, without a scheme or port.",
        )
    return candidate


@dataclass(frozen=True, slots=True, order=True)
class EnvironmentPath:
    """The address of an environment: `acme/shop/production`."""

    workspace: str
    project: str
    environment: str

    @classmethod
    def parse(cls, text: str) -> "EnvironmentPath":
        """Read it; raises `Invalid` when parts are missing or malformed."""
        parts = text.strip("/").split("/")
        if len(parts) != 3:
            raise Invalid(
                f"{text!r} is not an environment's path.",
                hint="Write workspace/project/environment, e.g. acme/shop/production.",
            )
        nouns = ("workspace", "project", "environment")
        return cls(*(slug(part, noun) for part, noun in zip(parts, nouns, strict=True)))

    def __str__(self) -> str:
        return f"{self.workspace}/{self.project}/{self.environment}"

    @property
    def network(self) -> str:
        """Its own network: `acme.shop.production` (S6.10)."""
        return f"{self.workspace}.{self.project}.{self.environment}"


@dataclass(frozen=True, slots=True, order=True)
class ServicePath:
    """The address of a service, the same in the CLI, API, UI, logs and labels."""

    workspace: str
    project: str
    environment: str
    service: str

    @classmethod
    def parse(cls, text: str) -> "ServicePath":
        """Read `acme/shop/production/api`; raises `Invalid` when parts are missing or malformed."""
        parts = text.strip("/").split("/")
        if len(parts) != 4:
            raise Invalid(
                f"{text!r} is not a service's path.",
                hint="Write workspace/project/environment/service, e.g. acme/shop/production/api.",
            )
        nouns = ("workspace", "project", "environment", "service")
        return cls(*(slug(part, noun) for part, noun in zip(parts, nouns, strict=True)))

    def __str__(self) -> str:
        return f"{self.workspace}/{self.project}/{self.environment}/{self.service}"

    @property
    def home(self) -> EnvironmentPath:
        """The environment that it is in."""
        return EnvironmentPath(self.workspace, self.project, self.environment)

    @property
    def dotted(self) -> str:
        """The same with dots: `acme.shop.production.api`, the stem of container and proxy names."""
        return str(self).replace("/", ".")

    @property
    def network(self) -> str:
        """The environment's own network."""
        return self.home.network

    @property
    def default_label(self) -> str:
        """First label of the default host name: `<service>-<environment>-<project>` (S10.1)."""
        return f"{self.service}-{self.environment}-{self.project}"
