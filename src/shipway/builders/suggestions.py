"""A Dockerfile to paste for someone whose app was not recognised: for the language that most of its files are in."""

import posixpath
from collections import Counter
from dataclasses import dataclass

from shipway.builders.detectors.tree import Tree


@dataclass(frozen=True, slots=True)
class _Language:
    name: str
    endings: tuple[str, ...]
    image: str
    #: Instructions after the source has been copied.
    steps: tuple[str, ...]
    command: str
    #: Image that the result runs in, and what is copied into it; empty: all in one.
    runs_in: str = ""
    result: str = ""


_SMALL = "debian:trixie-slim"
_MIX = "RUN mix local.hex --force && mix deps.get && MIX_ENV=prod mix compile"
_LANGUAGES = (
    _Language("Python", (".py",), "python:3.13-slim", ("# RUN pip install -r requirements.txt",), '["python", "main.py"]'),
    _Language("TypeScript", (".ts", ".tsx"), "node:22-slim", ("RUN npm i && npm run build",), '["node", "dist/server.js"]'),
    _Language("JavaScript", (".js", ".mjs", ".cjs", ".jsx"), "node:22-slim", ("# RUN npm install",), '["node", "server.js"]'),
    _Language("Go", (".go",), "golang:1.24", ("RUN CGO_ENABLED=0 go build -o serve .",), '["./serve"]', _SMALL, "/app/serve"),
    _Language("Rust", (".rs",), "rust:1-slim", ("RUN cargo build -r",), '["./my-app"]', _SMALL, "/app/target/release/my-app"),
    _Language("Ruby", (".rb", ".ru"), "ruby:3.4-slim", ("# RUN bundle install",), '["ruby", "app.rb", "-o", "0.0.0.0"]'),
    _Language("PHP", (".php",), "php:8.4-cli", (), '["/bin/sh", "-c", "exec php -S 0.0.0.0:$PORT"]'),
    _Language("Java", (".java",), "eclipse-temurin:21", ("RUN javac -d out *.java",), '["java", "-cp", "out", "Main"]'),
    _Language("Kotlin", (".kt", ".kts"), "gradle:8-jdk21", ("RUN gradle installDist",), '["build/install/my-app/bin/my-app"]'),
    _Language("Elixir", (".ex", ".exs"), "elixir:1.18", (_MIX,), '["mix", "run", "--no-halt"]'),
    _Language("Dart", (".dart",), "dart:stable", ("RUN dart pub get",), '["dart", "run", "bin/server.dart"]'),
    _Language("Swift", (".swift",), "swift:6.0", ("RUN swift build -c release",), '[".build/release/MyApp"]'),
    _Language("Perl", (".pl", ".pm", ".psgi"), "perl:5-slim", (), '["perl", "app.pl"]'),
    _Language("R", (".r",), "r-base:4.4.2", (), '["Rscript", "app.R"]'),
    _Language("C or C++", (".c", ".cc", ".cpp", ".h", ".hpp"), "gcc:14", ("RUN make",), '["./my-app"]', _SMALL, "/app/my-app"),
    _Language("HTML", (".html", ".htm"), "nginxinc/nginx-unprivileged:stable", (), ""),
    _Language("shell", (".sh",), _SMALL, (), '["/bin/sh", "start.sh"]'),
)  # fmt: skip
_ANY = _Language("", (), _SMALL, ("# Install and build here, with RUN.",), '["./my-app"]')


def seen(tree: Tree) -> str:
    """The languages by the number of their files, the most first: `JavaScript (12 files), shell (1 file)`."""
    return ", ".join(f"{each.name} ({count} file{'s' * (count != 1)})" for each, count in _counted(tree)[:4])


def dockerfile_for(tree: Tree) -> str:
    """A short Dockerfile that is right in its form; names of files in it are to be corrected."""
    counted = _counted(tree)
    # A page or a script comes along with most apps; it is what counts only when there is nothing else.
    apps = [each for each, _ in counted if each.name not in ("HTML", "shell")]
    language = (apps or [each for each, _ in counted] or [_ANY])[0]
    return _SITE.format(image=language.image) if language.name == "HTML" else _written(language)


def _counted(tree: Tree) -> list[tuple[_Language, int]]:
    counts = Counter(posixpath.splitext(path)[1].lower() for path in tree.files)
    found = [(each, sum(counts[ending] for ending in each.endings)) for each in _LANGUAGES]
    return sorted(((each, count) for each, count in found if count), key=lambda pair: -pair[1])


def _written(language: _Language) -> str:
    stage = [
        f"FROM {language.image}{' AS build' * bool(language.runs_in)}",
        "WORKDIR /app",
        "COPY . .",
        *language.steps,
    ]
    if language.runs_in:
        stage += ["", f"FROM {language.runs_in}", "WORKDIR /app", f"COPY --from=build {language.result} ./"]
    return "\n".join([
        *stage,
        "USER 10001",
        "EXPOSE 8080",
        "# The app has to listen on 0.0.0.0, on the port in $PORT.",
        f"CMD {language.command}",
        "",
    ])  # fmt: skip


_SITE = "FROM {image}\nCOPY . /usr/share/nginx/html\nEXPOSE 8080\n"
