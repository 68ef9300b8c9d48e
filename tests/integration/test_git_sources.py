"""Real git against real servers: what is fetched, what is kept, what is told to whom, and what is left running."""

import asyncio
import os
import shutil
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.support.git import GitRepository, cached_repositories, commits_in, git, git_server, tree

from shipway.domain.credential import Credential
from shipway.domain.errors import SourceFailed, Unavailable
from shipway.domain.source import GitSource, Revision
from shipway.sources.git.cache import Cache
from shipway.sources.git.sources import CredentialFor
from shipway.sources.sources import LocalSources, no_credential

TOKEN = Credential("deploy", "tok_hunter2")


class Bench:
    """Sources with a home of their own, and a repository `app` to fetch."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.home = directory / "home"
        self.served = directory / "served"
        self.app = GitRepository.create(self.served / "app")
        self.lines: list[str] = []

    def sources(self, credential_for: CredentialFor = no_credential, *, local_paths: bool = True) -> LocalSources:
        return LocalSources(self.home, credential_for=credential_for, local_paths=local_paths)

    def log(self, line: str) -> None:
        self.lines.append(line)

    async def tree(self, sources: LocalSources, url: str, ref: str = "") -> dict[str, str]:
        """The tree that a first deployment of `ref` gets."""
        checkout = await sources.resolve(GitSource(url), Revision(ref), self.log)
        root = await sources.ensure(checkout, self.directory / "work" / (ref or "default"), self.log)
        return tree(root)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def with_token(url: str) -> Credential | None:
    return TOKEN


async def failure_of(bench: Bench, url: str, ref: str = "", sources: LocalSources | None = None) -> SourceFailed:
    with pytest.raises(SourceFailed) as caught:
        await bench.tree(sources or bench.sources(), url, ref)
    return caught.value


async def test_exactly_one_commit_is_fetched_whatever_it_is_asked_for_by(bench: Bench) -> None:
    first = bench.app.commit({"app.py": "1"})
    bench.app.commit({"app.py": "2"})
    bench.app.tag("v2", annotated=True)
    for number in range(3, 9):
        bench.app.commit({"app.py": str(number)})
    with git_server(bench.served) as server:
        for expected, (ref, content) in enumerate([("main", "8"), ("v2", "2"), (first, "1"), ("main", "8")], start=1):
            assert await bench.tree(bench.sources(), server.url("app"), ref) == {"app.py": content}
            assert commits_in(cached_repositories(bench.home)[0]) == min(expected, 3)


async def test_an_annotated_tag_stands_for_its_commit_and_so_does_the_tags_own_id(bench: Bench) -> None:
    commit = bench.app.commit({"app.py": "1"})
    tag = bench.app.tag("v1", annotated=True)
    assert tag != commit
    for ref in ("v1", tag):
        checkout = await bench.sources().resolve(GitSource(str(bench.app.path)), Revision(ref), bench.log)
        assert checkout.revision == commit


async def test_once_resolved_a_checkout_needs_no_network(bench: Bench) -> None:
    bench.app.commit({"app.py": "1"})
    sources = bench.sources()
    with git_server(bench.served) as server:
        checkout = await sources.resolve(GitSource(server.url("app")), Revision(), bench.log)
    assert tree(await sources.ensure(checkout, bench.directory / "work", bench.log)) == {"app.py": "1"}


@pytest.mark.parametrize("kind", ["old", "dumb"])
async def test_servers_that_hand_out_no_single_commits_are_asked_for_everything(bench: Bench, kind: str) -> None:
    first = bench.app.commit({"app.py": "1"})
    bench.app.commit({"app.py": "2"})
    git(bench.app.path, "update-server-info")
    with git_server(bench.served, **{kind: True}) as server:
        assert await bench.tree(bench.sources(), server.url("app"), first) == {"app.py": "1"}
        assert await bench.tree(bench.sources(), server.url("app"), "main") == {"app.py": "2"}
        assert await bench.tree(bench.sources(), server.url("app"), first[:8]) == {"app.py": "1"}
        assert (await failure_of(bench, server.url("app"), "f" * 40)).code == "unknown-ref"


async def test_branches_that_were_renamed_do_not_stand_in_each_others_way(bench: Bench) -> None:
    first = bench.app.commit({"app.py": "1"})
    bench.app.commit({"app.py": "2"})
    sources = bench.sources()
    assert await bench.tree(sources, str(bench.app.path), first[:8]) == {"app.py": "1"}
    [cache] = cached_repositories(bench.home)
    git(bench.app.path, "branch", "--move", "main", "main/nested")
    (cache / "untouched").touch()
    new = bench.app.commit({"app.py": "4"})
    bench.app.commit({"app.py": "5"})
    assert await bench.tree(sources, str(bench.app.path), new[:8]) == {"app.py": "4"}
    assert (cache / "untouched").exists()


async def test_the_credential_goes_to_the_server_and_nowhere_else(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.app.commit({"app.py": "1"})
    spy_on_git(bench, monkeypatch)
    with git_server(bench.served, require=("deploy", "tok_hunter2")) as server:
        assert await bench.tree(bench.sources(with_token), server.url("app")) == {"app.py": "1"}
        assert server.authorizations
    written = everything_below(bench.home) + everything_below(bench.directory / "work")
    arguments = (bench.directory / "arguments").read_bytes()
    assert b"fetch" in arguments
    for secret in (b"hunter2", server.authorizations[0].encode(), server.authorizations[0].split()[1].encode()):
        assert secret not in written
        assert secret not in arguments
        assert secret not in "\n".join(bench.lines).encode()


def spy_on_git(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every git command line written to the file `arguments`."""
    real, spy = shutil.which("git"), bench.directory / "bin/git"
    spy.parent.mkdir()
    spy.write_text(f'#!/bin/sh\necho "$@" >>{bench.directory}/arguments\nexec {real} "$@"\n')
    spy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{spy.parent}:{os.environ['PATH']}")


