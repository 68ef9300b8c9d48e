"""The API keeps to its own published description, whatever it is sent."""

from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import positive_data_acceptance
from tests.support.served import Served, served
from tests.support.stack import PATH

from shipway.api.app import create_app
from shipway.pipeline.platform import Platform

_DESCRIPTION = create_app(cast(Platform, SimpleNamespace(settings=SimpleNamespace(url="")))).openapi()
OPERATIONS = [
    pytest.param(method, path, id=f"{method.upper()} {path}")
    for path, methods in _DESCRIPTION["paths"].items()
    for method in methods
]

_SERVICE = "/workspaces/{workspace}/projects/{project}/environments/{environment}/services/{service}"
_SECRET = f"{_SERVICE.rpartition('/services/')[0]}/secrets/{{secret}}"
#: Well-formed is not enough for them: what is typed, unset or deployed must be there, a canary's steps rise, instances fit.
HAS_RULES_OF_ITS_OWN = {
    ("delete", _SERVICE),
    ("delete", _SERVICE.rpartition("/services/")[0]),
    ("delete", _SERVICE.partition("/environments/")[0]),
    ("patch", _SERVICE),
    ("post", "/workspaces/{workspace}/projects/{project}/environments/{environment}/services"),
    ("patch", f"{_SERVICE}/config"),
    ("patch", f"{_SERVICE}/secrets"),
    ("patch", "/workspaces/{workspace}/projects/{project}/environments/{environment}/bindings"),
    ("post", f"{_SECRET}/versions/{{version}}/revoke"),
    ("delete", _SECRET),
    ("patch", "/workspaces/{workspace}/projects/{project}/environments/{environment}/config"),
    ("post", "/workspaces/{workspace}/projects/{project}/environments/{environment}/apply"),
    ("patch", f"{_SERVICE}/files"),
    ("get", f"{_SERVICE}/files/content"),
    ("post", f"{_SERVICE}/plan"),
    ("post", f"{_SERVICE}/copy"),
    ("post", f"{_SERVICE}/runs"),
    ("post", f"{_SERVICE}/commands"),
    ("get", f"{_SERVICE}/releases/{{release}}"),
    ("put", f"{_SERVICE}/releases/{{release}}/pin"),
    ("delete", f"{_SERVICE}/releases/{{release}}/pin"),
    ("get", f"{_SERVICE}/releases/{{release}}/difference"),
    ("post", "/workspaces/{workspace}/projects/{project}/pipeline/deploy"),
    ("post", "/workspaces/{workspace}/projects/{project}/pipeline/promote"),
    ("post", "/workspaces/{workspace}/projects/{project}/pipeline/redeploy"),
}


@schemathesis.serializer("application/gzip")
def send_bytes(_: schemathesis.SerializationContext, value: Any) -> Any:
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("api"), working=False) as it:
        yield it


@pytest.fixture(scope="module")
def description(server: Served) -> Any:
    return schemathesis.openapi.from_url(f"{server.url}/openapi.json")


@pytest.fixture(scope="module")
def real(server: Served) -> dict[str, str]:
    """What the parameters of addresses must be to lead to something."""
    deployment = server.run(server.stack.deploy)
    names = {"workspace": PATH.workspace, "project": PATH.project, "environment": PATH.environment}
    return names | {"service": PATH.service, "env": PATH.environment, "deployment": deployment.id, "step": "build"}


def aim(case: schemathesis.Case, real: dict[str, str]) -> None:
    """Lead a request to something that exists: at random names it would only ever hear 404."""
    case.path_parameters.update({name: real[name] for name in set(case.path_parameters) & set(real)})
    case.query.update({name: real[name] for name in set(case.query) & {"service", "env"}})
    case.query.pop("follow", None)  # that would never end


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_answer_is_as_described(
    server: Served, description: Any, real: dict[str, str], method: str, path: str, mode: GenerationMode
) -> None:
    excluded = [positive_data_acceptance] if (method, path) in HAS_RULES_OF_ITS_OWN else []

    @settings(max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(case=description[path][method].as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case) -> None:
        if mode is GenerationMode.POSITIVE:
            aim(case, real)
        headers = {"Authorization": f"Bearer {server.token}"}
        case.call_and_validate(headers=headers, timeout=30, excluded_checks=excluded)

    with suppress(Unsatisfiable):  # nothing about it can be malformed
        ask()
