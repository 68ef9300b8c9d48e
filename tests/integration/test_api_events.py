"""Streams: they end, say how, and can be taken up again."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi.sse import ServerSentEvent
from tests.support.asgi import SERVICE, Api

from shipway.api.routes.events import id_of, offsets_of
from shipway.api.streams import told
from shipway.domain.errors import Unavailable
from shipway.engines.fake import Behaviour


def parsed(text: str) -> list[dict[str, Any]]:
    """The events of a stream: their fields, `data` read as JSON."""
    blocks = [block for block in text.split("\n\n") if block and not block.startswith(":")]
    events = [
        dict(line.split(": ", 1) if ": " in line else (line, "") for line in block.split("\n")) for block in blocks
    ]
    return [event | {"data": json.loads(event["data"])} for event in events]


async def test_a_finished_deployment_is_told_whole_and_ends(api: Api) -> None:
    identifier = (await api.deploy())["id"]
    await api.stack.work()

    answer = await api("GET", f"/deployments/{identifier}/events")

    events = parsed(answer.text)
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert [event["event"] for event in events][-2:] == ["deployment", "end"]
    assert events[-2]["data"]["state"] == "live"
    assert {event["data"]["step"] for event in events if event["event"] == "log"} >= {"clone", "build", "health"}


async def test_taken_up_again_a_stream_repeats_no_line(api: Api) -> None:
    identifier = (await api.deploy())["id"]
    for line in ("one", "two"):
        api.stack.platform.logs.append(identifier, "build", line)
    await api("POST", f"/deployments/{identifier}/cancel")
    address = f"/deployments/{identifier}/events"
    first = [event for event in parsed((await api("GET", address)).text) if event["event"] == "log"]
    api.stack.platform.logs.append(identifier, "build", "three")

    again = parsed((await api("GET", address, headers={"Last-Event-ID": first[-1]["id"]})).text)

    assert "".join(event["data"]["text"] for event in first) == "one\ntwo\n"
    assert [event["data"]["text"] for event in again if event["event"] == "log"] == ["three\n"]


@pytest.mark.parametrize(
    "nonsense", ["", "x", "build:", "build:-1", "build:1e9", ":5,", "build:²", "build:" + "9" * 50]
)
def test_an_id_that_makes_no_sense_counts_as_nothing_had(nonsense: str) -> None:
    assert offsets_of(nonsense).get("build", 0) == 0


def test_an_id_is_read_back_as_it_was_given() -> None:
    assert offsets_of(id_of({"clone": 12, "build": 0})) == {"clone": 12, "build": 0}


async def test_a_stream_that_can_not_go_on_ends_with_the_problem(capsys: pytest.CaptureFixture[str]) -> None:
    async def failing(error: Exception) -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent(event="log", data={})
        raise error

    unavailable = [event async for event in told(failing(Unavailable("The engine is gone.", hint="Start it.")))]
    broken = [event async for event in told(failing(KeyError("secret")))]

    assert [event.event for event in unavailable] == ["log", "error"]
    assert json.loads(unavailable[-1].raw_data or "")["status"] == 503
    assert broken[-1].event == "error"
    assert "secret" not in str(broken[-1])
    assert "KeyError: 'secret'" in capsys.readouterr().out


async def test_logs_of_a_service_are_merged_and_taken_up_after_the_last_line_had(api: Api) -> None:
    api.stack.engine.behaviours["web"] = Behaviour()
    identifier = (await api.deploy())["id"]
    await api.stack.work()
    (instance,) = await api.stack.engine.instances(deployment=identifier)
    container = api.stack.engine._containers[instance.name]
    container._write("stdout", ["one"])
    container._write("stderr", ["two"])

    first = parsed((await api("GET", f"{SERVICE}/logs")).text)
    again = parsed((await api("GET", f"{SERVICE}/logs", headers={"Last-Event-ID": first[0]["id"]})).text)

    assert [event["event"] for event in first] == ["log", "log", "end"]
    assert [event["data"]["text"] for event in first[:-1]] == ["one", "two"]
    assert [(event["data"]["text"], event["data"]["stream"]) for event in again[:-1]] == [("two", "stderr")]
    other = parsed((await api("GET", f"{SERVICE}/logs", params={"process": "worker"})).text)
    assert [event["event"] for event in other] == ["end"]
