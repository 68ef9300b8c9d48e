"""The text of a generated Dockerfile."""

import pytest

from shipway.builders.detectors.detector import Candidate, Copy, Run, Stage
from shipway.builders.generate import Dockerfile

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
    ca=/run/secrets/shipway-ca.crt; if [ -s $ca ]; then export SSL_CERT_FILE=$ca PIP_CERT=$ca REQUESTS_CA_BUNDLE=$ca CURL_CA_BUNDLE=$ca GIT_SSL_CAINFO=$ca NODE_EXTRA_CA_CERTS=$ca npm_config_cafile=$ca YARN_HTTPS_CA_FILE_PATH=$ca; fi; \
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
