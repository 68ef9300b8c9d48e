"""Plans and promotions wherever one asks: the API and the pages. (`test_cli_planning.py` has the command line.)"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.support.asgi import AIM, PIPELINE, SERVICE, Api
from tests.support.pages import Visitor, visitor
from tests.support.stack import DOCKERFILE, PATH, REPOSITORY

from shipway.domain.deployment import Deployment
from shipway.operations.config import change_config

MANUAL = {"type": "bluegreen", "promote": "manual"}
PROCFILE = {"Dockerfile": DOCKERFILE, "Procfile": "web: app\nclock: tick\n"}


@asynccontextmanager
async def admin_of(api: Api) -> AsyncIterator[Visitor]:
    async with visitor(api.stack.platform) as someone:
        await someone.log_in()
        yield someone


@asynccontextmanager
async def ready(api: Api) -> AsyncIterator[Deployment]:
    """A deployment that waits for its promotion over a live one, while a worker is at work."""
    await api.stack.deployed()
    await api.stack.change(strategy=MANUAL)
    made = await api.stack.deploy()
    async with api.stack.working():
        await api.stack.until(made, "ready")
        yield made


async def planned(api: Api, **body: object) -> Any:
    answer = await api("POST", f"{SERVICE}/plan", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_plan_that_is_asked_for_is_the_one_that_is_recorded(api: Api) -> None:
    await api.stack.deployed()
    await change_config(api.stack.platform, api.stack.actor, PATH, values={"COLOUR": "blue"}, unset=())
    asked = await planned(api, action="deploy")
    made = await api.stack.deployed()
    recorded = (await api("GET", f"/deployments/{made.id}")).json()["plan"]
    assert recorded | {"image": ""} == asked | {"image": ""}
    assert (asked["image"], recorded["image"]) == ("a new build", "v2")
    assert asked["summary"] == "v2 instead of v1: rolling, overlap, no interruption"
    assert asked["config"] == [{"name": "COLOUR", "change": "added", "kind": "variable", "before": "", "after": ""}]
    assert [move["verb"] for move in asked["moves"]] == ["start", "switch", "stop"]
    assert asked["needed"] == {"memory": 512 * 2**20, "cpus": 1.0, "devices": {}}


async def test_nothing_happens_when_a_plan_is_asked_for(api: Api) -> None:
    await api.stack.deployed()
    for action in ("deploy", "restart"):
        await planned(api, action=action)
    await planned(api, action="scale", counts={"web": 3})
    assert len((await api("GET", f"{SERVICE}/deployments")).json()["deployments"]) == 1
    assert (await api("GET", SERVICE)).json()["scale"] == {}


async def test_each_action_has_its_own_plan(api: Api) -> None:
    for _ in range(2):
        await api.stack.deployed()
    back = await planned(api, action="rollback")
    named = await planned(api, action="rollback", version=1)
    assert (back["release"], back["replaces"]) == (1, 2)
    assert named == back
    assert (await planned(api, action="restart"))["release"] == 2
    more = await planned(api, action="scale", counts={"web": 3})
    assert more["processes"] == [{"name": "web", "before": 1, "after": 3}]


async def test_to_scale_what_is_not_live_does_nothing_yet(api: Api) -> None:
    assert await planned(api, action="scale", counts={"web": 3}) is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"action": "nonsense"},
        {"action": "scale"},
        {"action": "scale", "counts": {}},
        {"action": "deploy", "version": 3},
    ],
)
async def test_a_plan_of_what_makes_no_sense_is_refused(api: Api, body: dict[str, object]) -> None:
    assert (await api("POST", f"{SERVICE}/plan", json=body)).status_code == 400


async def test_another_tenants_service_has_no_plan_and_its_deployment_no_promotion(api: Api) -> None:
    stranger = await api.stranger()
    async with ready(api) as made:
        asked = await api("POST", f"{SERVICE}/plan", json={"action": "deploy"}, headers=stranger)
        pushed = await api("POST", f"/deployments/{made.id}/promote", headers=stranger)
        assert (asked.status_code, pushed.status_code) == (404, 404)
        assert (await api.stack.deployment(made.id)).state == "ready"


@pytest.mark.parametrize("action", ["deploy", "rollback"])
async def test_what_would_interrupt_is_refused_where_that_is_required(api: Api, action: str) -> None:
    for _ in range(2):
        await api.stack.change(strategy={"type": "recreate"})
        await api.stack.deployed()
    body = {"require_zero_downtime": True}
    plan = await api("POST", f"{SERVICE}/plan", json={"action": action} | body)
    assert plan.status_code == 409
    assert "would interrupt web" in plan.json()["detail"]

    asked = (await api("POST", f"{PIPELINE}/{action}", params=AIM, json=body)).json()
    assert asked["require_zero_downtime"] is True
    await api.stack.work()
    ended = (await api("GET", f"/deployments/{asked['id']}")).json()
    assert (ended["state"], ended["failure"]["message"]) == ("failed", plan.json()["detail"])
    assert (await api("GET", SERVICE)).json()["live"]["number"] == 2

    allowed = (await api("POST", f"{PIPELINE}/{action}", params=AIM)).json()
    assert allowed["require_zero_downtime"] is False
    await api.stack.work()
    assert (await api("GET", f"/deployments/{allowed['id']}")).json()["state"] == "live"


async def test_what_is_ready_says_so_and_is_promoted_once(api: Api) -> None:
    async with ready(api) as made:
        status = (await api("GET", f"{PIPELINE}/status", params=AIM)).json()
        assert (status["update_status"], status["outcome"], status["deployment"]["state"]) == ("Ready", None, "ready")
        assert status["stages"][1] == {"name": "Deploy", "status": "running"}
        assert status["deployment"]["plan"]["waits"] is True
        said = (await api("GET", f"/deployments/{made.id}/explanation")).json()["summary"]
        assert said == "It is ready, and waits for somebody to promote or cancel it. d1 has the traffic."

        promoted = await api("POST", f"/deployments/{made.id}/promote")
        assert (promoted.status_code, promoted.json()["promote_requested"]) == (202, True)
        await api.stack.until(made, "live")
        again = await api("POST", f"/deployments/{made.id}/promote")
        assert again.status_code == 409
        assert "only a deployment that is ready can be promoted" in again.json()["detail"]
    assert (await api("GET", f"{PIPELINE}/status", params=AIM)).json()["mark"] == "live"


async def test_the_page_of_a_ready_deployment_promotes_it(api: Api) -> None:
    async with ready(api) as made, admin_of(api) as admin:
        page = f"/dashboard/deployments/{made.id}"
        said = await admin.text(page)
        assert "api d2 Ready" in said
        assert "It is ready, and waits for somebody to promote or cancel it." in said
        assert f"shipway promote {PATH}" in said
        assert f"shipway cancel {made.id}" in said
        assert 'data-step="promotion" data-state="running"' in (await admin.get(page)).text

        forged = await admin.post(f"{page}/promote")
        assert forged.status_code == 400
        assert (await api.stack.deployment(made.id)).state == "ready"
        pressed = await admin.press(page, f"{page}/promote")
        assert pressed.headers["location"] == page
        await api.stack.until(made, "live")
        assert "shipway promote" not in await admin.text(page)


async def test_the_page_of_a_ready_deployment_cancels_it(api: Api) -> None:
    async with ready(api) as made, admin_of(api) as admin:
        page = f"/dashboard/deployments/{made.id}"
        await admin.press(page, f"{page}/cancel")
        await api.stack.until(made, "cancelled")
        assert "Cancelled before traffic moved." in await admin.text(page)


async def test_the_page_tells_the_plan_in_short(api: Api) -> None:
    await api.stack.deployed()
    first = (await api("GET", f"{SERVICE}/deployments")).json()["deployments"][0]["id"]
    await api.stack.change(strategy={"type": "recreate"})
    await change_config(api.stack.platform, api.stack.actor, PATH, values={"COLOUR": "blue"}, unset=())
    made = await api.stack.deployed()
    async with admin_of(api) as admin:
        assert "Plan: v1, no interruption" in await admin.text(f"/dashboard/deployments/{first}")
        said = await admin.text(f"/dashboard/deployments/{made.id}")
    assert "Plan: v2 instead of v1, interrupts web" in said
    assert "recreate. The old instances stop before the new ones start, because the strategy is recreate." in said
    assert "Starts 1 web of v2 (d2) Stops 1 web of v1 (d1) Config COLOUR added" in said
    assert "blue" not in said, "a plan names config vars, it does not tell their values"


async def test_a_process_that_must_not_run_twice_is_handed_over_in_a_step_of_its_own(api: Api) -> None:
    api.stack.sources.add(REPOSITORY, "main", PROCFILE)
    await api.stack.change(stop_first=("clock",))
    await api.stack.deployed()
    made = await api.stack.deployed()
    async with admin_of(api) as admin:
        page = (await admin.get(f"/dashboard/deployments/{made.id}")).text
        said = await admin.text(f"/dashboard/deployments/{made.id}")
    assert 'data-step="handover" data-state="complete"' in page
    assert page.index('data-step="health"') < page.index('data-step="handover"') < page.index('data-step="route"')
    assert "interrupts clock" in said
    assert "of clock, never to run twice, the old ones end first" in said


async def test_trying_again_keeps_the_condition_it_was_asked_under(api: Api) -> None:
    await api.stack.change(strategy={"type": "recreate"})
    await api.stack.deployed()
    refused = await api.stack.deploy(zero_downtime=True)
    await api.stack.work()
    async with admin_of(api) as admin:
        page = f"/dashboard/deployments/{refused.id}"
        again = await admin.press(page, f"{page}/again")
    assert (await api.stack.deployment(again.headers["location"].rpartition("/")[2])).zero_downtime


async def test_a_canary_that_failed_is_an_error_of_its_stage(api: Api) -> None:
    await api.stack.deployed()
    await api.stack.change(strategy={"type": "canary", "interval": 30.0})
    made = await api.stack.deploy()
    async with api.stack.working():
        async with asyncio.timeout(20):
            while "canary" not in await _steps(api, made):
                await asyncio.sleep(0.002)
        api.stack.engine.crash(next(i.name for i in await api.stack.engine.instances() if ".d2." in i.name))
        await api.stack.until(made, "failed")
    status = (await api("GET", f"{PIPELINE}/status", params=AIM)).json()
    assert status["stages"][1] == {"name": "Deploy", "status": "error"}


async def _steps(api: Api, made: Deployment) -> list[str]:
    return [step["name"] for step in (await api("GET", f"/deployments/{made.id}")).json()["steps"]]
