"""What a docker client prints while it builds, as events and as log lines. The texts are recorded ones, shortened."""

import base64
import json
import tracemalloc

import pytest

from shipway.builders.progress import (
    LINE_LIMIT,
    Cached,
    Event,
    Failed,
    Finished,
    Output,
    Progress,
    Said,
    Started,
    clean,
)
from shipway.builders.progress_plain import PlainProgress
from shipway.builders.progress_rawjson import RawJsonProgress
from shipway.builders.transcript import KEPT_LINES, Transcript

PLAIN = b"""\
#1 [internal] load build definition from Dockerfile
#1 sha256:8cf8147bd4c9aa564269d4b44d1cb18337bb04644ed857aae5361f25566be729
#1 transferring dockerfile: 310B done
#1 DONE 0.0s

#4 [build 1/3] FROM docker.io/library/python:3.13-slim
#4 sha256:9989ba5b427b5970ce05db5d971cdb2038a51312f9b0a29518a2657d477f6fe8
#4 CACHED

#8 [build 2/3] RUN pip install -r requirements.txt
#8 sha256:8d4736b26702e4221cdd39dc5cf045be71648d73aaf1c69b3cac944491c5f924
#8 0.157 Collecting flask
#8 1.201 Successfully installed flask-3.1.0
#8 DONE 12.3s

#11 exporting to image
#11 sha256:e8c613e07b0b7ff33893b694f7759a10d42e180f2b4dc349fb57dc6b71dcab00
#11 exporting layers done
#11 naming to docker.io/acme/api:v1 done
#11 DONE 0.1s
"""

FAILED_PLAIN = b"""\
#5 [2/2] RUN echo before && exit 3
#5 0.136 before
#5 ERROR: executor failed running [/bin/sh -c echo before && exit 3]: exit code: 3
------
 > [2/2] RUN echo before && exit 3:
0.136 before
------
executor failed running [/bin/sh -c echo before && exit 3]: exit code: 3
"""


def rawjson(*statuses: dict[str, object]) -> bytes:
    """Objects as buildx 0.13 prints them: each over many lines."""
    return "".join(json.dumps(status, indent=2) + "\n" for status in statuses).encode()


def vertex(digest: str, name: str, **more: object) -> dict[str, object]:
    return {"digest": digest, "name": name, **more}


def log(digest: str, data: bytes) -> dict[str, object]:
    encoded = base64.b64encode(data).decode()
    return {"vertex": digest, "stream": 1, "data": encoded, "timestamp": "2026-11-21T08:05:56.721844987Z"}


BEGUN, ENDED = "2026-11-21T08:05:56.500000000Z", "2026-11-21T08:05:58.750720058Z"
RAWJSON = rawjson(
    {"vertexes": [vertex("sha256:a", "[1/2] FROM docker.io/library/node:22-slim")]},
    {"vertexes": [vertex("sha256:b", "[2/2] RUN npm ci")]},
    {
        "vertexes": [
            vertex("sha256:a", "[1/2] FROM docker.io/library/node:22-slim", started=BEGUN, completed=BEGUN, cached=True)
        ]
    },
    {"vertexes": [vertex("sha256:b", "[2/2] RUN npm ci", started=BEGUN)]},
    {"statuses": [{"id": "transferring context:", "vertex": "sha256:b", "current": 12, "timestamp": BEGUN}]},
    {"logs": [log("sha256:b", b"added 61 "), log("sha256:b", b"packages\nno newl")]},
    {"logs": [log("sha256:b", b"ine")]},
    {"vertexes": [vertex("sha256:b", "[2/2] RUN npm ci", started=BEGUN, completed=ENDED)]},
)


def read(progress: Progress, data: bytes, size: int = 1_000_000) -> list[Event]:
    """The events of `data` that arrives in pieces of `size` bytes."""
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    return [*(event for piece in pieces for event in progress.feed(piece)), *progress.close()]


