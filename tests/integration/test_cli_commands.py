"""The commands, against a server over loopback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.served import Served
from tests.support.stack import PATH
from tests.support.terminal import Terminal

from shipway.cli.main import COMMANDS
from shipway.client import config
from shipway.domain.names import ServicePath
from shipway.worker.condition import record_restart, set_readiness

SERVICE = str(PATH)


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Somebody who is logged in nowhere."""
    return Terminal.open(monkeypatch, tmp_path)


@pytest.mark.parametrize("typed", ["argument", "input"])
def test_logging_in_makes_a_server_the_one_that_commands_go_to(stranger: Terminal, server: Served, typed: str) -> None:
    if typed == "argument":
        out = stranger.ok("login", f"{server.url}/", "--token", server.token)
    else:
        out = stranger.ok("login", server.url, typed=f"{server.token}\n")

    assert out == f"Logged in to {server.url} as admin.\n"
    assert SERVICE in stranger.ok("services")


def test_a_wrong_token_is_not_remembered(stranger: Terminal, server: Served) -> None:
    done = stranger.shipway("login", server.url, "--token", "nonsense")

    assert done.code == 1
    assert config.load().default == ""


def test_what_is_piped_in_and_is_not_there_is_asked_for_in_words(terminal: Terminal, server: Served) -> None:
    for words, what in (
        (("login", server.url), "No token came in."),
        (("registries", "add", "npm.example.com", "--username", "ada"), "No password came in."),
        (("secrets", "set", SERVICE.rpartition("/")[0], "KEY"), "No value of KEY came in."),
    ):
        done = terminal.shipway(*words)
        assert done.code == 2 and what in done.err, done


