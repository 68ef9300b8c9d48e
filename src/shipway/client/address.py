"""Paths of services, as people type them."""

from shipway.client.errors import ClientError
from shipway.domain.errors import Invalid
from shipway.domain.names import ServicePath, slugify

__all__ = ["ServicePath", "parse", "slugify"]


def parse(text: str) -> ServicePath:
    """Read `acme/shop/production/api`; raises `ClientError`."""
    try:
        return ServicePath.parse(text)
    except Invalid as error:
        raise ClientError(error.message, hint=error.hint, code=error.code) from error
