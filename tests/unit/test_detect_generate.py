"""The text of a generated Dockerfile."""

from dataclasses import replace

import pytest

from shipway.builders.detectors.detector import Candidate, Copy, Run, Stage
from shipway.builders.generate import Dockerfile
from shipway.builders.progress import readable

EVERYTHING = Candidate(
    provider="python",
    stages=(
        Stage(
            "python",
            "3.12",
            (
                Run(("python3 -m venv /opt/venv",)),
                Copy(("requirements.txt", "requirements/base.txt", "my file.txt")),
                Run(("pip install -r requirements.txt", "pip check"), ("/root/.cache/pip",), downloads=True),
            ),
            name="build",
            packages=("gcc", "libpq-dev"),
            environment=(("VIRTUAL_ENV", "/opt/venv"), ("PATH", "/opt/venv/bin:$PATH")),
        ),
        Stage("python", "3.12", (Copy(("/opt/venv",), "/opt/venv", "build"), Copy(("/app/",), stage="build"))),
    ),
    start="",
    evidence=(),
    stop_signal="SIGINT",
)

TEXT = r"""# Made by Shipway from what it found in the source. To change it, save it as Dockerfile beside the source.

FROM python:3.12 AS build
RUN --mount=type=secret,id=shipway-ca,target=/run/secrets/shipway-ca.crt \
    if [ -s /run/secrets/shipway-ca.crt ]; then set -- -o Acquire::https::CAInfo=/run/secrets/shipway-ca.crt; fi; \
    apt-get "$@" update && apt-get "$@" install -y --no-install-recommends gcc libpq-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /app
ENV VIRTUAL_ENV=/opt/venv \
    PATH=/opt/venv/bin:$PATH
RUN python3 -m venv /opt/venv
COPY ["requirements.txt", "my file.txt", "./"]
COPY requirements/base.txt ./requirements/
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=shipway-ca,target=/run/secrets/shipway-ca.crt \
    --mount=type=secret,id=shipway-netrc,target=/root/.netrc \
    --mount=type=secret,id=shipway-npmrc,target=/root/.npmrc \
    ca=/run/secrets/shipway-ca.crt; if [ -s $ca ]; then export SSL_CERT_FILE=$ca PIP_CERT=$ca REQUESTS_CA_BUNDLE=$ca CURL_CA_BUNDLE=$ca GIT_SSL_CAINFO=$ca NODE_EXTRA_CA_CERTS=$ca npm_config_cafile=$ca YARN_HTTPS_CA_FILE_PATH=$ca DENO_CERT=$ca; fi; \
    pip install -r requirements.txt \
    && pip check

FROM python:3.12
RUN useradd --no-log-init --uid 10001 --home-dir /app --create-home --skel /nonexistent app
WORKDIR /app
ENV PORT=3000
COPY --from=build /opt/venv /opt/venv
COPY --from=build --chown=10001:10001 /app/ ./
USER 10001
EXPOSE 3000
STOPSIGNAL SIGINT
CMD ["/bin/sh", "-c", "exec gunicorn --bind 0.0.0.0:$PORT app:app"]
"""  # noqa: E501 - as it is


def base(runtime: str, version: str) -> str:
    """Names that show what was asked for."""
    return f"{runtime}:{version}"


def test_a_candidate_is_written_stage_by_stage() -> None:
    made = Dockerfile(base, 3000, "gunicorn --bind 0.0.0.0:$PORT app:app").render(EVERYTHING)
    assert made == TEXT


@pytest.mark.parametrize(
    ("command", "cmd"),
    [
        ("node server.js", '["node", "server.js"]'),
        ("gunicorn 'shop:create_app()'", '["gunicorn", "shop:create_app()"]'),
        ('serve --title "A b"', '["serve", "--title", "A b"]'),
        ("serve --port $PORT", '["/bin/sh", "-c", "exec serve --port $PORT"]'),
        ("a && exec b", '["/bin/sh", "-c", "a && exec b"]'),
        ("A=1 serve --port $PORT", '["/bin/sh", "-c", "A=1 serve --port $PORT"]'),
        ('echo "a\\"b"', r'["echo", "a\"b"]'),
    ],
)
def test_a_shell_starts_only_what_needs_one_and_makes_way_where_it_can(command: str, cmd: str) -> None:
    made = Dockerfile(base, 8080, command).render(EVERYTHING)
    assert made.endswith(f"CMD {cmd}\n")


def test_a_candidate_that_is_started_by_others_has_no_command() -> None:
    assert "CMD" not in Dockerfile(base, 8080, "").render(EVERYTHING)


def test_build_arguments_are_declared_where_they_are_needed_and_never_in_what_becomes_the_image() -> None:
    whole = Candidate(
        "node",
        (
            Stage("node", "20", (Run(("apt-get update",)),), "server"),
            Stage(
                "node",
                "20",
                (Copy(("package.json",)), Run(("npm ci",)), Copy((".",)), Run(("npm run build",))),
                "build",
                on="server",
            ),
            Stage("node", "20", (Copy(("/app/",), stage="build"), Run(("true",))), on="server"),
        ),
        "node index.js",
        (),
    )
    text = Dockerfile(base, 8080, "node index.js", early=("NPM_REGISTRY",), late=("SITE", "STAGE")).render(whole)
    first, build, last = text.split("FROM ")[1:]
    assert "ARG" not in first + last
    lines = [line for line in build.splitlines() if line.startswith(("ARG", "RUN", "COPY"))]
    assert lines == [
        "ARG NPM_REGISTRY",
        "COPY package.json ./",
        "RUN npm ci",
        "ARG SITE",
        "ARG STAGE",
        "COPY . ./",
        "RUN npm run build",
    ]


def test_build_secrets_are_variables_of_downloads_and_of_nothing_else() -> None:
    text = Dockerfile(base, 8080, "", secrets=("NPM_TOKEN", "LICENCE")).render(EVERYTHING)
    runs = [block for block in text.split("RUN ") if "id=NPM_TOKEN" in block]
    assert len(runs) == 1 and "pip install -r requirements.txt" in runs[0]
    assert "--mount=type=secret,id=LICENCE" in runs[0]
    assert "for each in NPM_TOKEN LICENCE; do" in runs[0]
    assert readable(f"RUN {' '.join(runs[0].replace(chr(92), ' ').split())}", 200).startswith("RUN pip install -r")


def test_no_name_and_no_value_ends_a_word_or_is_taken_for_a_variable() -> None:
    stage = Stage(
        "python", "3.12", (Copy(("it's $5.txt",)),), environment=(("A", 'a "b" c'), ("PATH", "/my app/bin:$PATH"))
    )
    text = Dockerfile(base, 8080, "true").render(replace(EVERYTHING, stages=(stage,)))
    assert 'COPY --chown=10001:10001 ["it\'s \\\\$5.txt", "./"]' in text
    assert 'ENV A="a \\"b\\" c" \\\n    PATH="/my app/bin:$PATH" \\\n    PORT=' in text