def everything_below(directory: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())


async def test_no_credential_and_a_wrong_one_are_denied(bench: Bench) -> None:
    bench.app.commit({"app.py": "1"})

    async def wrong(url: str) -> Credential | None:
        return Credential("deploy", "tok_guessed")

    with git_server(bench.served, require=("deploy", "tok_hunter2")) as server:
        for credential_for in (no_credential, wrong):
            failure = await failure_of(bench, server.url("app"), sources=bench.sources(credential_for))
            assert failure.code == "repository-denied"
            assert "tok_guessed" not in f"{failure.message}{failure.hint}{failure.evidence}"


async def test_what_one_credential_brought_is_not_handed_to_who_has_none(bench: Bench) -> None:
    commit = bench.app.commit({"app.py": "private"})
    with git_server(bench.served, require=("deploy", "tok_hunter2")) as server:
        await bench.tree(bench.sources(with_token), server.url("app"), commit)
        assert (await failure_of(bench, server.url("app"), commit)).code == "repository-denied"


async def test_a_credential_is_not_sent_along_to_another_host(bench: Bench) -> None:
    bench.app.commit({"app.py": "1"})
    parent = GitRepository.create(bench.served / "parent")
    with git_server(bench.served) as one, git_server(bench.served) as other:

        async def for_one(url: str) -> Credential | None:
            return TOKEN if f":{one.port}/" in url else None

        parent.commit({".gitmodules": f'[submodule "lib"]\n\tpath = lib\n\turl = {other.url("app")}\n'})
        add_gitlink(parent, "lib", git(bench.app.path, "rev-parse", "HEAD"))
        await bench.tree(bench.sources(for_one), one.url("parent"))
        assert one.authorizations
        assert other.requests
        assert not other.authorizations


def add_gitlink(parent: GitRepository, path: str, commit: str) -> None:
    git(parent.path, "update-index", "--add", "--cacheinfo", f"160000,{commit},{path}")
    git(parent.path, "commit", "--quiet", "--message", "Add a submodule")


