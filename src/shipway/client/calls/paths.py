"""Where on the server things are."""

from typing import Any
from urllib.parse import quote

from shipway.client.address import ServicePath, parse, parse_holder


def under(workspace: str, project: str = "", environment: str = "") -> str:
    """Where the things inside a workspace, project or environment are listed and made."""
    parts = ["", "workspaces", workspace, "projects"]
    parts += [project, "environments"] if project else []
    parts += [environment, "services"] if environment else []
    return "/".join(parts)


def in_workspace(workspace: str, *rest: str) -> str:
    """What a workspace has beside its projects; `rest` may hold any characters."""
    return "/".join(["", "workspaces", *(quote(part, safe="") for part in (workspace, *rest))])


def service(path: str) -> str:
    """Where one service is. Raises `ClientError` when `path` is not the path of one."""
    address = parse(path)
    return f"{under(address.workspace, address.project, address.environment)}/{address.service}"


def of(path: str) -> str:
    """Where a project, an environment or a service is. Raises `ClientError` when `path` is the path of none."""
    if path.count("/") == 1:
        workspace, project = path.split("/")
        return f"{under(workspace)}/{project}"
    home = parse_holder(path)
    if isinstance(home, ServicePath):
        return service(path)
    return f"{under(home.workspace, home.project)}/{home.environment}"


def config(path: str) -> str:
    """Where the config of a service, or of an environment, is. Raises `ClientError` when `path` is the path of neither."""
    parse_holder(path)
    return f"{of(path)}/config"


def bindings(path: str) -> str:
    """Where it is told which secrets a service, or all of an environment, is given. Raises `ClientError` as `config` does."""
    return f"{of(path)}/{'secrets' if isinstance(parse_holder(path), ServicePath) else 'bindings'}"


def environment(path: str) -> str:
    """Where one environment is. Raises `ClientError` when `path` is not the path of one."""
    home = parse_holder(path)
    home = home.home if isinstance(home, ServicePath) else home
    return f"{under(home.workspace, home.project)}/{home.environment}"


def pipeline(path: str) -> tuple[str, dict[str, Any]]:
    """Where its project's pipeline is, and the parameters that say which service is meant."""
    address: ServicePath = parse(path)
    place = f"{under(address.workspace)}/{address.project}/pipeline"
    return place, {"service": address.service, "env": address.environment}
