"""Webhooks, deploy URLs and which pushes count, from the command line."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from tests.support.code_hosts import APush, delivered
from tests.support.served import Served, served
from tests.support.stack import DOCKERFILE, PATH, REPOSITORY
from tests.support.terminal import Terminal

SERVICE = str(PATH)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as it:
        yield it


@pytest.fixture
def terminal(server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return Terminal.open(monkeypatch, tmp_path, server)


def post(server: Served, url: str, **options: object) -> httpx2.Response:
    """Without a token of ours, wherever the server thinks that it is."""
    parts = urlsplit(url)
    return httpx2.post(f"{server.url}{parts.path}?{parts.query}", **options)  # type: ignore[arg-type]


def test_a_webhook_is_made_told_of_a_push_and_removed(server: Served, terminal: Terminal) -> None:
    assert "`shipway webhooks create github`" in terminal.shipway("webhooks", "--workspace", PATH.workspace).err
    made = json.loads(terminal.ok("webhooks", "create", "github", "--workspace", PATH.workspace, "--json"))
    listed = terminal.ok("webhooks", "--workspace", PATH.workspace)
    assert made["webhook"]["url"] in listed
    assert made["secret"] not in listed

    after = server.stack.sources.add(REPOSITORY, "main", {"Dockerfile": f"{DOCKERFILE}# pushed\n"})
    told = delivered("github", APush(after=after), made["secret"])
    answer = post(server, made["webhook"]["url"], content=told.body, headers=dict(told.headers))
    assert answer.status_code == 202, answer.text
    shown = terminal.ok("webhooks", "deliveries", "--workspace", PATH.workspace).splitlines()
    assert shown[0].split() == ["TOLD", "WHAT", "SERVICE", "OUTCOME", "WHY"]
    assert f"main → {after[:7]} by octocat  {SERVICE}  deployed  d1" in shown[1]

    assert terminal.ok("webhooks", "remove", made["webhook"]["id"], "--workspace", PATH.workspace)
    assert post(server, made["webhook"]["url"], content=told.body, headers=dict(told.headers)).status_code == 404


def test_what_to_enter_at_the_code_host_is_told(terminal: Terminal) -> None:
    for kind in ("github", "gitlab", "gitea", "bitbucket"):
        done = terminal.shipway("webhooks", "create", kind, "--workspace", PATH.workspace)
        assert "/hooks/hok_" in done.out
        assert "Settings" in done.err or "settings" in done.err


def test_a_deploy_url_deploys_and_is_removed(server: Served, terminal: Terminal) -> None:
    url = terminal.ok("deploy-urls", "create", SERVICE, "--label", "nightly").strip()
    assert post(server, url).status_code == 202
    listed = terminal.ok("deploy-urls", "list", SERVICE)
    assert "nightly" in listed
    assert url.rpartition("/")[2] not in listed
    known = json.loads(terminal.ok("deploy-urls", "list", SERVICE, "--json"))
    terminal.ok("deploy-urls", "remove", known[0]["id"], SERVICE)
    assert post(server, url).status_code == 404


def test_which_pushes_count_is_said_and_shown(terminal: Terminal) -> None:
    told = terminal.ok("auto-deploy", "on", SERVICE, "--branch", "next", "--paths", "api/", "--paths", "*.toml")
    assert told == f"{SERVICE} deploys pushes of next that touch api/, *.toml by itself.\n"
    assert terminal.ok("auto-deploy", "off", SERVICE) == f"{SERVICE} deploys nothing by itself.\n"
    again = terminal.ok("auto-deploy", "on", SERVICE, "--branch", "", "--paths", "")
    assert again == f"{SERVICE} deploys pushes of the branch that it is deployed from by itself.\n"
    assert terminal.ok("auto-deploy", "show", SERVICE) == again
    refused = terminal.shipway("auto-deploy", "off", SERVICE, "--branch", "next")
    assert refused.code == 2
    assert "give them with `on`" in refused.err
