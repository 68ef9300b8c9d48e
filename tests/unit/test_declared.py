"""Who decides: the service's settings, shipway.toml, the Procfile, app.json, what is detected, in this order."""

import json
from pathlib import Path

import pytest
from tests.support.detected import write_files

from shipway.builders.analysis import analyze
from shipway.builders.explanation import explain
from shipway.domain.artifacts import Analysis, Checkout, from_root
from shipway.domain.errors import DeployFailed
from shipway.domain.probe import Liveness, Probe
from shipway.domain.service import ServiceSettings

SERVER = "require('http').createServer().listen(process.env.PORT)\n"
LAYERS = {
    "shipway.toml": '[processes]\nweb = "by-toml"\nworker = "work-by-toml"\n',
    "Procfile": "worker: work-by-procfile\nweb: by-procfile\n",
    "app.json": json.dumps({"formation": [{"process": "web", "quantity": 2, "command": "by-app-json"}]}),
}


def look(directory: Path, **settings: object) -> Analysis:
    """The analysis, with these settings."""
    return analyze(directory, ServiceSettings(**settings), lambda runtime, version: f"{runtime}:{version or 'any'}")  # type: ignore[arg-type]


def test_each_value_is_decided_by_the_first_who_has_it(tmp_path: Path) -> None:
    write_files(tmp_path, {"server.js": SERVER, **LAYERS})
    for name, expected in (
        ("", "by-toml"),
        ("shipway.toml", "by-procfile"),
        ("Procfile", "by-app-json"),
        ("app.json", "node server.js"),
    ):
        if name:
            (tmp_path / name).unlink()
        assert look(tmp_path).processes[0].command == expected
        assert look(tmp_path, start_command="by-settings").processes[0].command == "by-settings"


def test_the_evidence_says_who_decided_instead_of_whom(tmp_path: Path) -> None:
    write_files(tmp_path, {"server.js": SERVER, **LAYERS})
    lines = "\n".join(explain(look(tmp_path, start_command="x", port=5000)))
    assert "web is named, instead of shipway.toml:2 and Procfile:2 and app.json:1 (the service's settings)" in lines
    assert "worker is named, instead of Procfile:1 (shipway.toml:3)" in lines
    assert "port 5000 (the service's settings)" in lines
    assert "web: x (begins with 2)" in lines


def test_an_empty_release_in_shipway_toml_means_none(tmp_path: Path) -> None:
    write_files(tmp_path, {"server.js": SERVER, "Procfile": "release: migrate\nweb: x\n"})
    assert look(tmp_path).release_command == "migrate"
    write_files(tmp_path, {"shipway.toml": 'release = ""\n'})
    assert look(tmp_path).release_command == ""


def test_health_fills_what_the_settings_leave_open(tmp_path: Path) -> None:
    write_files(tmp_path, {"server.js": SERVER})
    assert look(tmp_path, probe=Probe(path="/mine")).probe is None
    write_files(tmp_path, {"shipway.toml": '[health]\npath = "/theirs"\ntimeout = 20\n'})
    assert look(tmp_path).probe == Probe(path="/theirs", timeout=20.0)
    assert look(tmp_path, probe=Probe(path="/mine")).probe == Probe(path="/mine", timeout=20.0)


def test_a_command_that_was_set_once_does_not_stand_for_the_file_s(tmp_path: Path) -> None:
    write_files(tmp_path, {"server.js": SERVER, "shipway.toml": '[health]\ncommand = "theirs"\n'})
    assert look(tmp_path, probe=Probe(command="mine")).probe == Probe("command", command="theirs")
    assert look(tmp_path, probe=Probe("command", command="mine")).probe == Probe("command", command="mine")


def test_liveness_is_declared_in_the_same_way(tmp_path: Path) -> None:
    write_files(tmp_path, {"server.js": SERVER})
    assert look(tmp_path, liveness=Liveness(path="/mine")).liveness is None
    write_files(tmp_path, {"shipway.toml": '[liveness]\npath = "/theirs"\nfailures = 5\n'})
    assert look(tmp_path).liveness == Liveness(path="/theirs", failures=5)
    assert look(tmp_path, liveness=Liveness(path="/mine")).liveness == Liveness(path="/mine", failures=5)


def test_a_provider_is_chosen_by_setting_before_file_before_a_buildpack(tmp_path: Path) -> None:
    write_files(tmp_path, {"server.js": SERVER, "index.html": "<h1>hello</h1>"})
    plain = look(tmp_path)
    assert (plain.provider, plain.alternatives) == ("node", ("static",))
    assert plain.evidence[0].text == "node rather than static: node is looked for first"
    assert 'provider = "static"' in "\n".join(explain(plain))
    write_files(tmp_path, {"app.json": '{"buildpacks": [{"url": "heroku-community/static"}]}'})
    hinted = look(tmp_path)
    assert (hinted.provider, hinted.evidence[0].text) == (
        "static",
        "static rather than node: a buildpack in app.json names it",
    )
    write_files(tmp_path, {"shipway.toml": '[build]\nprovider = "node"\n'})
    assert look(tmp_path).provider == "node"
    assert look(tmp_path, provider="static").provider == "static"


def test_a_provider_the_source_does_not_look_like_is_refused_with_those_it_does(tmp_path: Path) -> None:
    write_files(tmp_path, {"server.js": SERVER})
    with pytest.raises(DeployFailed) as failure:
        look(tmp_path, provider="nod")
    assert failure.value.code == "unknown-provider"
    assert "the service's settings" in failure.value.message
    assert "Did you mean node?" in failure.value.hint


