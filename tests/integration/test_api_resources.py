"""The API's resources: what is asked for is what is there afterwards."""

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.asgi import AIM, PIPELINE, SERVICE, Api, api_over
from tests.support.stack import DOCKERFILE, PATH, REPOSITORY, fake_stack

from shipway.domain.deployment import STEPS
from shipway.registry.keys import ensure_key
from shipway.registry.tokens import Tokens
from shipway.sources.sources import LocalSources


async def test_everything_a_service_lives_in_is_made_and_listed(api: Api) -> None:
    for path, body in (
        ("/workspaces", {"name": "blue"}),
        ("/workspaces/blue/projects", {"name": "sky"}),
        ("/workspaces/blue/projects/sky/environments", {"name": "staging"}),
    ):
        made = await api("POST", path, json=body)
        assert made.status_code == 201, made.text
        assert (await api("GET", made.headers["Location"])).status_code == 200
        assert (await api("POST", path, json=body)).status_code == 409
    environments = (await api("GET", "/workspaces/blue/projects/sky/environments")).json()
    assert [(each["name"], each["kind"]) for each in environments] == [("staging", "staging")]


async def test_a_service_is_created_changed_and_deleted(api: Api) -> None:
    parent = "/workspaces/blue/projects/sky/environments/production/services"
    body = {"name": "web", "create_parents": True, "settings": {"health": {"path": "/up"}, "port": 3000}}
    made = await api("POST", parent, json=body)
    assert made.status_code == 201, made.text

    address = made.headers["Location"]
    changed = await api("PATCH", address, json={"settings": {"health": {"timeout": 5}}, "hosts": ["Shop.Example.com"]})

    settings = changed.json()["settings"]
    health = {
        "type": "http",
        "path": "/up",
        "port": 0,
        "timeout": 5.0,
        "success": [200],
        "interval": 5.0,
        "failures": 3,
        "command": "",
    }
    assert settings["health"] == health
    assert settings["port"] == 3000
    assert (await api("GET", address)).json()["hosts"] == ["shop.example.com"]
    assert (await api("DELETE", address, params={"confirm": "web"})).status_code == 400
    assert (await api("DELETE", address, params={"confirm": "blue/sky/production/web"})).status_code == 204
    assert (await api("GET", address)).status_code == 404


async def test_every_setting_can_be_read_changed_and_sent_back(api: Api) -> None:
    given = {
        "strategy": {"type": "canary", "steps": [5, 25], "interval": 30.0, "sample": 50},
        "guard": {"mode": "warn", "window": 60.0},
        "liveness": {"path": "/livez", "failures": 5},
        "resources": {"devices": {"gpu": 1}},
        "stop_first": ["beat"],
        "keep_warm": 0.0,
        "volumes": [{"name": "data", "path": "/data", "process": "web"}],
    }

    changed = (await api("PATCH", SERVICE, json={"settings": given})).json()["settings"]

    assert changed["strategy"] == given["strategy"] | {"promote": "auto"}
    assert changed["guard"] == given["guard"]
    assert changed["liveness"] == {"path": "/livez", "port": 0, "interval": 10.0, "timeout": 5.0, "failures": 5}
    assert changed["resources"]["devices"] == {"gpu": 1}
    assert (changed["stop_first"], changed["keep_warm"]) == (["beat"], 0.0)
    assert changed["volumes"] == given["volumes"]
    assert (await api("PATCH", SERVICE, json={"settings": changed})).json()["settings"] == changed


async def test_a_setting_that_cannot_be_meant_is_refused_and_nothing_changes(api: Api) -> None:
    before = (await api("GET", SERVICE)).json()["settings"]
    for wrong, told in (
        ({"type": "canary", "steps": [50, 10]}, "50,10"),
        ({"type": "canary", "steps": [0, 10]}, "steps"),
        ({"promote": "manual"}, "bluegreen"),
        ({"type": "sudden"}, "rolling"),
    ):
        refused = await api("PATCH", SERVICE, json={"settings": {"keep_warm": 1, "strategy": wrong}})
        assert refused.status_code in (400, 422), wrong
        assert told in refused.text
    assert (await api("GET", SERVICE)).json()["settings"] == before


async def test_services_are_listed_by_what_they_live_in(api: Api) -> None:
    listed = (await api("GET", "/services", params={"workspace": "acme"})).json()
    inside = (await api("GET", SERVICE.rpartition("/")[0])).json()

    assert [each["path"] for each in listed] == [each["path"] for each in inside] == [str(PATH)]
    assert (await api("GET", "/services", params={"project": "other"})).json() == []
    assert (await api("GET", SERVICE.rpartition("/")[0].replace("production", "nowhere"))).status_code == 404


