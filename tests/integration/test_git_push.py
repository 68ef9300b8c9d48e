"""`git push` to Shipway with the real client over loopback: what is deployed, what is told, what is refused."""

import gzip
import itertools
import random
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from tests.support.git_client import Worker
from tests.support.served import Served
from tests.support.stack import DOCKERFILE, PATH, a_service

from shipway.domain.deployment import Deployment
from shipway.domain.errors import Invalid
from shipway.domain.git_push import GitPush
from shipway.domain.names import ServicePath
from shipway.domain.source import PushSource, Revision
from shipway.operations import git_pushes as pushes
from shipway.operations.deployments import deploy
from shipway.operations.following import follow
from shipway.operations.history import list_deployments, list_releases
from shipway.pipeline.deletion import carry_out
from shipway.store import deletion, services
from shipway.store import git_pushes as stored_pushes

FAILING = "FROM base:1\nRUN exit 3\n"
_numbers = itertools.count()


class Place:
    """A service that is pushed to, and somebody who does."""

    def __init__(self, server: Served, directory: Path, source: PushSource) -> None:
        self.server = server
        self.path = ServicePath("acme", "shop", "production", f"pushed{next(_numbers)}")
        made = server.run(lambda: a_service(server.stack, self.path, source=source))
        self.id = made.id
        self.url = f"{server.url.replace('://', f'://ada:{server.token}@')}/git/{self.path}.git"
        self.worker = Worker.at(directory / self.path.service, self.url)

    @property
    def deployments(self) -> list[Deployment]:
        """Newest first."""
        stack = self.server.stack
        return self.server.run(lambda: list_deployments(stack.platform, stack.actor, self.path))

    def again(self, directory: Path) -> Worker:
        """Somebody else with a repository of their own."""
        return Worker.at(directory / "other", self.url)

    def tip(self, branch: str = "main") -> str:
        """What Shipway has as the branch."""
        return self.server.run(lambda: self.server.stack.platform.sources.repositories.tip(self.id, branch))  # type: ignore[attr-defined]

    def outcomes(self) -> list[str]:
        """What became of the pushes that may be deployed."""

        async def look() -> list[str]:
            async with self.server.stack.database.read() as tx:
                return [each.outcome for each in await stored_pushes.of_service(tx, self.id)]

        return self.server.run(look)


@pytest.fixture
def place(server: Served, tmp_path: Path) -> Callable[..., Place]:
    return lambda **source: Place(server, tmp_path, PushSource(**source))


def test_a_push_is_deployed_and_shows_it_as_it_happens(place: Callable[..., Place]) -> None:
    here = place()
    commit = here.worker.commit("The first", Dockerfile=DOCKERFILE)
    told = here.worker.push()
    assert told.code == 0, told.text
    (made,) = here.deployments
    assert (made.state, made.trigger, made.actor, made.revision.ref) == ("live", "git-push", "admin", commit)
    assert f"remote: -----> Deploying {commit[:12]} of main to {here.path} (d1)" in told.text
    assert f"remote: -----> main · {commit[:12]} · The first" in told.text
    assert "remote: -----> Live: d1 (v1) at http://" in told.text
    assert "main -> main" in told.text


def test_the_next_push_replaces_the_one_before(place: Callable[..., Place]) -> None:
    here = place()
    here.worker.commit(Dockerfile=DOCKERFILE)
    here.worker.push()
    second = here.worker.commit(more="x")
    assert here.worker.push().code == 0
    newest, first = here.deployments
    assert (newest.state, newest.revision.ref, first.state) == ("live", second, "superseded")
    assert "Everything up-to-date" in here.worker.push().text
    assert len(here.deployments) == 2


def test_a_failed_deployment_is_told_and_does_not_fail_the_push(place: Callable[..., Place]) -> None:
    here = place()
    commit = here.worker.commit(Dockerfile=FAILING)
    told = here.worker.push()
    assert told.code == 0
    assert "remote: !     Deploy failed in build: " in told.text
    assert (here.deployments[0].state, here.tip()) == ("failed", commit)


def test_a_push_that_is_to_fail_with_its_deployment_can_be_pushed_again(place: Callable[..., Place]) -> None:
    here = place(fail_push=True)
    good = here.worker.commit(Dockerfile=DOCKERFILE)
    assert here.worker.push().code == 0
    here.worker.commit(Dockerfile=FAILING)
    for number in (2, 3):
        told = here.worker.push()
        assert told.code == 1
        assert f"! [remote rejected] main -> main (d{number} failed)" in told.text
        assert (here.deployments[0].number, here.deployments[0].state, here.tip()) == (number, "failed", good)


def test_a_first_push_that_fails_leaves_no_branch(place: Callable[..., Place]) -> None:
    here = place(fail_push=True)
    here.worker.commit(Dockerfile=FAILING)
    assert here.worker.push().code == 1
    assert here.tip() == ""


