"""The clients of the cutover bench write down every answer that is not whole and right, and no other."""

import asyncio

import pytest
from bench import cutover_load
from bench.cutover_account import Answer, Ledger
from bench.cutover_http import Response, Stream, Wrong, read_response
from bench.cutover_http2 import Streams
from bench.cutover_load import EVENTS, MIX, Clients, Kind, Line, check

GET = Kind("GET")
POST = Kind("POST", body=4)
SSE = Kind("SSE", "/events")
_EVENTS = "".join(f"id: {number}\ndata: release 7\n\n" for number in range(1, EVENTS + 1)).encode()


def response(body: bytes, status: int = 200, release: str = "7") -> Response:
    return Response(status, {"x-release": release}, body)


@pytest.mark.parametrize(("kind", "body"), [(GET, b"release 7\n"), (POST, b"sent"), (SSE, _EVENTS)])
def test_the_right_answer_passes(kind: Kind, body: bytes) -> None:
    check(kind, b"sent" if kind.body else b"", response(body))


@pytest.mark.parametrize(
    ("kind", "given", "why"),
    [
        (GET, response(b"release 7\n", 503), "status 503"),
        (GET, response(b"release 7\n", 302), "status 302"),
        (GET, response(b"release 8\n"), "wrong body"),
        (GET, response(b"release 7"), "wrong body"),
        (GET, response(b"release 7\n", release=""), "no release named itself"),
        (POST, response(b"sen"), "wrong body"),
        (POST, response(b"sent twice"), "wrong body"),
        (SSE, response(_EVENTS[: len(_EVENTS) // 2]), "wrong body"),
        (SSE, response(_EVENTS.replace(b"id: 3", b"id: 4")), "wrong body"),
    ],
)
def test_a_wrong_answer_is_refused(kind: Kind, given: Response, why: str) -> None:
    with pytest.raises(Wrong) as refused:
        check(kind, b"sent" if kind.body else b"", given)
    assert refused.value.why == why


def reader(data: bytes) -> asyncio.StreamReader:
    made = asyncio.StreamReader()
    made.feed_data(data)
    made.feed_eof()
    return made


async def test_answers_are_read_to_their_marked_end() -> None:
    plain = await read_response(reader(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
    chunked = await read_response(
        reader(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n"
        )
    )
    assert (plain.body, plain.kept, chunked.body, chunked.kept) == (b"ok", True, b"ok", False)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n",
    ],
    ids=["nothing", "half a head", "half a body", "no last chunk", "half a last chunk"],
)
async def test_an_answer_that_is_cut_short_is_no_answer(data: bytes) -> None:
    with pytest.raises((asyncio.IncompleteReadError, Wrong)):
        await read_response(reader(data))


@pytest.mark.parametrize("data", [b"HTTP/1.1 200 OK\r\n\r\n", b"SMTP hello\r\n\r\n"], ids=["no length", "no HTTP"])
async def test_an_answer_whose_end_nobody_marks_is_no_answer(data: bytes) -> None:
    with pytest.raises(Wrong):
        await read_response(reader(data))


class Written(asyncio.StreamWriter):
    """Takes everything."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> None:
        self.data += data

    def close(self) -> None:
        pass

    def __del__(self) -> None:
        pass


def clients() -> Clients:
    return Clients(1, "host", "app", Ledger(), clock=lambda: 9.0)


OK = b"HTTP/1.1 200 OK\r\nX-Release: 7\r\nContent-Length: 10\r\n\r\nrelease 7\n"


async def test_a_right_answer_is_written_down_and_the_line_kept() -> None:
    asking = clients()
    assert await asking.ask(GET, Line((reader(OK), Written())))
    assert asking.ledger.answers == [Answer("app", "GET", 7, 9.0, 9.0)]
    assert asking.ledger.lost == []


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (OK.replace(b"200 OK", b"503 No"), "status 503"),
        (OK.replace(b"release 7", b"release 6"), "wrong body"),
        (OK[:-1], "the answer was cut short"),
        (b"", "closed before an answer"),
        (b"\x15\x03\x01\r\n\r\n", "no HTTP"),
    ],
)
async def test_whatever_is_wrong_with_an_answer_is_counted_as_a_loss(data: bytes, why: str) -> None:
    asking = clients()
    assert not await asking.ask(GET, Line((reader(data), Written())))
    assert [lost.why for lost in asking.ledger.lost] == [why]
    assert asking.ledger.answers == []


async def test_a_refused_connection_is_counted_as_a_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(_: int) -> Stream:
        raise ConnectionRefusedError

    monkeypatch.setattr(cutover_load, "connect", refuse)
    asking = clients()
    assert not await asking.ask(GET)
    assert [lost.why for lost in asking.ledger.lost] == ["ConnectionRefusedError"]


@pytest.mark.parametrize(
    ("data", "lost", "closed"),
    [
        (b"HTTP/1.1 101 Switching Protocols\r\nX-Release: 7\r\n\r\n", [], [7]),
        (b"HTTP/1.1 101 Switching Protocols\r\nX-Release: 7\r\n\r\n\x81\x10not what was said", ["wrong echo"], []),
        (b"HTTP/1.1 503 No\r\n\r\n", ["no websocket: status 503"], []),
        (b"", ["closed before an answer"], []),
    ],
    ids=["closed later", "wrong echo", "refused", "nothing"],
)
async def test_the_end_of_a_websocket_is_written_down(
    monkeypatch: pytest.MonkeyPatch, data: bytes, lost: list[str], closed: list[int]
) -> None:
    stop = asyncio.Event()

    async def once(_: int) -> Stream:
        stop.set()
        return reader(data), Written()

    async def without_end(self: Clients, stream: Stream, _: asyncio.Event) -> None:
        await converse(self, stream, asyncio.Event())

    converse = Clients._converse
    monkeypatch.setattr(cutover_load, "connect", once)
    monkeypatch.setattr(Clients, "_converse", without_end)
    talking = clients()
    await talking._talk_on(stop)
    assert [each.why for each in talking.ledger.lost] == lost
    assert [each.release for each in talking.ledger.closed] == closed


def frame(kind: int, flags: int, stream: int, content: bytes) -> bytes:
    return len(content).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + content


def http2(*frames: bytes) -> Streams:
    return Streams((reader(b"".join(frames)), Written()))


async def test_http_2_answers_come_in_any_order() -> None:
    made = http2(
        frame(4, 0, 0, b""),
        frame(1, 4, 3, b"\x88"),
        frame(1, 4, 1, b"\x88"),
        frame(0, 1, 3, b"release 3\n"),
        frame(0, 0, 1, b"relea"),
        frame(7, 0, 0, bytes(8)),
        frame(0, 1, 1, b"se 2\n"),
    )
    assert [each.release for each in await made.gets("host", ["/", "/"])] == [2, 3]
    assert made.leaving


@pytest.mark.parametrize(
    ("frames", "why"),
    [
        ((frame(1, 4, 1, b"\x8d"),), "HTTP/2: not status 200"),
        ((frame(3, 0, 1, bytes(4)),), "HTTP/2: stream reset"),
        ((frame(1, 4, 1, b"\x88"), frame(0, 1, 1, b"releas")), "wrong body"),
    ],
    ids=["status", "reset", "body"],
)
async def test_a_wrong_http_2_answer_is_refused(frames: tuple[bytes, ...], why: str) -> None:
    with pytest.raises(Wrong) as refused:
        await http2(*frames).gets("host", ["/"])
    assert refused.value.why == why


async def test_http_2_that_ends_in_the_middle_is_no_answer() -> None:
    with pytest.raises(asyncio.IncompleteReadError):
        await http2(frame(1, 4, 1, b"\x88")).gets("host", ["/"])


def test_every_way_of_asking_that_the_proof_names_is_in_the_mix() -> None:
    assert {("GET, new connection"), ("POST 1 MB"), ("SSE (2 s)"), ("slow (3 s)")} <= {kind.name for kind in MIX}
    assert {kind.kept for kind in MIX} == {True, False}
    assert any(kind.streams for kind in MIX)
