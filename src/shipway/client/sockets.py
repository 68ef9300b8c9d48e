"""Websockets: the one place that opens them."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from shipway.client.errors import ClientError, unreachable

#: Seconds.
_CONNECT = 10.0


@contextmanager
def connected(url: str, address: str, headers: Mapping[str, str], *, direct: bool) -> Iterator[ClientConnection]:
    """An open one to `address`, a path of the server at `url`; `direct`: through no proxy. Raises `ClientError`."""
    try:
        # Never is so much under way that the library has to hold up the connection, and with it its own signs of life.
        socket = connect(
            f"ws{url.removeprefix('http')}{address}",
            additional_headers=headers,
            user_agent_header=None,
            compression=None,
            open_timeout=_CONNECT,
            max_queue=None,
            proxy=None if direct else True,
        )
    except InvalidStatus as error:
        raise _refused(error.response.status_code, bytes(error.response.body or b""), url) from error
    except (OSError, InvalidHandshake) as error:
        raise unreachable(url, str(error) or type(error).__name__) from error
    with socket:
        yield socket


def _refused(status: int, body: bytes, url: str) -> ClientError:
    try:
        problem = json.loads(body)
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        return ClientError(
            f"{url} opens no websocket: it answered {status}.",
            hint="A proxy in front of it has to pass websockets on.",
            status=status,
        )
    return ClientError.from_problem({"status": status, **problem})
