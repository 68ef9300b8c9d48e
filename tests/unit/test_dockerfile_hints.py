"""What a Dockerfile could do better, and what it must not refer to."""

from pathlib import Path

import pytest

from shipway.builders.dockerfile import parse
from shipway.builders.dockerfile_checks import check
from shipway.builders.dockerfile_sources import Context
from shipway.builders.ignore import Dockerignore
from shipway.domain.errors import BuildFailed


def warned(tmp_path: Path, *lines: str, base: str = "python:3.12-slim", user: str = "USER 1000") -> list[str]:
    """Warnings as `line: text` for a Dockerfile of these lines after its FROM, and a good end."""
    text = "\n".join((f"FROM {base}", *lines, "EXPOSE 8000", user, 'CMD ["app"]'))
    for name in (".env", "package.json", "requirements.txt", "id_rsa"):
        (tmp_path / name).write_text("")
    found = check(parse(text), Context(tmp_path, Dockerignore()), command_given=False, port_given=False)
    return [f"{warning.where.rpartition(':')[2]}: {warning.text}" for warning in found.warnings]


def refused(tmp_path: Path, text: str) -> str:
    """The message of the error that these lines are refused with, and its hint."""
    with pytest.raises(BuildFailed) as failure:
        check(parse(text), Context(tmp_path, Dockerignore()), command_given=True, port_given=True)
    assert failure.value.code == "dockerfile-error"
    return f"{failure.value.message} {failure.value.hint}"


@pytest.mark.parametrize("base", ["python:3.12-slim", "nginx:1.27", "node:22"])
def test_an_app_that_runs_as_root_is_told_so(tmp_path: Path, base: str) -> None:
    assert warned(tmp_path, base=base, user="")[0].startswith("4: The app runs as root.")
    assert warned(tmp_path, base=base, user="USER root:root")[0].startswith("3: The app runs as root.")
    assert warned(tmp_path, base=base) == []


def test_a_base_of_somebody_s_own_may_have_a_user_of_its_own(tmp_path: Path) -> None:
    assert warned(tmp_path, base="acme/python:3", user="") == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("RUN apt-get update", "package lists until they are stale"),
        ("RUN apt-get install -y curl", "come without package lists"),
        ("RUN apt-get update && apt-get install curl", "asks before it installs"),
        ("ADD https://example.com/x.tar.gz /x", "--checksum"),
        ("RUN git clone https://me:hunter2x@git.example.com/a/b", "holds a credential"),
        ("COPY .env /app/", ".env usually holds secrets"),
        ("COPY id_rsa /root/.ssh/", "id_rsa usually holds secrets"),
    ],
)
def test_a_bad_habit_is_told_once_with_its_line_and_a_better_one(tmp_path: Path, line: str, words: str) -> None:
    found = warned(tmp_path, line)
    assert len(found) == 1 and found[0].startswith("2: ") and words in found[0]
    assert "hunter2x" not in found[0]


@pytest.mark.parametrize(
    "line",
    [
        "RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*",
        "RUN apt-get update -qq && apt-get -y install curl",
        "RUN apt update; DEBIAN_FRONTEND=noninteractive apt install --yes curl",
        "ADD --checksum=sha256:ab https://example.com/x.tar.gz /x",
        "RUN git clone https://$USER:$TOKEN@git.example.com/a/b",
        "RUN --mount=type=secret,id=token git clone https://git.example.com/a/b",
        "RUN npm install --global pnpm",
    ],
)
def test_a_good_habit_is_left_alone(tmp_path: Path, line: str) -> None:
    assert warned(tmp_path, line) == []


@pytest.mark.parametrize(
    ("install", "files"),
    [
        ("pip install --no-cache-dir -r requirements.txt", "requirements.txt"),
        ("npm ci --omit=dev && npm run build", "package*.json"),
        ("npm install", "package*.json"),
        ("yarn", "package*.json"),
        ("uv sync --frozen", "lock file"),
        ("go mod download", "go.mod"),
    ],
)
def test_all_of_the_source_before_its_dependencies_is_told_as_slow(tmp_path: Path, install: str, files: str) -> None:
    slow = warned(tmp_path, "WORKDIR /app", "COPY . .", f"RUN {install}")
    assert len(slow) == 1 and slow[0].startswith("3: Each change of the source") and files in slow[0]
    assert warned(tmp_path, "COPY *.json *.txt ./", f"RUN {install}", "COPY . .", f"RUN {install}") == []
    assert warned(tmp_path, "COPY . .", f"RUN --mount=type=cache,target=/cache {install}") == []


def test_a_misspelt_stage_is_told_with_the_right_one(tmp_path: Path) -> None:
    text = warned(tmp_path, "FROM python:3.12-slim", "COPY --from=biuld /a /a", base="python:3.12-slim AS build")
    assert text == ["3: No stage is named biuld, so an image of that name is fetched. Did you mean --from=build?"]
    assert warned(tmp_path, "FROM python:3.12-slim", "COPY --from=nginx /a /a", base="python:3.12-slim AS build") == []


@pytest.mark.parametrize("source", ["1", "2", "last"])
def test_a_stage_that_does_not_come_before_is_refused(tmp_path: Path, source: str) -> None:
    told = refused(tmp_path, f"FROM x:1 AS first\nFROM x:1 AS last\nCOPY --from={source} /a /\n")
    assert told.startswith("Dockerfile:3: ") and "those before are first" in told


def test_an_image_with_capital_letters_is_refused(tmp_path: Path) -> None:
    assert "Write FROM acme/app:V1" in refused(tmp_path, "FROM Acme/App:V1\n")
    assert "Write FROM acme/app:V1" not in refused(tmp_path, "FROM Registry.example.com/acme/app:V1\nEXPOSE x\n")
    assert "capital" in refused(tmp_path, "FROM python:3 AS Build\nFROM Node\n")


def test_a_base_that_is_a_variable_nobody_declares_is_refused(tmp_path: Path) -> None:
    assert "Write ARG BASE=value" in refused(tmp_path, "ARG OTHER=x\nFROM ${BASE}\n")
    assert check(
        parse("ARG BASE\nFROM $BASE\n"), Context(tmp_path, Dockerignore()), command_given=True, port_given=True
    )


def test_a_stage_may_be_named_in_capital_letters(tmp_path: Path) -> None:
    assert warned(tmp_path, "FROM Build", base="python:3 AS Build") == []


def test_a_port_that_is_none_is_refused_with_its_line(tmp_path: Path) -> None:
    assert refused(tmp_path, "FROM x:1\nEXPOSE http\n").startswith("Dockerfile:2: http is no port.")
