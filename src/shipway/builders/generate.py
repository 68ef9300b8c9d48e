"""A candidate as the text of a Dockerfile: the same text for the same candidate, readable, and of use without Shipway.

It holds itself to what engines since 20.10 build with their own frontend (Dockerfile 1.2), and has no `# syntax=` line,
which would be fetched from a public registry.
"""

import json
import posixpath
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import groupby

from shipway.builders.builder import CA_SECRET, NETRC_SECRET, NPMRC_SECRET
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
    "DENO_CERT",
)
_CA_MOUNT = f"--mount=type=secret,id={CA_SECRET},target={_CA_FILE}"
_TRUST = f"ca={_CA_FILE}; if [ -s $ca ]; then export {' '.join(f'{name}=$ca' for name in _CA_VARIABLES)};"
#: Credentials of private registries, where installers look for them; nothing is there for a build that has none.
_CREDENTIALS = (
    f"--mount=type=secret,id={NETRC_SECRET},target=/root/.netrc",
    f"--mount=type=secret,id={NPMRC_SECRET},target=/root/.npmrc",
)
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
    #: Build arguments that dependencies are installed by, and those that only what comes after them is built by.
    early: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    #: Build secrets, which downloads find as variables.
    secrets: tuple[str, ...] = ()

    def render(self, candidate: Candidate) -> str:
        """The text. The same for the same candidate."""
        *earlier, last = candidate.stages
        kept = _kept(candidate.stages)
        blocks = [_HEADER, *(self._stage(stage, kept) for stage in earlier), self._last(candidate, last)]
        return "\n\n".join(blocks) + "\n"

    def _stage(self, stage: Stage, kept: Collection[str]) -> str:
        lines = [
            f"FROM {stage.on or self.base(stage.runtime, stage.version)} AS {stage.name}",
            *_packages(stage),
            f"WORKDIR {HOME}",
        ]
        return "\n".join([*lines, *_environment(stage.environment), *self._building(stage, kept)])

    def _last(self, candidate: Candidate, stage: Stage) -> str:
        """The image that runs: as a user of its own, on a port of its own, its command without a shell round it."""
        account = f"RUN useradd --no-log-init --uid {_USER} --home-dir {HOME} --create-home --skel /nonexistent app"
        lines = [
            f"FROM {stage.on or self.base(stage.runtime, stage.version)}",
            *_packages(stage),
            # A base may come with a user of its own, who can't write where the steps do.
            *([account] if candidate.account else ["USER 0"]),
            f"WORKDIR {HOME}",
            *_environment((*stage.environment, ("PORT", str(self.port)))),
            *self._steps(stage.steps, f"--chown={_USER}:{_USER} "),
            *([f"WORKDIR {HOME}/{candidate.directory}"] if candidate.directory else []),
            f"USER {_USER}",
            f"EXPOSE {self.port}",
            *([f"STOPSIGNAL {candidate.stop_signal}"] if candidate.stop_signal else []),
            *([] if candidate.account else ["ENTRYPOINT []"]),
            *([f"CMD {_exec_form(self.command)}"] if self.command else []),
        ]
        return "\n".join(lines)

    def _building(self, stage: Stage, kept: Collection[str]) -> list[str]:
        """The steps of a stage, with the build arguments unless they would stay in the image."""
        if stage.name in kept or not any(isinstance(step, Run) for step in stage.steps):
            return self._steps(stage.steps)
        source = next((number for number, step in enumerate(stage.steps) if _is_source(step)), len(stage.steps))
        late = self.late if source < len(stage.steps) else ()
        return [
            *_arguments(self.early),
            *self._steps(stage.steps[:source]),
            *_arguments(late),
            *self._steps(stage.steps[source:]),
        ]

    def _steps(self, steps: Sequence[Copy | Run], owner: str = "") -> list[str]:
        lines: list[str] = []
        for step in steps:
            lines += _copy(step, owner) if isinstance(step, Copy) else [self._run(step)]
        return lines

    def _run(self, run: Run) -> str:
        sharing = "sharing=locked," if run.exclusive else ""
        mounts = [
            f"--mount=type=cache,{sharing}{_cache_id(self.cache_prefix, path)}target={path}" for path in run.caches
        ]
        commands = " \\\n    && ".join(run.commands)
        if run.downloads:
            mounts += [_CA_MOUNT, *_CREDENTIALS, *(f"--mount=type=secret,id={name}" for name in self.secrets)]
            own = f" \\\n    {{ {run.certificates}; }} || exit 1;" if run.certificates else ""
            commands = f"{_TRUST}{own} fi; \\\n    {_exported(self.secrets)}{commands}"
        return "RUN " + _joined([*mounts, commands])