async def test_submodules_are_checked_out_at_their_pinned_commits_also_nested_ones(bench: Bench) -> None:
    inner = GitRepository.create(bench.served / "inner")
    inner.commit({"inner.txt": "pinned"})
    lib = GitRepository.create(bench.served / "lib")
    lib.add_submodule(str(inner.path), "deep/inner")
    lib.commit({"lib.txt": "x"})
    bench.app.add_submodule("../lib", "vendor/lib")
    bench.app.commit({"app.py": "1"})
    inner.commit({"inner.txt": "newer"})
    found = await bench.tree(bench.sources(), str(bench.app.path))
    assert found.pop("vendor/lib/.gitmodules")
    assert found.pop(".gitmodules")
    assert found == {"app.py": "1", "vendor/lib/lib.txt": "x", "vendor/lib/deep/inner/inner.txt": "pinned"}


@pytest.mark.parametrize("address", ["{path}", "file://{path}", "ext::git-upload-pack {path}"])
async def test_a_remote_repository_cannot_pull_in_one_of_this_machine(bench: Bench, address: str) -> None:
    private = GitRepository.create(bench.directory / "private")
    commit = private.commit({"secret": "hunter2"})
    url = address.format(path=private.path)
    bench.app.commit({".gitmodules": f'[submodule "lib"]\n\tpath = lib\n\turl = "{url}"\n'})
    add_gitlink(bench.app, "lib", commit)
    with git_server(bench.served) as server:
        assert (await failure_of(bench, server.url("app"))).code == "bad-url"


async def test_submodules_nested_without_end_are_refused(bench: Bench) -> None:
    commit = bench.app.commit({".gitmodules": '[submodule "me"]\n\tpath = me\n\turl = ../app\n'})
    for _ in range(6):
        add_gitlink(bench.app, "me", commit)
        commit = git(bench.app.path, "rev-parse", "HEAD")
    one_less = git(bench.app.path, "rev-parse", "HEAD~1")
    assert await bench.tree(bench.sources(), str(bench.app.path), one_less)
    with pytest.raises(SourceFailed, match="nested more than 5 deep"):
        await bench.tree(bench.sources(), str(bench.app.path))


async def test_gitmodules_that_name_no_submodule_are_harmless(bench: Bench) -> None:
    bench.app.commit(
        {".gitmodules": '[submodule "a"]\n\tpath = ../../etc\n\turl = x\n[submodule "b"]\n\tpath = app.py\n'}
    )
    assert ".gitmodules" in await bench.tree(bench.sources(), str(bench.app.path))
    bench.app.commit({".gitmodules": "[[[ not a configuration"})
    failure = await failure_of(bench, str(bench.app.path), "main")
    assert ".gitmodules" in failure.message


async def test_a_local_path_can_be_ruled_out(bench: Bench) -> None:
    bench.app.commit({"app.py": "1"})
    failure = await failure_of(bench, str(bench.app.path), sources=bench.sources(local_paths=False))
    assert failure.code == "bad-url"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's files")
@pytest.mark.parametrize("prefix", ["", "file://"])
async def test_a_repository_of_another_user_on_this_machine_is_read(bench: Bench, prefix: str) -> None:
    bench.app.commit({"app.py": "1"})
    for path in (bench.app.path, *bench.app.path.rglob("*")):
        os.chown(path, 65534, 65534)
    assert await bench.tree(bench.sources(), f"{prefix}{bench.app.path}") == {"app.py": "1"}


async def test_links_that_lead_out_of_the_source_are_left_out_and_others_kept(bench: Bench) -> None:
    bench.app.commit({"app.py": "1", "d/e/f": "x"})
    for name, destination in {
        "secrets": "/etc/shadow",
        "above": "../../x",
        "d/up": "..",
        "d/through": "up/../../x",
        "d/e/inside": "../../app.py",
        "dangling": "not/there",
        "loop": "loop",
    }.items():
        (bench.app.path / name).symlink_to(destination)
    bench.app.commit({})
    assert await bench.tree(bench.sources(), str(bench.app.path)) == {
        "app.py": "1",
        "d/e/f": "x",
        "d/up": "-> ..",
        "d/e/inside": "-> ../../app.py",
        "dangling": "-> not/there",
        "loop": "-> loop",
    }
    assert any("secrets" in line and "/etc/shadow" in line for line in bench.lines)


