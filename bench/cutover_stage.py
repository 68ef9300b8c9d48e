"""What the operations of `bench.cutover` act on: one service of a real Shipway, over its API."""

import itertools
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

from tests.support.real import RealShipway

from bench.cutover_account import History
from bench.cutover_history import history

APP = Path(__file__).with_name("app_cutover")
#: Seconds in which a deployment must have ended; one that has not is stuck.
LONGEST = 120.0
ENDED = ("live", "failed", "cancelled", "superseded")
_ENVIRONMENT = "/workspaces/t/projects/t/environments/production"


class NotOffered(Exception):
    """This Shipway has no such thing: its word for that."""


class Refused(Exception):
    """Shipway said no to what it must do: its answer."""


class Stopped(Exception):
    """The run is to end now."""


@dataclass
class Stage:
    """One service under change, by name; `stopping` ends every wait."""

    shipway: RealShipway
    service: str
    random: Random
    stopping: threading.Event
    kills: list[float] = field(default_factory=list)
    _sources: "itertools.count[int]" = field(default_factory=itertools.count)

    @property
    def host(self) -> str:
        """What its clients ask for."""
        return f"{self.service}-production-t.localhost"

    @property
    def url(self) -> str:
        """Of the service in the API."""
        return f"{_ENVIRONMENT}/services/{self.service}"

    @cached_property
    def description(self) -> dict[str, Any]:
        """The API's own description of itself."""
        return dict(self.shipway.api.get("/openapi.json").json())

    def knows_setting(self, name: str) -> bool:
        """Whether services have such a setting."""
        return name in self.description["components"]["schemas"]["SettingsIn"]["properties"]

    def path_of(self, verb: str) -> str:
        """The API's path for something that can be done to a deployment. Raises `NotOffered`."""
        path = f"/deployments/{{deployment}}/{verb}"
        if path not in self.description["paths"]:
            raise NotOffered(f"the API has no {path}")
        return path

    def create(self, settings: Mapping[str, Any], config: Mapping[str, str] | None = None) -> None:
        """Make it; nothing runs yet. Settings that this Shipway does not know are left out."""
        known = {name: value for name, value in settings.items() if self.knows_setting(name)}
        self.shipway.create(self.service, {"source": {"kind": "upload"}, "settings": known})
        if config:
            self.shipway.configure(self.service, config)

    def set(self, **settings: Any) -> None:
        """Change settings, from the next deployment on. Raises `NotOffered` for one that is unknown."""
        for name in settings:
            if not self.knows_setting(name):
                raise NotOffered(f"services have no setting {name!r}")
        self.call("PATCH", self.url, {"settings": settings})

    def deploy(self, mode: str = "") -> str:
        """Ask for a deployment of a source that was never deployed before; its id."""
        digest = self.shipway.upload(APP, {"version.txt": f"{next(self._sources)}\n", "mode.txt": mode})
        return self.pipeline("deploy", {"upload": digest})

    def pipeline(self, action: str, body: Mapping[str, Any]) -> str:
        """Ask for a deploy or a rollback; the deployment's id."""
        url = f"/workspaces/t/projects/t/pipeline/{action}?service={self.service}&env=production"
        return str(self.call("POST", url, body)["id"])

    def call(self, method: str, url: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Ask the API. Raises `Refused`."""
        answer = self.shipway.api.request(method, url, json=body)
        if answer.is_error:
            raise Refused(f"{method} {url}: {answer.status_code} {answer.text}")
        return dict(answer.json())

    def deployment(self, deployment_id: str) -> dict[str, Any]:
        """As the API shows it."""
        return self.call("GET", f"/deployments/{deployment_id}")

    def wait(self, deployment_id: str, states: tuple[str, ...] = ENDED) -> dict[str, Any]:
        """The deployment, once it is in one of `states` or over."""
        return self.until(lambda: _when(self.deployment(deployment_id), {*states, *ENDED}))

    def until(
        self, look: Callable[[], dict[str, Any] | None], longest: float = LONGEST, every: float = 0.05
    ) -> dict[str, Any]:
        """What `look` gives as soon as it gives something. Raises `TimeoutError`, `Stopped`."""
        deadline = time.monotonic() + longest
        while (found := look()) is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {longest:.0f} s")
            self.pause(every)
        return found

    def pause(self, seconds: float) -> None:
        """Do nothing for a while. Raises `Stopped`."""
        if self.stopping.wait(seconds):
            raise Stopped

    def kill(self) -> None:
        """Kill Shipway itself and start it again; apps and proxy are to notice nothing."""
        self.kills.append(time.time())
        self.shipway.kill()
        self.shipway.start()

    def releases(self) -> list[int]:
        """Numbers of releases that were live, newest first."""
        return list(dict.fromkeys(each["release"] for each in reversed(self.deployments()) if each["live_at"]))

    def deployments(self) -> list[dict[str, Any]]:
        """All there were, oldest first, without their steps."""
        found: list[dict[str, Any]] = []
        before = ""
        while True:
            page = self.call("GET", f"{self.url}/deployments?limit=100{before}")
            found += page["deployments"]
            if page["next_before"] is None:
                return found[::-1]
            before = f"&before={page['next_before']}"

    def history(self) -> History:
        """When which release may have answered."""
        return history([self.deployment(each["id"]) for each in self.deployments()], self.kills)

    def settle(self, longest: float) -> None:
        """Wait until nothing is under way any more: everything old is drained and gone."""
        self.until(lambda: {} if all(each["finished_at"] for each in self.deployments()) else None, longest, every=0.5)


def _when(deployment: dict[str, Any], states: set[str]) -> dict[str, Any] | None:
    return deployment if deployment["state"] in states else None
