"""One-off runs through the front door, on fakes: attached by the websocket, detached, stopped, and after a crash."""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.asgi import bearer
from tests.support.served import Served, served
from tests.support.stack import PATH
from tests.support.waiting import wait_until
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from shipway.client.client import Client
from shipway.client.errors import ClientError
from shipway.domain.one_off import MOST_AT_ONCE
from shipway.engines.fake import Behaviour, exits
from shipway.engines.fake_apps import Command
from shipway.engines.fake_sessions import FakeSession
from shipway.operations import accounts
from shipway.pipeline.one_offs import sweep_one_offs
from shipway.store import users
from shipway.worker.attendant import Attendant

SERVICE = str(PATH)


async def copies(it: FakeSession) -> int:
    while data := await it.input():
        await it.say(data)
    return 7


async def never_ends(it: FakeSession) -> int:
    await it.say(b"there\n")
    await asyncio.Event().wait()
    return 0


async def floods(it: FakeSession) -> int:
    for _ in range(1000):
        await it.say(b"y" * 65536)
    return 0


async def tells_its_size(it: FakeSession) -> int:
    assert it.window
    await it.say(f"{it.window.rows} {it.window.columns}".encode())
    window = await it.other_window(it.window)
    await it.say(f" {window.rows} {window.columns}".encode())
    return 0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    """With something live, and an attendant at work."""
    with served(tmp_path) as it:
        it.stack.engine.programs |= {
            ("copy",): copies,
            ("hang",): never_ends,
            ("flood",): floods,
            ("size",): tells_its_size,
        }
        it.run(it.stack.deployed)
        attendant = it.run(lambda: begin(it))
        yield it
        it.run(lambda: end(attendant))


async def begin(server: Served) -> "asyncio.Task[None]":
    return asyncio.create_task(Attendant(server.stack.platform).run())


async def end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def client(server: Served) -> Iterator[Client]:
    with Client(server.url, server.token) as it:
        yield it


def socket(server: Served, run: str, query: str = "", token: str = "", **options: Any) -> ClientConnection:
    headers = bearer(token or server.token) | options.pop("headers", {})
    url = f"ws{server.url.removeprefix('http')}/runs/{run}/attach{query}"
    return connect(url, additional_headers=headers, proxy=None, compression=None, **options)


def until(client: Client, run: str, *states: str) -> Any:
    wait_until(lambda: client.find_run(run)["state"] in states, timeout=20, pause=0.02)
    return client.find_run(run)


def containers(server: Served) -> list[str]:
    return [each.name for each in server.run(server.stack.engine.one_offs)]


def test_an_attached_run_has_its_input_and_hands_through_its_exit_code(server: Served, client: Client) -> None:
    made = client.run(SERVICE, ["copy"])
    assert (made["state"], made["attached"], made["actor"]) == ("starting", True, "admin")
    with client.attached(made["id"]) as attached:
        attached.write(b"one ")
        attached.write(b"two")
        attached.end_input()
        assert b"".join(data for _, data in attached.output()) == b"one two"
    assert attached.ended == {"state": "exited", "exit_code": 7, "reason": ""}
    assert client.find_run(made["id"])["exit_code"] == 7
    assert containers(server) == []


def test_it_runs_what_is_live_and_nobody_takes_it_for_an_instance(server: Served, client: Client) -> None:
    made = client.run(SERVICE, ["hang"])
    with client.attached(made["id"]) as attached:
        assert next(attached.output())
        [name] = containers(server)
        workload = server.stack.engine.workload(name)
        [web] = server.run(server.stack.engine.instances)
        assert workload.image == server.stack.engine.workload(web.name).image
        assert workload.environment["SHIPWAY_RELEASE"] == "1"
        assert workload.environment["SHIPWAY_PROCESS"] == "run"
        assert (workload.aliases, workload.volumes, workload.restart) == ((), (), False)
        server.run(lambda: sweep_one_offs(server.stack.platform))
        assert containers(server) == [name]


def test_a_terminal_has_its_size_and_every_other(server: Served, client: Client) -> None:
    with client.attached(client.run(SERVICE, ["size"])["id"], (24, 80)) as attached:
        said = attached.output()
        told = next(said)[1]
        attached.resize(50, 132)
        assert told + b"".join(data for _, data in said) == b"24 80 50 132"