def _kept(stages: Sequence[Stage]) -> frozenset[str]:
    """Names of the stages that the image goes on from: what is done in them can be seen in it."""
    ons = {stage.name: stage.on for stage in stages}
    names, name = set(), stages[-1].on
    while name:
        names.add(name)
        name = ons.get(name, "")
    return frozenset(names)


def _is_source(step: Copy | Run) -> bool:
    """Whether the source as a whole comes with this step, and with it what build commands need."""
    return isinstance(step, Copy) and (step.paths == (".",) if not step.stage else step.paths[0].startswith(HOME))


def _arguments(names: Sequence[str]) -> list[str]:
    return [f"ARG {name}" for name in names]


def _exported(secrets: Sequence[str]) -> str:
    """Secrets as variables of one RUN, each only where the build was given it."""
    if not secrets:
        return ""
    value = 'if [ -f /run/secrets/$each ]; then export "$each=$(cat /run/secrets/$each)"; fi'
    return f"for each in {' '.join(secrets)}; do {value}; done; \\\n    "


def _packages(stage: Stage) -> list[str]:
    if not stage.packages:
        return []
    trust = f"if [ -s {_CA_FILE} ]; then set -- -o Acquire::https::CAInfo={_CA_FILE}; fi"
    fetch = f'apt-get "$@" update && apt-get "$@" install -y --no-install-recommends {" ".join(stage.packages)}'
    return [_joined([f"RUN {_CA_MOUNT}", f"{trust}; \\\n    {fetch} && rm -rf /var/lib/apt/lists/*"])]


def _environment(variables: tuple[tuple[str, str], ...]) -> list[str]:
    pairs = [f"{name}={_quoted(value)}" for name, value in variables]
    return [_joined([f"ENV {pairs[0]}", *pairs[1:]])] if pairs else []


def _quoted(value: str) -> str:
    """A value of ENV; variables in it are still filled in."""
    return value if re.fullmatch(r"[^\s\"'\\]*", value) else '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'


def _copy(copy: Copy, owner: str) -> list[str]:
    """Files keep their directories, which COPY by itself would not let them."""
    if copy.stage:
        # The app's own files change hands; what was installed stays root's, which the app can read but not alter.
        owner = owner if copy.paths[0].startswith(HOME) and not copy.to.endswith("node_modules") else ""
        return [f"COPY --from={copy.stage} {owner}{_words(copy.paths, copy.to)}"]
    if copy.to != "./" or copy.paths == (".",):
        return [f"COPY {owner}{_words(copy.paths, copy.to)}"]
    folders = groupby(sorted(copy.paths, key=posixpath.dirname), key=posixpath.dirname)
    return [f"COPY {owner}{_words(tuple(paths), f'./{folder}/' if folder else './')}" for folder, paths in folders]


def _words(paths: tuple[str, ...], to: str) -> str:
    """COPY's arguments; as JSON where a path has what would end or change a word. In either form `$` begins a variable."""
    words = [word.replace("$", "\\$") for word in (*paths, to)]
    plain = all(re.fullmatch(r"[\w@%+=:,./*~-]+", word) for word in words)
    return " ".join(words) if plain else json.dumps(words)


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