def told(data: bytes, progress: Progress | None = None) -> list[str]:
    """The log of a build that printed `data` at once."""
    return Transcript().tell(read(progress or PlainProgress(), data))


def test_plain_progress_becomes_events() -> None:
    assert read(PlainProgress(), PLAIN) == [
        Started("1", "[internal] load build definition from Dockerfile"),
        Finished("1", 0.0),
        Started("4", "[build 1/3] FROM docker.io/library/python:3.13-slim"),
        Cached("4"),
        Started("8", "[build 2/3] RUN pip install -r requirements.txt"),
        Output("8", "Collecting flask"),
        Output("8", "Successfully installed flask-3.1.0"),
        Finished("8", 12.3),
        Started("11", "exporting to image"),
        Finished("11", 0.1),
    ]


def test_rawjson_progress_becomes_events() -> None:
    assert read(RawJsonProgress(), RAWJSON) == [
        Started("sha256:a", "[1/2] FROM docker.io/library/node:22-slim"),
        Cached("sha256:a"),
        Started("sha256:b", "[2/2] RUN npm ci"),
        Output("sha256:b", "added 61 packages"),
        Output("sha256:b", "no newline"),
        Finished("sha256:b", 2.25072),
    ]


@pytest.mark.parametrize("size", [1, 7, 64])
def test_it_does_not_matter_in_which_pieces_the_bytes_arrive(size: int) -> None:
    assert read(PlainProgress(), PLAIN, size) == read(PlainProgress(), PLAIN)
    assert read(RawJsonProgress(), RAWJSON, size) == read(RawJsonProgress(), RAWJSON)


def test_a_failed_step_says_why_and_its_repeated_output_is_left_out() -> None:
    error = "executor failed running [/bin/sh -c echo before && exit 3]: exit code: 3"
    assert read(PlainProgress(), FAILED_PLAIN) == [
        Started("5", "[2/2] RUN echo before && exit 3"),
        Output("5", "before"),
        Failed("5", error),
        Said(error),
    ]


def test_plain_text_between_the_objects_is_what_the_builder_says() -> None:
    data = (
        RAWJSON + b'ERROR: failed to solve: process "/bin/sh -c npm ci" did not complete successfully: exit code: 1\n'
    )
    assert read(RawJsonProgress(), data)[-1] == Said(
        'ERROR: failed to solve: process "/bin/sh -c npm ci" did not complete successfully: exit code: 1'
    )


def test_an_error_of_a_step_is_read_from_rawjson() -> None:
    data = rawjson(
        {"vertexes": [vertex("sha256:c", "[internal] load metadata for x", started=BEGUN, error="no such host")]}
    )
    assert read(RawJsonProgress(), data) == [
        Started("sha256:c", "[internal] load metadata for x"),
        Failed("sha256:c", "no such host"),
    ]


def test_an_object_that_never_ends_is_not_waited_for_without_limit() -> None:
    progress = RawJsonProgress()
    progress.feed(b'{"vertexes": [' + b" " * 5_000_000)
    events = progress.feed(b"\n" + rawjson({"logs": [log("sha256:b", b"alive\n")]}))
    assert Output("sha256:b", "alive") in events


def test_steps_that_run_side_by_side_are_told_apart() -> None:
    data = b"#5 [a 2/2] RUN one\n\n#6 [b 2/2] RUN two\n#5 0.1 from one\n\n#6 0.1 from two\n#5 [a 2/2] RUN one\n#5 DONE 0.2s\n"
    assert read(PlainProgress(), data)[2:] == [Output("5", "from one"), Output("6", "from two"), Finished("5", 0.2)]


def test_the_end_of_a_step_is_found_behind_output_without_a_line_break() -> None:
    events = read(PlainProgress(), b"#8 [2/2] RUN printf x\n#8 0.157 no newline#8 DONE 0.2s\n")
    assert events[1:] == [Output("8", "no newline"), Finished("8", 0.2)]


