"""Workloads as Docker's JSON, and back."""

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from shipway.domain.process import Resources
from shipway.domain.workload import Instance, InstanceEvent, Owner, Workload
from shipway.engines.docker import labels, render
from shipway.engines.docker.render import LocalImage

OWNER = Owner("svc_1", "dep_9", "web", "acme/shop/production/api", 42)
WORKLOAD = Workload(
    name="acme.shop.production.api.v42.d57.web.1",
    owner=OWNER,
    image="registry/acme/api@sha256:abc",
    command=("gunicorn", "app"),
    environment={"PORT": "8080", "A": "x=y"},
    network="acme.shop.production",
    aliases=("api.production.internal",),
    resources=Resources(memory=256 * 1024 * 1024, cpus=0.5, pids=100),
    capabilities=("NET_BIND_SERVICE",),
    hostname="api-1",
    stop_grace=29.5,
)
NO_COMMAND = LocalImage()
LABELS = {
    "shipway.installation": "main",
    "shipway.name": "acme.shop.production.api.v42.d57.web.1",
    "shipway.service": "svc_1",
    "shipway.deployment": "dep_9",
    "shipway.process": "web",
    "shipway.path": "acme/shop/production/api",
    "shipway.release": "42",
    "shipway.files": "",
    "shipway.one-off": "false",
}


def container(workload: Workload = WORKLOAD, image: LocalImage = NO_COMMAND, **options: Any) -> dict[str, Any]:
    return render.container("main", workload, image, "10.201.7.2", **options)


def inspection(status: str, **state: Any) -> dict[str, Any]:
    started = {"StartedAt": "2026-11-21T08:11:53.887998232Z", "ExitCode": 0, "OOMKilled": False}
    return {
        "State": {"Status": status, **started, **state},
        "Config": {"Labels": LABELS},
        "HostConfig": {"NetworkMode": "main.acme.shop.production"},
        "NetworkSettings": {"Networks": {"main.acme.shop.production": {"IPAddress": "10.201.7.2"}}},
        "RestartCount": 2,
    }


def test_what_somebody_sits_before_has_input_and_no_log() -> None:
    made = container(replace(WORKLOAD, attached=True, terminal=True), one_off=True)
    assert (made["OpenStdin"], made["StdinOnce"], made["Tty"]) == (True, True, True)
    assert made["HostConfig"]["LogConfig"] == {"Type": "none"}
    assert made["HostConfig"]["CapDrop"] == ["ALL"]
    assert "OpenStdin" not in container()


def test_a_workload_becomes_a_hardened_container() -> None:
    assert container() == {
        "Image": "registry/acme/api@sha256:abc",
        "Hostname": "api-1",
        "Labels": LABELS,
        "StopTimeout": 30,
        "Env": ["A=x=y", "PORT=8080"],
        "Cmd": ["gunicorn", "app"],
        "HostConfig": {
            "NetworkMode": "main.acme.shop.production",
            "Init": True,
            "SecurityOpt": ["no-new-privileges"],
            "CapDrop": ["ALL"],
            "CapAdd": ["NET_BIND_SERVICE"],
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}},
            "RestartPolicy": {"Name": "no"},
            "Memory": 268435456,
            "MemorySwap": 268435456,
            "NanoCpus": 500000000,
            "PidsLimit": 100,
        },
        "NetworkingConfig": {
            "EndpointsConfig": {
                "main.acme.shop.production": {
                    "IPAMConfig": {"IPv4Address": "10.201.7.2"},
                    "Aliases": ["api.production.internal"],
                }
            }
        },
    }


def test_an_instance_that_has_traffic_is_restarted_by_the_engine() -> None:
    assert container(replace(WORKLOAD, restart=True))["HostConfig"]["RestartPolicy"] == {"Name": "unless-stopped"}


def test_a_one_off_is_marked() -> None:
    written = container(one_off=True)["Labels"]
    assert written == LABELS | {"shipway.one-off": "true"}
    assert labels.is_one_off(written)
    assert not labels.is_one_off(LABELS)


def test_the_command_of_the_image_is_left_to_the_image() -> None:
    rendered = container(replace(WORKLOAD, command=None), LocalImage(("/entrypoint",), ("serve",)))
    assert not {"Cmd", "Entrypoint"} & rendered.keys()


@pytest.mark.parametrize(
    ("command", "image"),
    [
        (("/bin/sh", "-c", "a && b"), LocalImage(command=("something", "else"))),
        (None, LocalImage(command=("/bin/sh", "-c", "a && b"))),
        (None, LocalImage(entrypoint=("/bin/sh", "-c", "a && b"))),
        (("a && b",), LocalImage(entrypoint=("/bin/sh", "-c"))),
    ],
)
def test_a_shell_is_made_to_wait_for_the_app_it_stands_before(
    command: tuple[str, ...] | None, image: LocalImage
) -> None:
    rendered = container(replace(WORKLOAD, command=command), image)
    assert rendered["Entrypoint"] == ["/bin/sh", "-c", "trap exit TERM\na && b"]
    assert "Cmd" not in rendered
    assert rendered["Env"] == ["TINI_KILL_PROCESS_GROUP=1", "A=x=y", "PORT=8080"]


