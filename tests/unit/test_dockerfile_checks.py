"""What is found wrong with a Dockerfile before it is built."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipway.builders.dockerfile import parse
from shipway.builders.dockerfile_checks import Checked, check
from shipway.builders.dockerfile_grammar import KEYWORDS
from shipway.builders.dockerfile_sources import Context
from shipway.builders.ignore import Dockerignore
from shipway.domain.errors import BuildFailed

GOOD = 'FROM python:3.12-slim\nCOPY app.py ./\nEXPOSE 8000\nCMD ["python", "app.py"]\nUSER 1000\n'


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A small app."""
    (tmp_path / "app.py").write_text("")
    (tmp_path / "static").mkdir()
    (tmp_path / "static/site.css").write_text("")
    return tmp_path


def checked(
    text: str, source: Path, ignore: str = "", *, command_given: bool = False, port_given: bool = False
) -> Checked:
    """The result of the checks."""
    context = Context(source, Dockerignore(".dockerignore", ignore))
    return check(parse(text), context, command_given=command_given, port_given=port_given)


def warned(text: str, source: Path) -> list[str]:
    """Warnings as `line: text`, but for the one about root, which has a test of its own."""
    found = [f"{found.where.rpartition(':')[2]}: {found.text}" for found in checked(text, source).warnings]
    return [warning for warning in found if "runs as root" not in warning]


def assert_refused(text: str, source: Path, line: int, what: str, hint: str, ignore: str = "") -> None:
    """It is an error in that line, with that reason and help."""
    with pytest.raises(BuildFailed) as failure:
        checked(text, source, ignore)
    assert failure.value.code == "dockerfile-error"
    assert failure.value.message.startswith(f"Dockerfile:{line}: ")
    assert what in failure.value.message
    assert hint in failure.value.hint


def with_line(line: str) -> str:
    """The good Dockerfile with one more line, its second."""
    return GOOD.replace("\n", f"\n{line}\n", 1)


def test_a_good_dockerfile_has_no_warnings_and_one_port(source: Path) -> None:
    found = checked(GOOD, source)
    assert (found.warnings, found.ports, found.ports_where) == ((), (8000,), "Dockerfile:3")


@pytest.mark.parametrize("base", ["python", "python:latest", "registry:5000/team/python"])
def test_a_base_without_a_version_is_warned_about(source: Path, base: str) -> None:
    assert any("Name a version" in text for text in warned(GOOD.replace("python:3.12-slim", base), source))


@pytest.mark.parametrize("base", ["python@sha256:ab", "registry:5000/team/python:3", "python:$UNKNOWN"])
def test_a_base_with_a_version_is_not(source: Path, base: str) -> None:
    assert warned(GOOD.replace("python:3.12-slim", base), source) == []


def test_a_base_named_by_an_argument_and_an_earlier_stage_are_looked_through(source: Path) -> None:
    text = "ARG V=latest\nFROM python:${V} AS base\nFROM base\n" + GOOD.partition("\n")[2]
    assert warned(text, source) == [
        "2: python:latest is whatever is newest on the day of the build. Name a version, as in name:1.2."
    ]


@pytest.mark.parametrize(
    "line",
    [
        "ENV DB_PASSWORD=hunter2x",
        "ENV A=1 STRIPE_SECRET_KEY='abc def'",
        "ENV API_KEY abcdef",
        "ARG GITHUB_TOKEN",
        "ARG GITHUB_TOKEN=abcdef",
        "ENV URL=postgres://me:pass@db/x",
        "ENV X=AKIAABCDEFGHIJKLMNOP",
    ],
)
def test_what_looks_like_a_secret_is_warned_about_without_showing_it(source: Path, line: str) -> None:
    found = warned(with_line(line), source)
    assert len(found) == 1
    assert found[0].startswith("2: ")
    assert not any(value in found[0] for value in ("hunter2x", "abc", "pass@", "AKIA"))


@pytest.mark.parametrize(
    "line",
    [
        "ENV PASSWORD_FILE=/run/secrets/x",
        "ENV DB_PASSWORD=$FROM_OUTSIDE",
        "ENV TOKEN=",
        "ENV USE_TOKEN=true",
        "ARG PORT",
        "ENV TOKENIZERS_PARALLELISM=false",
        "ENV URL=postgres://db/x",
    ],
)
def test_what_is_no_secret_is_not(source: Path, line: str) -> None:
    assert warned(with_line(line), source) == []


def test_the_shell_form_of_a_command_is_warned_about_with_the_better_one(source: Path) -> None:
    text = GOOD.replace('CMD ["python", "app.py"]', "CMD python app.py")
    assert warned(text, source) == [
        '4: A shell runs this and may keep SIGTERM from the app. Write CMD ["python", "app.py"]'
    ]
    with_variable = GOOD.replace('CMD ["python", "app.py"]', "CMD gunicorn -b :$PORT")
    assert warned(with_variable, source)[0].endswith("Write CMD exec gunicorn -b :$PORT")
    assert warned(with_variable.replace("CMD ", "CMD exec "), source) == []


def test_a_list_that_is_no_json_is_refused(source: Path) -> None:
    text = GOOD.replace('["python", "app.py"]', "['python', 'app.py']")
    assert_refused(text, source, 4, "no JSON list", "double quotes")


@pytest.mark.parametrize("base", ["python:3", "docker.io/library/node:22", "scratch", "debian:bookworm-slim"])
def test_nothing_to_start_is_refused(source: Path, base: str) -> None:
    assert_refused(f"FROM {base}\nCOPY app.py /\n", source, 2, "nothing says what to start", "Procfile")


