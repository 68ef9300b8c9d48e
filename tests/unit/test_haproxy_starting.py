"""What a user is told when HAProxy does not start, and which processes are ours."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from shipway.domain.errors import Unavailable
from shipway.routers.haproxy import process
from shipway.routers.haproxy.files import save
from shipway.routers.haproxy.process import require_free, start_failure


def test_a_port_in_use_is_named_with_the_setting_that_changes_it() -> None:
    error = start_failure(
        "[NOTICE]   (25669) : haproxy version is 2.6.12\n"
        "[ALERT]    (25669) : Binding [/x/haproxy.cfg:24] for frontend web: cannot bind socket"
        " (Address already in use) for [127.0.0.1:18080]\n"
        "[ALERT]    (25669) : [haproxy.main()] Some protocols failed to start their listeners! Exiting.\n"
    )
    assert error.message == "The proxy can't listen on 127.0.0.1 port 18080: address already in use."
    assert "SHIPWAY_PROXY_PORT" in error.hint


def test_a_port_that_needs_root_says_so() -> None:
    error = start_failure(
        "[ALERT]    (1) : Binding for frontend web: cannot bind socket (Permission denied) for [0.0.0.0:80]\n"
    )
    assert "port 80: permission denied" in error.message
    assert "need root" in error.hint


def test_an_address_of_another_machine_names_its_setting() -> None:
    error = start_failure(
        "[ALERT]    (1) : Binding: cannot bind socket (Cannot assign requested address) for [10.9.9.9:80]\n"
    )
    assert "SHIPWAY_PROXY_HOST" in error.hint


def test_a_bad_configuration_is_reported_in_haproxys_own_words() -> None:
    error = start_failure("[ALERT]    (1) : config : parsing [/x/haproxy.cfg:4] : unknown keyword 'garbage'.\n")
    assert "parsing [/x/haproxy.cfg:4] : unknown keyword 'garbage'." in error.message


async def test_a_machine_without_haproxy_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process.shutil, "which", lambda *_, **__: None)
    with pytest.raises(Unavailable) as caught:
        await process.start(tmp_path / "haproxy.cfg")
    assert "not installed" in caught.value.message
    assert "apt install haproxy" in caught.value.hint


async def test_a_haproxy_that_is_too_old_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "haproxy"
    old.write_text("#!/bin/sh\necho 'HAProxy version 2.2.9-2+deb11u6 2023/12/18 - https://haproxy.org/'\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(Unavailable, match=r"too old: HAProxy version 2\.2\.9"):
        await process.start(tmp_path / "haproxy.cfg")


async def test_a_haproxy_without_lua_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = tmp_path / "haproxy"
    bare.write_text("#!/bin/sh\necho 'HAProxy version 2.8.3 2023/09/07'\necho 'Built without Lua support'\n")
    bare.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(Unavailable, match="without Lua") as caught:
        await process.start(tmp_path / "haproxy.cfg")
    assert "apt install haproxy" in caught.value.hint


def test_a_process_that_only_mentions_our_file_is_not_ours(tmp_path: Path) -> None:
    config = tmp_path / "haproxy.cfg"
    with subprocess.Popen([sys.executable, "-c", "input()", str(config)], stdin=subprocess.PIPE) as other:
        assert process.running(config) == []
        other.communicate(b"\n")


def test_files_that_hold_their_content_already_are_not_touched(tmp_path: Path) -> None:
    save(tmp_path, {"a.map": "one\n", "b.map": "two\n"})
    before = (tmp_path / "a.map").stat().st_ino
    save(tmp_path, {"a.map": "one\n", "b.map": "three\n"})
    assert (tmp_path / "a.map").stat().st_ino == before
    assert (tmp_path / "b.map").read_text() == "three\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.map", "b.map"]


def test_a_directory_that_cannot_be_written_is_reported_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        save(tmp_path / "missing", {"a.map": "one\n"})
    assert str(tmp_path / "missing") in caught.value.hint


def test_a_port_is_free_until_somebody_listens_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(Unavailable, match=f"port {port}: address already in use"):
            require_free("127.0.0.1", port)
    require_free("127.0.0.1", port)