def test_a_line_shows_what_a_terminal_would_show() -> None:
    assert clean("10%\r50%\r100%\r") == "100%"
    assert clean("\x1b[31mred\x1b[0m and \x1b]8;;http://x\x07link\x1b]8;;\x07") == "red and link"
    assert clean("a\x00b\x07c") == "abc"
    assert clean("  indented") == "  indented"


def test_bytes_that_are_no_text_do_no_harm() -> None:
    events = read(PlainProgress(), b"#8 [2/2] RUN x\n#8 0.1 caf\xe9 \xff\n#8 0.2 \xe2\x82\xac\n", size=5)
    assert [event.text for event in events if isinstance(event, Output)] == ["caf\ufffd \ufffd", "€"]


def test_a_line_without_an_end_takes_bounded_memory_and_keeps_its_two_ends() -> None:
    progress = PlainProgress()
    progress.feed(b"#8 [2/2] RUN x\n#8 0.1 start")
    tracemalloc.start()
    try:
        for _ in range(500):
            progress.feed(b"." * 10_000)
        assert tracemalloc.get_traced_memory()[1] < 500_000
    finally:
        tracemalloc.stop()
    (event,) = progress.feed(b"end\n")
    assert isinstance(event, Output)
    assert event.text.startswith("start") and event.text.endswith("end") and len(event.text) < 2 * LINE_LIMIT


def test_the_log_of_a_build_reads_step_by_step() -> None:
    assert told(PLAIN) == [
        "[build 1/3] FROM docker.io/library/python:3.13-slim … cached",
        "[build 2/3] RUN pip install -r requirements.txt",
        "    Collecting flask",
        "    Successfully installed flask-3.1.0",
        "[build 2/3] … 12.3 s",
        "exporting to image … 0.1 s",
    ]


def test_a_step_that_takes_its_time_is_announced_before_it_says_anything() -> None:
    transcript, progress = Transcript(), PlainProgress()
    assert transcript.tell(progress.feed(b"#5 [2/2] RUN sleep 60\n")) == ["[2/2] RUN sleep 60"]
    assert transcript.tell(progress.feed(b"#5 DONE 60.1s\n")) == ["[2/2] … 60.1 s"]


def test_a_failed_step_is_told_once() -> None:
    assert told(FAILED_PLAIN) == [
        "[2/2] RUN echo before && exit 3",
        "    before",
        "[2/2] … failed: exit code: 3",
    ]


def test_a_routine_step_is_only_told_when_it_fails() -> None:
    definition = b"#1 [internal] load build definition from Dockerfile\n#1 DONE 0.0s\n"
    data = definition + b"#2 [internal] load .dockerignore\n#2 ERROR: broken\n"
    assert told(data) == ["load .dockerignore … failed: broken"]


def test_the_wreck_is_the_step_that_failed_first_not_those_it_cancelled() -> None:
    data = (
        b"#5 [a 2/2] RUN sleep 9\n#6 [b 2/2] RUN false\n#6 0.1 oh no\n#5 CANCELED\n"
        b"#6 ERROR: executor failed running [/bin/sh -c false]: exit code: 1\n"
    )
    transcript = Transcript()
    transcript.tell(read(PlainProgress(), data))
    assert transcript.wreck.instruction == "RUN false"
    assert transcript.wreck.output == ("oh no",)


def test_the_step_that_still_runs_is_known_with_its_last_lines() -> None:
    transcript = Transcript()
    transcript.tell(read(PlainProgress(), b"#5 [1/3] RUN a\n#5 DONE 0.1s\n#6 [2/3] RUN b\n#6 0.1 waiting for godot\n"))
    assert transcript.running == ("RUN b", ("waiting for godot",))


def test_of_a_very_long_log_only_the_end_is_kept() -> None:
    transcript, progress = Transcript(), PlainProgress()
    transcript.tell(progress.feed(b"#5 [2/2] RUN yes\n"))
    for number in range(20_000):
        transcript.tell(progress.feed(b"#5 0.1 line %d\n" % number))
    _, kept = transcript.running
    assert len(kept) == KEPT_LINES and kept[-1] == "line 19999"