@pytest.mark.parametrize(
    ("command", "position"),
    [
        (("bash", "-lc", "a && b"), 2),
        (("/bin/bash", "-o", "pipefail", "-c", "a && b"), 4),
        (("/bin/sh", "-e", "-c", "a && b", "name", "argument"), 3),
    ],
)
def test_a_shell_may_have_options(command: tuple[str, ...], position: int) -> None:
    expected = [*command[:position], "trap exit TERM\na && b", *command[position + 1 :]]
    assert container(replace(WORKLOAD, command=command))["Entrypoint"] == expected


@pytest.mark.parametrize(
    "command",
    [("sh", "start.sh"), ("sh", "start.sh", "-c", "x"), ("python", "-c", "x"), ("/bin/sh",), ("/bin/sh", "-c"), ()],
)
def test_what_is_no_shell_line_is_left_alone(command: tuple[str, ...]) -> None:
    rendered = container(replace(WORKLOAD, command=command))
    assert rendered["Cmd"] == list(command)
    assert "Entrypoint" not in rendered
    assert rendered["Env"] == ["A=x=y", "PORT=8080"]


def test_a_network_leaves_the_engine_a_range_that_is_not_ours() -> None:
    rendered = render.network("main", "acme.shop.production", IPv4Network("10.201.7.0/24"), None)
    assert rendered == {
        "Name": "main.acme.shop.production",
        "CheckDuplicate": True,
        "Driver": "bridge",
        "Labels": {"shipway.installation": "main", "shipway.name": "acme.shop.production"},
        "IPAM": {"Config": [{"Subnet": "10.201.7.0/24", "Gateway": "10.201.7.1", "IPRange": "10.201.7.240/28"}]},
        "Options": {},
    }


def test_a_network_is_told_of_a_small_mtu() -> None:
    rendered = render.network("main", "n", IPv4Network("10.201.7.0/24"), 1400)
    assert rendered["Options"] == {"com.docker.network.driver.mtu": "1400"}


def test_an_owner_comes_back_from_its_labels() -> None:
    assert labels.owner(labels.of_workload("main", WORKLOAD, one_off=False)) == OWNER


def test_labels_of_something_else_make_an_empty_owner() -> None:
    assert labels.owner({"shipway.release": "v1"}) == Owner("", "")


def test_a_running_container_is_a_running_instance() -> None:
    started = datetime(2026, 11, 21, 8, 11, 53, 887998, UTC)
    expected = Instance(WORKLOAD.name, OWNER, "running", "10.201.7.2", None, False, 2, started)
    assert render.instance(inspection("running")) == expected


def test_a_container_killed_for_its_memory_is_an_exited_instance_without_an_address() -> None:
    instance = render.instance(inspection("exited", ExitCode=137, OOMKilled=True))
    assert (instance.state, instance.address, instance.exit_code, instance.oom_killed) == ("exited", "", 137, True)


@pytest.mark.parametrize(
    ("status", "state", "code"),
    [
        ("created", "starting", None),
        ("restarting", "starting", 1),
        ("running", "running", None),
        ("paused", "running", None),
        ("exited", "exited", 1),
        ("removing", "exited", 1),
        ("dead", "exited", 1),
    ],
)
def test_every_state_of_docker_has_its_counterpart(status: str, state: str, code: int | None) -> None:
    instance = render.instance(inspection(status, ExitCode=1))
    assert (instance.state, instance.exit_code) == (state, code)


def test_a_container_that_never_started_has_no_start() -> None:
    assert render.instance(inspection("created", StartedAt="0001-01-01T00:00:00Z")).started_at is None


def test_a_container_in_another_network_than_ours_has_no_address_we_could_use() -> None:
    elsewhere = inspection("running") | {"NetworkSettings": {"Networks": {"bridge": {"IPAddress": "172.17.0.2"}}}}
    assert render.instance(elsewhere).address == ""


def test_events_become_ours() -> None:
    started = {"Action": "start", "Actor": {"Attributes": LABELS}}
    died = {"Action": "die", "Actor": {"Attributes": LABELS | {"exitCode": "3"}}}
    one_off = {"Action": "start", "Actor": {"Attributes": LABELS | {"shipway.one-off": "true"}}}
    assert render.event(started) == InstanceEvent(WORKLOAD.name, OWNER, "started")
    assert render.event(died) == InstanceEvent(WORKLOAD.name, OWNER, "exited", 3)
    assert render.event(one_off) is None


def test_a_file_set_is_mounted_read_only() -> None:
    [mount] = container(files=Path("/srv/files/app.d1"))["HostConfig"]["Mounts"]
    assert mount == {"Type": "bind", "Source": "/srv/files/app.d1", "Target": "/etc/config", "ReadOnly": True}


def test_secret_files_are_mounted_to_read_where_they_have_to_exist_and_are_not_in_what_docker_is_told() -> None:
    told = container(replace(WORKLOAD, secret_files={"key": "of-the-key"}), secrets=Path("/run/shipway/secrets/main.x"))
    mount = {"Type": "bind", "Source": "/run/shipway/secrets/main.x", "Target": "/run/secrets", "ReadOnly": True}
    assert told["HostConfig"]["Mounts"] == [mount]
    assert "of-the-key" not in str(told)