async def test_executables_stay_executable_and_nothing_of_git_is_left_about(bench: Bench) -> None:
    bench.app.commit({"run": "#!/bin/sh\n", "app.py": "1"})
    (bench.app.path / "run").chmod(0o755)
    bench.app.commit({})
    await bench.tree(bench.sources(), str(bench.app.path))
    root = bench.directory / "work/default"
    assert stat.S_IMODE((root / "run").stat().st_mode) & 0o111
    assert sorted(path.name for path in root.parent.iterdir()) == ["default", "default.complete"]


async def test_an_empty_repository_and_one_without_a_default_branch_say_so(bench: Bench) -> None:
    failure = await failure_of(bench, str(bench.app.path))
    assert (failure.code, "is empty" in failure.message) == ("unknown-ref", True)
    bench.app.commit({"app.py": "1"})
    git(bench.app.path, "symbolic-ref", "HEAD", "refs/heads/gone")
    failure = await failure_of(bench, str(bench.app.path))
    assert (failure.code, "no default branch" in failure.message) == ("unknown-ref", True)
    assert "main" in failure.hint


@pytest.mark.parametrize("damage", ["pack", "lock", "head", "objects"])
async def test_a_damaged_cache_is_made_anew(bench: Bench, damage: str) -> None:
    bench.app.commit({"app.py": "1"})
    await bench.tree(bench.sources(), str(bench.app.path))
    [cache] = cached_repositories(bench.home)
    match damage:
        case "pack":
            for pack in cache.glob("objects/pack/*"):
                pack.chmod(0o644)
                pack.write_bytes(b"garbage")
        case "lock":
            (cache / "shallow.lock").touch()
        case "head":
            (cache / "HEAD").write_text("garbage")
        case "objects":
            shutil.rmtree(cache / "objects")
    bench.app.commit({"app.py": "2"})
    assert await bench.tree(bench.sources(), str(bench.app.path), "main") == {"app.py": "2"}


async def test_a_damaged_cache_is_made_anew_for_a_checkout_too(bench: Bench) -> None:
    bench.app.commit({"app.py": "1"})
    sources = bench.sources()
    checkout = await sources.resolve(GitSource(str(bench.app.path)), Revision(), bench.log)
    [cache] = cached_repositories(bench.home)
    for pack in cache.glob("objects/pack/*.pack"):
        pack.chmod(0o644)
        pack.write_bytes(pack.read_bytes()[:40] + b"garbage" * 30)
    assert tree(await sources.ensure(checkout, bench.directory / "work", bench.log)) == {"app.py": "1"}


async def test_a_cache_that_was_lost_is_fetched_again_for_a_checkout(bench: Bench) -> None:
    bench.app.commit({"app.py": "1"})
    sources = bench.sources()
    checkout = await sources.resolve(GitSource(str(bench.app.path)), Revision(), bench.log)
    shutil.rmtree(bench.home)
    assert tree(await sources.ensure(checkout, bench.directory / "work", bench.log)) == {"app.py": "1"}


async def test_trouble_on_this_machine_is_unavailable_and_not_the_apps_fault(bench: Bench) -> None:
    bench.app.commit({"app.py": "1"})
    bench.home.write_text("no directory")
    with pytest.raises(Unavailable, match="can't be stored"):
        await bench.tree(bench.sources(), str(bench.app.path))