def test_a_procfile_or_setting_that_starts_it_makes_a_command_unnecessary(source: Path) -> None:
    assert checked("FROM python:3\nEXPOSE 80\nUSER 1", source, command_given=True).warnings == ()


def test_a_base_that_is_a_service_starts_by_itself_and_has_its_own_port(source: Path) -> None:
    found = checked("FROM nginx:1.27\nCOPY static /usr/share/nginx/html\nUSER 101\n", source)
    assert [warning.text for warning in found.warnings] == [
        "There is no CMD or ENTRYPOINT: the command of nginx:1.27 is used."
    ]
    assert (found.ports, found.ports_where) == ((80,), "Dockerfile:1")


def test_command_and_port_of_an_earlier_stage_are_inherited(source: Path) -> None:
    text = 'FROM python:3 AS base\nEXPOSE 9000\nCMD ["python"]\nFROM python:3 AS other\nEXPOSE 1\nFROM base\nRUN true\n'
    assert checked(text, source).ports == (9000,)
    assert warned(text, source) == []


def test_the_final_stage_sets_variables_anew(source: Path) -> None:
    text = 'FROM python:3 AS base\nENV P=1\nFROM base\nENV P=2\nEXPOSE $P\nCMD ["a"]\n'
    assert checked(text, source).ports == (2,)


@pytest.mark.parametrize(
    ("expose", "ports"),
    [
        ("EXPOSE 80/tcp 53/udp", (80,)),
        ("ENV P=81\nEXPOSE $P", (81,)),
        ("ARG P=1\nENV P=82\nEXPOSE ${P}/tcp", (82,)),
        ("EXPOSE ${Q:-83}", (83,)),
        ("EXPOSE 1 2 1", (1, 2)),
        ("EXPOSE 70000", ()),
        ("EXPOSE 8000-8005", ()),
    ],
)
def test_exposed_ports_are_read_with_their_variables(source: Path, expose: str, ports: tuple[int, ...]) -> None:
    assert checked(GOOD.replace("EXPOSE 8000", expose), source).ports == ports


def test_no_port_or_several_are_warned_about_unless_the_settings_decide(source: Path) -> None:
    for expose, words in (("", "There is no EXPOSE"), ("EXPOSE 1 2", "Several ports are exposed (1, 2)")):
        text = GOOD.replace("EXPOSE 8000", expose)
        assert words in warned(text, source)[0]
        assert checked(text, source, port_given=True).warnings == ()


@pytest.mark.parametrize(
    "copy",
    [
        "COPY . /app",
        "COPY ./app.py static/ /app/",
        "COPY /static /x",
        'COPY ["app.py", "/x y"]',
        "COPY --chown=1:1 app.py /x",
        "COPY --from=other /nowhere /x",
        "ADD --checksum=sha256:ab https://example.com/x.tar.gz /x",
        "ADD git@github.com:a/b.git /x",
        "COPY $DIRECTORY/x /x",
        "COPY *.py stat*/*.css /x/",
        "COPY **/*.txt /x/",
        "COPY <<EOF /x\nhello\nEOF",
    ],
)
def test_a_source_that_is_there_or_can_not_be_looked_up_passes(source: Path, copy: str) -> None:
    assert warned(with_line(copy), source) == []


@pytest.mark.parametrize(
    ("copy", "what", "hint"),
    [
        ("COPY App.py /x", "App.py does not exist", "Did you mean app.py?"),
        ("COPY static/site.cs /x", "static/site.cs does not exist", "Did you mean static/site.css?"),
        ("ADD nowhere.tar /x", "nowhere.tar does not exist", "committed"),
        ("COPY ../secret /x", "../secret is outside", "own directory only"),
        ("COPY a/../../b /x", "is outside", "own directory only"),
        ("COPY app.py", "needs a source and a destination", "source destination"),
    ],
)
def test_a_source_that_is_not_there_is_refused(source: Path, copy: str, what: str, hint: str) -> None:
    assert_refused(with_line(copy), source, 2, what, hint)


def test_a_pattern_that_matches_nothing_is_warned_about(source: Path) -> None:
    assert warned(with_line("COPY app.py *.lock ./"), source) == ["2: COPY *.lock: nothing in the source matches."]


def test_a_source_that_dockerignore_leaves_out_is_refused_with_its_rule(source: Path) -> None:
    assert_refused(GOOD, source, 2, "app.py is left out by .dockerignore:2", "!app.py", ignore="static\n*.py\n")
    text = with_line("COPY static /x")
    assert_refused(text, source, 2, "static is left out by .dockerignore:1", "!static", ignore="static\n")
    assert checked(text, source, ignore="static\n!static/site.css\n").warnings == ()


def test_nothing_outside_of_the_source_is_looked_at(source: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret").write_text("")
    (source / "link").symlink_to(outside)
    with pytest.raises(BuildFailed) as failure:
        checked(with_line("COPY link/secrets /x"), source)
    assert "does not exist" in failure.value.message
    assert "link/secret?" not in failure.value.hint
    with pytest.raises(BuildFailed, match="does not exist"):
        checked(with_line("COPY link/secret /x"), source)


_TEXTS = st.lists(
    st.sampled_from([*KEYWORDS, "from scratch"]).flatmap(
        lambda keyword: st.text("ab =\"'[]$\\{}:-,/.*?!0<@", max_size=14).map(lambda rest: f"{keyword} {rest}")
    )
)


@given(_TEXTS)
def test_any_dockerfile_is_checked_or_refused(texts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        try:
            found = checked("\n".join(["FROM nginx", *texts]), Path(directory))
        except BuildFailed as failure:
            assert failure.code == "dockerfile-error"
        else:
            assert all(0 < port < 65536 for port in found.ports)
