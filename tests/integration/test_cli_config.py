"""`config` as it is typed, against a server over loopback."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.served import Served
from tests.support.stack import DOCKERFILE, PATH, REPOSITORY
from tests.support.terminal import Terminal
from tests.support.variables import AWKWARD

SERVICE = str(PATH)
ENVIRONMENT = str(PATH.home)


@pytest.fixture
def terminal(server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    it = Terminal.open(monkeypatch, tmp_path, server)
    it.ok("link", SERVICE)
    yield it
    for words in ([], ["--environment"]):
        known = json.loads(it.ok("config", "list", *words, "--json"))
        own = known["config"] if words else known["config"].keys() - {*known["environment"]}
        if own:
            it.ok("config", "unset", *words, *own)


def values(terminal: Terminal, *words: str) -> dict[str, str]:
    return dict(json.loads(terminal.ok("config", "list", *words, "--json"))["config"])


def test_an_environments_are_set_by_its_path_or_from_a_service_in_it(terminal: Terminal) -> None:
    terminal.ok("config", "set", ENVIRONMENT, "REGION=eu")
    terminal.ok("config", "set", "--environment", "LEVEL=info")
    terminal.ok("config", "set", "LEVEL=debug")

    assert [line.split() for line in terminal.ok("config").splitlines()] == [
        ["NAME", "VALUE", "OF", "BUILDS"],
        ["LEVEL", "debug", "service"],
        ["REGION", "eu", "environment"],
    ]
    assert values(terminal, "--environment") == values(terminal, ENVIRONMENT) == {"LEVEL": "info", "REGION": "eu"}
    refused = terminal.shipway("config", "unset", "REGION")
    assert refused.code == 1 and "--environment" in refused.err


def test_what_is_exported_is_imported(terminal: Terminal) -> None:
    terminal.ok("config", "import", "-", typed="REGION=eu\n")
    file = terminal.directory / ".env"
    terminal.ok("config", "set", *(f"{name}={value}" for name, value in AWKWARD.items()))
    file.write_text(terminal.ok("config", "export"))
    assert terminal.ok("config", "--env-file") == file.read_text()
    terminal.ok("config", "unset", *AWKWARD, "REGION")

    terminal.ok("config", "import", SERVICE, ".env")

    assert values(terminal) == AWKWARD | {"REGION": "eu"}


def test_an_export_leaves_the_environments_out_where_that_is_asked_for(terminal: Terminal) -> None:
    terminal.ok("config", "set", "--environment", "REGION=eu")
    terminal.ok("config", "set", "LEVEL=debug")

    assert terminal.ok("config", "export") == "LEVEL=debug\nREGION=eu\n"
    assert terminal.ok("config", "export", "--own") == "LEVEL=debug\n"


def test_a_file_that_can_t_be_read_sets_nothing(terminal: Terminal) -> None:
    (terminal.directory / ".env").write_bytes(b"\xef\xbb\xbfA=1\r\nB='hunter2\r\n")

    refused = terminal.shipway("config", "import", ".env")

    assert refused.code == 2 and ".env:2 " in refused.err and "hunter2" not in refused.err
    assert values(terminal) == {}
    assert terminal.shipway("config", "import", "nowhere.env").code in {1, 2}
    assert terminal.shipway("config", "import").code == 2
    assert terminal.shipway("config", "import", "-", typed="# nothing\n").code == 2


def test_every_change_is_listed(terminal: Terminal) -> None:
    terminal.ok("config", "set", "LEVEL=info")
    terminal.ok("config", "set", "--buildtime", "LEVEL=two\nlines \x1b[31m")
    terminal.ok("config", "unset", "LEVEL")

    rows = [line.split(maxsplit=1)[1] for line in terminal.ok("config", "history", "LEVEL").splitlines()[1:4]]

    assert [row.partition("admin")[2].split() for row in rows] == [
        ["service", "unset", "LEVEL"],
        ["service", "set", "LEVEL=two\\nlines", "\\x1b[31m,", "for", "builds", "too"],
        ["service", "set", "LEVEL=info"],
    ]
    more = terminal.shipway("config", "history", "--limit", "1")
    assert "Older ones: --before " in more.err
    page = json.loads(terminal.ok("config", "history", "LEVEL", "--limit", "1", "--json"))
    assert page["changes"][0]["change"] == "unset" and page["next_before"]


def test_the_config_is_told_as_it_was(terminal: Terminal) -> None:
    terminal.ok("config", "set", "LEVEL=info")
    (newest,) = json.loads(terminal.ok("config", "history", "LEVEL", "--limit", "1", "--json"))["changes"]
    terminal.ok("config", "set", "LEVEL=debug")

    then = json.loads(terminal.ok("config", "at", newest["at"], "--json"))
    assert then["config"]["LEVEL"] == "info"
    assert "debug" in terminal.ok("config", "at", SERVICE, "0s", "ago")
    early = terminal.shipway("config", "at", "3w", "ago")
    assert early.code == 1 and "was created at" in early.err
    assert terminal.shipway("config", "at", "someday").code == 2


def test_what_looks_like_a_credential_is_warned_of_and_set(terminal: Terminal) -> None:
    done = terminal.shipway("config", "set", "DB_PASSWORD=hunter2-hunter2")

    assert done.code == 0
    assert "DB_PASSWORD should be a secret" in done.err and "shipway secrets set DB_PASSWORD" in done.err
    assert "hunter2" not in done.out + done.err
    assert "DB_PASSWORD should be a secret" in terminal.shipway("config").err


def test_a_value_that_is_no_text_is_refused(terminal: Terminal) -> None:
    refused = terminal.shipway("config", "set", "A=\udcff")

    assert refused.code == 2 and "UTF-8" in refused.err


def test_an_environments_are_deployed_with_everything_that_is_live_in_it(terminal: Terminal) -> None:
    home = "acme/shop/staging"
    terminal.ok("environments", "create", home)
    for name in ("one", "two", "idle"):
        terminal.ok("services", "create", f"{home}/{name}", "--git", REPOSITORY)
    assert "Nothing in acme/shop/staging is live" in terminal.shipway("config", "set", home, "A=0", "--deploy").err
    for name in ("one", "two"):
        terminal.ok("deploy", f"{home}/{name}")

    made = json.loads(terminal.ok("config", "set", home, "A=1", "--deploy", "--json"))

    assert [(each["service"], each["state"]) for each in made] == [(f"{home}/one", "live"), (f"{home}/two", "live")]
    assert "Live: d3 of acme/shop/staging/two" in terminal.ok("config", "unset", home, "A", "--deploy")
    terminal.ok("config", "set", f"{home}/one", "A=2", "--no-deploy")
    assert terminal.ok("deployments", f"{home}/one").splitlines()[1].startswith("d3 ")
    assert terminal.ok("deployments", f"{home}/idle").splitlines() == []


def test_they_are_deployed_with_the_code_that_is_live_and_no_newer_code(terminal: Terminal, server: Served) -> None:
    home = "acme/shop/todays/api"
    terminal.ok("environments", "create", "acme/shop/todays")
    terminal.ok("services", "create", home, "--git", REPOSITORY)
    assert (
        f"Nothing of {home} is live: its source is deployed."
        in terminal.shipway("config", "set", home, "A=1", "--deploy").err
    )
    server.stack.sources.add(REPOSITORY, "main", {"Dockerfile": DOCKERFILE + "# newer\n"})

    assert f"Live: d2 of {home} (v2)" in terminal.ok("config", "set", home, "A=2", "--deploy")

    assert json.loads(terminal.ok("releases", "show", home, "v2", "--json"))["derived_from"] == 1
    terminal.ok("config", "set", home, "A=3")
    assert f"v2 of {home}" in terminal.ok("plan", home, "--reconfigure").splitlines()[2]
    assert f"Live: d3 of {home} (v3)" in terminal.ok("reconfigure", home)
    told = terminal.shipway("config", "set", home, "A=4", "--buildtime", "--deploy")
    assert f"What is live of {home} is built again: its image has not today's A." in told.err
    assert json.loads(terminal.ok("releases", "show", home, "v4", "--json"))["derived_from"] is None
