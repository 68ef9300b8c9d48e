"""What every source of code promises, on the fake and on real repositories and uploads."""

import asyncio
import io
import tarfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.support.git import GitRepository, tree
from tests.support.git import git as run_git

from shipway.domain.errors import Invalid, SourceFailed
from shipway.domain.source import GitSource, ImageSource, PushSource, Revision, UploadSource
from shipway.sources.fake import FakeSources
from shipway.sources.source import Sources
from shipway.sources.sources import LocalSources


@dataclass(frozen=True)
class World:
    """Sources, and the means to fill them."""

    sources: Sources
    #: The repository that `commit` writes to.
    url: str
    #: `(branch, all the files, subject)`; returns the commit.
    commit: Callable[[str, Mapping[str, str], str], str]
    #: `(files)`; returns the archive's digest.
    upload: Callable[[Mapping[str, str]], Awaitable[str]]
    #: `(service id, branch, all the files, subject)`; returns the commit.
    push: Callable[[str, str, Mapping[str, str], str], Awaitable[str]]


@pytest.fixture(params=["fake", "local"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    return _fake_world() if request.param == "fake" else _local_world(tmp_path)


def _fake_world() -> World:
    fake = FakeSources()

    def commit(branch: str, files: Mapping[str, str], subject: str) -> str:
        return fake.add("/srv/app", branch, files, subject)

    async def upload(files: Mapping[str, str]) -> str:
        return fake.add_upload(files)

    async def push(service: str, branch: str, files: Mapping[str, str], subject: str) -> str:
        return fake.push(service, branch, files, subject)

    return World(fake, "/srv/app", commit, upload, push)


def _local_world(tmp_path: Path) -> World:
    sources = LocalSources(tmp_path / "home")
    repository = GitRepository.create(tmp_path / "app")

    def commit(branch: str, files: Mapping[str, str], subject: str) -> str:
        repository.switch(branch)
        repository.remove_everything()
        return repository.commit(files, subject)

    async def upload(files: Mapping[str, str]) -> str:
        return await sources.uploads.save(_archive(files), limit=1024**2)

    async def push(service: str, branch: str, files: Mapping[str, str], subject: str) -> str:
        pushed = commit(branch, files, subject)
        await sources.repositories.advertise(service, "git-receive-pack")
        run_git(repository.path, "push", "--quiet", str(sources.repositories.path(service)), branch)
        return pushed

    return World(sources, str(repository.path), commit, upload, push)


async def _archive(files: Mapping[str, str]) -> AsyncIterator[bytes]:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content.encode()))
    yield buffer.getvalue()


def log(line: str) -> None:
    """Nobody reads it."""


def git(world: World, ref: str = "", subdirectory: str = "") -> GitSource:
    return GitSource(world.url, ref, subdirectory)


async def failure_of(work: Awaitable[object]) -> SourceFailed:
    with pytest.raises(SourceFailed) as caught:
        await work
    assert caught.value.message
    assert caught.value.hint
    return caught.value


async def test_a_branch_is_pinned_to_its_newest_commit(world: World) -> None:
    world.commit("main", {"app.py": "1"}, "First")
    newest = world.commit("main", {"app.py": "2"}, "Second")
    checkout = await world.sources.resolve(git(world, "main"), Revision(), log)
    assert (checkout.kind, checkout.location, checkout.revision) == ("git", world.url, newest)
    assert (checkout.ref, checkout.subject) == ("main", "Second")


async def test_naming_nothing_takes_the_default_branch(world: World) -> None:
    world.commit("main", {"app.py": "1"}, "First")
    world.commit("next", {"app.py": "2"}, "Second")
    main = world.commit("main", {"app.py": "3"}, "Third")
    checkout = await world.sources.resolve(git(world), Revision(), log)
    assert (checkout.revision, checkout.ref) == (main, "main")


async def test_what_a_deployment_names_goes_before_what_the_service_names(world: World) -> None:
    world.commit("main", {"app.py": "1"}, "First")
    wanted = world.commit("next", {"app.py": "2"}, "Second")
    checkout = await world.sources.resolve(git(world, "main"), Revision(ref="next"), log)
    assert (checkout.revision, checkout.ref) == (wanted, "next")


@pytest.mark.parametrize("length", [40, 12, 7])
async def test_a_commit_is_found_in_full_and_abbreviated_also_an_old_one(world: World, length: int) -> None:
    old = world.commit("main", {"app.py": "1"}, "First")
    world.commit("main", {"app.py": "2"}, "Second")
    checkout = await world.sources.resolve(git(world), Revision(ref=old[:length]), log)
    assert (checkout.revision, checkout.ref, checkout.subject) == (old, "", "First")


async def test_an_unknown_ref_is_answered_with_the_nearest_that_exist(world: World) -> None:
    world.commit("main", {"app.py": "1"}, "First")
    world.commit("release-2", {"app.py": "2"}, "Second")
    failure = await failure_of(world.sources.resolve(git(world), Revision(ref="relase-2"), log))
    assert failure.code == "unknown-ref"
    assert "relase-2" in failure.message
    assert "release-2, main" in failure.hint


