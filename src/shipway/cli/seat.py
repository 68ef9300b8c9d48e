"""Sitting before a command: the user's terminal, or pipes, on one side, an attached run on the other."""

import os
import selectors
import signal
import sys
import termios
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from shipway.client.errors import ClientError

if TYPE_CHECKING:
    from shipway.client.attached import Attached
    from shipway.client.client import Client

_PIECE = 16 * 1024
_RESIZED, _OVER = b"r", b"o"
#: Exit codes as shells have them: of a reader that went away, and of somebody who hung up or was told to end.
_BROKEN_PIPE = 128 + signal.SIGPIPE
_ENDING = (signal.SIGTERM, signal.SIGHUP)


def sit_before(client: "Client", run_id: str, *, terminal: bool | None = None) -> int:
    """Be its input and output to its end, and return its exit code. `terminal`: whether it gets one; else when both input
    and output are one. However this ends, the user's terminal is as it was. Raises `ClientError` where there is no code."""
    stdin, stdout = _descriptor(sys.stdin), _descriptor(sys.stdout)
    if terminal is None:
        terminal = os.isatty(stdin) and os.isatty(stdout)
    with client.attached(run_id, _size() if terminal else None) as attached, _ended_by_signals():
        with _raw(stdin if terminal else -1), _typing(attached, stdin, terminal=terminal):
            try:
                _print(attached)
            except BrokenPipeError:
                return _BROKEN_PIPE
        return _exit_code(attached)


def _print(attached: "Attached") -> None:
    sinks = {"stdout": _descriptor(sys.stdout), "stderr": _descriptor(sys.stderr)}
    for stream, data in attached.output():
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(sinks[stream], rest) :]


def _exit_code(attached: "Attached") -> int:
    ended = attached.ended
    assert ended
    if ended["state"] == "exited" and ended["exit_code"] is not None:
        return ended["exit_code"]
    raise ClientError(ended["reason"] or "Nobody knows how the command ended.", code="not-run")


@contextmanager
def _typing(attached: "Attached", stdin: int, *, terminal: bool) -> Iterator[None]:
    """What is typed, and the window's size, go to the command meanwhile, from a thread."""
    reader, writer = os.pipe()
    thread = threading.Thread(target=_pass_on, args=(attached, stdin, reader), daemon=True)

    def resized(*_: object) -> None:
        # Nothing more here: what this interrupts may be using the connection.
        os.write(writer, _RESIZED)

    before = signal.signal(signal.SIGWINCH, resized) if terminal else None
    thread.start()
    try:
        yield
    finally:
        if terminal:
            signal.signal(signal.SIGWINCH, before)
        os.write(writer, _OVER)
        # It may wait for room, which there is as soon as the connection is closed.
        attached.close()
        thread.join()
        os.close(reader)
        os.close(writer)


def _pass_on(attached: "Attached", stdin: int, news: int) -> None:
    with selectors.SelectSelector() as selector:
        selector.register(news, selectors.EVENT_READ)
        if stdin < 0:
            attached.end_input()
        else:
            selector.register(stdin, selectors.EVENT_READ)
        while True:
            ready = {key.fd for key, _ in selector.select()}
            if news in ready:
                if _OVER in os.read(news, _PIECE):
                    return
                attached.resize(*_size())
            if stdin in ready:
                data = _read(stdin)
                if data:
                    attached.write(data)
                else:
                    attached.end_input()
                    selector.unregister(stdin)


def _read(stdin: int) -> bytes:
    """Some input; empty at its end, as where the terminal has gone."""
    try:
        return os.read(stdin, _PIECE)
    except OSError:
        return b""


@contextmanager
def _raw(stdin: int) -> Iterator[None]:
    """Every key goes to the command, Ctrl-C too, and nothing is echoed here: that is its own terminal's part."""
    if stdin < 0 or not os.isatty(stdin):
        yield
        return
    before = termios.tcgetattr(stdin)
    try:
        # Not flushing: what was typed ahead is for the command.
        tty.setraw(stdin, termios.TCSADRAIN)
        yield
    finally:
        termios.tcsetattr(stdin, termios.TCSADRAIN, before)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end it as an exception does, not the process at once."""

    def end(number: int, _: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, end) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _size() -> tuple[int, int]:
    """Rows and columns."""
    for stream in (sys.stdout, sys.stdin, sys.stderr):
        with suppress(OSError):
            found = os.get_terminal_size(_descriptor(stream))
            if found.lines and found.columns:
                return found.lines, found.columns
    return 24, 80


def _descriptor(stream: object) -> int:
    """-1 where there is none."""
    try:
        return int(stream.fileno())  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):
        return -1