async def test_config_is_changed_at_once_or_not_at_all(api: Api) -> None:
    await api("PATCH", f"{SERVICE}/config", json={"set": {"A": "1", "B": "2"}})

    refused = await api("PATCH", f"{SERVICE}/config", json={"set": {"C": "3"}, "unset": ["A", "NOT_SET"]})
    assert refused.status_code == 400
    changed = await api("PATCH", f"{SERVICE}/config", json={"set": {"B": "two"}, "unset": ["A"]})

    left = {
        "config": {"B": "two"},
        "secrets": {},
        "environment": [],
        "buildtime": [],
        "build_secrets": [],
        "warnings": [],
    }
    assert changed.json() == (await api("GET", f"{SERVICE}/config")).json() == left


async def test_a_deployment_is_accepted_followed_and_found_by_all_its_names(api: Api) -> None:
    answer = await api("POST", f"{PIPELINE}/deploy", params=AIM)
    await api.stack.work()

    assert answer.status_code == 202
    deployment = (await api("GET", answer.headers["Location"])).json()
    status = (await api("GET", f"{PIPELINE}/status", params=AIM)).json()
    assert deployment["state"] == "live"
    assert [step["name"] for step in deployment["steps"]] == list(STEPS)
    assert status["deployment"] == deployment
    assert status["stages"] == [{"name": "Build", "status": "complete"}, {"name": "Deploy", "status": "complete"}]
    assert (status["outcome"], status["status_label"], status["update_status"], status["mark"]) == (
        "active",
        "Running",
        "Ready",
        "live",
    )
    service = (await api("GET", SERVICE)).json()
    assert (service["state"], service["live"]["id"]) == ("running", deployment["id"])
    assert [(each["process"], each["state"], each["release"]) for each in service["instances"]] == [
        ("web", "running", 1)
    ]
    metrics = (await api("GET", f"{PIPELINE}/metrics", params=AIM)).json()
    assert (metrics["deployments"], metrics["success_rate"]) == (1, 1.0)


async def test_a_failure_says_in_which_step_why_and_what_next(api: Api) -> None:
    api.stack.sources.add(REPOSITORY, "main", {"Dockerfile": f"{DOCKERFILE}RUN exit 7\n"})
    await api.deploy()
    await api.stack.work()

    status = (await api("GET", f"{PIPELINE}/status", params=AIM)).json()

    failure = status["deployment"]["failure"]
    assert (failure["step"], failure["code"]) == ("build", "build-command-failed")
    assert failure["hint"]
    assert [stage["status"] for stage in status["stages"]] == ["error", "skipped"]
    assert (status["outcome"], status["status_label"], status["update_status"]) == ("error", "Failed", "Failed")


async def test_a_rollback_goes_to_the_release_that_was_named(api: Api) -> None:
    for name in ("one", "two"):
        api.stack.sources.add(REPOSITORY, "main", {"Dockerfile": DOCKERFILE, name: ""})
        await api.deploy()
        await api.stack.work()

    back = await api("POST", f"{PIPELINE}/rollback", params=AIM, json={"version": 1})
    await api.stack.work()

    assert (await api("GET", back.headers["Location"])).json()["release"] == 1
    assert (await api("POST", f"{PIPELINE}/rollback", params=AIM, json={"version": 9})).status_code == 404
    releases = (await api("GET", f"{SERVICE}/releases")).json()
    assert [release["number"] for release in releases] == [2, 1]


async def test_the_newest_supersedes_those_that_wait_unless_it_is_told_to_wait(api: Api) -> None:
    first = (await api.deploy())["id"]
    await api("POST", f"{PIPELINE}/deploy", params=AIM | {"queue": "wait"})
    assert (await api("GET", f"/deployments/{first}")).json()["state"] == "queued"

    third = await api.deploy()

    assert (await api("GET", f"/deployments/{first}")).json()["state"] == "superseded"
    assert (third["position"], third["status_label"]) == (0, "Queued")


async def test_deployments_are_paged_newest_first(api: Api) -> None:
    for _ in range(5):
        await api.deploy()

    first = (await api("GET", f"{SERVICE}/deployments", params={"limit": 3})).json()
    second = (await api("GET", f"{SERVICE}/deployments", params={"limit": 3, "before": first["next_before"]})).json()

    numbers = [[each["number"] for each in page["deployments"]] for page in (first, second)]
    assert numbers == [[5, 4, 3], [2, 1]]
    assert second["next_before"] is None


