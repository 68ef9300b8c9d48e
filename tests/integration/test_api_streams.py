"""Streams over loopback: live, resumed, abandoned."""

import asyncio
import json
import time
from collections.abc import Iterator

import httpx2
import pytest
from tests.support.asgi import AIM, PIPELINE, SERVICE, bearer
from tests.support.served import Served, fresh_server
from tests.support.stack import DOCKERFILE, REPOSITORY
from tests.support.waiting import wait_until

from shipway.client.client import Client

#: For each test one of its own.
server = fresh_server


@pytest.fixture
def http(server: Served) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=server.url, headers=bearer(server.token), timeout=10) as it:
        yield it


def deploy(http: httpx2.Client) -> str:
    return str(http.post(f"{PIPELINE}/deploy", params=AIM).json()["id"])


def listeners(server: Served, topic: str) -> int:
    return len(server.stack.platform.signals._waiting.get(topic, ()))


def test_a_deployment_is_told_while_it_goes(server: Served) -> None:
    server.stack.sources.add(
        REPOSITORY, "main", {"Dockerfile": f"{DOCKERFILE}RUN echo first\nRUN sleep 0.5\nRUN echo second\n"}
    )
    with Client(server.url, server.token) as client:
        identifier = client.deploy("acme/shop/production/api")["id"]
        arrived = {}
        for event in client.watch(identifier):
            if event.name == "log":
                for line in event.data["text"].splitlines():
                    arrived[line.strip()] = time.monotonic()
            else:
                state = event.data["state"]

    assert arrived["second"] - arrived["first"] > 0.3
    assert state == "live"


def test_a_client_that_goes_away_leaves_nobody_listening(server: Served, http: httpx2.Client) -> None:
    server.stack.sources.add(REPOSITORY, "main", {"Dockerfile": f"{DOCKERFILE}RUN sleep 30\n"})
    identifier = deploy(http)
    with http.stream("GET", f"/deployments/{identifier}/events") as stream:
        next(iter(httpx2.EventSource(stream)))
        assert listeners(server, identifier) == 1

    wait_until(lambda: listeners(server, identifier) == 0)
    http.post(f"/deployments/{identifier}/cancel")


def test_following_logs_goes_on_until_the_client_goes_away(server: Served, http: httpx2.Client) -> None:
    identifier = deploy(http)
    wait_until(lambda: http.get(f"/deployments/{identifier}").json()["state"] == "live")

    async def write(text: str) -> None:
        (container,) = server.stack.engine._containers.values()
        container._write("stdout", [text])
        container._wake()

    async def followers() -> int:
        return sum("pump" in repr(task.get_coro()) for task in asyncio.all_tasks())

    server.run(lambda: write("one"))
    with http.stream("GET", f"{SERVICE}/logs", params={"follow": "true"}) as stream:
        lines = iter(httpx2.EventSource(stream))
        assert json.loads(next(lines).data)["text"] == "one"
        wait_until(lambda: server.run(followers) == 1)
        server.run(lambda: write("two"))
        assert json.loads(next(lines).data)["text"] == "two"

    wait_until(lambda: server.run(followers) == 0)
