"""What can be a volume, which instance has which, and whose its directory is."""

import pytest

from shipway.domain.errors import Conflict, Invalid
from shipway.domain.volume import Place, Volume, check_volumes, places
from shipway.engines.docker import ownership

DATA = Volume("data", "/data")


class TestRules:
    @pytest.mark.parametrize("path", ["/data", "/var/lib/app", "/etc/app", "/run/app", "/devices", "/srv/a.b_c-d@e+f"])
    def test_any_directory_of_the_apps_own_can_be_one(self, path: str) -> None:
        check_volumes([Volume("data", path)])

    @pytest.mark.parametrize("path", ["", "/", "data", "/data/", "/data//x", "/data/../etc", "/./data", "/a b", "/\0"])
    def test_what_is_no_whole_path_is_refused(self, path: str) -> None:
        with pytest.raises(Invalid, match="can't be at"):
            check_volumes([Volume("data", path)])

    @pytest.mark.parametrize(
        "path", ["/proc", "/proc/1", "/sys/x", "/dev", "/etc", "/etc/config", "/etc/config/a", "/run", "/run/secrets/x"]
    )
    def test_what_others_need_is_refused(self, path: str) -> None:
        with pytest.raises(Invalid, match="hide"):
            check_volumes([Volume("data", path)])

    @pytest.mark.parametrize("name", ["", "Data", "1data", "da_ta", "x" * 41, "a.b"])
    def test_what_can_not_be_a_name_is_refused(self, name: str) -> None:
        with pytest.raises(Invalid, match="can't name a volume"):
            check_volumes([Volume(name, "/data")])

    def test_what_can_not_be_a_process_type_is_refused(self) -> None:
        with pytest.raises(Invalid, match="process type"):
            check_volumes([Volume("data", "/data", "Web!")])

    @pytest.mark.parametrize("path", ["/data", "/data/more", "/data/more/still"])
    def test_two_are_never_in_each_other(self, path: str) -> None:
        with pytest.raises(Conflict, match="in each other"):
            check_volumes([DATA, Volume("more", path)])
        with pytest.raises(Conflict, match="in each other"):
            check_volumes([Volume("more", path, "web"), DATA])

    def test_of_different_process_types_they_may_be_at_the_same_path(self) -> None:
        check_volumes([Volume("data", "/data", "web"), Volume("jobs", "/data", "worker"), Volume("more", "/data-too")])

    def test_two_never_have_one_name(self) -> None:
        with pytest.raises(Conflict, match="two volumes data"):
            check_volumes([DATA, Volume("data", "/else")])


def test_an_instance_has_its_own_of_each_that_is_for_its_process_type() -> None:
    known = (DATA, Volume("jobs", "/jobs", "worker"))
    assert places(known, ["a.b.c.d.v1.d2.web.2", "a.b.c.d.v7.d9.worker.1"]) == {
        Place("data", "web", 2),
        Place("data", "worker", 1),
        Place("jobs", "worker", 1),
    }


class TestOwnership:
    PASSWD = "root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/tmp:/bin/sh\nbroken line\n"
    GROUP = "root:x:0:\nstaff:x:50:app\n"

    @pytest.mark.parametrize(
        ("user", "owner"),
        [
            ("app", (1000, 1001)),
            ("1000", (1000, 1001)),
            ("4711", (4711, 0)),
            ("app:staff", (1000, 50)),
            ("4711:4712", (4711, 4712)),
            ("nobody", None),
            ("app:nobody", None),
        ],
    )
    def test_a_user_is_resolved_as_docker_does(self, user: str, owner: tuple[int, int] | None) -> None:
        assert ownership.resolve(user, self.PASSWD, self.GROUP) == owner

    @pytest.mark.parametrize(
        ("user", "root"), [("", True), ("root", True), ("0:0", True), ("app", False), ("10", False)]
    )
    def test_root_needs_nothing(self, user: str, root: bool) -> None:
        assert ownership.is_root(user) is root

    def test_an_archive_says_what_was_put_into_it(self) -> None:
        entry = ownership.entry_of(ownership.directory("data", (1000, 1001), 0o750))
        assert (entry.name, entry.isdir(), entry.uid, entry.gid, entry.mode) == ("data", True, 1000, 1001, 0o750)
