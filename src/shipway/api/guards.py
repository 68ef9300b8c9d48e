"""What protects people in browsers: headers on every answer, and no change on behalf of another site (S13.2)."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shipway.api.problem import problem

#: Cookie that holds a browser's session: HttpOnly, SameSite=Lax.
SESSION_COOKIE = "shipway_session"

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
}
#: Bytes of a request's body.
MOST_BODY = 4 * 1024 * 1024

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class SecurityHeaders:
    """Middleware: sets each header that the answer does not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if "ETag" not in headers:
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, sending)


class BodyLimit:
    """Middleware: no request is read beyond `MOST_BODY` bytes, or beyond what is said of the beginning of its path; 0: it has
    a limit of its own."""

    def __init__(self, app: ASGIApp, larger: Mapping[str, int]) -> None:
        self._app = app
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; reading too much of it raises the 413."""
        most = self._most(scope["path"]) if scope["type"] == "http" else 0
        if not most:
            await self._app(scope, receive, send)
            return
        read = 0

        async def receiving() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise HTTPException(413, f"A request's body has at most {most // 1024**2} MiB.")
            return message

        await self._app(scope, receiving, send)

    def _most(self, path: str) -> int:
        return next((most for beginning, most in self._larger.items() if path.startswith(beginning)), MOST_BODY)


class SameOrigin:
    """Middleware: a change that only a session's cookie vouches for must come from a page of this very server.

    Browsers attach the cookie whoever made them send the request, and say in `Sec-Fetch-Site` or `Origin` who it was.
    A bearer token is never attached by itself, so requests with one pass.
    """

    def __init__(self, app: ASGIApp, public_url: str) -> None:
        self._app = app
        self._public = urlsplit(public_url).netloc

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 403."""
        if scope["type"] == "http" and self._is_suspect(scope["method"], Headers(scope=scope)):
            response = problem(
                403,
                "A change from another site's page was refused.",
                code="forbidden",
                hint="Use Shipway's own pages, or an API token: Authorization: Bearer …",
            )
            await response(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _is_suspect(self, method: str, headers: Headers) -> bool:
        by_cookie = SESSION_COOKIE in cookie_parser(headers.get("Cookie", "")) and "Authorization" not in headers
        return by_cookie and method not in _SAFE and not self._is_own(headers)

    def _is_own(self, headers: Headers) -> bool:
        site = headers.get("Sec-Fetch-Site")
        if site is not None:
            return site == "same-origin"
        return urlsplit(headers.get("Origin", "")).netloc in {headers.get("Host", "-"), self._public}