def test_a_push_that_is_not_to_be_followed_ends_at_once(place: Callable[..., Place]) -> None:
    here = place(follow=False)
    here.worker.commit(Dockerfile=DOCKERFILE)
    told = here.worker.push()
    assert (told.code, "It goes on by itself" in told.text, "Live" in told.text) == (0, True, False)
    assert len(here.deployments) == 1


@pytest.mark.parametrize(
    ("refs", "expected"),
    [
        (("main:next",), "next: pushed, not deployed: this service deploys `main`"),
        (("refs/tags/v1",), "v1: pushed, not deployed: a tag is kept"),
    ],
)
def test_what_is_not_the_branch_is_kept_and_not_deployed(
    place: Callable[..., Place], refs: tuple[str, ...], expected: str
) -> None:
    here = place()
    here.worker.commit(Dockerfile=DOCKERFILE)
    here.worker.git("tag", "v1")
    assert expected in here.worker.push(*refs).text
    assert here.deployments == []


def test_another_branch_can_be_the_one_that_is_deployed(place: Callable[..., Place]) -> None:
    here = place(branch="live")
    here.worker.commit(Dockerfile=DOCKERFILE)
    here.worker.push("main:live", "main")
    assert [each.state for each in here.deployments] == ["live"]


def test_what_is_deployed_can_not_be_deleted_and_other_branches_can(place: Callable[..., Place]) -> None:
    here = place()
    commit = here.worker.commit(Dockerfile=DOCKERFILE)
    here.worker.push("main", "main:next")
    told = here.worker.push(":main")
    assert (told.code, here.tip()) == (1, commit)
    assert "! [remote rejected] main (it is the branch that is deployed)" in told.text
    assert "remote: -----> Deleted next" in here.worker.push(":next").text
    assert here.tip("next") == ""


def test_refs_that_are_neither_branch_nor_tag_are_refused_with_all_beside_them(place: Callable[..., Place]) -> None:
    here = place()
    here.worker.commit(Dockerfile=DOCKERFILE)
    told = here.worker.push("main", "main:refs/shipway/x")
    assert "only branches and tags are kept here" in told.text
    assert (told.code, here.tip(), here.deployments) == (1, "", [])


def test_a_force_push_is_deployed_as_the_newest(place: Callable[..., Place]) -> None:
    here = place()
    here.worker.commit(Dockerfile=DOCKERFILE)
    first = here.worker.git("rev-parse", "HEAD")
    here.worker.push()
    here.worker.git("commit", "--amend", "--quiet", "--message", "Another")
    assert "rejected" in here.worker.push().text
    assert here.worker.push("--force", "main").code == 0
    newest = here.deployments[0]
    assert (newest.state, newest.revision.ref == first) == ("live", False)


def test_while_deployments_are_held_a_push_is_kept_and_says_how_to_go_on(place: Callable[..., Place]) -> None:
    here = place()

    async def hold() -> None:
        async with here.server.stack.database.write() as tx:
            await services.hold(tx, here.id, "d4 rolled back to v2, by ada")

    here.server.run(hold)
    commit = here.worker.commit(Dockerfile=DOCKERFILE)
    told = here.worker.push()
    assert told.code == 0
    assert "!     Pushed, not deployed: automatic deployments are held: d4 rolled back to v2, by ada." in told.text
    assert f"shipway auto-deploy resume {here.path}" in told.text
    assert (here.deployments, here.tip(), here.outcomes()) == ([], commit, ["held"])


def test_a_service_that_follows_nothing_keeps_pushes_and_one_may_follow_another_branch(
    place: Callable[..., Place],
) -> None:
    here = place()
    stack = here.server.stack
    here.worker.commit(Dockerfile=DOCKERFILE)
    here.server.run(lambda: follow(stack.platform, stack.actor, here.path, on=False))
    assert f"shipway auto-deploy on {here.path}" in here.worker.push().text
    assert (here.deployments, here.outcomes()) == ([], ["held"])
    here.server.run(lambda: follow(stack.platform, stack.actor, here.path, on=True, branch="next"))
    assert "Live: d1" in here.worker.push("main:next").text


def test_a_shallow_clone_can_push(place: Callable[..., Place], tmp_path: Path) -> None:
    here = place()
    for number in range(3):
        here.worker.commit(Dockerfile=DOCKERFILE, number=str(number))
    shallow = Worker(tmp_path / "shallow", here.url)
    here.worker.git("clone", "--quiet", "--depth=1", f"file://{here.worker.path}", str(shallow.path))
    commit = shallow.commit(more="1")
    assert shallow.push().code == 0
    assert (here.deployments[0].state, here.tip()) == ("live", commit)
    # And whoever has the whole history goes on from there.
    here.worker.git("pull", "--quiet", str(shallow.path), "main")
    last = here.worker.commit(more="2")
    told = here.worker.push()
    assert (told.code, here.tip()) == (0, last), told.text
    assert here.deployments[0].state == "live"


