"""The server, as functions. Paths are written `workspace/project/environment/service`; every method may raise `ClientError`."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import IO, Any, TypeVar
from urllib.parse import quote

from shipway.client import models
from shipway.client.address import ServicePath, parse
from shipway.client.events import Event, follow
from shipway.client.transport import Transport

T = TypeVar("T")

#: Seconds for what stops or sends a lot before it answers.
_LONG = 900.0
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Client:
    """One server, asked with one token. Use it as a context manager."""

    def __init__(self, url: str, token: str = "", *, door: str = "cli") -> None:
        self._transport = Transport(url, token, door=door)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._transport.close()

    @property
    def url(self) -> str:
        """Where the server is."""
        return self._transport.url

    def check(self) -> None:
        """Return when the server is up."""
        self._transport.send("GET", "/healthz")

    def whoami(self) -> models.WhoAmI:
        """Whose token this is."""
        return self._ask(models.WhoAmI, "GET", "/whoami")

    # Workspaces, projects, environments

    def workspaces(self) -> list[models.Workspace]:
        """Those that may be seen."""
        return self._ask(list[models.Workspace], "GET", "/workspaces")

    def create_workspace(self, name: str) -> models.Workspace:
        """A new one."""
        return self._ask(models.Workspace, "POST", "/workspaces", json={"name": name})

    def projects(self, workspace: str) -> list[models.Project]:
        """A workspace's."""
        return self._ask(list[models.Project], "GET", _under(workspace))

    def create_project(self, workspace: str, name: str) -> models.Project:
        """A new one."""
        return self._ask(models.Project, "POST", _under(workspace), json={"name": name})

    def environments(self, workspace: str, project: str) -> list[models.Environment]:
        """A project's."""
        return self._ask(list[models.Environment], "GET", _under(workspace, project))

    def create_environment(self, workspace: str, project: str, name: str, kind: str | None) -> models.Environment:
        """A new one."""
        body = {"name": name, "kind": kind}
        return self._ask(models.Environment, "POST", _under(workspace, project), json=body)

    # Private registries

    def registries(self, workspace: str) -> list[models.Registry]:
        """A workspace's, without their passwords."""
        return self._ask(list[models.Registry], "GET", _registries(workspace))

    def put_registry(self, workspace: str, host: str, **body: str) -> models.Registry:
        """What `host` is told; `username`, `password` and `kind` as the API takes them."""
        return self._ask(models.Registry, "PUT", _registries(workspace, host), json=body)

    def remove_registry(self, workspace: str, host: str) -> None:
        """Tell it nothing any more."""
        self._transport.send("DELETE", _registries(workspace, host))

    # Services

    def services(self, workspace: str = "", project: str = "", environment: str = "") -> list[models.Service]:
        """All that may be seen, or some of them."""
        wanted = {"workspace": workspace, "project": project, "environment": environment}
        return self._ask(list[models.Service], "GET", "/services", params=wanted)

    def service(self, path: str) -> models.Service:
        """One with its instances."""
        return self._ask(models.Service, "GET", _service(path))

    def create_service(self, path: str, *, create_parents: bool = False, **body: Any) -> models.Service:
        """A new one; `source`, `settings` and `hosts` as the API takes them."""
        address = parse(path)
        parent = _under(address.workspace, address.project, address.environment)
        content = {"name": address.service, "create_parents": create_parents, **body}
        return self._ask(models.Service, "POST", parent, json=content)

    def change_service(self, path: str, **body: Any) -> models.Service:
        """Change what is given of `source`, `settings` and `hosts`."""
        return self._ask(models.Service, "PATCH", _service(path), json=body)

    def delete_service(self, path: str, *, confirm: str) -> None:
        """For good."""
        self._transport.send("DELETE", _service(path), params={"confirm": confirm}, timeout=_LONG)

    def scale(self, path: str, counts: Mapping[str, int]) -> models.Scaled:
        """Set how many instances of each given process type run."""
        return self._ask(models.Scaled, "PUT", f"{_service(path)}/scale", json=dict(counts))

    def set_traffic(self, path: str, mode: str) -> models.Traffic:
        """Let requests reach its instances (`open`), or not (`maintenance`, `paused`)."""
        return self._ask(models.Traffic, "PUT", f"{_service(path)}/traffic", json={"mode": mode})

    def restart(self, path: str) -> models.Deployment:
        """New instances of what is live."""
        return self._ask(models.Deployment, "POST", f"{_service(path)}/restart")

    def config(self, path: str) -> models.Config:
        """Config vars, and what only builds get."""
        return self._ask(models.Config, "GET", f"{_service(path)}/config")

    def change_config(
        self,
        path: str,
        *,
        values: Mapping[str, str] = _NOTHING,
        unset: Sequence[str] = (),
        buildtime: Mapping[str, bool] = _NOTHING,
        build_secrets: Mapping[str, str] = _NOTHING,
    ) -> models.Config:
        """All changes or none."""
        body = {
            "set": dict(values),
            "unset": list(unset),
            "buildtime": dict(buildtime),
            "build_secrets": dict(build_secrets),
        }
        return self._ask(models.Config, "PATCH", f"{_service(path)}/config", json=body)

    def logs(
        self, path: str, *, follow_on: bool, tail: int | None = None, process: str = ""
    ) -> Iterator[models.LogLine]:
        """What its instances wrote, and with `follow_on` what they go on to write."""
        params = {"follow": str(follow_on).lower(), "tail": tail, "process": process}
        for event in self._follow(f"{_service(path)}/logs", params=params):
            yield event.data

    # Deployments

    def plan(self, path: str, action: str, **body: Any) -> models.Plan | None:
        """What a deployment would do; `None` for a scaling of what is not live. `body` as the API takes it."""
        body = {"action": action, **body}
        made: models.Plan | None = self._transport.send("POST", f"{_service(path)}/plan", json=body)
        return made

    def deploy(
        self, path: str, *, queue: str = "", require_zero_downtime: bool = False, **revision: str
    ) -> models.Deployment:
        """Ask for a deployment; `ref`, `upload` or `image` say of what."""
        address, params = _pipeline(path)
        body: dict[str, Any] = {name: value for name, value in revision.items() if value}
        body |= {"require_zero_downtime": require_zero_downtime}
        return self._ask(models.Deployment, "POST", f"{address}/deploy", params=params | {"queue": queue}, json=body)

    def rollback(
        self, path: str, version: int | None = None, *, require_zero_downtime: bool = False
    ) -> models.Deployment:
        """Back to a release; without a number the one before."""
        address, params = _pipeline(path)
        body = {"version": version, "require_zero_downtime": require_zero_downtime}
        return self._ask(models.Deployment, "POST", f"{address}/rollback", params=params, json=body)

    def status(self, path: str, number: int | None = None) -> models.Status:
        """The stage table of a deployment, the newest by default."""
        address, params = _pipeline(path)
        return self._ask(models.Status, "GET", f"{address}/status", params=params | {"deployment": number})

    def deployments(self, path: str, *, limit: int = 20, before: int | None = None) -> models.DeploymentPage:
        """Newest first."""
        params = {"limit": limit, "before": before}
        return self._ask(models.DeploymentPage, "GET", f"{_service(path)}/deployments", params=params)

    def releases(self, path: str, *, limit: int = 20) -> list[models.Release]:
        """Newest first."""
        return self._ask(list[models.Release], "GET", f"{_service(path)}/releases", params={"limit": limit})

    def deployment(self, deployment_id: str) -> models.Deployment:
        """One with its steps."""
        return self._ask(models.Deployment, "GET", f"/deployments/{deployment_id}")

    def explanation(self, deployment_id: str) -> models.Explanation:
        """Why one is as it is."""
        return self._ask(models.Explanation, "GET", f"/deployments/{deployment_id}/explanation")

    def promote(self, deployment_id: str) -> models.Deployment:
        """Send one that is ready its traffic."""
        return self._ask(models.Deployment, "POST", f"/deployments/{deployment_id}/promote")

    def cancel(self, deployment_id: str) -> models.Deployment:
        """Ask for it to stop."""
        return self._ask(models.Deployment, "POST", f"/deployments/{deployment_id}/cancel")

    def watch(self, deployment_id: str) -> Iterator[Event]:
        """Events `deployment` (a `Deployment`) and `log` (a `StepText`) until it is over."""
        return self._follow(f"/deployments/{deployment_id}/events")

    def step_log(self, deployment_id: str, step: str) -> str:
        """All of it."""
        parts: list[str] = []
        offset = 0
        while True:
            address = f"/deployments/{deployment_id}/steps/{step}/log"
            text, headers = self._transport.text(address, params={"offset": offset})
            if not text:
                return "".join(parts)
            parts.append(text)
            offset = int(headers["X-Next-Offset"])

    # Builds

    def builds(self, path: str, *, limit: int = 20, before: int | None = None) -> models.BuildPage:
        """Newest first."""
        params = {"limit": limit, "before": before}
        return self._ask(models.BuildPage, "GET", f"{_service(path)}/builds", params=params)

    def build(self, path: str, number: int) -> models.Build:
        """One with all that went in."""
        return self._ask(models.Build, "GET", f"{_service(path)}/builds/{number}")

    def attestation(self, path: str, number: int, kind: str) -> dict[str, Any]:
        """`provenance` or `sbom`: the in-toto statement beside the image."""
        return self._ask(dict[str, Any], "GET", f"{_service(path)}/builds/{number}/{kind}")

    def prune_builds(self, workspace: str) -> models.Freed:
        """Empty a workspace's build cache."""
        address = f"/workspaces/{quote(workspace, safe='')}/builds/prune"
        return self._ask(models.Freed, "POST", address, timeout=_LONG)

    # Uploads and tokens

    def upload(self, archive: IO[bytes]) -> str:
        """Send an archive; returns the digest that `deploy(upload=…)` takes."""
        headers = {"Content-Type": "application/gzip"}
        answer = self._ask(models.Upload, "POST", "/uploads", content=_chunks(archive), headers=headers, timeout=_LONG)
        return answer["digest"]

    def tokens(self) -> list[models.Token]:
        """One's own."""
        return self._ask(list[models.Token], "GET", "/tokens")

    def create_token(self, label: str, days: int | None = None) -> str:
        """A new one's text."""
        body = {"label": label, "days": days}
        return self._ask(models.NewToken, "POST", "/tokens", json=body)["token"]

    def revoke_token(self, token_id: str) -> None:
        """Make one worthless."""
        self._transport.send("DELETE", f"/tokens/{token_id}")

    def _ask(self, _answer: type[T], method: str, path: str, **options: Any) -> T:
        """Do a request; what it is answered with is of that type by the API's own description."""
        answer: T = self._transport.send(method, path, **options)
        return answer

    def _follow(self, path: str, **options: Any) -> Iterator[Event]:
        return follow(lambda last: self._transport.stream(path, last_event_id=last, **options))


def _under(workspace: str, project: str = "", environment: str = "") -> str:
    """Where the things inside a workspace, project or environment are listed and made."""
    parts = ["", "workspaces", workspace, "projects"]
    parts += [project, "environments"] if project else []
    parts += [environment, "services"] if environment else []
    return "/".join(parts)


def _registries(workspace: str, host: str = "") -> str:
    return "/".join(
        ["", "workspaces", quote(workspace, safe=""), "registries", *([quote(host, safe="")] if host else [])]
    )


def _service(path: str) -> str:
    address = parse(path)
    return f"{_under(address.workspace, address.project, address.environment)}/{address.service}"


def _pipeline(path: str) -> tuple[str, dict[str, Any]]:
    address: ServicePath = parse(path)
    place = f"{_under(address.workspace)}/{address.project}/pipeline"
    return place, {"service": address.service, "env": address.environment}


def _chunks(file: IO[bytes], size: int = 1 << 18) -> Iterator[bytes]:
    while chunk := file.read(size):
        yield chunk
