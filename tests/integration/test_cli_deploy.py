"""Deploying from the command line, against a server over loopback."""

import threading
import time

from tests.support.served import Served, fresh_server
from tests.support.stack import DOCKERFILE, PATH, REPOSITORY
from tests.support.terminal import Terminal

from shipway.client import config
from shipway.domain.deployment import STEPS

#: For each test one of its own.
server = fresh_server


def test_an_unlinked_directory_becomes_a_service_that_is_live(terminal: Terminal, server: Served) -> None:
    (terminal.directory / "Dockerfile").write_text(DOCKERFILE)

    done = terminal.shipway("deploy", "--yes")

    assert done.code == 0, done
    assert "Live: d1 of acme/app/production/web (v1) at http://web-production-app.localhost:8080" in done.out
    assert terminal.ok("status", "--json")
    assert config.load().link(terminal.directory / "deeper") == "acme/app/production/web"


def test_an_unlinked_directory_is_not_deployed_unasked(terminal: Terminal) -> None:
    done = terminal.shipway("deploy")

    assert done.code == 1
    assert "is not linked to a service" in done.err
    assert "hint: `shipway link PATH` links it; `shipway deploy --yes` makes acme/app/production/web of it." in done.err


def test_every_step_is_shown_with_what_it_wrote(terminal: Terminal, server: Served) -> None:
    server.stack.sources.add(REPOSITORY, "main", {"Dockerfile": f"{DOCKERFILE}RUN echo compiling\n"})

    out = terminal.ok("deploy", str(PATH))

    ends = [
        line.split()[1].rstrip(":") for line in out.splitlines() if line.startswith("==> ") and ": complete" in line
    ]
    assert ends == list(STEPS)
    assert out.index("    compiling\n") < out.index("==> build: complete in ")


def test_a_failed_deployment_is_explained_and_exits_with_1(terminal: Terminal, server: Served) -> None:
    server.stack.sources.add(REPOSITORY, "main", {"Dockerfile": f"{DOCKERFILE}RUN exit 7\n"})

    done = terminal.shipway("deploy", str(PATH))

    assert done.code == 1
    assert "d1 of acme/shop/production/api failed: " in done.err
    assert "\nerror: " in done.err
    assert "\nhint: " in done.err
    assert "Traceback" not in done.out + done.err


def test_json_is_the_deployment_as_it_ended_and_nothing_else(terminal: Terminal, server: Served) -> None:
    assert terminal.shipway("deploy", str(PATH), "--json").json["state"] == "live"
    server.stack.sources.add(REPOSITORY, "main", {"Dockerfile": f"{DOCKERFILE}RUN exit 7\n"})

    failed = terminal.shipway("deploy", str(PATH), "--json")

    assert failed.code == 1
    assert failed.json["failure"]["step"] == "build"


def test_without_following_it_returns_at_once(terminal: Terminal, server: Served) -> None:
    server.stack.sources.add(REPOSITORY, "main", {"Dockerfile": f"{DOCKERFILE}RUN sleep 30\n"})

    queued = terminal.shipway("deploy", str(PATH), "--no-follow", "--json").json

    assert queued["state"] in ("queued", "running")
    assert "cancelled" in terminal.ok("cancel", queued["id"])


def test_a_deployment_is_cancelled_by_the_path_of_its_service(terminal: Terminal, server: Served) -> None:
    server.stack.sources.add(REPOSITORY, "main", {"Dockerfile": f"{DOCKERFILE}RUN sleep 30\n"})
    canceller = threading.Thread(target=lambda: _cancel_when_building(server))
    canceller.start()

    done = terminal.shipway("deploy", str(PATH))

    canceller.join()
    assert done.code == 1
    assert "Cancelled before traffic moved." in done.err


def test_going_back_and_restarting_and_scaling_are_followed(terminal: Terminal, server: Served) -> None:
    terminal.ok("deploy", str(PATH))
    server.stack.sources.add(REPOSITORY, "main", {"Dockerfile": DOCKERFILE, "new": ""})
    terminal.ok("deploy", str(PATH))

    assert "Live: d3 of acme/shop/production/api (v1)" in terminal.ok("rollback", str(PATH))
    assert "(v2)" in terminal.ok("services", "deploy", str(PATH), "--version", "2")
    assert "(v2)" in terminal.ok("restart", str(PATH))
    assert "(v2)" in terminal.ok("scale", str(PATH), "web=3")
    assert "web: 3 running" in terminal.ok("status", str(PATH))
    assert "(v2)" in terminal.ok("services", "scale", str(PATH), "web=1")


def test_a_directory_is_sent_only_where_it_is_linked_to(terminal: Terminal, server: Served) -> None:
    terminal.ok("services", "create", "acme/shop/production/web", "--create-parents")

    refused = terminal.shipway("deploy", "acme/shop/production/web")
    (terminal.directory / "Dockerfile").write_text(DOCKERFILE)
    sent = terminal.shipway("deploy", "acme/shop/production/web", "--directory", ".")

    assert refused.code == 1
    assert "is not linked to acme/shop/production/web" in refused.err
    assert sent.code == 0
    assert "Sending 1 files" in sent.err
    assert "(v2)" in terminal.ok("services", "deploy", "acme/shop/production/web")


def _cancel_when_building(server: Served) -> None:
    from shipway.client.client import Client

    with Client(server.url, server.token) as client:
        while True:
            known = client.service(str(PATH))["latest"]
            if known and known["status_label"] in ("Building", "Deploying") and known["state"] == "running":
                client.cancel(known["id"])
                return
            time.sleep(0.01)
