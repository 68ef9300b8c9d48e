"""A real Shipway: its own process, home, ports and names, on the machine's Docker; gone afterwards."""

import contextlib
import io
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx2

from shipway.routers.haproxy import process as haproxy

ROOT = Path(__file__).parents[2]
APP = ROOT / "bench" / "app"


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class RealShipway:
    """One installation and an administrator's token for it."""

    home: Path
    installation: str
    port: int
    proxy_port: int
    registry_port: int
    #: More settings, as environment variables.
    extra: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    token: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """What the server's processes are started with."""
        own = {
            "SHIPWAY_HOME": str(self.home),
            "SHIPWAY_INSTALLATION": self.installation,
            "SHIPWAY_LISTEN_PORT": str(self.port),
            "SHIPWAY_PROXY_HOST": "127.0.0.1",
            "SHIPWAY_PROXY_PORT": str(self.proxy_port),
            "SHIPWAY_REGISTRY_PORT": str(self.registry_port),
        }
        return dict(os.environ) | own | dict(self.extra)

    @cached_property
    def api(self) -> httpx2.Client:
        """An HTTP client that is logged in."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=60, trust_env=False)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        log = (self.home / "server.log").open("ab")
        command = [sys.executable, "-m", "shipway.server", "serve"]
        self.process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        log.close()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                self.token = self.token or self.admin("token")
                return
            time.sleep(0.05)
        raise RuntimeError(f"The server did not start:\n{(self.home / 'server.log').read_text()[-4000:]}")

    def kill(self) -> None:
        """`kill -9`, as a crash would."""
        assert self.process
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def kill_proxy(self) -> None:
        """`kill -9` of all of HAProxy."""
        pids = haproxy.running(self.home.resolve() / "proxy" / "haproxy.cfg")
        assert pids, "it does not run"
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        """Stop the server politely; apps, proxy and registry go on."""
        assert self.process
        self.process.terminate()
        self.process.wait(timeout=30)

    def admin(self, command: str) -> str:
        """What an owner's command prints."""
        argv = [sys.executable, "-m", "shipway.server", command]
        done = subprocess.run(argv, env=self.environment, capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    def create(self, name: str, body: dict[str, Any]) -> str:
        """Create `t/t/production/NAME`; returns its host."""
        base = "/workspaces/t/projects/t/environments/production"
        answer = self.api.post(f"{base}/services", json={"name": name, "create_parents": True} | body)
        _insist(answer)
        return f"{name}-production-t.localhost"

    def upload(self, directory: Path, changes: Mapping[str, str] | None = None) -> str:
        """Upload a directory, some files of it replaced; returns its digest."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
            for path in sorted(directory.rglob("*")):
                if path.is_file() and path.name not in (changes or {}):
                    archive.add(path, str(path.relative_to(directory)))
            for name, text in (changes or {}).items():
                entry = tarfile.TarInfo(name)
                entry.size = len(text.encode())
                archive.addfile(entry, io.BytesIO(text.encode()))
        answer = self.api.post("/uploads", content=buffer.getvalue(), headers={"Content-Type": "application/gzip"})
        _insist(answer)
        return str(answer.json()["digest"])

    def configure(self, name: str, values: Mapping[str, str]) -> None:
        """Set config vars of `t/t/production/NAME`."""
        url = f"/workspaces/t/projects/t/environments/production/services/{name}/config"
        _insist(self.api.patch(url, json={"set": dict(values)}))

    def pipeline(self, action: str, service: str, body: dict[str, Any] | None = None) -> str:
        """Ask for a deploy or rollback; returns the deployment's id."""
        url = f"/workspaces/t/projects/t/pipeline/{action}?service={service}&env=production"
        answer = self.api.post(url, json=body or {})
        _insist(answer)
        return str(answer.json()["id"])

    def deployment(self, deployment_id: str) -> dict[str, Any]:
        """A deployment as the API shows it."""
        answer = self.api.get(f"/deployments/{deployment_id}")
        _insist(answer)
        return dict(answer.json())

    def wait(
        self,
        deployment_id: str,
        *,
        states: tuple[str, ...] = ("live", "failed", "cancelled", "superseded"),
        timeout: float = 300,
    ) -> dict[str, Any]:
        """Wait until a deployment is in one of `states`; raises `TimeoutError`."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            found = self.deployment(deployment_id)
            if found["state"] in states:
                return found
            time.sleep(0.1)  # Asked more often, the server would be busy with answering this.
        raise TimeoutError(f"{deployment_id} is still {found['state']}: {found}")

    def log(self, deployment_id: str, step: str) -> str:
        """A step's log."""
        return self.api.get(f"/deployments/{deployment_id}/steps/{step}/log").text

    def get(self, host: str, path: str = "/") -> httpx2.Response:
        """What an app answers through the proxy."""
        url = f"http://127.0.0.1:{self.proxy_port}{path}"
        return httpx2.get(url, headers={"Host": host}, timeout=30, trust_env=False)


@contextlib.contextmanager
def real_shipway(**extra: str) -> Iterator[RealShipway]:
    """A server that runs; everything of it is stopped and removed at the end."""
    with tempfile.TemporaryDirectory(prefix="shipway-t-") as directory:
        made = RealShipway(
            Path(directory), f"t{secrets.token_hex(4)}", free_port(), free_port(), free_port(), extra=extra
        )
        # Each of these also where the one before it failed.
        with contextlib.ExitStack() as ending:
            for remove in (remove_volumes, remove_networks, remove_sandboxes, remove_instances):
                ending.callback(remove, made.installation)
            ending.callback(made.admin, "shutdown")
            ending.callback(_closed, made)
            ending.callback(_stopped, made)
            made.start()
            yield made


def _closed(made: RealShipway) -> None:
    # Looked up only now: the first look makes it, with the token that there is by then.
    made.api.close()


def _stopped(made: RealShipway) -> None:
    if made.process and made.process.poll() is None:
        made.stop()


def _insist(answer: httpx2.Response) -> None:
    if answer.is_error:
        raise AssertionError(f"{answer.status_code}: {answer.text}")


def remove_sandboxes(installation: str) -> None:
    """Of an installation that is down: it keeps them for its next start."""
    label = f"label=shipway.sandbox.installation={installation}"
    for kind, listing in (("rm", ["ps", "-aq"]), ("volume rm", ["volume", "ls", "-q"])):
        found = subprocess.run(["docker", *listing, "--filter", label], capture_output=True, text=True)
        for identifier in found.stdout.split():
            subprocess.run(["docker", *kind.split(), "-f", identifier], capture_output=True)
    for shared in Path("/run/shipway").glob(f"{installation}.*"):
        shutil.rmtree(shared, ignore_errors=True)


def remove_instances(installation: str) -> None:
    """Of an installation that could not end them itself."""
    label = f"label=shipway.installation={installation}"
    found = subprocess.run(["docker", "ps", "-aq", "--filter", label], capture_output=True, text=True)
    for identifier in found.stdout.split():
        subprocess.run(["docker", "rm", "-f", identifier], capture_output=True)


def remove_networks(installation: str) -> None:
    """Of an installation that is down, likewise."""
    docker = ["docker", "network"]
    found = subprocess.run(
        [*docker, "ls", "-q", "--filter", f"name=^{installation}\\."], capture_output=True, text=True
    )
    for identifier in found.stdout.split():
        subprocess.run([*docker, "rm", identifier], capture_output=True)


def remove_volumes(installation: str) -> None:
    """Of an installation that is down, likewise: no start could bring back what is in them."""
    docker = ["docker", "volume"]
    label = f"label=shipway.installation={installation}"
    found = subprocess.run([*docker, "ls", "-q", "--filter", label], capture_output=True, text=True)
    for name in found.stdout.split():
        subprocess.run([*docker, "rm", "-f", name], capture_output=True)
