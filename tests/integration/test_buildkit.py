"""BuildKit on the real engine: failures provoked for real, nothing left behind, nothing of the user's let in."""

import asyncio
import json
import os
import secrets
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import aiodocker
import pytest
from tests.support.builds import Recorder, forget_images, request_for, source, unique
from tests.support.images import ensure_test_image
from tests.support.registry_server import registry_server

from shipway.builders.bases import Bases
from shipway.builders.buildkit import BuildKitBuilder
from shipway.domain.artifacts import Analysis
from shipway.domain.credential import Credential
from shipway.domain.errors import BuildFailed, Unavailable

#: Nobody listens there.
DEAD = "127.0.0.1:9"
#: `shipway:right`, hashed.
ACCOUNTS = "shipway:$2b$04$QBV64aS2sNqtnDKraMayd.HnBT9KjjyNdu.tvWAyYwZpuO8Aq/PBC\n"


@pytest.fixture
def log() -> Recorder:
    return Recorder()


@pytest.fixture
async def tag() -> AsyncIterator[str]:
    name = unique()
    yield f"{name}:v1"
    await forget_images(name)


@pytest.fixture
async def base() -> str:
    return await ensure_test_image()


@pytest.fixture
def workbenches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory in which temporary ones are made."""
    directory = tmp_path / "temporary"
    directory.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    return directory


async def build(tree: Path, dockerfile: str, tag: str, log: Recorder, timeout: float = 120.0) -> str:
    return await BuildKitBuilder().build(request_for(tree, dockerfile, tag=tag, timeout=timeout), log)


async def failure_of(tree: Path, dockerfile: str, log: Recorder) -> BuildFailed:
    with pytest.raises(BuildFailed) as failure:
        await build(tree, dockerfile, f"{unique()}:v1", log)
    assert failure.value.hint
    return failure.value


async def test_what_the_parser_lets_through_buildkit_refuses_with_the_line(
    tmp_path: Path, base: str, log: Recorder
) -> None:
    failure = await failure_of(tmp_path, f"FROM {base}\nRUN --mount=type=bogus true\n", log)
    assert failure.code == "dockerfile-error" and "Dockerfile:2" in failure.message


async def test_an_unknown_instruction_is_an_error_of_the_dockerfile(tmp_path: Path, base: str, log: Recorder) -> None:
    failure = await failure_of(tmp_path, f"FROM {base}\n\nRUNN true\n", log)
    assert failure.code == "dockerfile-error" and "Dockerfile:3" in failure.message


async def test_a_file_that_is_not_there_is_named_with_its_line(tmp_path: Path, base: str, log: Recorder) -> None:
    failure = await failure_of(tmp_path, f"FROM {base}\nCOPY nothere.txt /x\n", log)
    assert failure.code == "dockerfile-error"
    assert "nothere.txt" in failure.message and "Dockerfile:2" in failure.message


async def test_a_missing_command_is_named(tmp_path: Path, base: str, log: Recorder) -> None:
    failure = await failure_of(tmp_path, f"FROM {base}\nRUN poetry install\n", log)
    assert failure.code == "command-not-found" and "poetry" in failure.message and failure.evidence


async def test_a_name_that_does_not_resolve_is_told_as_dns(tmp_path: Path, base: str, log: Recorder) -> None:
    failure = await failure_of(tmp_path, f"FROM {base}\nRUN wget http://nowhere.invalid/\n", log)
    assert failure.code == "network" and "DNS" in failure.message and "nowhere.invalid" in failure.message


async def test_a_command_that_is_killed_is_told_as_out_of_memory(tmp_path: Path, base: str, log: Recorder) -> None:
    failure = await failure_of(tmp_path, f"FROM {base}\nRUN sh -c 'kill -9 $$'; exit $?\n", log)
    assert failure.code == "out-of-memory"


async def test_a_full_disk_is_told(tmp_path: Path, base: str, log: Recorder) -> None:
    failure = await failure_of(tmp_path, f"FROM {base}\nRUN echo much > /dev/full\n", log)
    assert failure.code == "out-of-disk"


async def test_a_package_that_does_not_exist_is_named(tmp_path: Path, log: Recorder) -> None:
    base = await Bases("airgapped").ensure("python", "3.13", log)
    install = "PIP_CERT=/run/secrets/shipway-ca pip install no-such-package-shipway==1"
    dockerfile = f"FROM {base}\nRUN --mount=type=secret,id=shipway-ca {install}\n"
    failure = await failure_of(tmp_path, dockerfile, log)
    assert failure.code == "dependency-not-found" and "no-such-package-shipway==1" in failure.message


async def test_a_base_image_that_its_registry_does_not_have_is_named(tmp_path: Path, log: Recorder) -> None:
    async with registry_server(tmp_path) as host:
        failure = await failure_of(source(tmp_path / "src"), f"FROM {host}/acme/nope:1\n", log)
    assert failure.code == "base-image-not-found" and f"{host}/acme/nope:1" in failure.message


async def test_a_registry_that_wants_a_login_is_told_as_that(tmp_path: Path, log: Recorder) -> None:
    async with registry_server(tmp_path, ACCOUNTS) as host:
        failure = await failure_of(source(tmp_path / "src"), f"FROM {host}/acme/private:1\n", log)
    assert failure.code == "registry-auth" and f"{host}/acme/private:1" in failure.message


async def test_a_registry_that_can_t_be_reached_is_told_as_network(tmp_path: Path, log: Recorder) -> None:
    failure = await failure_of(tmp_path, f"FROM {DEAD}/acme/base:1\n", log)
    assert failure.code == "network" and DEAD in failure.message


async def test_a_dockerfile_without_a_stage_leaves_the_engine_alive(tmp_path: Path, log: Recorder) -> None:
    assert (await failure_of(tmp_path, "ARG VERSION=1\n", log)).code == "dockerfile-error"
    await BuildKitBuilder().check()


async def test_no_engine_is_the_world_s_fault(tmp_path: Path, log: Recorder) -> None:
    builder = BuildKitBuilder(f"unix://{tmp_path}/no.sock")
    with pytest.raises(Unavailable):
        await builder.check()
    with pytest.raises(Unavailable):
        await builder.build(request_for(source(tmp_path / "src"), "FROM x\n"), log)
    with pytest.raises(Unavailable):
        await builder.discard("acme/x:v1")


async def test_the_image_has_its_labels_and_stops_at_its_target(
    tmp_path: Path, base: str, tag: str, log: Recorder
) -> None:
    dockerfile = f"FROM {base} AS first\nENV STAGE=first\nFROM first\nENV STAGE=second\n"
    analysis = Analysis("dockerfile", dockerfile, generated=False, processes=(), port=8080, target="first")
    request = request_for(tmp_path, dockerfile, tag=tag)
    image_id = (await BuildKitBuilder().build(type(request)(tmp_path, analysis, tag, 60.0, request.labels), log)).id
    async with aiodocker.Docker() as docker:
        image = await docker.images.inspect(tag)
    assert image["Id"] == image_id
    assert image["Config"]["Labels"]["shipway.test"] == "build"
    assert "STAGE=first" in image["Config"]["Env"]


async def test_what_the_usual_rules_leave_out_does_not_reach_the_build(
    tmp_path: Path, base: str, tag: str, log: Recorder
) -> None:
    tree = source(tmp_path / "src", app__py="", __env="SECRET=1", __env__example="")
    for directory in (".git", "node_modules", "packages/api/node_modules", "app/__pycache__"):
        source(tree / directory, left__out="")
    await build(tree, f"FROM {base}\nCOPY . /all\nRUN find /all -type f # {tag}\n", tag, log)
    assert [line for line in log.lines if line.startswith("    /all")] == ["    /all/.env.example", "    /all/app.py"]
    assert not (tree / "Dockerfile").exists() and not (tree / ".dockerignore").exists()


async def test_the_source_s_own_dockerignore_decides(tmp_path: Path, base: str, tag: str, log: Recorder) -> None:
    tree = source(tmp_path / "src", app__py="", secret__txt="", __env="", __dockerignore="secret.txt\n.dockerignore\n")
    await build(tree, f"FROM {base}\nCOPY . /all\nRUN find /all -type f | sort # {tag}\n", tag, log)
    assert [line for line in log.lines if line.startswith("    /all")] == ["    /all/.env", "    /all/app.py"]


async def test_certificates_reach_the_step_that_asks_for_them_and_no_other(
    tmp_path: Path, base: str, tag: str, log: Recorder
) -> None:
    marker = f"extra{secrets.token_hex(8)}"
    extra = tmp_path / "extra.pem"
    extra.write_text(f"-----BEGIN CERTIFICATE-----\n{marker}\n-----END CERTIFICATE-----\n")
    look = "--mount=type=secret,id=shipway-ca grep -q extra /run/secrets/shipway-ca && echo seen"
    dockerfile = f"FROM {base}\nENV FOR={tag}\nRUN {look}\nRUN cat /run/secrets/* || true\n"
    await BuildKitBuilder(extra_ca=extra).build(request_for(source(tmp_path / "src"), dockerfile, tag=tag), log)
    assert "    seen" in log.lines
    assert marker not in log.text


async def test_nothing_of_the_user_s_docker_configuration_reaches_a_build(
    tmp_path: Path, base: str, tag: str, log: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    (home / ".docker").mkdir(parents=True)
    proxy = f"http://leak-{secrets.token_hex(4)}.invalid"
    (home / ".docker/config.json").write_text(json.dumps({"proxies": {"default": {"httpProxy": proxy}}}))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("DOCKER_CONFIG", str(home / ".docker"))
    await build(source(tmp_path / "src"), f"FROM {base}\nRUN echo {tag}; env\n", tag, log)
    assert any("PATH=" in line for line in log.lines) and "leak-" not in log.text


async def test_a_build_leaves_no_file_behind(
    tmp_path: Path, base: str, tag: str, log: Recorder, workbenches: Path
) -> None:
    tree = source(tmp_path / "src")
    await build(tree, f"FROM {base}\n", tag, log)
    await failure_of(tree, f"FROM {base}\nRUN exit 1\n", log)
    with pytest.raises(BuildFailed):
        await build(tree, f"FROM {base}\nRUN sleep 600 # {tag}\n", tag, log, timeout=1.0)
    assert list(workbenches.iterdir()) == []


@pytest.mark.parametrize("how", ["cancelled", "timeout"])
async def test_a_build_that_is_ended_leaves_no_process_behind(
    tmp_path: Path, base: str, tag: str, log: Recorder, workbenches: Path, how: str
) -> None:
    marker = f"mark{secrets.token_hex(8)}"
    dockerfile = f"FROM {base}\nRUN : {marker}; sleep 600; :\n"
    building = asyncio.create_task(
        build(tree_of(tmp_path), dockerfile, tag, log, timeout=3.0 if how == "timeout" else 60.0)
    )
    await log.told("sleep 600")
    while not processes(marker):
        await asyncio.sleep(0.02)
    assert processes(str(workbenches))
    if how == "cancelled":
        building.cancel()
    with pytest.raises((asyncio.CancelledError, BuildFailed)):
        await building
    assert processes(str(workbenches)) == []
    async with asyncio.timeout(3):
        while processes(marker):
            await asyncio.sleep(0.02)
    assert list(workbenches.iterdir()) == []


async def test_a_name_that_a_container_runs_by_can_be_discarded_without_harm(
    tmp_path: Path, base: str, tag: str, log: Recorder
) -> None:
    builder = BuildKitBuilder()
    await build(tmp_path, f"FROM {base}\nENV X={tag}\n", tag, log)
    async with aiodocker.Docker() as docker:
        container = await docker.containers.run({"Image": tag, "Cmd": ["sleep", "600"]})
        try:
            await builder.discard(tag)
            assert (await container.show())["State"]["Running"]
        finally:
            await container.delete(force=True)


async def test_a_push_that_failed_leaves_no_name_behind(tmp_path: Path, base: str, tag: str, log: Recorder) -> None:
    await build(tmp_path, f"FROM {base}\n", tag, log)
    with pytest.raises(Unavailable):
        await BuildKitBuilder().push(tag, f"{DEAD}/{tag}", Credential("shipway", "x"), log)
    async with aiodocker.Docker() as docker:
        names = [name for image in await docker.images.list() for name in image["RepoTags"] or ()]
    assert tag in names and f"{DEAD}/{tag}" not in names


def tree_of(directory: Path) -> Path:
    return source(directory / "src")


def processes(text: str) -> list[int]:
    """Processes of this machine, those in containers included, whose command line holds `text`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if text.encode() in words:
                found.append(int(entry.name))
    return found
