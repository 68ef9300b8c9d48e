"""Posted forms: read, and checked to come from our own pages.

Two checks, each enough by itself against another site's form: the browser says where the request comes from, and the
form carries a token that only a page rendered for this very session has.
"""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request

from shipway.domain.errors import Forbidden, Invalid
from shipway.pipeline.platform import Platform

FIELD = "csrf"
_TYPE = "application/x-www-form-urlencoded"
_MOST_BYTES = 16_384


def token(session: str) -> str:
    """What the forms of this session carry; it tells nothing about the session's secret."""
    return hmac.new(session.encode(), b"shipway form", hashlib.sha256).hexdigest()


async def checked(platform: Platform, request: Request, session: str) -> Mapping[str, str]:
    """The form's fields. Raises `Forbidden` when it was not sent by a page of this session."""
    check_origin(platform, request)
    fields = await read(request)
    if not hmac.compare_digest(fields.get(FIELD, "").encode(), token(session).encode()):
        raise Forbidden("This form is from another session.", hint="Go back, reload the page and send it again.")
    return fields


def check_origin(platform: Platform, request: Request) -> None:
    """Raises `Forbidden` when the browser says that another site's page sent this, or says nothing at all."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    ours = {request.headers.get("host"), urlsplit(platform.settings.url).netloc}
    foreign = site not in (None, "same-origin") or (origin is not None and urlsplit(origin).netloc not in ours)
    if foreign or (site is None and origin is None):
        raise Forbidden("This form was not sent by one of Shipway's own pages.", hint="Use the buttons on its pages.")


async def read(request: Request) -> Mapping[str, str]:
    """The fields of a form. Raises `Invalid` for anything else, or for too much of it."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != _TYPE:
        raise Invalid("This is not a form.", hint=f"Its type has to be {_TYPE}.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise Invalid("This form is too long.", hint=f"At most {_MOST_BYTES} bytes.")
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
