"""A deployment's events: what its page is told, where it goes on after a break, and when the stream ends."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from starlette.types import Message
from tests.support.pages import Visitor
from tests.support.stack import REPOSITORY, Stack

from shipway.domain.deployment import STEPS
from shipway.domain.errors import NotFound
from shipway.operations.deployments import cancel
from shipway.pipeline import topics
from shipway.web.sse import EventStream, event


def parsed(stream: str) -> list[tuple[str, str, Any]]:
    """Each event's name, id and data."""
    events = []
    for block in stream.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        if "event" in fields:
            events.append((fields["event"], fields.get("id", ""), json.loads(fields["data"])))
    return events


def texts(stream: str) -> dict[str, str]:
    """All that was told of each step's log."""
    told: dict[str, str] = {}
    for name, _, data in parsed(stream):
        if name == "log":
            told[data["step"]] = told.get(data["step"], "") + data["text"]
    return told


async def finished(stack: Stack) -> str:
    """A deployment that is over, and has a word in each of its logs."""
    made = await stack.deploy()
    await stack.work()
    for step in STEPS:
        stack.platform.logs.append(made.id, step, f"the end of {step} – \x1b[1mfin\x1b[0m")
    return made.id


def whole_log(stack: Stack, deployment_id: str, step: str) -> bytes:
    return (stack.platform.logs.directory(deployment_id) / f"{step}.log").read_bytes()


