"""shipway.toml: what it may say, and what someone with a mistake in it is told."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipway.builders import manifest
from shipway.builders.declared import Document, merged
from shipway.builders.detectors.tree import Tree
from shipway.builders.toml_lines import key_lines, line_of
from shipway.domain.errors import AnalysisFailed


def read(directory: Path, text: str) -> Document:
    """What a shipway.toml with this text declares."""
    (directory / manifest.NAME).write_text(text)
    return manifest.read(Tree(directory))


def refused(directory: Path, text: str) -> AnalysisFailed:
    """The error that a shipway.toml with this text gets."""
    with pytest.raises(AnalysisFailed) as failure:
        read(directory, text)
    assert failure.value.code == "manifest-error"
    return failure.value


def test_every_key_is_read_with_its_line(tmp_path: Path) -> None:
    said = read(
        tmp_path,
        'port = 3000\nrelease = "migrate"\n\n[build]\nprovider = "node"\ncontext = "./web/"\nversion = 22\n'
        'install = "npm ci"\nbuild = ["a", "b"]\nstart = "node x.js"\npackages = ["libpq5=15*", "ffmpeg"]\n'.replace(
            "=15*", ""
        )
        + '[processes]\nworker = "node w.js"\n[health]\npath = "/up"\nsuccess = 204\nfailures = 0\n'
        '[liveness]\npath = "/livez"\ninterval = 30\n',
    ).said
    assert {key: (each.value, each.where) for key, each in said.items()} == {
        "port": (3000, "shipway.toml:1"),
        "release": ("migrate", "shipway.toml:2"),
        "build.provider": ("node", "shipway.toml:5"),
        "build.context": ("web", "shipway.toml:6"),
        "build.version": ("22", "shipway.toml:7"),
        "build.install": (("npm ci",), "shipway.toml:8"),
        "build.build": (("a", "b"), "shipway.toml:9"),
        "processes.web": ("node x.js", "shipway.toml:10"),
        "build.packages": (("libpq5", "ffmpeg"), "shipway.toml:11"),
        "processes.worker": ("node w.js", "shipway.toml:13"),
        "health.path": ("/up", "shipway.toml:15"),
        "health.success": ((204,), "shipway.toml:16"),
        "health.failures": (0, "shipway.toml:17"),
        "liveness.path": ("/livez", "shipway.toml:19"),
        "liveness.interval": (30.0, "shipway.toml:20"),
    }


def test_a_process_may_be_a_table_with_a_scale(tmp_path: Path) -> None:
    said = read(tmp_path, '[processes.worker]\ncommand = "work"\nscale = 0\n').said
    assert (said["processes.worker"].value, said["scale.worker"].value) == ("work", 0)
    assert said["scale.worker"].where == "shipway.toml:3"


def test_no_file_declares_nothing(tmp_path: Path) -> None:
    assert manifest.read(Tree(tmp_path)) == Document()


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ('[build]\n\nstrat = "x"', "shipway.toml:3: [build] has no key 'strat'", "Did you mean start?"),
        ('prot = 3', "shipway.toml:1: there is no key or table 'prot'", "Did you mean port?"),
        ('[biuld]\nstart = "x"', "shipway.toml:1: there is no key or table 'biuld'", "Did you mean build?"),
        ('[build]\nport = 3', "shipway.toml:2", "port, at the top, before the first [table]"),
        ('start = "x"', "shipway.toml:1", "start, under [build]"),
        ('# x\n[env]\nA = "1"', "shipway.toml:2", "shipway config set"),
        ('[processes.web]\ncomand = "x"', "shipway.toml:2: [processes.web] has no key", "Did you mean command?"),
        ('[processes]\nWeb = "x"', "shipway.toml:2: processes.Web", "lower-case"),
        ('[processes]\nweb = "echo \'open"', "shipway.toml:2: processes.web", "quotes"),
        ('[build]\nstart = "a"\n[processes]\nweb = "b"', "shipway.toml:4: shipway.toml:2 says already", "Keep one"),
        ('[build]\nprovider = "node"\ntarget = "x"', "shipway.toml:3: target is for a Dockerfile", "Remove"),
        ('port = "3000"', "'3000' is no whole number", "without quotes"),
        ('port = true', "True is no whole number", "without quotes"),
        ('build = "npm run build"', "build is a table", "[build]"),
        ('[build]\npackages = ["a b; rm"]', "no name of a Debian package", "ffmpeg"),
        ('[build]\ndockerfile = "/etc/passwd"', "not a path inside the source", "relative"),
        ('[build]\nversion = "latest"', "no version", '"3.12"'),
        ('[health]\npath = "up"', "no path", "/healthz"),
        ('[health]\ntype = "grpc"', "no kind of check", "tcp"),
        ('[health]\ntype = "command"', "shipway.toml:2: the command is missing", 'command = "python manage.py check"'),
        ('[health]\ntype = "tcp"\ncommand = "x"', "shipway.toml:3: command is for a check of type command", "Remove"),
        ('[health]\ncommand = "echo \'open"', "shipway.toml:2: health.command", "quotes"),
        ('[health]\nsuccess = [20]', "20 is no whole number from 100 to 599", ""),
        ('[health]\ntimeout = 0', "0 is no number of seconds", "60"),
        ('[processes.web]\nscale = 51', "51 is no whole number from 0 to 50", ""),
        ('port = ', "can't be read as TOML", "Correct shipway.toml"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line_and_what_helps(tmp_path: Path, text: str, message: str, hint: str) -> None:
    failure = refused(tmp_path, text)
    assert message in failure.message
    assert hint in failure.hint


def test_whoever_names_a_health_command_means_it_to_be_run(tmp_path: Path) -> None:
    for text in ('[health]\ncommand = "check"', '[health]\ntype = "command"\ncommand = "check"'):
        said = read(tmp_path, text).said
        assert {key: each.value for key, each in said.items()} == {"health.type": "command", "health.command": "check"}
    assert "healthy when `check` ends with exit code 0" in [each.text for each in merged(read(tmp_path, text)).evidence]


def test_a_secret_in_it_is_warned_about_and_not_repeated(tmp_path: Path) -> None:
    said = read(
        tmp_path, '[build]\nstart = "API_TOKEN=hunter22 serve"\n[processes]\nworker = "run --password s3cr3tword"'
    )
    warnings = merged(said).warnings
    assert [(warning.text.split()[0], warning.where) for warning in warnings] == [
        ("API_TOKEN", "shipway.toml:2"),
        ("password", "shipway.toml:4"),
    ]
    assert not any("hunter22" in warning.text or "s3cr3tword" in warning.text for warning in warnings)


def test_a_variable_is_no_secret(tmp_path: Path) -> None:
    assert merged(read(tmp_path, '[build]\nstart = "serve --token $API_TOKEN --port $PORT"')).warnings == ()


def test_lines_are_found_in_spite_of_long_texts_and_dotted_keys() -> None:
    text = 'a = """\nb = 1\n"""\nbuild.target = "x"\n[ processes . web ]\n"command" = "y"\n'
    lines = key_lines(text)
    assert lines == {"a": 1, "build.target": 4, "processes.web": 5, "processes.web.command": 6}
    assert line_of(lines, "processes.web.other") == 5
    assert line_of(lines, "nothing.at.all") == 1


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    class Written(Tree):
        def text(self, path: str) -> str:
            return text

    try:
        manifest.read(Written(Path("/nonexistent")))
    except AnalysisFailed as failure:
        assert failure.code == "manifest-error"
