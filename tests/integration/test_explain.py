"""Why a deployment is as it is: the operation, and the API, the command and the page over it."""

from pathlib import Path

import pytest
from tests.support.asgi import Api, bearer
from tests.support.pages import visitor
from tests.support.served import Served
from tests.support.stack import DOCKERFILE, PATH, REPOSITORY
from tests.support.terminal import Terminal

from shipway.engines.fake import exits, serves
from shipway.engines.fake_apps import Behaviour

SERVICE = str(PATH)
MISSING = exits(1, output=("booting", "Error: DATABASE_URL is not set"))


class Always(dict[object, Behaviour]):
    """Every app does the same."""

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__()
        self._behaviour = behaviour

    def get(self, key: object, default: object = None) -> Behaviour:  # type: ignore[override]
        return self._behaviour


async def explained(api: Api, behaviour: Behaviour | None = None) -> dict[str, object]:
    """What the API says of a new deployment; of one whose app does so, when it has ended."""
    made = (await api.deploy())["id"]
    if behaviour is not None:
        api.stack.engine.behaviours = Always(behaviour)  # type: ignore[assignment]
        await api.stack.work()
    answer = await api("GET", f"/deployments/{made}/explanation")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_failed_one_is_told_by_class_evidence_and_hint_and_what_serves(api: Api) -> None:
    await explained(api, serves(200))
    known = await explained(api, MISSING)
    failure = known["failure"]
    assert isinstance(failure, dict)
    assert (known["state"], known["step"], known["serving"]) == ("failed", "health", 1)
    assert (failure["code"], failure["evidence"][-1]) == ("missing-variable", "Error: DATABASE_URL is not set")
    assert "shipway config set DATABASE_URL=…" in failure["hint"]
    assert known["summary"] == "It failed in health. d1 has the traffic."
    assert known["reference"] == "docs/reference/failures.md"


async def test_a_live_one_is_told_by_what_answered(api: Api) -> None:
    known = await explained(api, serves(200))
    assert known["health"] == {"answered": "GET /_health/ → 200", "weak": False, "hint": ""}
    assert "GET /_health/ → 200" in str(known["summary"])
    assert (known["step"], known["failure"], known["serving"], known["reference"]) == ("", None, 1, "")


async def test_a_weakly_verified_one_says_so_and_what_to_do(api: Api) -> None:
    known = await explained(api, serves(404, paths={"/": 200}))
    assert isinstance(known["health"], dict)
    assert known["health"]["weak"] and "--health-path" in known["health"]["hint"]
    assert "only a fallback vouches for it" in str(known["summary"])


async def test_one_that_waits_is_told_so(api: Api) -> None:
    known = await explained(api)
    assert (known["state"], known["summary"]) == ("queued", "It waits, and is the next of this service.")
    assert known["since"]


async def test_another_workspaces_has_no_explanation(api: Api) -> None:
    made = (await api.deploy())["id"]
    theirs = await api.stranger()
    assert (await api("GET", f"/deployments/{made}/explanation", headers=theirs)).status_code == 404
    assert (await api("GET", f"/deployments/{made}/explanation", headers=bearer("x"))).status_code == 401


async def test_the_page_says_why_it_is_live_and_why_it_failed(api: Api) -> None:
    good = await explained(api, serves(200))
    bad = await explained(api, MISSING)
    async with visitor(api.stack.platform) as admin:
        await admin.log_in()
        assert str(good["summary"]).replace("It has", "") not in await admin.text(f"/dashboard/deployments/{bad['id']}")
        said = await admin.text(f"/dashboard/deployments/{bad['id']}")
        assert (
            "It failed in health. d1 has the traffic. missing-variable is told in docs/reference/failures.md." in said
        )
        assert "It has the traffic: every instance of `web` passed its probe, GET /_health/ → 200." in await admin.text(
            f"/dashboard/deployments/{good['id']}"
        )


def test_the_command_explains_the_newest_or_the_one_that_is_named(
    server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal.open(monkeypatch, tmp_path, server)
    terminal.ok("link", SERVICE)
    assert "no deployment yet" in terminal.shipway("explain").err
    terminal.ok("deploy", SERVICE)
    server.stack.engine.behaviours = Always(MISSING)  # type: ignore[assignment]
    server.stack.sources.add(REPOSITORY, "main", {"Dockerfile": f"{DOCKERFILE}\n"})
    assert terminal.shipway("deploy", SERVICE).code == 1

    lines = terminal.ok("explain").splitlines()
    assert lines[0].startswith(f"d2 of {SERVICE}: failed, ")
    assert lines[1] == "It failed in health. d1 has the traffic."
    assert lines[3].startswith("missing-variable: ")
    assert "       Error: DATABASE_URL is not set" in lines
    assert lines[-2].startswith("hint: ") and "shipway config set DATABASE_URL=…" in lines[-2]
    assert lines[-1] == "more: missing-variable in docs/reference/failures.md"
    assert "GET /_health/ → 200" in terminal.ok("explain", "d1")
    first = Terminal.shipway(terminal, "explain", SERVICE, "1", "--json").json
    assert (first["number"], first["state"]) == (1, "live")
    assert terminal.shipway("explain", first["id"], "--json").json["number"] == 1
    assert terminal.shipway("explain", "d9").code == 1
    assert terminal.shipway("explain", "newest").code == 2
    assert terminal.shipway("explain", "d1", "d2").code == 2