@pytest.mark.parametrize("ref", ["f" * 40, "fffffff", "--upload-pack=touch /tmp/x", "main~1", "a..b", "a b", "HEAD^"])
async def test_what_is_no_name_of_anything_is_an_unknown_ref(world: World, ref: str) -> None:
    world.commit("main", {"app.py": "1"}, "First")
    world.commit("main", {"app.py": "2"}, "Second")
    failure = await failure_of(world.sources.resolve(git(world), Revision(ref=ref), log))
    assert failure.code == "unknown-ref"


async def test_a_repository_that_is_not_there_is_unreachable(world: World) -> None:
    failure = await failure_of(world.sources.resolve(GitSource("/nowhere/at/all"), Revision(), log))
    assert failure.code == "repository-unreachable"
    assert "/nowhere/at/all" in failure.message


@pytest.mark.parametrize(
    "url", ["", "--upload-pack=touch /tmp/x", "ext::sh -c 'touch /tmp/x'", "relative/path", "ftp://example.com/app.git"]
)
async def test_what_git_must_not_be_given_is_a_bad_url(world: World, url: str) -> None:
    failure = await failure_of(world.sources.resolve(GitSource(url), Revision(), log))
    assert failure.code == "bad-url"


async def test_a_secret_in_the_url_is_refused_and_not_repeated(world: World) -> None:
    source = GitSource("https://ada:hunter2@git.example.com/app.git")
    failure = await failure_of(world.sources.resolve(source, Revision(), log))
    assert failure.code == "credential-in-url"
    assert "hunter2" not in f"{failure.message} {failure.hint} {failure.evidence}"


async def test_an_image_has_no_source(world: World) -> None:
    with pytest.raises(Invalid, match="no source"):
        await world.sources.resolve(ImageSource("nginx:1"), Revision(), log)


async def test_ensure_writes_the_tree_of_the_revision_and_nothing_else(world: World, tmp_path: Path) -> None:
    world.commit("main", {"app.py": "1", "old.txt": "x"}, "First")
    checkout = await world.sources.resolve(git(world), Revision(), log)
    world.commit("main", {"app.py": "2"}, "Second")
    root = await world.sources.ensure(checkout, tmp_path / "work/source", log)
    assert root == tmp_path / "work/source"
    assert tree(root) == {"app.py": "1", "old.txt": "x"}


async def test_ensure_again_leaves_the_tree_alone(world: World, tmp_path: Path) -> None:
    world.commit("main", {"app.py": "1"}, "First")
    checkout = await world.sources.resolve(git(world), Revision(), log)
    root = await world.sources.ensure(checkout, tmp_path / "source", log)
    (root / "built.o").write_text("by the build")
    assert await world.sources.ensure(checkout, tmp_path / "source", log) == root
    assert tree(root) == {"app.py": "1", "built.o": "by the build"}


async def test_a_directory_left_half_filled_by_a_crash_is_done_again(world: World, tmp_path: Path) -> None:
    world.commit("main", {"app.py": "1"}, "First")
    checkout = await world.sources.resolve(git(world), Revision(), log)
    (tmp_path / "source/half").mkdir(parents=True)
    (tmp_path / "source/half/written").write_text("...")
    root = await world.sources.ensure(checkout, tmp_path / "source", log)
    assert tree(root) == {"app.py": "1"}


async def test_a_directory_holding_another_revision_is_made_to_hold_this_one(world: World, tmp_path: Path) -> None:
    world.commit("main", {"app.py": "1", "old.txt": "x"}, "First")
    first = await world.sources.resolve(git(world), Revision(), log)
    world.commit("main", {"app.py": "2"}, "Second")
    second = await world.sources.resolve(git(world), Revision(), log)
    await world.sources.ensure(first, tmp_path / "source", log)
    root = await world.sources.ensure(second, tmp_path / "source", log)
    assert tree(root) == {"app.py": "2"}


async def test_what_a_failed_checkout_left_is_not_taken_for_the_one_before(world: World, tmp_path: Path) -> None:
    world.commit("main", {"app.py": "1"}, "First")
    checkout = await world.sources.resolve(git(world), Revision(), log)
    await world.sources.ensure(checkout, tmp_path / "source", log)
    await failure_of(world.sources.ensure(replace(checkout, revision="f" * 40), tmp_path / "source", log))
    assert tree(await world.sources.ensure(checkout, tmp_path / "source", log)) == {"app.py": "1"}


async def test_a_tree_that_was_removed_is_put_back(world: World, tmp_path: Path) -> None:
    world.commit("main", {"app.py": "1"}, "First")
    checkout = await world.sources.resolve(git(world), Revision(), log)
    root = await world.sources.ensure(checkout, tmp_path / "source", log)
    (root / "app.py").unlink()
    root.rmdir()
    assert tree(await world.sources.ensure(checkout, tmp_path / "source", log)) == {"app.py": "1"}