async def test_a_disk_that_fills_up_during_a_fetch_is_unavailable(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.app.commit({"app.py": "1"})
    full = bench.directory / "bin/git"
    full.parent.mkdir()
    full.write_text(
        f'#!/bin/sh\ncase "$1" in fetch) echo "fatal: write error: No space left on device" >&2; exit 128;; esac\n'
        f'exec {shutil.which("git")} "$@"\n'
    )
    full.chmod(0o755)
    monkeypatch.setenv("PATH", f"{full.parent}:{os.environ['PATH']}")
    with pytest.raises(Unavailable, match="No space left"):
        await bench.tree(bench.sources(), str(bench.app.path))


async def test_a_machine_without_git_is_told_what_to_install(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(bench.directory))
    with pytest.raises(Unavailable) as caught:
        await bench.tree(bench.sources(), "https://git.example.com/app.git")
    assert "apt-get install git" in caught.value.hint


@asynccontextmanager
async def silent_server() -> AsyncIterator[tuple[str, asyncio.Event]]:
    """A server that takes connections and never answers; the event is set at the first request."""
    asked = asyncio.Event()
    release = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        asked.set()
        await release.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/app.git", asked
    release.set()
    server.close()


def processes_about(url: str) -> list[str]:
    """Command lines of running processes that name the URL."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_text()
        except OSError:
            continue
        if url in line:
            found.append(line)
    return found


async def test_cancelling_ends_git_and_everything_it_started(bench: Bench) -> None:
    async with silent_server() as (url, asked):
        fetching = asyncio.create_task(bench.tree(bench.sources(), url))
        await asked.wait()
        assert len(processes_about(url)) >= 2
        fetching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetching
        assert processes_about(url) == []


async def test_a_server_that_never_answers_is_given_up_on(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shipway.sources.git.repository.LISTING", 0.3)
    async with silent_server() as (url, _):
        failure = await failure_of(bench, url)
        assert failure.code == "repository-unreachable"
        assert "did not answer" in failure.message
        assert processes_about(url) == []


async def test_a_server_that_is_not_there_is_unreachable(bench: Bench) -> None:
    with git_server(bench.served) as server:
        pass
    failure = await failure_of(bench, server.url("app"))
    assert failure.code == "repository-unreachable"
    assert failure.evidence


async def test_deployments_of_one_repository_at_the_same_time_all_get_their_commit(bench: Bench) -> None:
    commits = [bench.app.commit({"app.py": str(number)}) for number in range(5)]
    sources = bench.sources()
    with git_server(bench.served) as server:
        trees = await asyncio.gather(*(bench.tree(sources, server.url("app"), commit) for commit in commits))
    assert trees == [{"app.py": str(number)} for number in range(5)]


async def test_files_kept_by_lfs_are_mentioned_when_it_is_not_installed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shipway.sources.git.sources.lfs_installed", lambda: False)
    bench.app.commit({"assets/.gitattributes": "*.bin filter=lfs\n", "assets/a.bin": "version https://git-lfs\n"})
    await bench.tree(bench.sources(), str(bench.app.path))
    assert any("apt-get install git-lfs" in line for line in bench.lines)


async def test_files_kept_by_lfs_are_brought(bench: Bench) -> None:
    git(bench.app.path, "lfs", "install", "--local")
    bench.app.commit({".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n"})
    bench.app.commit({"a.bin": "large"})
    assert "oid sha256" in git(bench.app.path, "show", "HEAD:a.bin")
    shutil.rmtree(bench.app.path / ".git/lfs/tmp", ignore_errors=True)
    assert (await bench.tree(bench.sources(), f"file://{bench.app.path}"))["a.bin"] == "large"


async def test_the_cache_keeps_a_bounded_number_of_repositories_those_used_last(tmp_path: Path) -> None:
    cache = Cache(tmp_path, most=2)
    for number, key in enumerate(["one", "two", "three"]):
        path = await cache.open(key)
        os.utime(path, (number, number))
    assert [path.stem for path in sorted(tmp_path.glob("*.git"))] == ["three", "two"]


async def test_a_repository_in_use_is_never_dropped_for_another(tmp_path: Path) -> None:
    cache = Cache(tmp_path, most=1)
    async with cache.lock("one"):
        await cache.open("one")
        await cache.open("two")
        assert (tmp_path / "one.git/HEAD").exists()


async def test_a_cached_repository_that_grew_too_large_is_started_anew(bench: Bench) -> None:
    sources = bench.sources()
    sources._git._cache.max_packs = 2
    for number in range(6):
        bench.app.commit({"app.py": str(number)})
        checkout = await sources.resolve(GitSource(str(bench.app.path)), Revision(), bench.log)
        root = await sources.ensure(checkout, bench.directory / f"work{number}", bench.log)
        assert tree(root) == {"app.py": str(number)}
        [cache] = cached_repositories(bench.home)
        assert len(list(cache.glob("objects/pack/*.pack"))) <= 3