def test_a_provider_whose_manifest_is_broken_is_told_that(tmp_path: Path) -> None:
    write_files(tmp_path, {"package.json": "{", "index.html": "<h1>hello</h1>"})
    with pytest.raises(DeployFailed) as failure:
        look(tmp_path, provider="node")
    assert failure.value.code == "manifest-error"
    assert look(tmp_path, provider="static").provider == "static"


def test_a_dockerfile_can_be_passed_over_and_is_an_alternative_then(tmp_path: Path) -> None:
    write_files(tmp_path, {"server.js": SERVER, "Dockerfile": 'FROM x:1\nEXPOSE 3000\nCMD ["x"]\n'})
    own, generated = look(tmp_path), look(tmp_path, provider="node")
    assert (own.provider, own.alternatives, own.generated) == ("dockerfile", ("node",), False)
    assert (generated.provider, generated.alternatives, generated.generated) == ("node", ("dockerfile",), True)


def test_a_dockerfile_in_the_settings_goes_before_a_provider_in_the_file(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {"server.js": SERVER, "d/Dockerfile": 'FROM x:1\nCMD ["x"]\n', "shipway.toml": '[build]\nprovider = "node"\n'},
    )
    assert look(tmp_path, dockerfile="d/Dockerfile").provider == "dockerfile"
    assert look(tmp_path).provider == "node"


@pytest.mark.parametrize("settings", [{"target": "x"}, {"provider": "dockerfile"}])
def test_what_needs_a_dockerfile_says_so_where_there_is_none(tmp_path: Path, settings: dict[str, str]) -> None:
    write_files(tmp_path, {"server.js": SERVER})
    with pytest.raises(DeployFailed) as failure:
        look(tmp_path, **settings)
    assert failure.value.code == "dockerfile-error"
    assert "needs a Dockerfile (the service's settings)" in failure.value.message


STAGES = 'FROM x:1 AS Base\nEXPOSE 3000\nCMD ["x"]\nFROM base AS development\nCOPY missing ./\nEXPOSE 9000\n'


@pytest.mark.parametrize("target", ["base", "Base", "0"])
def test_only_what_the_target_needs_is_checked_and_its_port_taken(tmp_path: Path, target: str) -> None:
    write_files(tmp_path, {"Dockerfile": STAGES})
    found = look(tmp_path, target=target)
    assert (found.target, found.port) == (target, 3000)
    with pytest.raises(DeployFailed, match="missing does not exist"):
        look(tmp_path)


def test_a_target_that_is_no_stage_is_refused_with_the_nearest(tmp_path: Path) -> None:
    write_files(tmp_path, {"Dockerfile": STAGES})
    with pytest.raises(DeployFailed) as failure:
        look(tmp_path, target="developement")
    assert failure.value.hint == "Did you mean development? Its stages: base, development."


def test_a_digit_that_is_no_number_is_no_stage(tmp_path: Path) -> None:
    write_files(tmp_path, {"Dockerfile": STAGES})
    with pytest.raises(DeployFailed, match="has no stage '²'"):
        look(tmp_path, target="²")


def test_the_context_may_be_further_up_but_not_outside_the_checkout(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {
            "top/shared.txt": "",
            "top/apps/api/Dockerfile": 'FROM x:1\nCOPY shared.txt ./\nCMD ["x"]\n',
            "top/apps/api/shipway.toml": '[build]\ncontext = "../.."\n',
        },
    )
    found = analyze(tmp_path / "top/apps/api", ServiceSettings(), lambda *_: "x", root=tmp_path / "top")
    assert found.context == "../.."
    with pytest.raises(DeployFailed, match="not a directory inside the source \\(shipway.toml:2\\)"):
        look(tmp_path / "top/apps/api")


def test_a_build_from_further_up_is_given_the_whole_checkout() -> None:
    checkout = Checkout("git", "https://git.example.com/a.git", "c0ffee", subdirectory="apps/api")
    analysis = Analysis("node", "FROM x", generated=True, processes=(), port=8080)
    assert from_root(checkout, analysis) == (checkout, analysis)
    wider = Analysis("node", "FROM x", generated=True, processes=(), port=8080, context="../..")
    whole, seen = from_root(checkout, wider)
    assert (whole.subdirectory, whole.revision, seen.context) == ("", "c0ffee", ".")
    nearer = Analysis("node", "FROM x", generated=True, processes=(), port=8080, context="..")
    assert from_root(checkout, nearer)[1].context == "apps"


def test_a_type_that_nobody_says_how_to_start_is_warned_about(tmp_path: Path) -> None:
    write_files(tmp_path, {"server.js": SERVER, "app.json": '{"formation": {"clock": {"quantity": 1}}}'})
    assert look(tmp_path).warnings[-1].text.startswith("clock is to run, but nothing says how it is started")


def test_what_a_dockerfile_decides_itself_is_warned_about(tmp_path: Path) -> None:
    write_files(
        tmp_path, {"Dockerfile": STAGES, "missing": "", "shipway.toml": '[build]\nversion = "3"\npackages = ["jq"]\n'}
    )
    warning = look(tmp_path).warnings[-1]
    assert "No effect on a Dockerfile of one's own: version, packages" in warning.text
    assert warning.where == "shipway.toml:2"


def test_a_dockerfile_elsewhere_is_mentioned(tmp_path: Path) -> None:
    write_files(tmp_path, {"server.js": SERVER, "docker/Dockerfile": "FROM x:1\n"})
    assert 'dockerfile = "docker/Dockerfile"' in look(tmp_path).evidence[-1].text
