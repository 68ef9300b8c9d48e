"""The guard: what fails more than what was live before it is undone or told, once, and nothing else is."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.asgi import an_api
from tests.support.pages import visitor
from tests.support.stack import PATH, REPOSITORY, Stack, fake_stack

from shipway.domain.clock import now
from shipway.domain.deployment import Deployment, Guarded
from shipway.domain.errors import Unavailable
from shipway.domain.service import ServiceSettings
from shipway.domain.strategy import Guard, GuardMode
from shipway.domain.traffic import Traffic
from shipway.operations import config_files
from shipway.routers.fake import FakeRouter
from shipway.store import deployments, services
from shipway.worker.guard import Guardian

HEALTHY, FAILING = (1000, 1), (200, 40)
FIGURES = "more 5xx: 40 of 200 requests (20.00 %), against 1 of 1000 (0.10 %) of the old release"
WITH_MIGRATION = {
    "Dockerfile": 'FROM base:1\nEXPOSE 8080\nCMD ["app"]\n',
    "Procfile": "web: app\nrelease: migrate\n",
}


def settings(mode: GuardMode = "undo", window: float = 300.0) -> ServiceSettings:
    return ServiceSettings(guard=Guard(mode, window), keep_warm=0.0)


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[Stack]:
    async with fake_stack(tmp_path, settings=settings()) as made:
        yield made


def answer(router: FakeRouter, made: Deployment, requests: int, errors: int) -> None:
    """So many requests were answered by its instances so far, so many with 5xx."""
    router.made_up[made.id] = Traffic(requests=requests, errors_5xx=errors)


async def deployed(stack: Stack, counted: tuple[int, int] = (0, 0)) -> Deployment:
    """Deployed and live, and what was counted since."""
    made = await stack.deploy()
    await stack.work()
    answer(stack.router, made, *counted)
    return await stack.deployment(made.id)


async def guarded(stack: Stack, made: Deployment) -> Guarded | None:
    """What the guard said of it after a look."""
    await Guardian(stack.platform).round()
    return (await stack.deployment(made.id)).guarded


async def live(stack: Stack) -> Deployment:
    async with stack.platform.database.read() as tx:
        service = (await services.listed(tx))[0]
        return await deployments.get(tx, service.live_deployment_id or "")


async def long_ago(stack: Stack, made: Deployment, **since: float) -> None:
    """It went live so long ago."""
    async with stack.platform.database.write() as tx:
        await deployments.mark(tx, made.id, live_at=now() - timedelta(**since))


async def test_what_fails_more_than_what_was_before_is_rolled_back(stack: Stack) -> None:
    first = await deployed(stack, HEALTHY)
    second = await deployed(stack, FAILING)
    assert await guarded(stack, second) == Guarded("undone", FIGURES, undone_by=3)
    await stack.work()
    current = await live(stack)
    assert (current.number, current.action, current.trigger, current.actor) == (3, "rollback", "guard", "Shipway")
    assert current.release_id == first.release_id
    assert (await stack.deployment(second.id)).state == "superseded"
    async with stack.platform.database.read() as tx:
        assert (await services.listed(tx))[0].held == "d3 rolled back to v1, by Shipway"


async def test_it_is_undone_once_however_often_one_looks_and_after_a_restart(stack: Stack) -> None:
    await deployed(stack, HEALTHY)
    second = await deployed(stack, FAILING)
    await guarded(stack, second)
    revived = await stack.restarted()
    for _ in range(3):
        await Guardian(revived.platform).round()
    await revived.work()
    await Guardian(revived.platform).round()
    current = await live(revived)
    assert await revived.is_idle()
    await revived.database.close()
    assert current.number == 3


async def test_a_crash_while_it_is_recorded_leaves_all_of_it_or_nothing(stack: Stack) -> None:
    await deployed(stack, HEALTHY)
    second = await deployed(stack, FAILING)

    async def crash(verb: str, when: str) -> None:
        if (verb, when) == ("commit", "before"):
            raise ConnectionError

    stack.intercept(crash)
    await Guardian(stack.platform).round()
    stack.intercept(None)
    assert await stack.is_idle()
    assert (await stack.deployment(second.id)).guarded is None
    assert await guarded(stack, second) == Guarded("undone", FIGURES, undone_by=3)


async def test_it_may_only_warn(tmp_path: Path) -> None:
    async with fake_stack(tmp_path, settings=settings("warn")) as stack:
        await deployed(stack, HEALTHY)
        second = await deployed(stack, FAILING)
        assert await guarded(stack, second) == Guarded("warned", FIGURES)
        assert await stack.is_idle()
        assert (await live(stack)).id == second.id


async def test_it_may_be_off(tmp_path: Path) -> None:
    async with fake_stack(tmp_path, settings=settings("off")) as stack:
        await deployed(stack, HEALTHY)
        second = await deployed(stack, FAILING)
        assert await guarded(stack, second) is None
        assert await stack.is_idle()


async def test_what_fails_as_much_as_what_was_before_stays(stack: Stack) -> None:
    await deployed(stack, (1000, 200))
    second = await deployed(stack, FAILING)
    assert await guarded(stack, second) is None
    await long_ago(stack, second, seconds=301)
    assert await guarded(stack, second) == Guarded(
        "good", "5xx: 40 of 200 requests (20.00 %), against 200 of 1000 (20.00 %) of the old release"
    )
    assert await stack.is_idle()


async def test_a_rise_by_less_than_what_there_was_is_put_down_to_other_minutes(stack: Stack) -> None:
    await deployed(stack, (10_000, 500))
    second = await deployed(stack, (10_000, 800))
    assert await guarded(stack, second) is None
    answer(stack.router, second, 10_000, 1_100)
    found = await guarded(stack, second)
    assert found is not None
    assert found.verdict == "undone"


async def test_two_that_guard_undo_it_once(stack: Stack) -> None:
    await deployed(stack, HEALTHY)
    second = await deployed(stack, FAILING)

    async def another(verb: str, when: str) -> None:
        if (verb, when) == ("traffic", "after"):
            stack.router.intercept = None
            await Guardian(stack.platform).round()

    stack.router.intercept = another
    assert await guarded(stack, second) == Guarded("undone", FIGURES, undone_by=3)


async def test_a_quiet_window_ends_well_and_says_that_it_proves_nothing(stack: Stack) -> None:
    await deployed(stack, HEALTHY)
    second = await deployed(stack, (3, 3))
    assert await guarded(stack, second) is None
    await long_ago(stack, second, seconds=301)
    assert await guarded(stack, second) == Guarded(
        "good", "too few requests to tell: 3 requests to the new release, 1000 requests to the old one"
    )


async def test_a_first_deployment_has_nothing_to_go_back_to(stack: Stack) -> None:
    first = await deployed(stack, FAILING)
    assert await guarded(stack, first) is None
    await long_ago(stack, first, seconds=301)
    found = await guarded(stack, first)
    assert found is not None
    assert found.verdict == "good"
    assert await stack.is_idle()


async def test_what_the_instances_had_answered_before_the_switch_does_not_count(stack: Stack) -> None:
    await deployed(stack, HEALTHY)
    second = await stack.deploy()
    answer(stack.router, second, 500, 100)
    await stack.work()
    answer(stack.router, second, 700, 100)
    assert await guarded(stack, second) is None
    answer(stack.router, second, 900, 150)
    found = await guarded(stack, second)
    assert found is not None
    assert "50 of 400 requests" in found.why


async def test_after_a_reload_of_the_proxy_what_it_counts_anew_counts(stack: Stack) -> None:
    await deployed(stack, HEALTHY)
    second = await stack.deploy()
    answer(stack.router, second, 500, 100)
    await stack.work()
    answer(stack.router, second, *FAILING)
    assert await guarded(stack, second) == Guarded("undone", FIGURES, undone_by=3)


async def test_what_is_counted_anew_is_not_taken_for_less_when_there_is_more_of_it(stack: Stack) -> None:
    await deployed(stack, (1000, 10))
    second = await stack.deploy()
    answer(stack.router, second, 1000, 2)
    await stack.work()
    guardian = Guardian(stack.platform)
    for counted in ((100, 1), (1031, 12)):
        answer(stack.router, second, *counted)
        await guardian.round()
    assert (await stack.deployment(second.id)).guarded is None, "1.2 % is no worse than 1 %"


async def test_a_rollback_is_never_undone_so_nothing_goes_back_and_forth(stack: Stack) -> None:
    await deployed(stack, HEALTHY)
    await guarded(stack, await deployed(stack, FAILING))
    await stack.work()
    third = await live(stack)
    answer(stack.router, third, 200, 199)
    found = await guarded(stack, third)
    assert found is not None
    assert found.verdict == "warned"
    assert found.why.endswith("not undone: it brought no new release, it was a rollback")
    assert await stack.is_idle()


async def test_beside_another_deployment_it_only_warns(stack: Stack) -> None:
    await deployed(stack, HEALTHY)
    second = await deployed(stack, FAILING)
    third = await stack.deploy()
    found = await guarded(stack, second)
    assert found == Guarded("warned", f"{FIGURES}; not undone: another deployment is under way")
    await stack.work()
    assert (await live(stack)).id == third.id


async def test_what_has_run_a_release_command_is_not_undone_by_a_machine(stack: Stack) -> None:
    await deployed(stack, HEALTHY)
    stack.sources.add(REPOSITORY, "main", WITH_MIGRATION)
    second = await deployed(stack, FAILING)
    found = await guarded(stack, second)
    assert found is not None
    assert found.verdict == "warned"
    assert "not undone: its release command has run" in found.why
    assert await stack.is_idle()


async def test_an_edit_of_config_files_is_undone_for_it_ran_no_release_command(stack: Stack) -> None:
    stack.sources.add(REPOSITORY, "main", WITH_MIGRATION)
    first = await deployed(stack, HEALTHY)
    made = await config_files.change_files(stack.platform, stack.actor, PATH, files={"app": "1"})
    assert made is not None
    await stack.work()
    answer(stack.router, first, HEALTHY[0] + FAILING[0], HEALTHY[1] + FAILING[1])
    found = await guarded(stack, made)
    assert found is not None
    assert found.verdict == "undone", found.why


async def test_long_after_its_window_nothing_is_undone(stack: Stack) -> None:
    await deployed(stack, HEALTHY)
    second = await deployed(stack, FAILING)
    await long_ago(stack, second, hours=1)
    found = await guarded(stack, second)
    assert found is not None
    assert found.verdict == "warned"
    assert found.why.endswith("not undone: nobody looked in the minutes after the switch")


async def test_while_the_proxy_does_not_answer_nothing_is_concluded(stack: Stack) -> None:
    await deployed(stack, HEALTHY)
    second = await deployed(stack, FAILING)
    await long_ago(stack, second, seconds=301)
    stack.router.available = False
    with pytest.raises(Unavailable):
        await Guardian(stack.platform).round()
    assert (await stack.deployment(second.id)).guarded is None


async def test_it_is_shown_by_the_api_and_on_the_page(tmp_path: Path) -> None:
    async with an_api(tmp_path) as api:
        await deployed(api.stack, HEALTHY)
        second = await deployed(api.stack, FAILING)
        assert (await api("GET", f"/deployments/{second.id}")).json()["guarded"] is None
        await guarded(api.stack, second)
        shown = (await api("GET", f"/deployments/{second.id}")).json()["guarded"]
        assert shown == {"verdict": "undone", "why": FIGURES, "undone_by": 3}
        async with visitor(api.stack.platform) as admin:
            await admin.log_in()
            page = await admin.text(f"/dashboard/deployments/{second.id}")
        assert f"Guard: undone by d3: {FIGURES}" in page
