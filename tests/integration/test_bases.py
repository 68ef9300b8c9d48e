"""Base images on the real engine: made once, made again when their recipe changes, and of use to an app."""

import asyncio
import io
import secrets
import tarfile
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiodocker
import pytest
from tests.support.builds import Recorder, forget_images

from shipway.builders.base_recipes import Recipe
from shipway.builders.bases import Bases
from shipway.domain.errors import BuildFailed, Unavailable

#: Hardened as instances are: an ordinary user, nothing writable but /tmp, no capability.
HARDENED = {"CapDrop": ["ALL"], "ReadonlyRootfs": True, "Tmpfs": {"/tmp": ""}, "SecurityOpt": ["no-new-privileges"]}


@pytest.fixture
def log() -> Recorder:
    return Recorder()


@pytest.fixture
async def recipe() -> AsyncIterator[Recipe]:
    """A recipe of a name that no other test has."""
    runtime = f"t{secrets.token_hex(6)}"
    yield Recipe(runtime, "1.0", "trixie", ("hello",), config=("ENV GREETING=hello",), seconds=1)
    await forget_images(f"shipway-base/{runtime}")


class Tool:
    """Stands in for mmdebstrap: makes an archive of one file, notes that it ran, and does `first` before that."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._runs = directory / "runs"
        self._runs.touch()
        archive = directory / "archive.tar"
        with tarfile.open(archive, "w") as tar:
            tar.addfile(tarfile.TarInfo("made"), io.BytesIO())
        self.does("")

    @property
    def runs(self) -> int:
        return len(self._runs.read_text().splitlines())

    def does(self, first: str) -> None:
        script = self._directory / "mmdebstrap"
        script.write_text(
            f'#!/bin/sh\necho run >> {self._runs}\n{first}\nfor word in "$@"; do\n'
            f'  case "$word" in */root.tar) cp {self._directory}/archive.tar "$word" ;; esac\ndone\n'
        )
        script.chmod(0o755)


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    directory = tmp_path / "tools"
    directory.mkdir()
    monkeypatch.setenv("PATH", f"{directory}:/usr/bin:/bin")
    return Tool(directory)


def bases(recipe: Recipe, home: Path) -> Bases:
    return Bases("airgapped", home=home, recipes=(recipe,))


async def image(reference: str) -> dict[str, object]:
    async with aiodocker.Docker() as docker:
        return await docker.images.inspect(reference)


async def test_a_missing_base_is_made_with_a_word_of_warning(
    recipe: Recipe, tool: Tool, tmp_path: Path, log: Recorder
) -> None:
    await bases(recipe, tmp_path).ensure_for(f"FROM --platform=linux/amd64 {recipe.reference} AS build\nRUN x\n", log)
    assert log.lines[0] == f"making the base image {recipe.runtime} 1.0 from Debian's packages, once: about 1 s"
    config = (await image(recipe.reference))["Config"]
    assert isinstance(config, dict)
    assert "GREETING=hello" in config["Env"]
    assert config["Labels"]["shipway.base"] == f"{recipe.runtime}:1.0"


async def test_a_base_that_is_there_costs_nothing(recipe: Recipe, tool: Tool, tmp_path: Path, log: Recorder) -> None:
    await bases(recipe, tmp_path).ensure_for(f"FROM {recipe.reference}\n", log)
    later = Recorder()
    await bases(recipe, tmp_path).ensure_for(f"FROM {recipe.reference}\n", later)
    assert tool.runs == 1 and later.lines == []


async def test_several_who_want_the_same_base_make_it_once(
    recipe: Recipe, tool: Tool, tmp_path: Path, log: Recorder
) -> None:
    tool.does("sleep 0.3")
    await asyncio.gather(*(bases(recipe, tmp_path).ensure_for(f"FROM {recipe.reference}\n", log) for _ in range(4)))
    assert tool.runs == 1


async def test_a_changed_recipe_makes_it_anew_and_lets_go_of_the_old_image(
    recipe: Recipe, tool: Tool, tmp_path: Path, log: Recorder
) -> None:
    await bases(recipe, tmp_path).ensure_for(f"FROM {recipe.reference}\n", log)
    before = (await image(recipe.reference))["Id"]
    changed = replace(recipe, config=("ENV GREETING=goodbye",))
    await bases(changed, tmp_path).ensure_for(f"FROM {recipe.reference}\n", log)
    assert (await image(recipe.reference))["Id"] != before
    with pytest.raises(aiodocker.DockerError, match="No such image"):
        await image(str(before))


async def test_other_images_are_none_of_its_business(recipe: Recipe, tool: Tool, tmp_path: Path, log: Recorder) -> None:
    await bases(recipe, tmp_path).ensure_for(
        "FROM python:3.13-slim\n# FROM shipway-base/python:1\nRUN echo FROM x\n", log
    )
    assert tool.runs == 0


async def test_one_of_ours_that_nobody_can_make_is_named(
    recipe: Recipe, tool: Tool, tmp_path: Path, log: Recorder
) -> None:
    with pytest.raises(BuildFailed, match="shipway-base/cobol:85") as failure:
        await bases(recipe, tmp_path).ensure_for("FROM shipway-base/cobol:85\n", log)
    assert failure.value.code == "base-image-not-found" and recipe.reference in failure.value.hint


async def test_a_mirror_that_fails_is_told_in_the_tool_s_words_and_can_be_tried_again(
    recipe: Recipe, tool: Tool, tmp_path: Path, log: Recorder
) -> None:
    tool.does('echo "E: mirror.example.com does not answer" >&2; exit 25')
    with pytest.raises(Unavailable, match="mirror.example.com does not answer"):
        await bases(recipe, tmp_path).ensure_for(f"FROM {recipe.reference}\n", log)
    tool.does("")
    await bases(recipe, tmp_path).ensure_for(f"FROM {recipe.reference}\n", log)
    assert await image(recipe.reference)


async def test_without_the_tool_the_error_says_what_to_install(
    recipe: Recipe, tmp_path: Path, log: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="mmdebstrap") as error:
        await bases(recipe, tmp_path).ensure_for(f"FROM {recipe.reference}\n", log)
    assert "apt-get install mmdebstrap" in error.value.hint


async def test_making_a_base_can_be_cancelled_and_leaves_nothing(
    recipe: Recipe, tool: Tool, tmp_path: Path, log: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    tool.does('echo "I: downloading packages with apt..."; sleep 600')
    making = asyncio.create_task(bases(recipe, tmp_path).ensure_for(f"FROM {recipe.reference}\n", log))
    await log.told("downloading")
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert list(temporary.iterdir()) == []
    tool.does("")
    await bases(recipe, tmp_path).ensure_for(f"FROM {recipe.reference}\n", log)


async def test_what_is_decided_is_what_is_ensured(log: Recorder) -> None:
    """On a machine that reaches a public registry that is an official image, else one made here."""
    chooser = Bases("auto")
    await chooser.decide()
    assert chooser.resolve("static", "") == await chooser.ensure("static", "", log)


@pytest.mark.parametrize(
    ("runtime", "version", "commands", "says"),
    [
        (
            "python",
            "3.13",
            "python -m venv /tmp/v && /tmp/v/bin/python -m pip --version && python3 --version",
            "Python 3.13",
        ),
        ("node", "20", "npm --version && node --print 'process.version'", "v20."),
        ("static", "", "nginx -e stderr; until grep :1F90 /proc/net/tcp; do sleep 0.1; done", ":1F90"),
    ],
)
async def test_a_base_made_from_packages_serves_an_app_without_privileges(
    log: Recorder, runtime: str, version: str, commands: str, says: str
) -> None:
    reference = await Bases("airgapped").ensure(runtime, version, log)
    assert reference.startswith(f"shipway-base/{runtime}:")
    assert says in await run(reference, commands)


async def test_a_base_holds_nothing_of_this_machine_and_no_ballast(log: Recorder) -> None:
    reference = await Bases("airgapped").ensure("python", "3.13", log)
    found = await run(
        reference, "ls /var/lib/apt/lists /usr/share/man /usr/share/doc/python3; ls /etc/ssl/certs/ca-certificates.crt"
    )
    assert found.split()[-1] == "/etc/ssl/certs/ca-certificates.crt"
    assert "changelog" not in found and "Packages" not in found and "man1" not in found


async def run(reference: str, commands: str) -> str:
    """What the commands write in a hardened container."""
    config: dict[str, Any] = {
        "Image": reference,
        "Cmd": ["/bin/sh", "-c", f"({commands}) 2>&1"],
        "Entrypoint": [],
        "User": "10001",
        "HostConfig": HARDENED,
    }
    async with aiodocker.Docker() as docker:
        container = await docker.containers.create(config)
        try:
            await container.start()
            await container.wait()
            return "".join(await container.log(stdout=True, stderr=True))
        finally:
            await container.delete(force=True)
