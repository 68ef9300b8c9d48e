"""A candidate as the text of a Dockerfile: the same text for the same candidate, readable, and of use without Shipway.

It holds itself to what engines since 20.10 build with their own frontend (Dockerfile 1.2), and has no `# syntax=` line,
which would be fetched from a public registry.
"""

import json
import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

from shipway.builders.builder import CA_SECRET
from shipway.builders.detectors.detector import HOME, Candidate, Copy, Run, Stage
from shipway.domain.process import argv

#: A PEM bundle that downloads are to trust; a build without the secret trusts what its base image does.
_CA_FILE = f"/run/secrets/{CA_SECRET}.crt"
#: Each installer has its own name for it; set for one RUN, they leave nothing in the image.
_CA_VARIABLES = (
    "SSL_CERT_FILE",
    "PIP_CERT",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "NODE_EXTRA_CA_CERTS",
    "npm_config_cafile",
    "YARN_HTTPS_CA_FILE_PATH",
)
_CA_MOUNT = f"--mount=type=secret,id={CA_SECRET},target={_CA_FILE}"
_TRUST = f"ca={_CA_FILE}; if [ -s $ca ]; then export {' '.join(f'{name}=$ca' for name in _CA_VARIABLES)}; fi;"
#: A number, so that a cluster can see that it is not root.
_USER = 10001
_HEADER = "# Made by Shipway from what it found in the source. To change it, save it as Dockerfile beside the source."


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """What a candidate's Dockerfile is made with."""

    #: Names the image for a runtime and version: `base("python", "3.12")`.
    base: Callable[[str, str], str]
    port: int
    #: The image's own command, with `$PORT`; empty for none.
    command: str
    #: Sets this app's cache mounts apart from those of others that share the builder.
    cache_prefix: str = ""

    def render(self, candidate: Candidate) -> str:
        """The text. The same for the same candidate."""
        *earlier, last = candidate.stages
        blocks = [_HEADER, *map(self._stage, earlier), self._last(candidate, last)]
        return "\n\n".join(blocks) + "\n"

    def _stage(self, stage: Stage) -> str:
        lines = [
            f"FROM {self.base(stage.runtime, stage.version)} AS {stage.name}",
            *_packages(stage),
            f"WORKDIR {HOME}",
        ]
        return "\n".join([*lines, *_environment(stage.environment), *self._steps(stage)])

    def _last(self, candidate: Candidate, stage: Stage) -> str:
        """The image that runs: as a user of its own, on a port of its own, its command without a shell round it."""
        account = f"RUN useradd --no-log-init --uid {_USER} --home-dir {HOME} --create-home --skel /nonexistent app"
        lines = [
            f"FROM {self.base(stage.runtime, stage.version)}",
            *_packages(stage),
            # A base may come with a user of its own, who can't write where the steps do.
            *([account] if candidate.account else ["USER 0"]),
            f"WORKDIR {HOME}",
            *_environment((*stage.environment, ("PORT", str(self.port)))),
            *self._steps(stage, f"--chown={_USER}:{_USER} "),
            f"USER {_USER}",
            f"EXPOSE {self.port}",
            *([f"STOPSIGNAL {candidate.stop_signal}"] if candidate.stop_signal else []),
            *([] if candidate.account else ["ENTRYPOINT []"]),
            *([f"CMD {_exec_form(self.command)}"] if self.command else []),
        ]
        return "\n".join(lines)

    def _steps(self, stage: Stage, owner: str = "") -> list[str]:
        lines: list[str] = []
        for step in stage.steps:
            lines += _copy(step, owner) if isinstance(step, Copy) else [_run(step, self.cache_prefix)]
        return lines


def _packages(stage: Stage) -> list[str]:
    if not stage.packages:
        return []
    trust = f"if [ -s {_CA_FILE} ]; then set -- -o Acquire::https::CAInfo={_CA_FILE}; fi"
    fetch = f'apt-get "$@" update && apt-get "$@" install -y --no-install-recommends {" ".join(stage.packages)}'
    return [_joined([f"RUN {_CA_MOUNT}", f"{trust}; \\\n    {fetch} && rm -rf /var/lib/apt/lists/*"])]


def _environment(variables: tuple[tuple[str, str], ...]) -> list[str]:
    pairs = [f"{name}={value}" for name, value in variables]
    return [_joined([f"ENV {pairs[0]}", *pairs[1:]])] if pairs else []


def _copy(copy: Copy, owner: str) -> list[str]:
    """Files keep their directories, which COPY by itself would not let them."""
    if copy.stage:
        # The app's own files change hands; what was installed stays root's, which the app can read but not alter.
        owner = owner if copy.paths[0].startswith(HOME) and not copy.to.endswith("node_modules") else ""
        return [f"COPY --from={copy.stage} {owner}{' '.join(copy.paths)} {copy.to}"]
    if copy.to != "./" or copy.paths == (".",):
        return [f"COPY {owner}{_words(copy.paths, copy.to)}"]
    folders = groupby(sorted(copy.paths, key=posixpath.dirname), key=posixpath.dirname)
    return [f"COPY {owner}{_words(tuple(paths), f'./{folder}/' if folder else './')}" for folder, paths in folders]


def _words(paths: tuple[str, ...], to: str) -> str:
    """COPY's arguments; as JSON where a path has a space."""
    words = [*paths, to]
    return json.dumps(words) if any(" " in word for word in words) else " ".join(words)


def _run(run: Run, cache_prefix: str) -> str:
    mounts = [f"--mount=type=cache,{_cache_id(cache_prefix, path)}target={path}" for path in run.caches]
    commands = " \\\n    && ".join(run.commands)
    if run.downloads:
        mounts.append(_CA_MOUNT)
        commands = f"{_TRUST} \\\n    {commands}"
    return "RUN " + _joined([*mounts, commands])


def _cache_id(prefix: str, path: str) -> str:
    return f"id={prefix}{path.replace('/', '-')}," if prefix else ""


def _joined(parts: list[str]) -> str:
    return " \\\n    ".join(parts)


def _exec_form(command: str) -> str:
    """CMD's argument list. A shell is there only for what needs one, and makes way for the app where it can (`exec`)."""
    words = argv(command, {})
    if "$" not in command and words is not None and words[0] != "/bin/sh":
        return json.dumps(list(words))
    return json.dumps(["/bin/sh", "-c", command if words and words[0] == "/bin/sh" else f"exec {command}"])
