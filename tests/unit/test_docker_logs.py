"""Docker's framed log stream as lines."""

from asyncio import IncompleteReadError

import pytest
from aiodocker import DockerError

from shipway.engines.docker.logs import Written, lines

AT = "2026-11-21T08:11:53.887998232Z"
LATER = "2026-11-21T08:11:54.000000000Z"


class Frames:
    """A stream of frames, each a number of the stream and what was written."""

    def __init__(self, *frames: tuple[int, bytes]) -> None:
        self._bytes = b"".join(
            bytes([stream, 0, 0, 0]) + len(text).to_bytes(4, "big") + text for stream, text in frames
        )

    async def readexactly(self, n: int, /) -> bytes:
        taken, self._bytes = self._bytes[:n], self._bytes[n:]
        if len(taken) < n:
            raise IncompleteReadError(taken, n)
        return taken


def frame(stream: int, text: str, at: str = AT) -> tuple[int, bytes]:
    return stream, f"{at} {text}".encode()


async def read(*frames: tuple[int, bytes]) -> list[Written]:
    return [line async for line in lines(Frames(*frames))]


async def test_lines_keep_their_stream_and_time() -> None:
    assert await read(frame(1, "one\n"), frame(2, "oh\n", LATER)) == [
        Written("stdout", AT, "one"),
        Written("stderr", LATER, "oh"),
    ]


async def test_empty_lines_and_spaces_are_kept() -> None:
    assert [line.text for line in await read(frame(1, "\n"), frame(1, "  a b \n"))] == ["", "  a b "]


async def test_pieces_of_a_long_line_are_joined_though_another_stream_speaks_between() -> None:
    piece = "x" * 16 * 1024
    told = await read(frame(1, piece), frame(2, "oh\n"), frame(1, piece, LATER), frame(1, "end\n", LATER))
    assert told == [Written("stderr", AT, "oh"), Written("stdout", AT, f"{piece}{piece}end")]


async def test_a_letter_broken_over_two_pieces_is_whole_again() -> None:
    letter = "é".encode()
    first = AT.encode() + b" " + b"x" * (16 * 1024 - 1) + letter[:1]
    second = AT.encode() + b" " + letter[1:] + b"\n"
    [line] = await read((1, first), (1, second))
    assert line.text.endswith("xé")


async def test_the_last_line_needs_no_line_break() -> None:
    assert await read(frame(1, "bye")) == [Written("stdout", AT, "bye")]


async def test_a_line_whose_end_is_still_to_come_is_left_for_later() -> None:
    assert await read(frame(1, "x" * 16 * 1024)) == []


async def test_an_endless_line_is_cut() -> None:
    told = await read(*[frame(1, "x" * 16 * 1024)] * 40)
    assert [len(line.text) for line in told] == [256 * 1024, 256 * 1024]


async def test_what_is_no_text_is_told_all_the_same() -> None:
    assert await read((1, AT.encode() + b" \xff\n")) == [Written("stdout", AT, "�")]


async def test_a_stream_that_breaks_off_in_a_frame_ends() -> None:
    frames = Frames(frame(1, "one\n"), frame(1, "two\n"))
    frames._bytes = frames._bytes[:-3]
    assert [line.text async for line in lines(frames)] == ["one"]


async def test_what_docker_itself_says_amid_a_log_is_no_line_of_it() -> None:
    with pytest.raises(DockerError, match="Error grabbing logs: open x-json.log: no such file or directory"):
        await read(frame(1, "one\n"), (3, b"Error grabbing logs: open x-json.log: no such file or directory\n"))