def test_what_was_pushed_can_be_cloned(place: Callable[..., Place], tmp_path: Path) -> None:
    here = place()
    commit = here.worker.commit(Dockerfile=DOCKERFILE)
    here.worker.push()
    here.worker.git("clone", "--quiet", here.url, str(tmp_path / "clone"))
    assert Worker(tmp_path / "clone", here.url).git("rev-parse", "HEAD") == commit


def test_a_wrong_token_and_somebody_elses_service_are_refused(place: Callable[..., Place]) -> None:
    here = place()
    here.worker.commit(Dockerfile=DOCKERFILE)
    wrong = here.worker.try_git("push", here.url.replace(here.server.token, "wrong"), "main")
    missing = here.worker.try_git("push", here.url.replace(".git", "x.git"), "main")
    assert "Authentication failed" in wrong.text
    assert f"There is no service at {here.path}x" in missing.text
    assert here.server.token not in missing.text.replace(here.url.replace(".git", "x.git"), "")
    assert (wrong.code, missing.code, here.tip()) == (128, 128, "")


def test_a_service_of_another_source_says_so(server: Served, tmp_path: Path) -> None:
    worker = Worker.at(tmp_path / "w", f"{server.url.replace('://', f'://x:{server.token}@')}/git/{PATH}.git")
    worker.commit(Dockerfile=DOCKERFILE)
    assert "remote error: acme/shop/production/api is not deployed from pushes" in worker.push().text


def test_a_tree_that_would_do_harm_moves_nothing(place: Callable[..., Place]) -> None:
    here = place()
    here.worker.commit(Dockerfile=DOCKERFILE)
    inner = here.worker.git("rev-parse", "HEAD^{tree}")
    (here.worker.path / "list").write_text(f"040000 tree {inner}\t.git\n")
    tree = here.worker.git("-c", f"alias.mk=!git mktree < '{here.worker.path}/list'", "mk")
    commit = here.worker.git("commit-tree", "-m", "harm", tree)
    here.worker.git("update-ref", "refs/heads/main", commit)
    told = here.worker.push()
    assert told.code == 1
    assert "hasDotgit" in told.text
    assert (here.tip(), here.deployments, here.outcomes()) == ("", [], ["refused"])


def test_submodules_lead_to_nothing_on_this_machine(place: Callable[..., Place]) -> None:
    here, other = place(), place()
    secret = other.worker.commit(secret="hidden", Dockerfile=DOCKERFILE)
    other.worker.push()
    home = here.server.stack.platform.settings.home
    for url in (
        f"../{other.id}.git",
        str(home / "repositories" / f"{other.id}.git"),
        f"file://{home}/repositories/{other.id}.git",
    ):
        here.worker.commit(Dockerfile=DOCKERFILE, _gitmodules=f'[submodule "s"]\n\tpath = s\n\turl = {url}\n')
        here.worker.git("update-index", "--add", "--cacheinfo", f"160000,{secret},s")
        here.worker.git("commit", "--quiet", "--message", "s")
        told = here.worker.push("--force", "main")
        assert "(bad-url)" in told.text
        assert url in told.text


def test_two_pushes_at_once_leave_the_one_that_moved_the_branch_last(
    place: Callable[..., Place], tmp_path: Path
) -> None:
    here = place()
    here.worker.commit(Dockerfile=DOCKERFILE)
    here.worker.push()
    workers = [Worker(tmp_path / f"w{number}", here.url) for number in range(4)]
    for each in workers:
        here.worker.git("clone", "--quiet", here.url, str(each.path))
        each.commit(more=str(each.path))
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda each: each.push("--force", "main"), workers))
    assert any(each.code == 0 for each in told)
    live = [each for each in here.deployments if each.state == "live"]
    assert [each.revision.ref for each in live] == [here.tip()]
    assert "open" not in here.outcomes()