def test_a_run_whose_client_goes_away_is_ended(server: Served, client: Client) -> None:
    made = client.run(SERVICE, ["hang"])
    with client.attached(made["id"]) as attached:
        assert next(attached.output())
    ended = until(client, made["id"], "stopped")
    assert ended["reason"] == "Its client went away."
    assert containers(server) == []


def test_one_that_is_stopped_tells_its_client_by_whom(server: Served, client: Client) -> None:
    made = client.run(SERVICE, ["hang"])
    with client.attached(made["id"]) as attached:
        said = attached.output()
        assert next(said)
        client.stop_run(made["id"])
        assert list(said) == []
    assert attached.ended == {"state": "stopped", "exit_code": None, "reason": "Stopped by admin."}
    assert containers(server) == []


def test_one_that_takes_too_long_is_ended(server: Served, client: Client) -> None:
    with client.attached(client.run(SERVICE, ["hang"], timeout=1)["id"]) as attached:
        assert [data for _, data in attached.output()] == [b"there\n"]
    assert attached.ended and attached.ended["reason"] == "It did not end within 1 s."


def test_what_the_client_does_not_read_stays_with_the_command(server: Served, client: Client) -> None:
    with socket(server, client.run(SERVICE, ["flood"])["id"], max_queue=None) as it:
        received = len(it.recv()) - 1
        with contextlib.suppress(TimeoutError):
            while True:
                received += len(it.recv(timeout=0.5)) - 1
        assert received <= 256 * 1024 + 65536
        it.send(json.dumps({"type": "read", "bytes": 65536}))
        assert len(it.recv(timeout=10)) == 65537


@pytest.mark.parametrize(
    "frame", ["{}", "[", json.dumps({"type": "resize", "rows": 0, "columns": 80}), b"\1forged", b"\0" + b"x" * 300_000]
)
def test_who_does_not_keep_to_the_protocol_is_hung_up_on(server: Served, client: Client, frame: str | bytes) -> None:
    made = client.run(SERVICE, ["hang"])
    with socket(server, made["id"]) as it:
        it.recv()
        it.send(frame)
        with pytest.raises(ConnectionClosed) as closed:
            it.recv(timeout=10)
        assert closed.value.rcvd and closed.value.rcvd.code == 1008
    until(client, made["id"], "stopped")


def status_of(refused: Any) -> int:
    return int(refused.value.response.status_code)


def test_nobody_else_may_attach_and_nobody_twice(server: Served, client: Client) -> None:
    made = client.run(SERVICE, ["hang"])

    async def stranger() -> str:
        async with server.stack.platform.database.write() as tx:
            user = await users.ensure(tx, "stranger", admin=False)
        actor = replace(server.stack.actor, user=user)
        return await accounts.create_token(server.stack.platform, actor, "theirs", days=None)

    theirs = server.run(stranger)
    for token, headers, status in (
        (theirs, {}, 404),
        ("shipway_nobody", {}, 401),
        (server.token, {"Origin": "https://evil.example.com"}, 403),
    ):
        with pytest.raises(InvalidStatus) as refused:
            socket(server, made["id"], token=token, headers=headers)
        assert status_of(refused) == status
    with Client(server.url, theirs) as other:
        for ask in (other.find_run, other.stop_run, lambda run: list(other.run_log(run))):
            with pytest.raises(ClientError) as unknown:
                ask(made["id"])
            assert unknown.value.status == 404
        with pytest.raises(ClientError) as unknown:
            other.run(SERVICE, ["copy"])
        assert unknown.value.status == 404
    with client.attached(made["id"]), pytest.raises(ClientError) as twice:
        client.attached(made["id"]).__enter__()
    assert twice.value.status == 409


def test_a_cookie_alone_lets_no_page_of_another_site_in(server: Served, client: Client) -> None:
    made = client.run(SERVICE, ["hang"])

    async def session() -> str:
        link = await accounts.one_time_link(server.stack.platform)
        return await accounts.redeem_link(server.stack.platform, link.partition("link=")[2])

    cookie = {"Cookie": f"shipway_session={server.run(session)}"}
    url = f"ws{server.url.removeprefix('http')}/runs/{made['id']}/attach"
    for origin in ({}, {"Origin": "https://evil.example.com"}):
        with pytest.raises(InvalidStatus) as refused:
            connect(url, additional_headers=cookie | origin, proxy=None)
        assert status_of(refused) == 403
    with connect(url, additional_headers=cookie | {"Origin": server.url}, proxy=None) as it:
        assert it.recv() == b"\1there\n"


