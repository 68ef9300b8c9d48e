"""Builds that are given a SOURCE_DATE_EPOCH, as far as the client is told of it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.builds import Recorder, request_for, source

from shipway.builders import buildkit, fixed_times
from shipway.builders.build_arguments import BuildNames
from shipway.builders.builder import EPOCH, BuildRequest
from shipway.builders.buildkit import BuildKitBuilder
from shipway.builders.detectors.tree import Tree
from shipway.builders.dockerfile import parse
from shipway.builders.front_end import FrontEnd
from shipway.builders.ignore import Dockerignore
from shipway.domain.errors import BuildFailed

CLIENT = FrontEnd(("/bin/true",), load=("--load",))


@pytest.fixture
def request_(tmp_path: Path) -> BuildRequest:
    return request_for(source(tmp_path / "tree"), "FROM scratch\nCOPY . /\n")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """Command lines of the client, which does nothing; nor is anything loaded."""
    seen: list[Sequence[str]] = []

    async def follow(_progress: object, argv: Sequence[str], *_: object) -> int:
        seen.append(argv)
        Path(argv[list(argv).index("--iidfile") + 1]).write_text("sha256:1")
        return 0

    async def load(_docker_host: str, path: Path) -> None:
        seen.append(["load", str(path)])

    monkeypatch.setattr(buildkit, "_follow", follow)
    monkeypatch.setattr(fixed_times, "load", load)
    return seen


def builder(archives: Path | None) -> BuildKitBuilder:
    return BuildKitBuilder("unix:///nowhere", client=CLIENT, archives=archives)


@pytest.mark.parametrize("value", ["", "today", "-1", "1.5", "0x10", "1700000000\n", "9" * 11])
def test_what_is_no_number_of_seconds_is_refused_with_what_to_do(request_: BuildRequest, value: str) -> None:
    with pytest.raises(BuildFailed, match=f"{EPOCH} is .* no number of seconds") as failure:
        fixed_times.wanted(replace(request_, arguments={EPOCH: value}))
    assert f"shipway config unset {EPOCH}" in failure.value.hint


async def test_the_image_goes_through_an_archive_that_is_gone_afterwards(
    request_: BuildRequest, asked: list[Sequence[str]], tmp_path: Path
) -> None:
    await builder(tmp_path / "images").build(replace(request_, arguments={EPOCH: "1700000000"}), Recorder())
    built, loaded = asked
    assert f"type=oci,rewrite-timestamp=true,dest={loaded[1]}" in built
    assert Path(loaded[1]).is_relative_to(tmp_path / "images")
    assert "--load" not in built and "1700000000" not in " ".join(built), "values are in no command line"
    assert list((tmp_path / "images").iterdir()) == []


async def test_without_it_the_engine_keeps_the_image_as_ever(
    request_: BuildRequest, asked: list[Sequence[str]], tmp_path: Path
) -> None:
    await builder(tmp_path / "images").build(request_, Recorder())
    (built,) = asked
    assert "--load" in built and "--output" not in built


async def test_a_builder_that_leaves_times_as_they_are_says_so(
    request_: BuildRequest, asked: list[Sequence[str]]
) -> None:
    log = Recorder()
    await builder(None).build(replace(request_, arguments={EPOCH: "1"}), log)
    assert "leaves times of files as they are" in log.text
    assert "--load" in asked[0] and EPOCH in asked[0]


def test_installers_are_given_it_too_and_nothing_has_to_declare_it(tmp_path: Path) -> None:
    assert BuildNames((EPOCH, "SITE")).early(Tree(tmp_path, Dockerignore("", ""), False)) == (EPOCH,)
    assert BuildNames((EPOCH,)).warnings(parse("FROM scratch\n")) == ()