def test_a_push_that_shipway_died_over_is_deployed_at_the_next_start(
    place: Callable[..., Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = place()
    commit = here.worker.commit(Dockerfile=DOCKERFILE)

    async def dies(*_: object) -> GitPush:
        raise RuntimeError("as if killed between git's work and ours")

    with monkeypatch.context() as dying:
        dying.setattr(pushes, "_decide", dies)
        assert here.worker.push().code != 0
    assert (here.tip(), here.outcomes(), here.deployments) == (commit, ["open"], [])

    here.server.run(lambda: pushes.settle_left(here.server.stack.platform))
    here.server.run(lambda: pushes.settle_left(here.server.stack.platform))

    (made,) = here.deployments
    assert (made.revision.ref, made.actor, made.trigger, here.outcomes()) == (commit, "admin", "git-push", ["deployed"])


def test_whoever_goes_away_leaves_the_deployment_alone(place: Callable[..., Place]) -> None:
    here = place()
    here.worker.commit(Dockerfile=f"{DOCKERFILE}RUN sleep 1\n")
    with subprocess.Popen(
        ["git", "push", here.url, "main"], cwd=here.worker.path, stderr=subprocess.PIPE, text=True
    ) as git:
        assert git.stderr
        for line in git.stderr:
            if "Building v1" in line:
                break
        git.kill()
    stack, made = here.server.stack, here.deployments[0]
    here.server.run(lambda: stack.until(made, "live"))


def test_a_pack_that_is_none_moves_nothing(place: Callable[..., Place]) -> None:
    here = place()
    told = _posted(here, b"PACK and then nonsense")
    assert b"unpack" in told.content
    assert b"ng refs/heads/main" in told.content
    assert (here.tip(), here.outcomes()) == ("", ["refused"])


def test_a_push_that_breaks_off_moves_nothing(place: Callable[..., Place]) -> None:
    here = place()
    whole = here.worker.commit(Dockerfile=DOCKERFILE)
    pack = subprocess.run(
        ["git", "pack-objects", "--stdout", "--revs", "-q"],
        input=f"{whole}\n".encode(),
        cwd=here.worker.path,
        stdout=-1,
    )
    told = _posted(here, pack.stdout[:-30], new=whole)
    assert b"ng refs/heads/main" in told.content
    assert here.tip() == ""
    assert b"ok refs/heads/main" in _posted(here, pack.stdout, new=whole, packed=True).content
    assert here.tip() == whole


def test_a_push_that_is_too_large_is_told_the_limit(
    place: Callable[..., Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = place()
    monkeypatch.setattr(here.server.stack.platform.sources.repositories, "_most", 1024**2)  # type: ignore[attr-defined]
    (here.worker.path / "large").write_bytes(random.Random(1).randbytes(3 * 1024**2))
    here.worker.commit()
    told = here.worker.push()
    assert "remote: !     This push is larger than 1 MiB." in told.text
    assert "! [remote rejected] main -> main (refused by Shipway)" in told.text
    assert (told.code, here.tip(), here.outcomes()) == (1, "", ["refused"])


def test_a_service_that_goes_takes_what_was_pushed_to_it_along(place: Callable[..., Place]) -> None:
    here = place()
    here.worker.commit(Dockerfile=DOCKERFILE)
    here.worker.push()
    stack = here.server.stack
    repository = stack.platform.settings.home / "repositories" / f"{here.id}.git"
    assert repository.exists()

    async def mark() -> None:
        async with stack.database.write() as tx:
            await deletion.mark_service(tx, here.id)

    here.server.run(mark)
    assert "is being deleted" in here.worker.push().text
    here.server.run(lambda: carry_out(stack.platform))
    assert not repository.exists()
    assert "There is no service" in here.worker.push().text


def test_before_the_first_push_a_deploy_says_how_to_push(place: Callable[..., Place]) -> None:
    here = place()
    stack = here.server.stack
    with pytest.raises(Invalid, match="Nothing was pushed") as refused:
        here.server.run(lambda: deploy(stack.platform, stack.actor, here.path))
    assert "git push shipway main" in refused.value.hint


def test_what_was_pushed_is_deployed_again_by_hand_and_by_commit(place: Callable[..., Place]) -> None:
    here = place()
    first = here.worker.commit("The first", Dockerfile=DOCKERFILE)
    here.worker.push()
    here.worker.git("commit", "--amend", "--quiet", "--message", "Another")
    here.worker.push("--force", "main")
    stack = here.server.stack
    for revision, commit in ((Revision(), here.tip()), (Revision(ref=first[:9]), first)):
        made = here.server.run(
            lambda revision=revision: deploy(stack.platform, stack.actor, here.path, revision=revision)
        )
        here.server.run(lambda made=made: stack.until(made, "live"))
        release = here.server.run(lambda: list_releases(stack.platform, stack.actor, here.path))[0]
        assert release.commit == commit


def _posted(here: Place, pack: bytes, new: str = "1" * 40, *, packed: bool = False) -> httpx2.Response:
    """What is answered to a push that no client of git's would send."""
    line = f"{'0' * 40} {new} refs/heads/main\0report-status side-band-64k".encode()
    body = b"%04x" % (len(line) + 4) + line + b"0000" + pack
    return httpx2.post(
        f"{here.url}/git-receive-pack",
        content=gzip.compress(body) if packed else body,
        headers={"Content-Encoding": "gzip"} if packed else {},
        timeout=60,
        trust_env=False,
    )
