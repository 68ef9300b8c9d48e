"""Requests and answers: the one place that knows the HTTP library."""

import ipaddress
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import httpx2

from shipway import __version__
from shipway.client.errors import ClientError, unreachable

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

#: Seconds. An open stream is never silent for longer than fifteen.
_TIMEOUT = httpx2.Timeout(60, connect=5)
_STREAM_TIMEOUT = httpx2.Timeout(45, connect=5)


class Transport:
    """One server, asked with one token."""

    def __init__(self, url: str, token: str = "", *, door: str = "cli") -> None:
        headers = {"User-Agent": f"shipway/{__version__}", "X-Shipway-Door": door}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self.url = url.rstrip("/")
        self._headers = headers
        try:
            self._http = httpx2.Client(
                base_url=self.url, headers=headers, timeout=_TIMEOUT, trust_env=not _is_this_machine(self.url)
            )
        except (httpx2.InvalidURL, ValueError) as error:
            raise ClientError(f"{url!r} is no server's URL.", hint="For example: http://127.0.0.1:7700") from error

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, method: str, path: str, *, timeout: float | None = None, **options: Any) -> Any:
        """Do a request and return the JSON it was answered with, `None` for none. Raises `ClientError`."""
        with self._translated():
            response = self._http.request(
                method, path, timeout=timeout or httpx2.USE_CLIENT_DEFAULT, **_without_nothing(options)
            )
            _raise_for_problem(response)
            return response.json() if response.content else None

    def text(self, path: str, **options: Any) -> tuple[str, httpx2.Headers]:
        """A plain text and its headers."""
        with self._translated():
            response = self._http.get(path, **_without_nothing(options))
            _raise_for_problem(response)
            return response.text, response.headers

    @contextmanager
    def stream(self, path: str, *, last_event_id: str = "", **options: Any) -> Iterator[httpx2.Response]:
        """An open stream of server-sent events."""
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_event_id} if last_event_id else {})
        with (
            self._translated(),
            self._http.stream(
                "GET", path, headers=headers, timeout=_STREAM_TIMEOUT, **_without_nothing(options)
            ) as response,
        ):
            if response.is_error:
                response.read()
            _raise_for_problem(response)
            yield response

    def socket(self, path: str, params: Mapping[str, Any]) -> "AbstractContextManager[ClientConnection]":
        """An open websocket. Raises `ClientError`."""
        from shipway.client import sockets  # noqa: PLC0415 - few commands need it, and all would take longer to start

        address = f"{path}?{urlencode(params)}" if params else path
        return sockets.connected(self.url, address, self._headers, direct=_is_this_machine(self.url))

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (httpx2.UnsupportedProtocol, httpx2.InvalidURL) as error:
            raise ClientError(f"{self.url!r} is no server's URL.", hint="For example: http://127.0.0.1:7700") from error
        except httpx2.HTTPError as error:
            raise unreachable(self.url, _reason(error)) from error


def _raise_for_problem(response: httpx2.Response) -> None:
    if not response.is_error:
        return
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if not isinstance(problem, Mapping):
        raise ClientError(
            f"{response.url} answered {response.status_code} {response.reason_phrase}.",
            hint="Is that a Shipway server?",
            status=response.status_code,
        )
    raise ClientError.from_problem({"status": response.status_code, **problem})


def _without_nothing(options: Mapping[str, Any]) -> dict[str, Any]:
    """Query parameters that are `None` or empty are not sent."""
    params = {name: value for name, value in (options.get("params") or {}).items() if value not in (None, "")}
    return {**options, "params": params} if params else {name: options[name] for name in options if name != "params"}


def _is_this_machine(url: str) -> bool:
    """Whether a proxy that the environment names would only be in the way."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _reason(error: httpx2.HTTPError) -> str:
    if isinstance(error, httpx2.TimeoutException):
        return "no answer in time"
    return str(error) or type(error).__name__
