"""What code hosts tell becomes deployments, once each; and of every push there is to be seen what came of it."""

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import httpx2
import pytest
from tests.support.asgi import SERVICE, Api
from tests.support.code_hosts import PAYLOADS, ZERO, APush, headers, sha
from tests.support.stack import DOCKERFILE, PATH, REPOSITORY, Stack, a_service

from shipway.domain.deployment import Deployment
from shipway.domain.names import ServicePath
from shipway.domain.push import CODE_HOSTS, CodeHost
from shipway.domain.source import GitSource
from shipway.operations import deployments
from shipway.store import deployments as deployments_store
from shipway.store import services

STAGING = ServicePath("acme", "shop", "staging", "api")
HOOKS = "/workspaces/acme/webhooks"
AUTO = f"{SERVICE}/auto-deploy"


@pytest.fixture
def stack(api: Api) -> Stack:
    return api.stack


@dataclass(frozen=True)
class Hook:
    """A webhook as a code host knows it."""

    api: Api
    id: str
    kind: CodeHost
    secret: str

    async def send(self, push: APush, **options: str) -> httpx2.Response:
        """Tell of a push, without any token of ours."""
        return await self.send_body(json.dumps(PAYLOADS[self.kind](push)).encode(), **options)

    async def send_body(self, body: bytes, *, secret: str = "", **options: str) -> httpx2.Response:
        """Tell what is in a body."""
        given = headers(self.kind, body, secret or self.secret, **options)
        del self.api.client.headers["Authorization"]
        try:
            return await self.api("POST", f"/hooks/{self.id}", content=body, headers=given)
        finally:
            self.api.client.headers["Authorization"] = f"Bearer {self.api.token}"

    async def told(self, push: APush, **options: str) -> list[dict[str, Any]]:
        """What came of a push, for each service."""
        answer = await self.send(push, **options)
        assert answer.status_code == 202, answer.text
        outcomes: list[dict[str, Any]] = answer.json()["delivery"]["outcomes"]
        return outcomes

    async def one(self, push: APush) -> tuple[str, str]:
        """What the one service did about a push, and why."""
        (outcome,) = await self.told(push)
        return outcome["kind"], outcome["why"]


async def a_hook(api: Api, kind: CodeHost = "github") -> Hook:
    answer = await api("POST", HOOKS, json={"kind": kind})
    assert answer.status_code == 201, answer.text
    return Hook(api, answer.json()["webhook"]["id"], kind, answer.json()["secret"])


@pytest.fixture
async def hook(api: Api) -> Hook:
    return await a_hook(api)


def commit(stack: Stack, text: object, branch: str = "main") -> str:
    """One more in the repository."""
    return stack.sources.add(REPOSITORY, branch, {"Dockerfile": f"{DOCKERFILE}# {text}\n"})


def chain(stack: Stack, length: int) -> list[APush]:
    """Pushes of one commit each, one after the other."""
    commits = [sha("before"), *(commit(stack, number) for number in range(length))]
    return [APush(before, after) for before, after in pairwise(commits)]


async def asked(stack: Stack) -> list[Deployment]:
    """Deployments that there are, oldest first."""
    async with stack.platform.database.read() as tx:
        service = await services.by_path(tx, PATH)
        assert service
        return list(reversed(await deployments_store.of_service(tx, service.id, limit=1000)))


async def live_commit(stack: Stack, api: Api) -> str:
    await stack.work()
    live = (await api("GET", SERVICE)).json()["live"]["release"]
    return str((await api("GET", f"{SERVICE}/releases/{live}")).json()["commit"])