async def test_what_is_over_is_told_whole_and_then_ends(stack: Stack, admin: Visitor) -> None:
    known = await finished(stack)
    answer = await admin.get(f"/dashboard/deployments/{known}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = parsed(answer.text)
    assert {name: text.encode() for name, text in texts(answer.text).items()} == {
        step: stack.platform.logs.read(known, step) for step in STEPS
    }
    assert [name for name, _, _ in events if name != "log"] == ["view", "end"]
    view = next(data for name, _, data in events if name == "view")
    assert view["steps"] == dict.fromkeys(STEPS, "complete")
    assert "Live d1" in view["title"]
    page = (await admin.get(f"/dashboard/deployments/{known}")).text
    assert all(f'id="{part}"' in page for part in view["parts"])


async def test_a_reader_that_comes_back_is_told_only_what_it_does_not_have(stack: Stack, admin: Visitor) -> None:
    known = await finished(stack)
    address = f"/dashboard/deployments/{known}/events"
    events = parsed((await admin.get(address)).text)
    cut = next(have for name, have, data in events if name == "log" and data["step"] == "build")
    rest = await admin.get(address, **{"Last-Event-ID": cut})
    assert list(texts(rest.text)) == list(STEPS[3:])
    same = await admin.get(f"{address}?offsets={cut}")
    assert texts(same.text) == texts(rest.text)
    older = await admin.get(f"{address}?offsets=%7B%7D", **{"Last-Event-ID": cut})
    assert texts(older.text) == texts(rest.text), "what the browser says is newer than what the page asked for"


async def test_a_log_longer_than_one_reading_is_told_whole(stack: Stack, admin: Visitor) -> None:
    known = await finished(stack)
    for _ in range(3):
        stack.platform.logs.append(known, "build", f"{'x' * 999}\n" * 700)
    answer = await admin.get(f"/dashboard/deployments/{known}/events")
    assert texts(answer.text)["build"].encode() == whole_log(stack, known, "build")
    assert parsed(answer.text)[-1][0] == "end"


async def test_offsets_that_make_no_sense_count_as_none(stack: Stack, admin: Visitor) -> None:
    known = await finished(stack)
    address = f"/dashboard/deployments/{known}/events"
    whole = texts((await admin.get(address)).text)
    for said in ("7", "[]", "{", "nothing", '{"build": -1}', '{"build": "9"}', '{"build": 1e99}', '{"build": true}'):
        assert texts((await admin.get(address, **{"Last-Event-ID": said})).text) == whole, said
    far = await admin.get(address, **{"Last-Event-ID": '{"build": 1099511627776}'})
    assert set(whole) - set(texts(far.text)) == {"build"}


async def test_lines_are_told_while_they_are_written(stack: Stack, admin: Visitor) -> None:
    stack.sources.add(REPOSITORY, "main", {"Dockerfile": "FROM base:1\nRUN sleep 60\n"})
    made = await stack.deploy()
    reader = Reader()
    async with reading(admin, made.id, reader), stack.working():
        await reader.until(lambda told: "RUN sleep 60" in texts(told).get("build", ""))
        stack.platform.logs.append(made.id, "build", "something new")
        stack.platform.signals.notify(made.id)
        await reader.until(lambda told: texts(told)["build"].endswith("something new\n"))
        await cancel(stack.platform, stack.actor, made.id)
        assert await reader.ended()
    assert parsed(reader.told)[-1][0] == "end"


async def test_the_stream_ends_when_its_reader_is_gone(stack: Stack, admin: Visitor) -> None:
    made = await stack.deploy()
    reader = Reader()
    async with reading(admin, made.id, reader):
        await reader.until(lambda told: "Queued" in told)
        reader.go()
        assert await reader.ended()
    assert not stack.platform.signals._waiting, "nobody listens any more"


async def test_the_stream_ends_when_the_server_closes(stack: Stack, admin: Visitor) -> None:
    made = await stack.deploy()
    reader = Reader()
    async with reading(admin, made.id, reader):
        await reader.until(lambda told: "Queued" in told)
        stack.platform.signals.notify(topics.CLOSING)
        assert await reader.ended()
    assert "end" not in [name for name, _, _ in parsed(reader.told)], "so that the reader comes back"
    assert not stack.platform.signals._waiting


async def test_a_stream_whose_subject_vanishes_just_ends(stack: Stack) -> None:
    async def events() -> AsyncGenerator[bytes, None]:
        yield event("view", {})
        raise NotFound("gone")

    reader = Reader()
    await EventStream(events(), stack.platform)({"type": "http", "method": "GET"}, reader.receive, reader.send)
    assert [name for name, _, _ in parsed(reader.told)] == ["view"]


async def test_a_bug_in_a_stream_is_not_swallowed(stack: Stack) -> None:
    async def events() -> AsyncGenerator[bytes, None]:
        yield event("view", {})
        raise KeyError("ours")

    reader = Reader()
    with pytest.raises(KeyError):
        await EventStream(events(), stack.platform)({"type": "http", "method": "GET"}, reader.receive, reader.send)


async def test_asking_for_the_head_alone_does_not_wait_for_events(stack: Stack, admin: Visitor) -> None:
    made = await stack.deploy()
    answer = await admin.http.head(f"/dashboard/deployments/{made.id}/events")
    assert (answer.status_code, answer.content) == (200, b"")


class Reader:
    """The other end of a connection."""

    def __init__(self) -> None:
        self.told = ""
        self._news = asyncio.Event()
        self._gone = asyncio.Event()
        self._over = asyncio.Event()

    async def send(self, message: Message) -> None:
        self.told += message.get("body", b"").decode()
        if message["type"] == "http.response.body" and not message["more_body"]:
            self._over.set()
        self._news.set()

    async def receive(self) -> Message:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    def go(self) -> None:
        self._gone.set()

    async def until(self, holds: Callable[[str], bool]) -> None:
        async with asyncio.timeout(10):
            while not holds(self.told):
                await self._news.wait()
                self._news.clear()

    async def ended(self) -> bool:
        async with asyncio.timeout(10):
            return await self._over.wait()


class reading:
    """A request for a deployment's events, under way."""

    def __init__(self, someone: Visitor, deployment_id: str, reader: Reader) -> None:
        app: Callable[..., Awaitable[None]] = someone.http._transport.app  # type: ignore[attr-defined]
        cookies = "; ".join(f"{name}={value}" for name, value in someone.http.cookies.items())
        scope = {
            "type": "http",
            "method": "GET",
            "path": f"/dashboard/deployments/{deployment_id}/events",
            "root_path": "",
            "query_string": b"",
            "headers": [(b"cookie", cookies.encode())],
        }
        self._answer = app(scope, reader.receive, reader.send)

    async def __aenter__(self) -> None:
        self._task = asyncio.ensure_future(self._answer)

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
