"""What the pages of the dashboard say."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.support.pages import Visitor, readable, visitor
from tests.support.stack import PATH, REPOSITORY, Stack, a_service, fake_platform

from shipway.domain.names import ServicePath
from shipway.domain.source import GitSource, PushSource
from shipway.engines.fake import listens_on
from shipway.operations import secrets
from shipway.operations.config import change_config
from shipway.web.app import STATIC
from shipway.web.static import DIRECTORY, version

SERVICE = f"/dashboard/{PATH}"
TEMPLATES = Path(__file__).parents[2] / "src/shipway/web/templates"
BROKEN = {"Dockerfile": "FROM base:1\nRUN exit 3\n"}


@asynccontextmanager
async def admin_of(stack: Stack) -> AsyncIterator[Visitor]:
    async with visitor(stack.platform) as someone:
        await someone.log_in()
        yield someone


@pytest.fixture
async def admin(stack: Stack) -> AsyncIterator[Visitor]:
    async with admin_of(stack) as someone:
        yield someone


async def test_an_empty_installation_tells_how_to_deploy_the_first_app(tmp_path: Path) -> None:
    platform = await fake_platform(tmp_path)
    async with visitor(platform) as someone:
        await someone.log_in()
        page = (await someone.get("/dashboard")).text
    await platform.database.close()
    commands = [command.split()[1:] for command in re.findall("<code>(shipway .*?)</code>", page)]
    assert commands[0][:2] == ["services", "create"]
    path = ServicePath.parse(commands[0][2])
    assert commands[1:] == [["link", str(path)], ["deploy"]]


async def test_services_are_grouped_as_they_are_addressed(stack: Stack, admin: Visitor) -> None:
    for path in ("acme/shop/production/web", "acme/shop/staging/api", "zeta/blog/production/web"):
        await a_service(stack, ServicePath.parse(path))
    page = (await admin.get("/dashboard")).text
    shape = re.findall(r"<h2[^>]*>(.*?)</h2>|<h3>(.*?)</h3>|class=\"cover\" href=\"/dashboard/(.*?)\"", page)
    assert [readable(project) or environment or path for project, environment, path in shape] == [
        "acme / shop",
        "production",
        "acme/shop/production/api",
        "acme/shop/production/web",
        "staging",
        "acme/shop/staging/api",
        "zeta / blog",
        "production",
        "zeta/blog/production/web",
    ]


async def test_a_service_is_shown_with_its_state_url_release_and_last_deployment(stack: Stack, admin: Visitor) -> None:
    made = await stack.deploy()
    await stack.work()
    page = await admin.get("/dashboard")
    assert "Running api api-production-shop.localhost:8080 (opens in a new tab) live release v1" in readable(page.text)
    assert "Live deployment d1 , just now" in readable(page.text)
    assert f'href="/dashboard/deployments/{made.id}"' in page.text
    assert 'href="http://api-production-shop.localhost:8080"' in page.text


async def test_a_failed_deployment_over_a_serving_one_leaves_the_service_running(stack: Stack, admin: Visitor) -> None:
    await stack.deploy()
    await stack.work()
    stack.sources.add(REPOSITORY, "main", BROKEN)
    await stack.deploy()
    await stack.work()
    assert "Running api" in await admin.text("/dashboard")
    assert "Failed deployment d2" in await admin.text("/dashboard")


async def test_a_service_shows_what_was_deployed_what_runs_and_what_it_is(stack: Stack, admin: Visitor) -> None:
    await stack.deploy()
    await stack.work()
    await stack.deploy()
    await stack.work()
    said = await admin.text(SERVICE)
    assert "Live d2 Deploy → v2 admin, API" in said
    assert "Superseded d1 Deploy → v1" in said
    assert "Instances web.1 v2 Running" in said
    assert f"Source {REPOSITORY} at main Hosts api-production-shop.localhost" in said
    assert "Succeeded 2 of 2" in said


async def test_config_values_stay_on_the_server_until_they_are_asked_for(stack: Stack, admin: Visitor) -> None:
    await change_config(stack.platform, stack.actor, PATH, values={"API_KEY": "s3cret-value"})
    page = (await admin.get(SERVICE)).text
    assert "API_KEY" in page
    assert "s3cret-value" not in page
    assert "s3cret-value" in (await admin.get(f"{SERVICE}?config=shown")).text


async def test_what_only_builds_get_is_named_and_never_shown(stack: Stack, admin: Visitor) -> None:
    await change_config(stack.platform, stack.actor, PATH, values={"SITE": "a", "APP": "b"}, buildtime={"SITE": True})
    await change_config(stack.platform, stack.actor, PATH, build_secrets={"NPM_TOKEN": "s3cret-value"})
    page = (await admin.get(f"{SERVICE}?config=shown")).text
    assert page.count("also a build argument") == 1 and "NPM_TOKEN" in page
    assert "s3cret-value" not in page


async def test_config_says_whose_it_is_who_changed_it_and_what_should_be_a_secret(stack: Stack, admin: Visitor) -> None:
    await change_config(stack.platform, stack.actor, PATH.home, values={"REGION": "eu"})
    await change_config(stack.platform, stack.actor, PATH, values={"DB_PASSWORD": "hunter2-hunter2"})
    await secrets.set_secret(stack.platform, stack.actor, PATH.home, "DSN", "s3cret-value")
    await secrets.change_bindings(stack.platform, stack.actor, PATH.home, variables={"SHARED": "DSN"})
    said = await admin.text(SERVICE)
    assert "REGION of production" in said and "SHARED of production the secret DSN" in said
    assert "DB_PASSWORD should be a secret: its name says that it is one." in said
    assert "admin set REGION of production" in said and "admin set DB_PASSWORD" in said
    assert "hunter2" not in (await admin.get(SERVICE)).text
    assert "s3cret-value" not in (await admin.get(f"{SERVICE}?config=shown")).text


async def test_older_deployments_are_a_page_away(stack: Stack, admin: Visitor) -> None:
    for _ in range(23):
        await stack.deploy()
    first = await admin.get(SERVICE)
    older = re.search(r'href="([^"]*\?before=\d+)"', first.text)
    assert older
    numbers = [int(n) for page in (first, await admin.get(older[1])) for n in re.findall(r">d(\d+)</a>", page.text)]
    assert numbers == list(range(23, 0, -1))


async def test_when_the_engine_is_away_the_deployments_are_still_seen(stack: Stack, admin: Visitor) -> None:
    await stack.deploy()
    await stack.work()
    stack.engine.available = False
    said = await admin.text(SERVICE)
    assert "The instances can't be seen" in said
    assert "Live d1" in said
    missing = await admin.get(f"{SERVICE}-not")
    assert missing.status_code == 404


async def test_a_finished_deployment_shows_its_nine_steps(stack: Stack, admin: Visitor) -> None:
    made = await stack.deploy()
    await stack.work()
    page = (await admin.get(f"/dashboard/deployments/{made.id}")).text
    steps = ["clone", "analyze", "build", "push", "release", "deploy", "health", "route", "finalize"]
    assert re.findall(r'data-step="(\w+)" data-state="complete"', page) == steps
    hidden = re.findall(r"<li hidden>\s*<details data-step=\"(\w+)\"", page)
    assert hidden == ["canary", "promotion", "handover", "abandon"], "these are steps of other deployments"
    assert set(re.findall(r'data-step="(\w+)"', page)) == {*steps, *hidden}
    assert "api d1 Live" in readable(page)


async def test_a_failure_is_shown_with_its_class_evidence_and_hint(stack: Stack, admin: Visitor) -> None:
    stack.engine.behaviours["*"] = listens_on("127.0.0.1")
    stack.sources.add(REPOSITORY, "main", BROKEN)
    made = await stack.deploy()
    await stack.work()
    failure = (await stack.deployment(made.id)).failure
    assert failure
    assert failure.hint
    said = await admin.text(f"/dashboard/deployments/{made.id}")
    assert f"{failure.message} {failure.code} in build What to do: {failure.hint}" in said
    assert all(" ".join(line.split()) in said for line in failure.evidence)
    assert "failed: build" in said
    assert "not reached: finalize" in said


async def test_what_people_and_apps_wrote_is_text_and_never_markup(stack: Stack, admin: Visitor) -> None:
    evil = "<script>alert(1)</script>"
    await change_config(stack.platform, stack.actor, PATH, values={"EVIL": evil})
    stack.sources.add(REPOSITORY, "main", {"Dockerfile": f"FROM base:1\nRUN echo {evil}\nRUN exit 1\n"})
    made = await stack.deploy()
    await stack.work()
    pages = [
        SERVICE + "?config=shown",
        f"/dashboard/deployments/{made.id}",
        f"/login?link={evil}",
        f"/dashboard/{evil}",
    ]
    assert [path for path in pages if evil in (await admin.get(path)).text] == []
    assert "&lt;script&gt;" in (await admin.get(pages[0])).text


async def test_another_tenants_pages_do_not_exist(stack: Stack) -> None:
    made = await stack.deploy()
    async with visitor(stack.platform) as someone:
        await someone.log_in_as("mallory")
        paths = (SERVICE, *(f"/dashboard/deployments/{made.id}{more}" for more in ("", "/events", "/build.log")))
        pages = [await someone.get(path) for path in paths]
        assert [page.status_code for page in pages] == [404] * len(paths)
        assert "Deploy your first app" in await someone.text("/dashboard")
        unknown = await someone.get("/dashboard/acme/shop/production/nothing")
    assert pages[0].text.replace("api", "nothing") == unknown.text.replace(now_of(unknown), now_of(pages[0]))


def now_of(page: object) -> str:
    found = re.search(r'data-now="(.*?)"', page.text)  # type: ignore[attr-defined]
    assert found
    return found[1]


async def test_what_is_not_there_answers_404_with_a_way_back(admin: Visitor) -> None:
    for path in ("/dashboard/nothing", f"{SERVICE}/nothing", "/dashboard/deployments/dep_none"):
        page = await admin.get(path)
        assert page.status_code == 404, path
        assert 'href="/dashboard"' in page.text


async def test_a_slash_too_many_leads_to_the_page(admin: Visitor) -> None:
    assert (await admin.get(f"{SERVICE}/")).headers["location"] == SERVICE
    assert (await admin.get("/dashboard/")).headers["location"] == "/dashboard"


async def test_a_bug_of_ours_shows_an_id_and_logs_the_rest(
    stack: Stack, admin: Visitor, capsys: pytest.CaptureFixture[str]
) -> None:
    async def breaks(**_: object) -> None:
        raise KeyError("very internal")

    stack.engine.instances = breaks  # type: ignore[assignment,method-assign]
    page = await admin.get(SERVICE)
    incident = re.search(r"bug_\w+", page.text)
    assert page.status_code == 500
    assert incident
    assert "very internal" not in page.text
    logged = capsys.readouterr().out
    assert incident[0] in logged
    assert "very internal" in logged


async def test_a_steps_log_can_be_had_as_plain_text(stack: Stack, admin: Visitor) -> None:
    made = await stack.deploy()
    await stack.work()
    written = stack.platform.logs.read(made.id, "build")
    answer = await admin.get(f"/dashboard/deployments/{made.id}/build.log")
    assert (answer.content, answer.headers["content-type"]) == (written, "text/plain; charset=utf-8")
    assert (await admin.get(f"/dashboard/deployments/{made.id}/...log")).status_code in (307, 400, 404)


async def test_a_log_longer_than_one_reading_is_had_whole(stack: Stack, admin: Visitor) -> None:
    made = await stack.deploy()
    line = "ü" * 999
    for _ in range(700):
        stack.platform.logs.append(made.id, "build", line)
    answer = await admin.get(f"/dashboard/deployments/{made.id}/build.log")
    assert answer.text == f"{line}\n" * 700


async def test_every_page_is_kept_from_caches_frames_and_foreign_scripts(stack: Stack, admin: Visitor) -> None:
    made = await stack.deploy()
    for path in ("/login", "/dashboard", SERVICE, f"/dashboard/deployments/{made.id}", "/dashboard/nothing"):
        headers = (await admin.get(path)).headers
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert policy == {
            "default-src": "'self'",
            "object-src": "'none'",
            "base-uri": "'none'",
            "form-action": "'self'",
            "frame-ancestors": "'none'",
        }
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"


def test_no_template_holds_a_script_a_style_or_an_unescaped_value() -> None:
    for template in TEMPLATES.iterdir():
        text = template.read_text()
        assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|javascript:", text), template.name
        # What is marked safe are our own fragments, rendered with escaping before.
        assert re.findall(r"\{\{([^}]*)\|safe", text) == [
            part for part in re.findall(r"\{\{([^}]*)\|safe", text) if part.lstrip().startswith("parts")
        ], template.name


async def test_static_files_are_kept_for_ever_under_the_address_of_their_content(admin: Visitor) -> None:
    page = (await admin.get("/dashboard")).text
    addresses = re.findall(rf'"({STATIC}/[^"]+)"', page)
    assert len(addresses) == 3
    for address in addresses:
        assert "immutable" in (await admin.get(address)).headers["cache-control"]
    for file in DIRECTORY.iterdir():
        for name in re.findall(r'from "\./(.*?)"', file.read_text()):
            module = await admin.get(f"{STATIC}/{version()}/{name}")
            assert module.headers["content-type"].split(";")[0] in ("text/javascript", "application/javascript")
    old = await admin.get(addresses[0].replace(version(), "older"))
    assert (old.status_code, old.headers["cache-control"]) == (200, "no-cache")
    assert (await admin.get(f"{STATIC}/{version()}/../app.py")).status_code == 404


def test_git_sources_say_their_branch_and_directory() -> None:
    from shipway.web.words import source

    assert source(GitSource(REPOSITORY, "main", "apps/api")) == f"{REPOSITORY} at main, directory apps/api"


async def test_a_service_that_waits_for_its_first_push_says_how_to_push(stack: Stack, admin: Visitor) -> None:
    path = ServicePath.parse("acme/shop/production/pushed")
    await a_service(stack, path, source=PushSource("live"))
    page = await admin.text(f"/dashboard/{path}")
    assert f"shipway git remote {path}" in page
    assert "git push shipway live" in page
    assert "Pushed to Shipway, branch live" in page