class TestDeploying:
    @pytest.mark.parametrize("kind", CODE_HOSTS)
    async def test_a_push_of_the_branch_is_deployed(self, api: Api, kind: CodeHost) -> None:
        hook, after = await a_hook(api, kind), commit(api.stack, 1)
        (outcome,) = await hook.told(APush(after=after))
        assert (outcome["service"], outcome["kind"], outcome["why"]) == (str(PATH), "deployed", "d1")
        await api.stack.work()
        made = await api.stack.deployment(outcome["deployment_id"])
        assert (made.state, made.trigger, made.actor, made.revision.ref) == ("live", kind, "octocat", after)

    async def test_the_very_commit_is_deployed_though_the_branch_went_on(self, stack: Stack, hook: Hook) -> None:
        first, second = commit(stack, 1), commit(stack, 2)
        await hook.told(APush(after=first))
        assert await hook.one(APush(first, second, message="Not yet [skip deploy]")) == (
            "skipped",
            "the commit says [skip deploy]",
        )
        await stack.work()
        assert [(each.state, each.revision.ref) for each in await asked(stack)] == [("live", first)]

    async def test_what_waits_gives_way_to_the_next_push(self, stack: Stack, hook: Hook) -> None:
        for push in chain(stack, 3):
            await hook.told(push)
        await stack.work()
        assert [each.state for each in await asked(stack)] == ["superseded", "superseded", "live"]

    async def test_every_service_that_has_the_repository_tells_what_it_did(self, stack: Stack, hook: Hook) -> None:
        await a_service(stack, STAGING, source=GitSource("git@git.example.com:shop.git", "develop"))
        await a_service(stack, ServicePath("acme", "shop", "staging", "docs"), source=GitSource("https://x.example/y"))
        outcomes = await hook.told(APush(after=commit(stack, 1)))
        assert [(each["service"], each["kind"], each["why"]) for each in outcomes] == [
            (str(PATH), "deployed", "d1"),
            (str(STAGING), "skipped", "it follows develop, not main"),
        ]

    async def test_the_branch_is_the_services_else_its_environments_else_the_default(
        self, api: Api, hook: Hook
    ) -> None:
        await a_service(api.stack, STAGING, source=GitSource(REPOSITORY))
        after = commit(api.stack, 1)
        for branch, deploys in (("main", True), ("develop", False)):
            outcomes = await hook.told(APush(after=after, default_branch=branch))
            assert (outcomes[1]["kind"] != "skipped") is deploys
        place = "/workspaces/acme/projects/shop/environments/staging"
        assert (await api("PATCH", place, json={"branch": "release"})).status_code == 200
        assert (await hook.told(APush(after=sha(2))))[1]["why"] == "it follows release, not main"


