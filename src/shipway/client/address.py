"""Paths of services and environments, as people type them."""

from shipway.client.errors import ClientError
from shipway.domain.errors import Invalid
from shipway.domain.names import EnvironmentPath, ServicePath, slugify

__all__ = ["EnvironmentPath", "ServicePath", "parse", "parse_environment", "parse_holder", "slugify"]


def parse(text: str) -> ServicePath:
    """Read `acme/shop/production/api`; raises `ClientError`."""
    try:
        return ServicePath.parse(text)
    except Invalid as error:
        raise ClientError(error.message, hint=error.hint, code=error.code) from error


def parse_environment(text: str) -> EnvironmentPath:
    """Read `acme/shop/production`; of a service's path, that of its environment. Raises `ClientError`."""
    found = parse_holder(text)
    return EnvironmentPath(found.workspace, found.project, found.environment)


def parse_holder(text: str) -> EnvironmentPath | ServicePath:
    """Read the path of an environment, `acme/shop/production`, or of a service in it; raises `ClientError`."""
    if text.strip("/").count("/") != 2:
        return parse(text)
    try:
        return EnvironmentPath.parse(text)
    except Invalid as error:
        raise ClientError(error.message, hint=error.hint, code=error.code) from error
