"""Workloads as Docker's JSON, and Docker's JSON as instances. Pure: no input or output here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network
from math import ceil
from pathlib import Path
from typing import Any

from shipway.domain.process import Resources
from shipway.domain.workload import Instance, InstanceEvent, InstanceState, Workload
from shipway.engines.docker import addresses, labels
from shipway.engines.file_sets import MOUNTED_AT

Json = dict[str, Any]

#: Docker's words for an instance that runs or is about to; anything else is what is left of one.
_STATES: Mapping[str, InstanceState] = {
    "created": "starting",
    "restarting": "starting",
    "running": "running",
    "paused": "running",
}
_SHELLS = {"sh", "bash", "dash", "ash"}
_COMMAND_OPTION = re.compile("-[a-z]*c")
#: Newest first, three files of ten megabytes each: a chatty app can't fill the disk.
_LOGS: Json = {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}}


@dataclass(frozen=True, slots=True)
class LocalImage:
    """What running an image takes to know."""

    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    #: Its USER: a name or a number, perhaps with a group after a colon; empty: root.
    user: str = ""


def qualified(installation: str, name: str) -> str:
    """The name on the engine, where other installations and tools live too."""
    return f"{installation}.{name}"


def container(
    installation: str,
    workload: Workload,
    image: LocalImage,
    address: str,
    *,
    one_off: bool = False,
    files: Path | None = None,
    secrets: Path | None = None,
) -> Json:
    """The body of a request to create a container, hardened (S6.10). `files` and `secrets`: where its file set and its secret
    files are on the engine's machine."""
    network = qualified(installation, workload.network)
    endpoint = {"IPAMConfig": {"IPv4Address": address}, "Aliases": list(workload.aliases)}
    return {
        "Image": workload.image,
        "Hostname": workload.hostname,
        "Labels": labels.of_workload(installation, workload, one_off=one_off),
        "StopTimeout": ceil(workload.stop_grace),
        **_command(workload, image),
        **_streams(workload),
        "HostConfig": {
            "NetworkMode": network,
            "Init": True,
            "SecurityOpt": ["no-new-privileges"],
            "CapDrop": ["ALL"],
            "CapAdd": list(workload.capabilities),
            "LogConfig": {"Type": "none"} if workload.attached else _LOGS,
            "RestartPolicy": restart_policy(workload.restart),
            **_limits(workload.resources),
            **_mounts(installation, workload, files, secrets),
        },
        "NetworkingConfig": {"EndpointsConfig": {network: endpoint}},
    }


def _streams(workload: Workload) -> Json:
    """Input that ends with whoever gives it, and a terminal."""
    if not workload.attached:
        return {}
    attached = dict.fromkeys(("AttachStdin", "AttachStdout", "AttachStderr", "OpenStdin", "StdinOnce"), True)
    return attached | {"Tty": workload.terminal}


def _secrets(directory: Path) -> Json:
    """It has to exist: Docker starts nothing without it."""
    return {"Type": "bind", "Source": str(directory), "Target": "/run/secrets", "ReadOnly": True}


def _limits(resources: Resources) -> Json:
    return {
        "Memory": resources.memory,
        # The sum of memory and swap: equal means no swap.
        "MemorySwap": resources.memory,
        "NanoCpus": round(resources.cpus * 1_000_000_000),
        "PidsLimit": resources.pids,
    }


def _mounts(installation: str, workload: Workload, files: Path | None, secrets: Path | None) -> Json:
    """Volumes are made with the container that first mounts them, and are empty then whatever the image has there: what
    was copied from one image would hide what the next release's has."""
    made: list[Json] = [
        {
            "Type": "volume",
            "Source": qualified(installation, mount.volume),
            "Target": mount.path,
            "VolumeOptions": {"NoCopy": True, "Labels": labels.of_volume(installation, workload, mount.volume)},
        }
        for mount in workload.volumes
    ]
    made += [{"Type": "bind", "Source": str(files), "Target": MOUNTED_AT, "ReadOnly": True}] if files else []
    made += [_secrets(secrets)] if secrets else []
    return {"Mounts": made} if made else {}