class TestWhatIsNotDeployed:
    @pytest.mark.parametrize(
        ("push", "why"),
        [
            (APush(ref="refs/heads/feature/x"), "it follows main, not feature/x"),
            (APush(ref="refs/tags/v1", before=ZERO), "v1 is a tag; branches are followed"),
            (APush(after=ZERO), "main was deleted"),
            (APush(message="Docs\n\n[skip ci]"), "the commit says [skip ci]"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    async def test_the_reason_is_told(self, stack: Stack, hook: Hook, push: APush, why: str) -> None:
        assert await hook.one(push) == ("skipped", why)
        assert await asked(stack) == []

    async def test_another_repository_is_nobodys(self, stack: Stack, hook: Hook) -> None:
        (outcome,) = await hook.told(APush(repository="other"))
        assert (outcome["service"], outcome["kind"]) == ("", "skipped")
        assert outcome["why"] == "no service of the workspace is deployed from git.example.com/other"

    async def test_a_ping_is_answered(self, hook: Hook) -> None:
        answer = await hook.send_body(b'{"zen": "Keep it"}', event="ping")
        assert answer.status_code == 202
        assert answer.json()["delivery"]["outcomes"][0]["why"] == "it tells of no push"

    async def test_a_rollback_holds_and_the_next_push_after_resuming_goes_on(
        self, api: Api, stack: Stack, hook: Hook
    ) -> None:
        first, second, third, fourth = chain(stack, 4)
        for push in (first, second):
            await hook.told(push)
            await stack.work()
        await deployments.rollback(stack.platform, stack.actor, PATH)
        kind, why = await hook.one(third)
        assert (kind, why.split(";")[0]) == ("held", "held: d3 rolled back to v1, by admin")
        assert await live_commit(stack, api) == first.after
        await api("PUT", AUTO, json={"state": "on"})
        assert await hook.one(fourth) == ("deployed", "d4")
        assert await live_commit(stack, api) == fourth.after

    async def test_it_can_be_off_follow_another_branch_and_count_some_paths_only(self, api: Api, hook: Hook) -> None:
        commits = [commit(api.stack, number) for number in range(4)]
        await api("PUT", AUTO, json={"state": "off"})
        assert (await hook.one(APush(after=commits[0])))[1].startswith("automatic deployments are off")
        await api("PUT", AUTO, json={"state": "on", "branch": "next", "paths": ["/api/", "*.toml", "!docs.toml"]})
        assert (await api("GET", AUTO)).json() == {
            "state": "on",
            "reason": "",
            "branch": "next",
            "paths": ["/api/", "*.toml", "!docs.toml"],
        }
        assert await hook.one(APush(after=commits[0])) == ("skipped", "it follows next, not main")
        of_next = "refs/heads/next"
        for files, deploys in ((["web/x.py", "docs.toml"], False), (["a/b.toml"], True), (["api/x.py"], True)):
            push = APush(after=commits.pop(), ref=of_next, files=files)
            assert ((await hook.one(push))[0] == "deployed") is deploys, files
        await api("PUT", AUTO, json={"paths": ["!docs/"]})
        for files, deploys in ((["docs/x.md"], False), (["docs/x.md", "x.md"], True)):
            push = APush(after=commit(api.stack, files), ref=of_next, files=files)
            assert ((await hook.one(push))[0] == "deployed") is deploys, files
        unknown = APush(before=ZERO, after=commits.pop(), ref=of_next, files=["web/x.py"])
        assert (await hook.one(unknown))[0] == "deployed"

    @pytest.mark.parametrize("paths", [["#api"], ["!"], [" "], ["/"], ["a\\"], ["a"] * 51, ["x" * 201], [""]])
    async def test_paths_that_count_nothing_are_refused(self, api: Api, paths: list[str]) -> None:
        answer = await api("PUT", AUTO, json={"paths": paths})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


class TestOnce:
    async def test_what_is_told_again_leads_to_nothing_more(self, stack: Stack, hook: Hook) -> None:
        push = APush(after=commit(stack, 1))
        first = (await hook.send(push, identity="one")).json()
        again = (await hook.send(push, identity="one")).json()
        assert (first["again"], again["again"]) == (False, True)
        assert first["delivery"] == again["delivery"]
        assert len(await asked(stack)) == 1

    async def test_what_is_told_again_under_another_name_is_there_already(self, stack: Stack, hook: Hook) -> None:
        push = APush(after=commit(stack, 1))
        await hook.one(push)
        assert await hook.one(push) == ("overtaken", f"d1 is of {push.after[:7]} already")

    async def test_an_older_one_that_comes_late_does_not_go_live(self, api: Api, stack: Stack, hook: Hook) -> None:
        first, second, third = chain(stack, 3)
        for push in (first, third, second):
            await hook.told(push)
        assert await live_commit(stack, api) == third.after
        deliveries = (await api("GET", "/workspaces/acme/deliveries")).json()
        assert [each["outcomes"][0]["why"] for each in deliveries] == [
            f"{third.after[:7]} was pushed after it: d2 is of {third.after[:7]} already",
            "d2",
            "d1",
        ]

    async def test_when_the_missing_one_comes_the_newest_is_live_again(
        self, api: Api, stack: Stack, hook: Hook
    ) -> None:
        first, second, third = chain(stack, 3)
        await hook.told(third)
        await hook.told(first)
        assert await live_commit(stack, api) == first.after
        kind, why = await hook.one(second)
        assert (kind, why) == ("deployed", f"d3 of {third.after[:7]}, which was pushed after it")
        assert await live_commit(stack, api) == third.after

    async def test_a_forced_push_back_is_deployed(self, api: Api, stack: Stack, hook: Hook) -> None:
        first, second = chain(stack, 2)
        for push in (first, second, APush(second.after, first.after, forced=True)):
            await hook.told(push)
        assert await live_commit(stack, api) == first.after

    @pytest.mark.parametrize("moment", ["before", "after"])
    async def test_a_crash_at_the_commit_leaves_all_of_it_or_nothing(
        self, stack: Stack, hook: Hook, moment: str
    ) -> None:
        push = APush(after=commit(stack, 1))

        async def crash(what: str, when: str) -> None:
            if (what, when) == ("commit", moment):
                raise ConnectionError("killed")

        stack.intercept(crash)
        assert (await hook.send(push, identity="one")).status_code == 500
        stack.intercept(None)
        assert len(await asked(stack)) == (moment == "after")
        answer = await hook.send(push, identity="one")
        assert answer.json()["again"] is (moment == "after")
        assert len(await asked(stack)) == 1


class TestWhoIsBelieved:
    @pytest.mark.parametrize("kind", CODE_HOSTS)
    async def test_another_secret_is_refused_and_nothing_is_kept(self, api: Api, kind: CodeHost) -> None:
        hook = await a_hook(api, kind)
        answer = await hook.send_body(json.dumps(PAYLOADS[kind](APush())).encode(), secret="another")
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert hook.secret not in answer.text
        assert (await api("GET", "/workspaces/acme/deliveries")).json() == []

    async def test_what_can_t_be_read_is_refused(self, hook: Hook) -> None:
        answer = await hook.send_body(b"payload=%7B%7D")
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
        assert "application/json" in answer.json()["hint"]

    async def test_a_webhook_that_is_gone_or_never_was_is_not_found(self, api: Api, hook: Hook) -> None:
        assert (await api("DELETE", f"{HOOKS}/{hook.id}")).status_code == 204
        assert (await hook.send(APush())).status_code == 404
        assert (await api("DELETE", f"{HOOKS}/{hook.id}")).status_code == 404

    async def test_as_much_as_github_sends_is_read_and_no_more(self, api: Api, stack: Stack, hook: Hook) -> None:
        push = APush(after=commit(stack, 1), more={"padding": "x" * 24 * 1024**2})
        assert (await hook.one(push))[0] == "deployed"
        much = await hook.send(APush(more={"padding": "x" * 27 * 1024**2}))
        assert much.status_code == 413

    async def test_its_secret_is_in_no_answer_and_not_in_the_database(self, api: Api, stack: Stack, hook: Hook) -> None:
        await hook.told(APush(after=commit(stack, 1)))
        shown = [await api("GET", where) for where in (HOOKS, "/workspaces/acme/deliveries", SERVICE)]
        assert all(hook.secret not in answer.text for answer in shown)
        files = [path.read_bytes() for path in stack.platform.settings.home.glob("shipway.db*")]
        assert files
        assert all(hook.secret.encode() not in content for content in files)

    async def test_another_workspace_s_are_not_there(self, api: Api, hook: Hook) -> None:
        theirs = await api.stranger()
        for method, where in (("GET", HOOKS), ("DELETE", f"{HOOKS}/{hook.id}"), ("GET", "/workspaces/acme/deliveries")):
            assert (await api(method, where, headers=theirs)).status_code == 404

    async def test_a_webhook_deploys_in_its_own_workspace_only(self, api: Api, stack: Stack) -> None:
        await api("POST", "/workspaces", json={"name": "rivals"})
        made = (await api("POST", "/workspaces/rivals/webhooks", json={"kind": "github"})).json()
        rivals = Hook(api, made["webhook"]["id"], "github", made["secret"])
        (outcome,) = await rivals.told(APush(after=commit(stack, 1)))
        assert (outcome["service"], outcome["kind"]) == ("", "skipped")
        assert await asked(stack) == []


class TestDeployUrls:
    async def a_url(self, api: Api) -> str:
        answer = await api("POST", f"{SERVICE}/deploy-urls", json={"label": "ci"})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["url"]).removeprefix(api.stack.platform.settings.url)

    async def test_it_deploys_without_any_token(self, api: Api, stack: Stack) -> None:
        url, wanted = await self.a_url(api), commit(stack, 1)
        commit(stack, 2)
        answer = await api("POST", url, params={"ref": wanted}, headers={"Authorization": ""})
        assert answer.status_code == 202, answer.text
        await stack.work()
        made = await stack.deployment(answer.json()["id"])
        assert (made.state, made.trigger, made.actor, made.revision.ref) == ("live", "deploy-url", "ci", wanted)
        (known,) = (await api("GET", f"{SERVICE}/deploy-urls")).json()
        assert known["used_at"]
        assert url.rpartition("/")[2] not in json.dumps(known)

    async def test_it_is_refused_while_a_rollback_holds(self, api: Api, stack: Stack) -> None:
        url = await self.a_url(api)
        await api("PUT", AUTO, json={"state": "held"})
        answer = await api("POST", url)
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
        assert "auto-deploy resume" in answer.json()["hint"]
        assert await asked(stack) == []

    async def test_one_that_is_gone_is_worthless(self, api: Api) -> None:
        url = await self.a_url(api)
        (known,) = (await api("GET", f"{SERVICE}/deploy-urls")).json()
        assert (await api("DELETE", f"{SERVICE}/deploy-urls/{known['id']}")).status_code == 204
        assert (await api("POST", url)).status_code == 404
        assert (await api("DELETE", f"{SERVICE}/deploy-urls/{known['id']}")).status_code == 404

    async def test_what_it_can_t_deploy_is_told(self, api: Api) -> None:
        answer = await api("POST", await self.a_url(api), params={"image": "x:1"})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