def test_a_detached_run_goes_on_by_itself_and_is_recorded_without_secrets(server: Served, client: Client) -> None:
    client.set_secret("acme/shop/production", "KEY", "hunter2hunter2")
    server.stack.engine.script = lambda _: exits(3, 0.05, output=["the key is hunter2hunter2", "done"])
    made = client.run(SERVICE, ["report"], detached=True)
    ended = until(client, made["id"], "exited")
    assert (ended["exit_code"], ended["attached"]) == (3, False)
    assert "".join(client.run_log(made["id"], follow_on=True)) == "the key is •••\ndone\n"
    wait_until(lambda: containers(server) == [], timeout=20)
    assert [run["id"] for run in client.runs(SERVICE)] == [made["id"]]


def test_a_detached_run_is_stopped_and_keeps_what_it_said(server: Served, client: Client) -> None:
    server.stack.engine.script = lambda _: exits(0, 3600, output=["begun"])
    made = client.run(SERVICE, ["work"], detached=True)
    until(client, made["id"], "running")
    client.stop_run(made["id"])
    ended = until(client, made["id"], "stopped")
    assert (ended["reason"], ended["stopped_by"], ended["exit_code"]) == ("Stopped by admin.", "admin", 143)
    assert "".join(client.run_log(made["id"])) == "begun\n"


def test_too_many_at_once_are_refused(server: Served, client: Client) -> None:
    for _ in range(MOST_AT_ONCE):
        client.run(SERVICE, ["hang"])
    with pytest.raises(ClientError, match="is the most") as refused:
        client.run(SERVICE, ["hang"])
    assert refused.value.status == 429


def test_what_can_not_be_run_is_refused_with_what_next(server: Served, client: Client) -> None:
    for options, said in (
        ({"release": 9}, "no release v9"),
        ({"process": "worker"}, "no process type 'worker'"),
        ({"timeout": 0.5}, "timeout"),
    ):
        with pytest.raises(ClientError, match=said):
            client.run(SERVICE, ["copy"], **options)
    with pytest.raises(ClientError, match="NUL"):
        client.run(SERVICE, ["a\0b"])


def web(server: Served) -> str:
    [instance] = server.run(server.stack.engine.instances)
    return str(instance.name)


def test_a_command_runs_inside_an_instance_and_ends_with_its_client(server: Served, client: Client) -> None:
    name = web(server)
    made = client.enter(SERVICE, ["hang"])
    assert made["instance"] == name
    with client.attached(made["id"]) as attached:
        assert next(attached.output())
        assert server.stack.engine.executing(name) == 1
    ended = until(client, made["id"], "stopped")
    assert ended["reason"] == "Its client went away."
    assert server.stack.engine.executing(name) == 0
    assert web(server) == name


def test_an_instance_is_named_by_its_place(server: Served, client: Client) -> None:
    made = client.enter(SERVICE, ["copy"], instance="web.1")
    with client.attached(made["id"]) as attached:
        attached.end_input()
        assert list(attached.output()) == []
    assert attached.ended and attached.ended["exit_code"] == 7
    with pytest.raises(ClientError, match=r"No instance web\.2 .* runs") as unknown:
        client.enter(SERVICE, ["copy"], instance="web.2")
    assert (unknown.value.status, unknown.value.hint) == (404, "There are web.1.")


def test_the_best_shell_is_opened_and_none_is_told(server: Served, client: Client) -> None:
    engine, name = server.stack.engine, web(server)

    def has(*shells: str) -> None:
        commands = {(shell, "-c", ":"): Command() for shell in shells}
        server.run(lambda: behave(Behaviour(address="0.0.0.0", commands=commands)))

    async def behave(behaviour: Behaviour) -> None:
        engine.behave(name, behaviour)

    has()
    with pytest.raises(ClientError, match="has no shell") as refused:
        client.enter(SERVICE)
    assert refused.value.status == 409
    has("/bin/sh")
    assert client.enter(SERVICE)["command"] == ["/bin/sh"]
    has("/bin/sh", "/bin/bash")
    assert client.enter(SERVICE)["command"] == ["/bin/bash"]