def _command(workload: Workload, image: LocalImage) -> Json:
    """The command and the environment, arranged so that SIGTERM reaches the app and the app may take its time.

    A shell in front of the app passes no signal on and dies of it at once, which would end the container and the app
    with it. So init signals the whole group, and the shell is told to wait for the app and to leave as it did.
    """
    environment = [f"{name}={value}" for name, value in sorted(workload.environment.items())]
    argv = image.entrypoint + (image.command if workload.command is None else workload.command)
    script = _script_position(argv)
    if script is None:
        return {"Env": environment} | ({} if workload.command is None else {"Cmd": list(workload.command)})
    return {
        "Env": ["TINI_KILL_PROCESS_GROUP=1", *environment],
        "Entrypoint": [*argv[:script], f"trap exit TERM\n{argv[script]}", *argv[script + 1 :]],
    }


def _script_position(argv: tuple[str, ...]) -> int | None:
    """Where the script stands in `sh -c …`, `bash -o pipefail -c …` and the like; `None` when it is no such thing."""
    if not argv or argv[0].rpartition("/")[2] not in _SHELLS:
        return None
    for position, option in enumerate(argv[1:-1], start=1):
        if _COMMAND_OPTION.fullmatch(option):
            return position + 1
        if not option.startswith("-") and argv[position - 1] != "-o":
            return None
    return None


def restart_policy(restart: bool) -> Json:
    """Whether the engine itself starts it again, after a crash and after a reboot."""
    return {"Name": "unless-stopped" if restart else "no"}


def network(installation: str, name: str, subnet: IPv4Network, mtu: int | None) -> Json:
    """The body of a request to create one environment's network."""
    block = {
        "Subnet": str(subnet),
        "Gateway": str(addresses.gateway(subnet)),
        "IPRange": str(addresses.dynamic_range(subnet)),
    }
    return {
        "Name": qualified(installation, name),
        "CheckDuplicate": True,
        "Driver": "bridge",
        "Labels": {labels.INSTALLATION: installation, labels.NAME: name},
        "IPAM": {"Config": [block]},
        "Options": {} if mtu is None else {"com.docker.network.driver.mtu": str(mtu)},
    }


def instance(inspection: Json) -> Instance:
    """What Docker says of a container, as an instance."""
    state, written = inspection["State"], inspection["Config"]["Labels"]
    ours = inspection["NetworkSettings"]["Networks"].get(inspection["HostConfig"]["NetworkMode"], {})
    seen = _STATES.get(state["Status"], "exited")
    return Instance(
        name=written[labels.NAME],
        owner=labels.owner(written),
        state=seen,
        address=ours.get("IPAddress", "") if seen == "running" else "",
        exit_code=None if state["Status"] in ("created", "running", "paused") else state["ExitCode"],
        oom_killed=state["OOMKilled"],
        restarts=inspection["RestartCount"],
        started_at=_moment(state["StartedAt"]),
        files=written.get(labels.FILES, ""),
    )


def environment(inspection: Json) -> dict[str, str]:
    """The variables of a container, its image's among them, by name."""
    return dict(each.split("=", 1) for each in inspection["Config"]["Env"] or () if "=" in each)


def started(workload: Workload, address: str, at: datetime) -> Instance:
    """A container that Docker has just started, as an instance."""
    return Instance(workload.name, workload.owner, "running", address, started_at=at, files=workload.files)


def event(message: Json) -> InstanceEvent | None:
    """One of Docker's events as ours; `None` when it is about a one-off."""
    attributes = message["Actor"]["Attributes"]
    if labels.is_one_off(attributes):
        return None
    name, owner = attributes[labels.NAME], labels.owner(attributes)
    if message["Action"] == "start":
        return InstanceEvent(name, owner, "started")
    return InstanceEvent(name, owner, "exited", int(attributes["exitCode"]))


def _moment(text: str) -> datetime | None:
    """Docker's zero time stands for never."""
    return None if text.startswith("0001-") else datetime.fromisoformat(text)