async def test_a_service_in_a_subdirectory_has_its_root_there(world: World, tmp_path: Path) -> None:
    world.commit("main", {"services/api/app.py": "1", "README": "x"}, "First")
    checkout = await world.sources.resolve(git(world, subdirectory="services/api"), Revision(), log)
    assert checkout.subdirectory == "services/api"
    root = await world.sources.ensure(checkout, tmp_path / "source", log)
    assert root == tmp_path / "source/services/api"
    assert tree(root) == {"app.py": "1"}


@pytest.mark.parametrize("subdirectory", ["web", "services/web", "..", "services/../..", "README"])
async def test_a_subdirectory_that_is_not_there_is_answered_with_those_that_are(
    world: World, tmp_path: Path, subdirectory: str
) -> None:
    world.commit("main", {"services/api/app.py": "1", "docs/index": "x", "README": "x"}, "First")
    checkout = await world.sources.resolve(git(world, subdirectory=subdirectory), Revision(), log)
    failure = await failure_of(world.sources.ensure(checkout, tmp_path / "source", log))
    assert failure.code == "no-such-directory"
    assert "docs, services" in failure.hint


async def test_an_upload_is_pinned_by_its_digest_and_unpacked(world: World, tmp_path: Path) -> None:
    digest = await world.upload({"app.py": "1", "api/app.py": "2"})
    checkout = await world.sources.resolve(UploadSource("api"), Revision(upload=digest), log)
    assert (checkout.kind, checkout.location, checkout.revision) == ("upload", "", digest)
    root = await world.sources.ensure(checkout, tmp_path / "source", log)
    assert tree(root) == {"app.py": "2"}
    assert tree(tmp_path / "source") == {"app.py": "1", "api/app.py": "2"}


@pytest.mark.parametrize("digest", ["", "0" * 64, "../../etc/passwd"])
async def test_an_upload_that_is_not_there_is_unknown(world: World, digest: str) -> None:
    failure = await failure_of(world.sources.resolve(UploadSource(), Revision(upload=digest), log))
    assert failure.code == "unknown-upload"


async def test_a_pushed_branch_is_pinned_to_its_newest_commit(world: World, tmp_path: Path) -> None:
    await world.push("svc_1", "main", {"app.py": "1"}, "First")
    newest = await world.push("svc_1", "main", {"app.py": "2", "api/app.py": "3"}, "Second")
    checkout = await world.sources.resolve(PushSource("main", "api", repository="svc_1"), Revision(), log)
    assert (checkout.kind, checkout.location, checkout.revision) == ("push", "svc_1", newest)
    assert (checkout.ref, checkout.subject) == ("main", "Second")
    assert tree(await world.sources.ensure(checkout, tmp_path / "source", log)) == {"app.py": "3"}


async def test_a_pushed_commit_tells_its_branch_while_that_leads_to_it(world: World) -> None:
    first = await world.push("svc_1", "main", {"app.py": "1"}, "First")
    source = PushSource("main", repository="svc_1")
    assert (await world.sources.resolve(source, Revision(ref=first), log)).ref == "main"
    await world.push("svc_1", "main", {"app.py": "2"}, "Second")
    checkout = await world.sources.resolve(source, Revision(ref=first), log)
    assert (checkout.revision, checkout.ref, checkout.subject) == (first, "", "First")


async def test_what_was_pushed_to_one_service_is_no_other_services(world: World) -> None:
    await world.push("svc_1", "main", {"app.py": "1"}, "First")
    other = PushSource("main", repository="svc_2")
    assert (await failure_of(world.sources.resolve(other, Revision(), log))).code == "nothing-pushed"
    await world.push("svc_2", "main", {"app.py": "2"}, "Another")
    commit = await world.push("svc_1", "main", {"app.py": "3"}, "Second")
    assert (await failure_of(world.sources.resolve(other, Revision(ref=commit), log))).code == "unknown-ref"


async def test_what_was_pushed_goes_with_its_service(world: World) -> None:
    await world.push("svc_1", "main", {"app.py": "1"}, "First")
    await world.sources.forget("svc_1")
    await world.sources.forget("svc_1")
    failure = await failure_of(world.sources.resolve(PushSource("main", repository="svc_1"), Revision(), log))
    assert failure.code == "nothing-pushed"
    assert "git push shipway main" in failure.hint


async def test_checkouts_to_different_directories_may_happen_at_once(world: World, tmp_path: Path) -> None:
    world.commit("main", {"app.py": "1"}, "First")
    checkout = await world.sources.resolve(git(world), Revision(), log)
    roots = await asyncio.gather(*(world.sources.ensure(checkout, tmp_path / f"source{n}", log) for n in range(4)))
    assert [tree(root) for root in roots] == [{"app.py": "1"}] * 4
