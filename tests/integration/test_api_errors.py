"""Errors as the API answers them."""

import pytest
from sqlalchemy.exc import OperationalError
from tests.support.asgi import AIM, PIPELINE, SERVICE, Api

from shipway.api.errors import answer
from shipway.domain import errors


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (errors.Invalid, 400),
        (errors.Unauthenticated, 401),
        (errors.Forbidden, 403),
        (errors.NotFound, 404),
        (errors.Conflict, 409),
        (errors.LimitReached, 429),
        (errors.SourceFailed, 422),
        (errors.Unavailable, 503),
    ],
)
def test_each_kind_of_error_has_its_status(kind: type[errors.ShipwayError], status: int) -> None:
    response = answer(kind("No.", hint="Yes."))

    assert response.status_code == status
    assert ("Retry-After" in response.headers) == (status in (429, 503))


async def test_a_malformed_request_names_the_field_and_not_what_was_in_it(api: Api) -> None:
    response = await api("PATCH", f"{SERVICE}/config", json={"set": {"TOKEN": {"secret": "hunter2"}}})

    problem = response.json()
    assert response.status_code == 400
    assert problem["detail"].startswith("body.set.TOKEN: ")
    assert "hunter2" not in response.text


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "web", "source": {"kind": "git", "url": "--upload-pack=x"}}, "body.source.git.url"),
        ({"name": "web", "source": {"kind": "git", "url": "a b"}}, "body.source.git.url"),
        ({"name": "web", "source": {"kind": "git", "url": "https://x\n"}}, "body.source.git.url"),
        ({"name": "web", "source": {"kind": "git", "url": "https://x", "ref": "-f"}}, "body.source.git.ref"),
        (
            {"name": "web", "source": {"kind": "upload", "subdirectory": "../.."}},
            "body.source.upload.subdirectory",
        ),
        ({"name": "web", "source": {"kind": "upload", "subdirectory": "a\n/../.."}}, "body.source.upload.subdirectory"),
        ({"name": "web", "source": {"kind": "image", "reference": "-v /:/x"}}, "body.source.image.reference"),
        ({"name": "web", "settings": {"dockerfile": "/etc/shadow"}}, "body.settings.dockerfile"),
        ({"name": "web", "settings": {"capabilities": ["SYS_ADMIN"]}}, "body.settings.capabilities.0"),
        ({"name": "web", "settings": {"resources": {"memory": 1}}}, "body.settings.resources.memory"),
        ({"name": "web", "settings": {"health": {"path": "healthz"}}}, "body.settings.health.path"),
        ({"name": "web", "sauce": {}}, "body.sauce"),
    ],
)
async def test_what_would_break_out_or_means_nothing_is_refused_by_name(api: Api, body: object, field: str) -> None:
    response = await api("POST", SERVICE.rpartition("/")[0], json=body)

    assert response.status_code == 400
    assert response.json()["detail"].startswith(f"{field}: ")


async def test_what_is_not_there_is_a_problem_too(api: Api) -> None:
    nowhere, wrong = await api("GET", "/nowhere"), await api("PUT", "/whoami")

    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "not-found")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method-not-allowed")
    assert wrong.headers["Allow"] == "GET"


async def test_a_bug_of_ours_shows_an_id_and_keeps_its_traceback_to_the_log(
    api: Api, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError("the innermost secret")

    monkeypatch.setattr("shipway.operations.tenancy.list_workspaces", broken)

    response = await api("GET", "/workspaces")

    incident = response.json()["detail"].partition("(")[2].partition(")")[0]
    assert response.status_code == 500
    assert "innermost secret" not in response.text
    assert f"{incident}\nTraceback" in capsys.readouterr().out
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_health_depends_on_the_database(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await api("GET", "/healthz")).json() == {"status": "ok"}

    def gone(*_: object) -> None:
        raise OperationalError("select", {}, Exception("disk I/O error"))

    monkeypatch.setattr(api.stack.database, "read", gone)
    response = await api("GET", "/healthz")

    assert (response.status_code, response.json()["code"]) == (503, "unavailable")
    assert response.headers["Retry-After"]


async def test_a_body_beyond_the_limit_is_refused(api: Api) -> None:
    response = await api("POST", "/workspaces", content=b"x" * (5 * 1024 * 1024))

    assert (response.status_code, response.json()["code"]) == (413, "too-large")


async def test_nothing_live_can_be_restarted_or_rolled_back(api: Api) -> None:
    for path, params in ((f"{SERVICE}/restart", {}), (f"{PIPELINE}/rollback", AIM)):
        response = await api("POST", path, params=params)
        assert (response.status_code, response.json()["code"]) == (409, "conflict")
        assert response.json()["hint"]