async def test_a_queued_deployment_is_cancelled_once(api: Api) -> None:
    identifier = (await api.deploy())["id"]

    assert (await api("POST", f"/deployments/{identifier}/cancel")).json()["state"] == "cancelled"
    assert (await api("POST", f"/deployments/{identifier}/cancel")).status_code == 409


async def test_scaling_counts_from_the_next_deployment_on_while_nothing_is_live(api: Api) -> None:
    noted = await api("PUT", f"{SERVICE}/scale", json={"web": 2})
    assert (noted.status_code, noted.json()) == (200, {"scale": {"web": 2}, "deployment": None})
    await api.deploy()
    await api.stack.work()

    scaled = await api("PUT", f"{SERVICE}/scale", json={"web": 3})
    await api.stack.work()

    assert scaled.status_code == 202
    assert (await api("GET", scaled.headers["Location"])).json()["action"] == "scale"
    assert len((await api("GET", SERVICE)).json()["instances"]) == 3
    assert (await api("PUT", f"{SERVICE}/scale", json={"worker": 1})).status_code == 400


async def test_a_steps_log_is_read_on_from_where_it_was_left(api: Api) -> None:
    identifier = (await api.deploy())["id"]
    api.stack.platform.logs.append(identifier, "build", "eins – zwei")
    address = f"/deployments/{identifier}/steps/build/log"
    first = await api("GET", address)
    api.stack.platform.logs.append(identifier, "build", "drei")

    second = await api("GET", address, params={"offset": first.headers["X-Next-Offset"]})

    assert (first.text, second.text) == ("eins – zwei\n", "drei\n")
    assert first.headers["Content-Type"].startswith("text/plain")
    assert (await api("GET", address.replace("build", "nosuch"))).status_code == 400


async def test_an_upload_is_kept_by_its_digest_up_to_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shipway.operations.uploads.MOST", 1000)
    async with fake_stack(tmp_path) as stack:
        platform = replace(stack.platform, sources=LocalSources(tmp_path))
        async with api_over(stack, platform) as api:
            kept = await api("POST", "/uploads", content=b"x" * 1000)
            refused = await api("POST", "/uploads", content=b"x" * 1001)

    assert kept.status_code == 201
    assert [path.name for path in (tmp_path / "uploads").iterdir()] == [f"{kept.json()['digest']}.tar.gz"]
    assert (refused.status_code, refused.json()["code"]) == (429, "limit-reached")


async def test_a_registry_client_gets_what_its_users_workspaces_allow(tmp_path: Path) -> None:
    class Registry:
        tokens = Tokens(ensure_key(tmp_path / "keys"), issuer="t", service="t-registry")

    params = {"service": "t-registry", "scope": ["repository:acme/x:pull,push", "repository:other/x:pull"]}
    async with (
        fake_stack(tmp_path) as stack,
        api_over(stack, replace(stack.platform, registry=Registry())) as api,  # type: ignore[arg-type]
    ):
        api.client.headers.pop("Authorization")
        granted = await api("GET", "/registry/token", params=params, auth=("admin", api.token))
        wrong_name = await api("GET", "/registry/token", params=params, auth=("root", api.token))
        wrong_token = await api("GET", "/registry/token", params=params, auth=("admin", "guess"))
        posted = await api("POST", "/registry/token")

    assert granted.status_code == 200
    claims = json.loads(base64.urlsafe_b64decode(granted.json()["token"].split(".")[1] + "=="))
    assert claims["access"] == [{"type": "repository", "name": "acme/x", "actions": ["pull", "push"]}]
    assert [answer.status_code for answer in (wrong_name, wrong_token, posted)] == [401, 401, 405]


async def test_what_only_the_database_is_needed_for_works_without_an_engine(api: Api) -> None:
    api.stack.engine.go_away()
    parent = SERVICE.rpartition("/")[0]

    assert (await api("POST", parent, json={"name": "web"})).status_code == 201
    assert (await api("PATCH", SERVICE, json={"settings": {"port": 3000}})).status_code == 200
    assert (await api("PUT", f"{SERVICE}/scale", json={"web": 2})).status_code == 200
    assert (await api("POST", f"{PIPELINE}/deploy", params=AIM)).status_code == 202
    seen = await api("GET", SERVICE)
    assert (seen.status_code, seen.json()["name"], seen.json()["instances"]) == (200, "api", [])
    assert "gone away" in seen.json()["unseen"]