def test_the_environment_says_which_server_too(
    stranger: Terminal, server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHIPWAY_SERVER", server.url)
    monkeypatch.setenv("SHIPWAY_TOKEN", server.token)

    assert SERVICE in stranger.ok("services", "list", "acme/shop")


def test_without_a_server_every_command_says_how_to_get_one(stranger: Terminal) -> None:
    done = stranger.shipway("status", SERVICE)

    assert done.code == 1
    assert done.err.splitlines() == [
        "error: Not logged in to any server.",
        "hint: `shipway up` starts one here; `shipway login URL` goes to another.",
    ]


def test_a_server_that_does_not_answer_is_worth_another_try(stranger: Terminal) -> None:
    config.change(lambda known: known.with_server("http://127.0.0.1:9", "x"))

    done = stranger.shipway("services")

    assert done.code == 75
    assert done.err.startswith("error: No Shipway server answers at http://127.0.0.1:9 (")


def test_a_linked_directory_needs_no_path(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    unlinked = terminal.shipway("status")
    terminal.ok("link", SERVICE)
    below = terminal.directory / "src"
    below.mkdir()
    monkeypatch.chdir(below)

    assert unlinked.code == 1
    assert "hint: Give its path, link the directory with `shipway link PATH`" in unlinked.err
    assert json.loads(terminal.ok("status", "--json"))["service"]["path"] == SERVICE
    terminal.ok("unlink")
    assert terminal.shipway("status").code == 1


def test_what_does_not_exist_is_not_linked(terminal: Terminal) -> None:
    assert terminal.shipway("link", "acme/shop/production/nope").code == 1
    assert config.load().links == {}


def test_status_tells_where_it_is_how_it_is_and_the_stages(terminal: Terminal) -> None:
    terminal.ok(
        "services", "create", "acme/shop/staging/seen", "--create-parents", "--git", "https://git.example.com/shop.git"
    )
    before = terminal.ok("status", "acme/shop/staging/seen")
    terminal.ok("deploy", "acme/shop/staging/seen")

    lines = terminal.ok("status", "acme/shop/staging/seen").splitlines()

    assert "Release    none is live" in before
    assert "STAGE" not in before
    assert lines[:7] == [
        "Workspace  acme",
        "Project    shop",
        "Env        staging",
        "Service    seen",
        "State      running",
        "URL        http://seen-staging-shop.localhost:8080",
        "Release    v1 by d1, live just now",
    ]
    table = lines[lines.index("STAGE   STATUS") :]
    assert [line.split() for line in table[1:3]] == [["Build", "complete"], ["Deploy", "complete"]]
    assert table[3:] == ["", "Plan  v1: rolling, overlap, no interruption"]
    assert terminal.shipway("status", "acme/shop/staging/seen", "--deployment", "d9").code == 1
    assert terminal.ok("open", "--print", "acme/shop/staging/seen") == "http://seen-staging-shop.localhost:8080\n"
    assert terminal.ok("deployments", "acme/shop/staging/seen").splitlines()[1].split()[:3] == ["d1", "live", "deploy"]
    assert terminal.ok("releases", "acme/shop/staging/seen").splitlines()[1].startswith("v1  v1 ")
    assert "==> build" in terminal.ok("logs", "--build", "acme/shop/staging/seen")


def test_a_service_is_created_with_what_was_said_and_changed_in_parts(terminal: Terminal) -> None:
    path = "acme/shop/production/shaped"
    options = ["--image", "registry.example.com/x:1", "--memory", "256m", "--cpus", "0.5", "--health-path", "/up"]
    terminal.ok("services", "create", path, *options, "--port", "3000", "--host", "x.example.com")

    terminal.ok("services", "set", path, "--image", "registry.example.com/x:2", "--health-timeout", "20")

    service = json.loads(terminal.ok("services", "show", path, "--json"))
    assert service["source"] == {"kind": "image", "reference": "registry.example.com/x:2"}
    assert service["settings"]["resources"] == {"memory": 256 * 1024**2, "cpus": 0.5, "pids": 512, "devices": {}}
    assert service["settings"]["health"]["path"] == "/up"
    assert service["settings"]["health"]["timeout"] == 20
    assert service["settings"]["port"] == 3000
    assert service["hosts"] == ["x.example.com"]
    assert "256m memory, 0.5 cpus" in terminal.ok("services", "show", path)


def test_a_health_check_may_be_a_command(terminal: Terminal) -> None:
    path = "acme/shop/production/commanded"
    terminal.ok("services", "create", path, "--health-command", "python manage.py check", "--health-timeout", "60")
    health = json.loads(terminal.ok("services", "show", path, "--json"))["settings"]["health"]
    assert (health["type"], health["command"]) == ("command", "python manage.py check")
    assert "command `python manage.py check` within 60 s" in terminal.ok("services", "show", path)

    refused = terminal.shipway("services", "set", path, "--health-type", "tcp", "--health-command", "other")
    assert refused.code != 0
    assert "command is for a health check of type command" in refused.err
    terminal.ok("services", "set", path, "--health-path", "/up")
    assert "/up within 60 s" in terminal.ok("services", "show", path)
    terminal.ok("services", "set", path, "--health-command", "true")
    terminal.ok("services", "set", path, "--health-command", "")
    assert "/up within 60 s" in terminal.ok("services", "show", path)
    terminal.ok("services", "set", path, "--health-type", "none")
    assert "Health    none\n" in terminal.ok("services", "show", path)
    assert "needs its command" in terminal.shipway("services", "create", f"{path}2", "--health-type", "command").err


def test_status_tells_what_is_wrong_with_an_instance(terminal: Terminal, server: Served) -> None:
    path = ServicePath.parse("acme/shop/staging/troubled")
    terminal.ok("services", "create", str(path), "--image", "registry.example.com/x:1")
    terminal.ok("deploy", str(path))
    name = f"{path.dotted}.v1.d1.web.1"
    assert "restarted" not in terminal.ok("status", str(path))
    deployment = json.loads(terminal.ok("status", str(path), "--json"))["service"]["live"]["id"]

    platform = server.stack.platform
    server.run(lambda: record_restart(platform, name, "out of memory", hung=True))
    server.run(lambda: set_readiness(platform, deployment, name, ready=False))

    told = terminal.ok("status", str(path))
    assert "State      degraded" in told
    assert "web.1      not ready, gets no requests; restarted 1×, just now: out of memory" in told


def test_how_releases_come_and_are_watched_is_set_by_options(terminal: Terminal) -> None:
    path = "acme/shop/production/careful"
    watched = ["--liveness-path", "/livez", "--health-failures", "5", "--guard", "warn", "--guard-window", "60"]
    canary = ["--strategy", "canary", "--canary-steps", "5,25%", "--canary-interval", "30", "--canary-sample", "10"]
    terminal.ok("services", "create", path, *watched, *canary, "--stop-first", "beat", "--device", "gpu=1")

    settings = json.loads(terminal.ok("services", "show", path, "--json"))["settings"]
    assert settings["strategy"] == {
        "type": "canary",
        "promote": "auto",
        "steps": [5, 25],
        "interval": 30,
        "sample": 10,
    }
    assert settings["guard"] == {"mode": "warn", "window": 60}
    assert (settings["liveness"]["path"], settings["health"]["failures"]) == ("/livez", 5)
    assert (settings["stop_first"], settings["resources"]["devices"]) == (["beat"], {"gpu": 1})
    shown = terminal.ok("services", "show", path)
    assert "canary: 5 %, 25 % of the requests for 30 s each" in shown
    assert "gpu=1" in shown

    terminal.ok("services", "set", path, "--liveness-path", "", "--stop-first", "", "--keep-warm", "0")
    settings = json.loads(terminal.ok("services", "show", path, "--json"))["settings"]
    assert (settings["liveness"]["path"], settings["stop_first"], settings["keep_warm"]) == ("", [], 0)
    assert terminal.shipway("services", "set", path, "--canary-steps", "ten").code == 2
    assert terminal.shipway("services", "set", path, "--canary-steps", "50,10").code == 1


@pytest.mark.parametrize(
    "options",
    [
        ["services", "create", SERVICE, "--git", "https://x", "--image", "y"],
        ["services", "create", SERVICE, "--ref", "main"],
        ["services", "create", "acme/shop"],
        ["services", "create", SERVICE, "--memory", "lots"],
        ["services", "set", SERVICE],
        ["services", "set", SERVICE, "--image", "x"],
        ["services", "deploy", SERVICE, "--version", "1", "--ref", "main"],
        ["scale", SERVICE],
        ["scale", SERVICE, "web=many"],
        ["config", "set", SERVICE],
        ["config", "set", SERVICE, "NOVALUE"],
        ["status", SERVICE, "--deployment", "last"],
        ["projects", "create", "alone"],
        ["nosuch"],
        ["services", "nosuch"],
        ["up", "--port", "0"],
    ],
)
def test_what_makes_no_sense_is_told_with_exit_code_2(terminal: Terminal, options: list[str]) -> None:
    done = terminal.shipway(*options)

    assert done.code == 2
    assert done.err.startswith("error: ")
    assert "--help` shows what it takes." in done.err


def test_a_service_is_deleted_when_its_path_is_typed(terminal: Terminal) -> None:
    path = "acme/shop/production/doomed"
    terminal.ok("services", "create", path)

    assert terminal.shipway("services", "delete", path, typed="doomed\n").code == 1
    assert path in terminal.ok("services")
    terminal.ok("services", "delete", path, "--confirm", path)

    assert path not in terminal.ok("services")


def test_config_is_set_from_words_and_files_and_unset(terminal: Terminal) -> None:
    terminal.ok("link", SERVICE)
    (terminal.directory / ".env").write_text("FROM_FILE=1\nBOTH=file\n")

    terminal.ok("config", "set", "BOTH=word", "URL=http://a/b", "--from-file", ".env")
    terminal.ok("config", "set", "--from-file", "-", typed="PIPED=yes\n")
    terminal.ok("config", "unset", "FROM_FILE")

    listed = json.loads(terminal.ok("config", "list", "--json"))
    assert listed["config"] == {"BOTH": "word", "URL": "http://a/b", "PIPED": "yes"}
    assert terminal.ok("config").splitlines()[1].split() == ["BOTH", "word", "service"]
    refused = terminal.shipway("config", "set", "PORT=1")
    assert (refused.code, refused.err.splitlines()[0]) == (1, "error: PORT is set by Shipway itself.")
    terminal.ok("config", "unset", "BOTH", "URL", "PIPED")


def test_tenants_projects_environments_and_tokens_are_made_and_listed(terminal: Terminal) -> None:
    terminal.ok("workspaces", "create", "blue")
    terminal.ok("projects", "create", "blue/sky")
    terminal.ok("environments", "create", "blue/sky/play", "--kind", "staging")
    token = terminal.shipway("tokens", "create", "laptop", "--days", "3", "--json").json["token"]

    assert "blue" in terminal.ok("workspaces")
    assert terminal.ok("projects", "--workspace", "blue").splitlines()[1].startswith("blue/sky")
    assert terminal.ok("environments", "--project", "blue/sky").splitlines()[1].split() == ["blue/sky/play", "staging"]
    identifier = next(each["id"] for each in json.loads(terminal.ok("tokens", "--json")) if each["label"] == "laptop")
    assert terminal.ok("tokens", "revoke", identifier)
    assert token.startswith("shipway_")
    assert "laptop" not in terminal.ok("tokens")


def test_logs_are_what_the_instances_wrote(terminal: Terminal, server: Served) -> None:
    terminal.ok("services", "create", "acme/shop/production/talks", "--git", "https://git.example.com/shop.git")
    terminal.ok("deploy", "acme/shop/production/talks")

    async def talk() -> None:
        for instance in await server.stack.engine.instances():
            if ".talks." in instance.name:
                server.stack.engine._containers[instance.name]._write("stdout", ["hello", "world"])

    server.run(talk)

    lines = terminal.ok("logs", "acme/shop/production/talks").splitlines()
    assert [line.partition(" | ")[2] or line.rpartition("| ")[2] for line in lines] == ["hello", "world"]
    assert "web.1 |" in lines[0]
    last = terminal.ok("logs", "acme/shop/production/talks", "--tail", "1", "--json")
    assert json.loads(last)["text"] == "world"
    assert terminal.ok("logs", "acme/shop/production/talks", "--process", "worker") == ""


def test_a_directory_is_analyzed_without_a_server(stranger: Terminal) -> None:
    (stranger.directory / "Dockerfile").write_text('FROM debian:bookworm\nEXPOSE 3000\nCMD ["x"]\n')

    assert "Dockerfile" in stranger.ok("analyze")
    assert json.loads(stranger.ok("analyze", ".", "--json"))["port"] == 3000
    assert stranger.ok("analyze", "--dockerfile").startswith("FROM debian:bookworm\n")
    (stranger.directory / "Dockerfile").unlink()
    empty = stranger.shipway("analyze")
    assert empty.code == 1
    assert "hint: " in empty.err


def test_an_analysis_tells_who_decided_and_fails_with_the_code_for_it(stranger: Terminal) -> None:
    (stranger.directory / "api").mkdir()
    (stranger.directory / "api/server.js").write_text("require('http').createServer().listen(process.env.PORT)\n")
    (stranger.directory / "api/index.html").write_text("<h1>hello</h1>")
    (stranger.directory / "api/Procfile").write_text("web: node server.js\nworker: node work.js\n")

    told = stranger.ok("analyze", "--subdirectory", "api")
    assert "node rather than static" in told
    assert [line.split() for line in told.splitlines() if line.startswith(("PROCESS", "worker"))] == [
        ["PROCESS", "BEGINS", "WITH", "COMMAND"],
        ["worker", "1", "node", "work.js"],
    ]
    assert "the service's settings, shipway.toml, Procfile, app.json, what is detected" in told
    assert json.loads(stranger.ok("analyze", "api", "--provider", "static", "--json"))["provider"] == "static"
    at_the_top = stranger.shipway("analyze")
    assert at_the_top.code == 1
    assert "shipway services set PATH --subdirectory api" in at_the_top.err
    as_json = stranger.shipway("analyze", "--json")
    assert (as_json.code, json.loads(as_json.out)["error"]["code"]) == (1, "nothing-detected")
    assert stranger.shipway("analyze", "--subdirectory", "../..").code == 2
    assert stranger.shipway("analyze", "no-such-directory").code == 2


def test_the_dockerfiles_target_and_the_provider_are_settings(terminal: Terminal) -> None:
    path = "acme/shop/production/staged"
    terminal.ok("services", "create", path, "--dockerfile", "docker/Dockerfile", "--target", "production")
    assert "production" in terminal.ok("services", "show", path)
    terminal.ok("services", "set", path, "--target", "", "--provider", "node")
    settings = json.loads(terminal.ok("services", "show", path, "--json"))["settings"]
    assert (settings["dockerfile"], settings["target"], settings["provider"]) == ("docker/Dockerfile", "", "node")
    refused = terminal.shipway("services", "set", path, "--target", "a b")
    assert refused.code == 1
    assert "letters, digits" in refused.err


@pytest.mark.parametrize("name", [name for panel in COMMANDS.values() for name in panel])
def test_every_command_explains_itself(stranger: Terminal, name: str) -> None:
    assert "Usage: shipway" in stranger.ok(name, "--help")


def test_the_command_is_installed_starts_fast_and_completes(server: Served, tmp_path: Path) -> None:
    shipway = Path(sys.executable).with_name("shipway")
    environment = {**os.environ, "SHIPWAY_SERVER": server.url, "SHIPWAY_TOKEN": server.token}

    def run(*arguments: str, **more: str) -> str:
        command = [str(shipway), *arguments]
        return subprocess.run(command, env=environment | more, capture_output=True, text=True, check=True).stdout

    loaded = (
        "import sys; from shipway.cli.main import run; run(['--help']); print(*sys.modules, sep='\\n', file=sys.stderr)"
    )
    modules = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stderr.split()
    completed = run(_SHIPWAY_COMPLETE="bash_complete", COMP_WORDS="shipway status acme/sh", COMP_CWORD="2")

    assert "Usage: shipway" in run("--help")
    assert {"httpx2", "fastapi", "sqlalchemy", "aiodocker", "pydantic"}.isdisjoint(modules)
    assert f"plain,{SERVICE}" in completed.splitlines()
    assert "_SHIPWAY_COMPLETE" in run("completion", "bash")
