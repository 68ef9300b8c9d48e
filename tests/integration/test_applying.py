"""A file applied to an environment, and an environment written down as a file, on fakes."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.stack import Stack

from shipway.api import environment_file
from shipway.domain.errors import Conflict, NotFound, SecretMissing, WouldBin
from shipway.domain.names import EnvironmentPath, ServicePath
from shipway.operations import config, config_files, deployments, described, secrets, services
from shipway.operations.applied import Applied
from shipway.operations.applying import apply

HOME = EnvironmentPath("acme", "shop", "staging")
FILE = """
[config]
REGION = "eu"

[services.api]
source = { kind = "image", reference = "registry.test/api:1" }
hosts = ["api.test", "www.api.test"]
port = 3000
[services.api.processes.web]
scale = 2
[services.api.health]
path = "/up"
[services.api.config]
LEVEL = "info"
SITE = { value = "shop", buildtime = true }
[services.api.files]
"app.toml" = '''
a = "b"
'''

[services.db]
source = { kind = "image", reference = "registry.test/db:1" }
hosts = []
[services.db.volumes.data]
path = "/data"
"""


async def applied(stack: Stack, text: str, path: EnvironmentPath = HOME, **options: Any) -> Applied:
    wanted = environment_file.read(text, {}, "shipway.toml")
    return await apply(stack.platform, stack.actor, path, wanted, **options)


async def exported(stack: Stack, path: EnvironmentPath = HOME) -> str:
    return await described.export(stack.platform, stack.actor, path)


def told(done: Applied) -> list[tuple[str, str, str | None, str | None]]:
    return [(each.path.service, one.key, one.before, one.after) for each in done.services for one in each.changes]


def at(name: str) -> ServicePath:
    return ServicePath(*str(HOME).split("/"), name)


@pytest.fixture
async def here(stack: Stack) -> Stack:
    assert (await applied(stack, FILE)).changes
    return stack


async def test_a_plan_changes_nothing_and_tells_what_an_apply_does(stack: Stack) -> None:
    planned = await applied(stack, FILE, plan=True)

    assert planned.created and all(each.created for each in planned.services)
    with pytest.raises(NotFound):
        await exported(stack)
    assert replace(await applied(stack, FILE), others=()) == replace(planned, others=())


async def test_a_new_service_is_told_by_its_source_and_what_it_is_given(stack: Stack) -> None:
    text = """
    [services.web]
    source = { kind = "git", url = "https://g.test/shop", ref = "main", subdirectory = "web" }
    processes.web.command = "serve"
    keep_warm = 60
    config = { GREETING = "" }
    """

    planned = await applied(stack, text, plan=True)

    assert told(planned) == [
        ("web", "source", None, "git https://g.test/shop, ref main, subdirectory web"),
        ("web", "processes.web.command", None, "serve"),
        ("web", "config.GREETING", None, ""),
    ]


async def test_an_export_has_one_blank_line_between_two_tables(stack: Stack) -> None:
    await applied(stack, '[config]\nREGION = "eu"\n[services.a]\n[services.b]\nport = 1\nhealth = { path = "/up" }')

    assert (await exported(stack)).splitlines()[1:] == [
        "",
        "[config]",
        'REGION = "eu"',
        "",
        "[services.a]",
        'source = { kind = "upload" }',
        "",
        "[services.b]",
        'source = { kind = "upload" }',
        "port = 1",
        "",
        "[services.b.health]",
        'path = "/up"',
    ]


async def test_what_is_applied_is_there_and_once_more_is_nothing_to_change(here: Stack) -> None:
    api = (await services.get_service(here.platform, here.actor, at("api"))).service
    db = (await services.get_service(here.platform, here.actor, at("db"))).service

    assert (api.hosts, api.settings.port, api.settings.probe.path, api.scale) == (
        ("api.test", "www.api.test"),
        3000,
        "/up",
        {"web": 2},
    )
    assert (db.hosts, [each.path for each in db.settings.volumes]) == ((), ["/data"])
    known = await config.get_config(here.platform, here.actor, at("api"))
    assert known.values == {"REGION": "eu", "LEVEL": "info", "SITE": "shop"}
    assert known.buildtime == ("SITE",)
    assert (await config_files.show_file(here.platform, here.actor, at("api"), "app.toml"))[1] == 'a = "b"\n'
    again = await applied(here, FILE)
    assert not again.changes and not any(each.missing for each in again.services)


async def test_a_plan_shows_just_the_keys_that_differ(here: Stack) -> None:
    text = FILE.replace('"/up"', '"/healthz"').replace('a = "b"', 'a = "c"').replace("scale = 2", "scale = 3")

    health, scale, file = told(await applied(here, text, plan=True))

    assert health == ("api", "health.path", "/up", "/healthz")
    assert scale == ("api", "processes.web.scale", "2", "3")
    assert file[1] == 'files."app.toml"' and file[2] != file[3]


async def test_what_the_file_does_not_say_stays_and_is_told_unless_it_is_to_be_taken_back(here: Stack) -> None:
    await config.change_config(here.platform, here.actor, at("api"), values={"EXTRA": "1"})
    text = FILE.replace('[services.api.health]\npath = "/up"\n', "").replace("port = 3000", "port = 4000")

    kept = await applied(here, text)
    pruned = await applied(here, text, prune=True)

    assert told(kept) == [("api", "port", "3000", "4000")]
    assert {each.key for each in kept.services[0].missing} == {"health.path", "config.EXTRA"}
    assert told(pruned) == [("api", "health.path", "/up", None), ("api", "config.EXTRA", "1", None)]
    api = (await services.get_service(here.platform, here.actor, at("api"))).service
    assert api.settings.probe.path == "" and api.settings.port == 4000
    assert "EXTRA" not in (await config.get_config(here.platform, here.actor, at("api"))).values


async def test_hosts_that_are_taken_back_leave_the_one_that_it_had_at_first(here: Stack) -> None:
    await applied(here, FILE.replace('hosts = ["api.test", "www.api.test"]\n', ""), prune=True)

    api = (await services.get_service(here.platform, here.actor, at("api"))).service
    assert api.hosts == ("api-staging-shop.localhost",)
    assert "hosts" not in (await exported(here)).partition("[services.db]")[0]


async def test_services_that_the_file_does_not_name_are_told_and_left_alone(here: Stack) -> None:
    done = await applied(here, FILE[: FILE.index("[services.db]")], prune=True)

    assert done.others == ("db",) and not done.changes
    assert await services.get_service(here.platform, here.actor, at("db"))


async def test_one_mistake_in_one_service_leaves_all_of_them_as_they_were(here: Stack) -> None:
    before = await exported(here)
    await services.create_service(
        here.platform,
        here.actor,
        ServicePath("acme", "shop", "other", "x"),
        (await services.get_service(here.platform, here.actor, at("api"))).service.source,
        hosts=["taken.test"],
        create_parents=True,
    )

    with pytest.raises(Conflict) as refused:
        await applied(here, FILE.replace("port = 3000", "port = 1").replace("hosts = []", 'hosts = ["taken.test"]'))

    assert "taken.test" in refused.value.message
    assert await exported(here) == before


async def test_two_services_may_swap_their_hosts(here: Stack) -> None:
    text = FILE.replace('["api.test", "www.api.test"]', "['db.test']").replace("hosts = []", "hosts = ['api.test']")
    await applied(here, FILE.replace("hosts = []", "hosts = ['db.test']"))

    await applied(here, text)

    assert (await services.get_service(here.platform, here.actor, at("db"))).service.hosts == ("api.test",)


async def test_a_kind_of_source_stays(here: Stack) -> None:
    with pytest.raises(Conflict) as refused:
        await applied(here, '[services.api]\nsource = { kind = "upload" }', plan=True)

    assert "services.api" in refused.value.message


async def test_secrets_that_are_missing_are_all_told_before_anything_changes(here: Stack) -> None:
    text = FILE.replace('LEVEL = "info"', 'LEVEL = "debug"\nDB = { secret = "DB" }') + (
        '[services.db.secret_files]\nkey = "TLS@2"\n'
    )
    for plan in (True, False):
        with pytest.raises(SecretMissing) as refused:
            await applied(here, text, plan=plan)
        assert f"`shipway secrets set {HOME} DB`" in refused.value.hint
        assert f"`shipway secrets set {HOME} TLS`" in refused.value.hint
    assert (await config.get_config(here.platform, here.actor, at("api"))).values["LEVEL"] == "info"

    for name in ("DB", "TLS", "TLS"):
        await secrets.set_secret(here.platform, here.actor, HOME, name, "hunter2-hunter2")
    assert (await applied(here, text)).changes
    assert not (await applied(here, text)).changes
    bound = await secrets.list_bindings(here.platform, here.actor, at("api"))
    assert bound.variables == {"DB": "DB"}
    written = await exported(here)
    assert "hunter2" not in written and 'DB = { secret = "DB" }' in written
    assert not (await applied(here, written)).changes


async def test_a_secret_of_all_services_is_applied_and_written_down_as_one_of_a_service_is(here: Stack) -> None:
    text = FILE.replace('REGION = "eu"', 'REGION = { secret = "REGION@1" }\nDSN = { secret = "DSN" }')
    for plan in (True, False):
        with pytest.raises(SecretMissing) as refused:
            await applied(here, text, plan=plan)
        assert f"`shipway secrets set {HOME} DSN`" in refused.value.hint
    assert (await config.get_config(here.platform, here.actor, HOME)).values == {"REGION": "eu"}

    for name in ("DSN", "REGION"):
        await secrets.set_secret(here.platform, here.actor, HOME, name, "hunter2-hunter2")
    done = await applied(here, text, deploy=True)
    assert [(each.key, each.change, each.after) for each in done.config] == [
        ("config.REGION", "changed", "secret REGION@1"),
        ("config.DSN", "added", "secret DSN"),
    ]
    assert not (await applied(here, text)).changes
    bound = await secrets.list_bindings(here.platform, here.actor, at("db"))
    assert bound.variables == {"DSN": "DSN", "REGION": "REGION@1"}
    written = await exported(here)
    assert "hunter2" not in written and 'DSN = { secret = "DSN" }' in written
    assert not (await applied(here, written)).changes
    assert (await applied(here, FILE)).changes
    assert (await secrets.list_bindings(here.platform, here.actor, at("db"))).variables == {"DSN": "DSN"}


async def test_limits_of_all_services_are_applied_and_written_down(here: Stack) -> None:
    text = '[resources]\nmemory = "256m"\n' + FILE
    done = await applied(here, text, deploy=True)
    await here.work()
    assert [(each.key, each.before, each.after) for each in done.config] == [
        ("resources.memory", "by default", "256m"),
    ]
    running = await here.engine.instances()
    assert {here.engine.workload(each.name).resources.memory for each in running} == {256 * 2**20}
    written = await exported(here)
    assert '[resources]\nmemory = "256m"' in written and "cpus" not in written
    for same in (text, written, FILE):
        assert not (await applied(here, same)).changes
    back = await applied(here, text.replace('"256m"', "0"), plan=True)
    assert [(each.before, each.after) for each in back.config] == [("256m", "by default")]


async def test_an_apply_does_what_was_planned_or_nothing(here: Stack) -> None:
    text = FILE.replace("port = 3000", "port = 1")
    planned = await applied(here, text, plan=True)
    await services.change_service(here.platform, here.actor, at("api"), settings={"port": 2})

    with pytest.raises(Conflict):
        await applied(here, text, expected=planned.digest)

    assert (await services.get_service(here.platform, here.actor, at("api"))).service.settings.port == 2


async def test_what_changed_or_is_not_live_is_deployed(here: Stack) -> None:
    first = await applied(here, FILE, deploy=True)
    await here.work()
    second = await applied(here, FILE.replace("port = 3000", "port = 1"), deploy=True)
    await here.work()
    third = await applied(here, FILE.replace("port = 3000", "port = 1").replace('"eu"', '"us"'), deploy=True)

    assert [path.service for path, _ in first.deployments] == ["api", "db"]
    assert [path.service for path, _ in second.deployments] == ["api"]
    assert [path.service for path, _ in third.deployments] == ["api", "db"]
    states = [(await here.deployment(made.id)).state for _, made in (*first.deployments, *second.deployments)]
    assert states == ["superseded", "live", "live"]


async def test_what_was_deployed_in_vain_is_deployed_again(here: Stack) -> None:
    await applied(here, FILE, deploy=True)
    await here.work()
    [(_, made)] = (await applied(here, FILE.replace("3000", "1"), deploy=True)).deployments
    await deployments.cancel(here.platform, here.actor, made.id)
    again = await applied(here, FILE.replace("3000", "1"), deploy=True)
    await here.work()
    at_rest = await applied(here, FILE.replace("3000", "1"), deploy=True)

    assert ([path.service for path, _ in again.deployments], again.changes) == (["api"], False)
    assert at_rest.deployments == ()


async def test_a_service_of_uploads_waits_for_one(stack: Stack) -> None:
    done = await applied(stack, "[services.web]", deploy=True)

    assert done.to_upload == ("web",) and not done.deployments


async def test_volumes_go_into_the_bin_only_when_somebody_says_so(here: Stack) -> None:
    text = FILE + "[services.db.processes.web]\nscale = {}\n"
    await applied(here, text.replace("{}", "2"), deploy=True)
    await here.work()
    fewer = text.replace("{}", "1")

    assert [str(each) for each in (await applied(here, fewer, plan=True)).bins] == ["data.web.2"]
    with pytest.raises(WouldBin):
        await applied(here, fewer)
    assert (await applied(here, fewer, bins=True)).changes


async def test_values_that_look_like_secrets_are_warned_about_and_not_exported(here: Stack) -> None:
    done = await applied(here, FILE.replace('LEVEL = "info"', 'API_TOKEN = "correct-horse"'))
    await config.change_config(
        here.platform,
        here.actor,
        at("api"),
        values={"URL": "postgres://u:hunter2@db/x"},
        build_secrets={"NPM": "npm-v"},
    )

    assert [each.name for each in done.warnings] == ["API_TOKEN"]
    assert "correct-horse" not in str(done)
    text = await exported(here)
    assert "correct-horse" not in text and "hunter2" not in text and "npm-v" not in text
    assert "# The config var API_TOKEN is left out" in text and "# The build secret NPM" in text
    assert not (await applied(here, text)).changes


_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
_NAME = st.from_regex(r"[A-Z][A-Z0-9]{0,5}", fullmatch=True).filter(lambda name: name != "PORT")
_SLUG = st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True)
_SERVICE = st.fixed_dictionaries(
    {"source": st.sampled_from([{"kind": "image", "reference": "a:1"}, {"kind": "git", "url": "https://g.test/x"}])},
    optional={
        "port": st.integers(0, 65535),
        "keep_warm": st.floats(0, 86400).map(lambda each: round(each, 3)),
        "capabilities": st.lists(st.sampled_from(["CHOWN", "KILL"]), unique=True),
        "health": st.fixed_dictionaries({}, optional={"path": st.just("/up"), "success": st.just([200, 204])}),
        "strategy": st.just({"type": "canary", "steps": [1, 2]}),
        "resources": st.fixed_dictionaries({"memory": st.integers(6 * 2**20, 2**30), "devices": st.just({"gpu": 1})}),
        "processes": st.dictionaries(
            _SLUG.filter(lambda name: name != "web"),
            st.fixed_dictionaries(
                {},
                optional={"scale": st.integers(0, 50), "stop_grace": st.integers(0, 99), "stop_first": st.booleans()},
            ),
            max_size=2,
        ),
        "volumes": st.dictionaries(_SLUG, st.just({"path": "/data"}), max_size=1),
        "files": st.dictionaries(st.from_regex(r"[a-z]{1,4}(\.[a-z]{1,3})?", fullmatch=True), _TEXT, max_size=3),
        "config": st.dictionaries(
            _NAME, _TEXT | st.fixed_dictionaries({"value": _TEXT, "buildtime": st.booleans()}), max_size=3
        ),
    },
)


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(made=st.dictionaries(_SLUG, _SERVICE, min_size=1, max_size=2), number=st.uuids())
async def test_an_export_changes_nothing_where_it_is_from_and_makes_the_same_elsewhere(
    stack: Stack, made: dict[str, Any], number: Any
) -> None:
    one, other = (EnvironmentPath("acme", f"p{number.hex[:12]}", name) for name in ("one", "other"))
    wanted = environment_file.wanted({"services": made}, {}, {}, "shipway.toml")
    await apply(stack.platform, stack.actor, one, wanted)

    text = await exported(stack, one)

    here = await applied(stack, text, one, prune=True)
    assert not here.changes, told(here)
    await applied(stack, text, other)
    assert (await exported(stack, other)).splitlines()[1:] == text.splitlines()[1:]
    assert not (await apply(stack.platform, stack.actor, other, wanted, plan=True)).changes
