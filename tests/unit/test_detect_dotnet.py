""".NET apps: versions, the project to start, and addresses, beyond what the samples show."""

import shlex
from functools import partial
from pathlib import Path

import pytest
from tests.support.detected import candidate, commands

from shipway.builders.detectors.dotnet import detect
from shipway.builders.detectors.tree import Tree
from shipway.domain.errors import AnalysisFailed
from shipway.domain.process import argv

WEB = "Microsoft.NET.Sdk.Web"


def project(sdk: str = WEB, inside: str = "<TargetFramework>net8.0</TargetFramework>") -> str:
    """A project file."""
    return f'<Project Sdk="{sdk}"><PropertyGroup>{inside}</PropertyGroup></Project>'


detected = partial(candidate, detect)


@pytest.mark.parametrize(
    ("framework", "version"),
    [
        ("<TargetFramework>net9.0</TargetFramework>", "9.0"),
        ("<TargetFramework>netcoreapp3.1</TargetFramework>", "3.1"),
        ("<TargetFramework>net8.0-windows</TargetFramework>", "8.0"),
        ("<TargetFrameworks>netstandard2.0;net9.0;net10.0</TargetFrameworks>", "10.0"),
    ],
)
def test_the_version_is_the_newest_that_the_project_targets(tmp_path: Path, framework: str, version: str) -> None:
    candidate = detected(tmp_path, {"Api.csproj": project(inside=framework)})
    assert [stage.version for stage in candidate.stages] == [version, version]


def test_of_several_targets_one_is_published(tmp_path: Path) -> None:
    several = project(inside="<TargetFrameworks>net8.0;net9.0</TargetFrameworks>")
    assert "-c Release -f net9.0 -o /out" in commands(detected(tmp_path, {"Api.csproj": several}))[1]


@pytest.mark.parametrize(
    ("settings", "sdk"),
    [
        ('{"sdk": {"version": "9.0.304"}}', "9.0.304"),
        ('{"sdk": {"version": "9.0.304", "rollForward": "disable"}}', "9.0.304"),
        ('{"sdk": {"version": "9.0.100", "rollForward": "latestFeature"}}', "9.0"),
        ('{"sdk": {}}', "8.0"),
        ('{"tools": 1}', "8.0"),
    ],
)
def test_the_sdk_is_pinned_as_exactly_as_global_json_insists(tmp_path: Path, settings: str, sdk: str) -> None:
    candidate = detected(tmp_path, {"Api.csproj": project(), "global.json": settings})
    assert [stage.version for stage in candidate.stages] == [sdk, "8.0"]


def test_a_console_program_is_started_but_serves_nothing(tmp_path: Path) -> None:
    text = project("Microsoft.NET.Sdk", "<OutputType>Exe</OutputType><TargetFramework>net8.0</TargetFramework>")
    candidate = detected(tmp_path, {"Jobs.fsproj": text})
    assert (candidate.start, candidate.serves) == ("dotnet Jobs.dll", False)


def test_tests_and_libraries_are_not_started(tmp_path: Path) -> None:
    tests = project("Microsoft.NET.Sdk", "<OutputType>Exe</OutputType><IsTestProject>true</IsTestProject>")
    candidate = detected(tmp_path, {"App.sln": "", "t/T.csproj": tests, "lib/L.csproj": project("Microsoft.NET.Sdk")})
    assert candidate.start == ""
    assert "no project is a program" in candidate.evidence[0].text


def test_of_several_apps_none_is_guessed_and_a_procfile_decides(tmp_path: Path) -> None:
    files = {"App.sln": "", "a/A.csproj": project(), "b/B.csproj": project()}
    candidate = detected(tmp_path, files)
    assert (candidate.start, candidate.certain) == ("", False)
    assert "several projects can be started (a/A.csproj, b/B.csproj)" in candidate.evidence[0].text
    candidate = detected(tmp_path, {"Procfile": "web: env ASPNETCORE_HTTP_PORTS=$PORT dotnet B.dll\n"})
    assert candidate.start.endswith("dotnet B.dll")


def test_what_runs_on_windows_only_is_named_as_that(tmp_path: Path) -> None:
    old = project(inside="<TargetFramework>net48</TargetFramework>")
    assert "net48 is not a .NET that runs on Linux" in detected(tmp_path, {"Old.csproj": old}).evidence[0].text


def test_a_lock_file_is_kept_to(tmp_path: Path) -> None:
    candidate = detected(tmp_path, {"Api.csproj": project(), "packages.lock.json": "{}"})
    assert commands(candidate)[0] == "dotnet restore Api.csproj --locked-mode"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Program.cs", 'var app = b.Build();\napp.Run("http://localhost:5000");\n'),
        ("Program.cs", 'b.WebHost\n.UseUrls("http://localhost:5000");\n'),
        ("appsettings.json", '{\n  "Kestrel": { "Endpoints": {} } }\n'),
    ],
)
def test_an_address_in_code_or_settings_is_warned_of_with_its_line(tmp_path: Path, path: str, text: str) -> None:
    (warning,) = detected(tmp_path, {"Api.csproj": project(), path: text}).warnings
    assert warning.where == f"{path}:2"


def test_projects_far_from_the_top_are_someone_else_s(tmp_path: Path) -> None:
    (tmp_path / "plugins/unity").mkdir(parents=True)
    (tmp_path / "plugins/unity/Game.csproj").write_text(project())
    assert detect(Tree(tmp_path)) is None


def test_a_project_file_that_is_no_xml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AnalysisFailed, match=r"Api\.csproj can't be read as XML"):
        detected(tmp_path, {"Api.csproj": "<Project>"})


def test_a_project_may_have_a_name_with_spaces_and_quotes(tmp_path: Path) -> None:
    candidate = detected(tmp_path, {"Bob's Api.csproj": project()})
    assert argv(candidate.start, {"PORT": "80"}) == (
        "env",
        "ASPNETCORE_URLS=http://0.0.0.0:80",
        "dotnet",
        "Bob's Api.dll",
    )
    assert [shlex.split(command)[2] for command in commands(candidate)] == ["Bob's Api.csproj"] * 2
