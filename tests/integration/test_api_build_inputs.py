"""The API of what goes into builds: what is secret goes in and never comes out."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.asgi import SERVICE, Api

from shipway.builders.builder import BuildRequest
from shipway.builders.fake import FakeBuilder
from shipway.domain.log import Log
from shipway.store.sealing import KEY_FILE

REGISTRIES = "/workspaces/acme/registries"


async def test_marks_for_builds_are_set_kept_and_lifted(api: Api) -> None:
    await api("PATCH", f"{SERVICE}/config", json={"set": {"A": "1", "B": "2"}, "buildtime": {"A": True}})
    changed = await api("PATCH", f"{SERVICE}/config", json={"set": {"A": "one"}, "buildtime": {"B": True}})
    assert changed.json() == {
        "config": {"A": "one", "B": "2"},
        "environment": [],
        "buildtime": ["A", "B"],
        "build_secrets": [],
        "warnings": [],
        "secrets": {},
    }

    changed = await api("PATCH", f"{SERVICE}/config", json={"unset": ["B"], "buildtime": {"A": False}})
    assert changed.json() == {
        "config": {"A": "one"},
        "environment": [],
        "buildtime": [],
        "build_secrets": [],
        "warnings": [],
        "secrets": {},
    }


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"buildtime": {"NOT_SET": True}}, "NOT_SET"),
        ({"unset": ["A"], "buildtime": {"A": True}}, "A"),
        ({"set": {"PATH": "/evil"}, "buildtime": {"PATH": True}}, "PATH"),
        ({"set": {"http_proxy": "http://u:p@x"}, "buildtime": {"http_proxy": True}}, "http_proxy"),
        ({"set": {"TWICE": "1"}, "build_secrets": {"TWICE": "2"}}, "TWICE"),
        ({"build_secrets": {"PORT": "2"}}, "PORT"),
        ({"build_secrets": {"NUL": "a\0b"}}, "NUL"),
    ],
)
async def test_what_can_t_be_is_refused_whole(api: Api, body: dict[str, object], named: str) -> None:
    await api("PATCH", f"{SERVICE}/config", json={"set": {"A": "1"}})
    refused = await api("PATCH", f"{SERVICE}/config", json={"build_secrets": {"NEW": "x"}} | body)
    assert refused.status_code == 400 and named in refused.json()["detail"] and refused.json()["hint"]
    left = {
        "config": {"A": "1"},
        "environment": [],
        "buildtime": [],
        "build_secrets": [],
        "warnings": [],
        "secrets": {},
    }
    assert (await api("GET", f"{SERVICE}/config")).json() == left


async def test_a_config_var_that_steers_clients_may_be_the_app_s_own(api: Api) -> None:
    answer = await api("PATCH", f"{SERVICE}/config", json={"set": {"PATH": "/app/bin", "HTTP_PROXY": "http://x"}})
    assert answer.status_code == 200


async def test_a_build_secret_is_named_and_never_shown(api: Api) -> None:
    answer = await api("PATCH", f"{SERVICE}/config", json={"build_secrets": {"NPM_TOKEN": "s3cret-token"}})
    listed = await api("GET", f"{SERVICE}/config")
    assert answer.json() == listed.json()
    assert (answer.json()["config"], answer.json()["build_secrets"]) == ({}, ["NPM_TOKEN"])
    assert "s3cret-token" not in listed.text

    gone = await api("PATCH", f"{SERVICE}/config", json={"unset": ["NPM_TOKEN"]})
    assert gone.json()["build_secrets"] == []


async def test_a_registry_is_put_listed_replaced_and_removed(api: Api) -> None:
    made = await api("PUT", f"{REGISTRIES}/NPM.example.com:8443", json={"username": "ada", "password": "s3cret"})
    assert made.status_code == 200, made.text
    assert (made.json()["host"], made.json()["kind"]) == ("npm.example.com:8443", "any")
    again = await api("PUT", f"{REGISTRIES}/npm.example.com:8443", json={"password": "t0ken", "kind": "packages"})

    listed = await api("GET", REGISTRIES)
    assert listed.json() == [again.json()]
    assert (again.json()["username"], again.json()["kind"]) == ("__token__", "packages")
    assert "s3cret" not in made.text + again.text + listed.text and "t0ken" not in again.text + listed.text
    assert (await api("DELETE", f"{REGISTRIES}/npm.example.com:8443")).status_code == 204
    assert (await api("DELETE", f"{REGISTRIES}/npm.example.com:8443")).status_code == 404


async def test_another_tenant_s_registries_are_not_there(api: Api) -> None:
    stranger = await api.stranger()
    body = {"username": "ada", "password": "s3cret"}
    for method, path, content in (
        ("GET", REGISTRIES, None),
        ("PUT", f"{REGISTRIES}/a.example.com", body),
        ("DELETE", f"{REGISTRIES}/a.example.com", None),
    ):
        assert (await api(method, path, json=content, headers=stranger)).status_code == 404


async def test_a_malformed_credential_is_refused_without_being_repeated(api: Api) -> None:
    for body in (
        {"password": "two words"},
        {"password": "x\\y", "username": "ada"},
        {"password": "s3cret", "kind": "all"},
    ):
        refused = await api("PUT", f"{REGISTRIES}/a.example.com", json=body)
        assert refused.status_code == 400
        assert body["password"] not in refused.text
    assert (await api("PUT", f"{REGISTRIES}/a..b", json={"password": "x"})).status_code == 400


class Remembering(FakeBuilder):
    """Keeps what it was asked to build."""

    def __init__(self, pushed: dict[str, str]) -> None:
        super().__init__()
        #: What the registry has, which is the other one's.
        self.pushed = pushed
        self.requests: list[BuildRequest] = []

    async def build(self, request: BuildRequest, log: Log) -> str:
        """As the fake builds it."""
        self.requests.append(request)
        return await super().build(request, log)


@pytest.fixture
async def remembering(api: Api) -> Api:
    """The API over the same stack, whose builder remembers; proxies are set."""
    settings = replace(api.stack.platform.settings, build_http_proxy="http://me:of-the-proxy@proxy.example.com:3128")
    platform = replace(api.stack.platform, builder=Remembering(api.stack.builder.pushed), settings=settings)
    return replace(api, stack=replace(api.stack, platform=platform))


async def test_a_build_is_given_all_of_it_and_nothing_that_is_kept_holds_what_is_secret(
    remembering: Api, tmp_path: Path
) -> None:
    api, stack = remembering, remembering.stack
    body = {
        "set": {"SITE": "of-the-site", "APP": "x"},
        "buildtime": {"SITE": True},
        "build_secrets": {"T": "of-the-token"},
    }
    await api("PATCH", f"{SERVICE}/config", json=body)
    await api("PUT", f"{REGISTRIES}/a.example.com", json={"username": "ada", "password": "of-the-registry"})
    made = await api.deploy()
    await stack.work()

    assert (await stack.deployment(made["id"])).state == "live"
    builder = stack.platform.builder
    assert isinstance(builder, Remembering)
    (request,) = builder.requests
    assert dict(request.arguments) == {"SITE": "of-the-site"}
    assert dict(request.secrets) == {"T": b"of-the-token"}
    assert [(known.host, known.password) for known in request.registries] == [("a.example.com", "of-the-registry")]
    assert request.proxies["http_proxy"].endswith("@proxy.example.com:3128")
    secret = [b"of-the-token", b"of-the-registry", b"of-the-proxy"]
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in kept if any(each in path.read_bytes() for each in secret)] == []
    log = (await api("GET", f"/deployments/{made['id']}/steps/build/log")).text
    assert "build arguments: SITE" in log and "build secrets: T" in log and "credentials for: a.example.com" in log
    release = (await api("GET", f"{SERVICE}/releases")).json()[0]
    assert release["config_names"] == ["APP", "SITE"]


async def test_a_lost_key_stops_the_build_and_says_what_is_gone(api: Api, tmp_path: Path) -> None:
    await api("PATCH", f"{SERVICE}/config", json={"build_secrets": {"T": "of-the-token"}})
    (api.stack.platform.settings.home / KEY_FILE).unlink()
    refused = await api("PATCH", f"{SERVICE}/config", json={"build_secrets": {"T": "another"}})
    assert refused.status_code == 503 and KEY_FILE in refused.json()["detail"]
