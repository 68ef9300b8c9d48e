"""How a sandbox is made: its container, as Docker's API wants it. Pure.

The daemon inside needs what any engine in a container needs: to mount, and to set up networks and control groups. It gets
just these capabilities rather than `--privileged`, none of the machine's devices but loop ones for its disk, and no
socket of the machine's engine. A build's own commands run one level below, with a container's usual restrictions.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shipway.builders.sandbox.limits import Limits

#: Label with the installation. Not the label of apps' instances, so that no sandbox is ever taken for one.
OWNER = "shipway.sandbox.installation"
WORKSPACE = "shipway.sandbox.workspace"
_MADE_BY = "shipway.sandbox.config"
_START = Path(__file__).with_name("start.sh")
_CAPABILITIES = (
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "MKNOD"),
    *("NET_ADMIN", "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_ADMIN"),
    *("SYS_CHROOT", "SYS_PTRACE"),
)
#: Beside the 1024 of an app, where there is no group of our own above (`priority.py`): builds get what apps leave, and a ninth
#: where they leave nothing.
_CPU_SHARES = 128
_OOM_SCORE = 700
_HOST_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


@dataclass(frozen=True, slots=True)
class Plan:
    """One workspace's sandbox."""

    installation: str
    workspace: str
    #: Reference of the image with the daemon.
    image: str
    #: Directory on this machine that both sides see; the daemon's socket appears in it.
    shared: Path
    limits: Limits
    #: Proxy variables that downloads of the daemon need; they may hold a password.
    environment: Mapping[str, str] = field(repr=False)
    #: PEM bundle that the daemon trusts; `None` for the image's own.
    ca_bundle: Path | None
    #: URL of a cache of Docker Hub that the daemon asks first; empty for none.
    mirror: str = ""
    #: Control group above it; empty for the engine's own.
    parent: str = ""

    @property
    def name(self) -> str:
        """Of its container and its volume."""
        return f"{self.installation}.sandbox.{self.workspace}"

    @property
    def socket(self) -> Path:
        """Where its daemon listens."""
        return self.shared / "docker.sock"

    def config(self) -> dict[str, Any]:
        """The body of Docker's `containers/create`."""
        config = self._config()
        config["Labels"] |= {_MADE_BY: _hash(config)}
        return config

    def made(self, inspection: Mapping[str, Any]) -> bool:
        """Whether an existing container was made by this very plan."""
        labels: Mapping[str, str] = inspection["Config"]["Labels"] or {}
        return bool(labels.get(_MADE_BY) == self.config()["Labels"][_MADE_BY])

    def _config(self) -> dict[str, Any]:
        own = {"DISK": str(self.limits.disk), "KEPT_CACHE": str(self.limits.kept_cache), "MIRROR": self.mirror}
        trusted = [f"{self.ca_bundle}:{_HOST_BUNDLE}:ro"] if self.ca_bundle else []
        return {
            "Image": self.image,
            "Entrypoint": ["/bin/sh", "-c", _START.read_text()],
            "Cmd": [],
            "Env": [f"{name}={value}" for name, value in sorted((own | dict(self.environment)).items())],
            "Labels": {OWNER: self.installation, WORKSPACE: self.workspace},
            "HostConfig": self._host_config([f"{self.shared}:/run/sandbox", f"{self.name}:/state", *trusted]),
        }

    def _host_config(self, binds: list[str]) -> dict[str, Any]:
        return {
            "Init": True,
            "Binds": binds,
            "CapDrop": ["ALL"],
            "CapAdd": list(_CAPABILITIES),
            "SecurityOpt": ["seccomp=unconfined", "apparmor=unconfined", "label=disable"],
            "MaskedPaths": [],
            "ReadonlyPaths": [],
            "CgroupnsMode": "private",
            "DeviceCgroupRules": ["b 7:* rmw", "c 10:237 rmw"],
            "Memory": self.limits.total_memory,
            "MemorySwap": self.limits.total_memory,
            "NanoCpus": int(min(self.limits.cpus * self.limits.concurrency, os.cpu_count() or 1) * 1e9),
            "CgroupParent": self.parent,
            "CpuShares": _CPU_SHARES,
            "PidsLimit": self.limits.pids * self.limits.concurrency + 1024,
            "OomScoreAdj": _OOM_SCORE,
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "1"}},
        }


def _hash(config: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()[:16]
