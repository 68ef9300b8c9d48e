"""What can be known to go wrong with a Dockerfile before it is built (S3.3): errors stop, warnings are shown."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from shipway.builders.dockerfile import Dockerfile, Stage, wrong
from shipway.builders.dockerfile_hints import hints
from shipway.builders.dockerfile_instruction import Instruction
from shipway.builders.dockerfile_references import check_references
from shipway.builders.dockerfile_sources import Context, check_sources
from shipway.domain.artifacts import Finding
from shipway.domain.leaks import has_credential, keeps_secrets, looks_secret, names_secret

#: Base images whose own command is a shell or a prompt, not a service.
_SERVELESS = re.compile(
    "alma(linux)?|alpine|amazon(corretto|linux)|archlinux|busybox|composer|debian|denoland/deno|eclipse-temurin|fedora"
    "|golang|gradle|maven|node|openjdk|oven/bun|perl|python|rockylinux|ruby|rust|scratch|swift|ubuntu"
)
#: Where base images that are services listen when nothing says otherwise.
_SERVES_ON = {"nginx": 80, "httpd": 80, "caddy": 80, "tomcat": 8080}
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))")
_PAIR = re.compile(r"""([\w.-]+)=("(?:\\.|[^"\\])*"|'[^']*'|(?:\\.|\S)*)""")
_SHELL_SYNTAX = re.compile(r"""[|&;<>()`$*?~"'\\]""")


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checks found out."""

    warnings: tuple[Finding, ...]
    #: TCP ports the final image declares, or is known to serve on.
    ports: tuple[int, ...]
    #: `Dockerfile:7`, where the first of them stands.
    ports_where: str


def check(dockerfile: Dockerfile, context: Context, *, command_given: bool, port_given: bool) -> Checked:
    """Check it against the build context.

    `command_given` and `port_given` say that a Procfile or the settings decide these, so that the Dockerfile need not.
    Raises `BuildFailed` (`dockerfile-error`) for what is certain to fail, with the line and what to do.
    """
    chain = _chain(dockerfile)
    _check_exposed(dockerfile)
    ports, where = _ports(dockerfile, chain)
    warnings = [
        *_syntax(dockerfile),
        *_bases(dockerfile),
        *check_references(dockerfile),
        *check_sources(dockerfile, context),
        *_secrets(dockerfile),
        *([] if command_given else _command(dockerfile, chain)),
        *([] if port_given else _undecided(dockerfile, ports, where)),
        *hints(dockerfile, chain, runs_as_root=_runs_as_root(dockerfile, chain)),
    ]
    return Checked(tuple(sorted(warnings, key=_line)), ports, where)


def _line(finding: Finding) -> int:
    return int(finding.where.rpartition(":")[2])


def _chain(dockerfile: Dockerfile) -> tuple[Stage, ...]:
    """The final stage and those it is based on, in that order: what the final image inherits from."""
    *earlier, last = dockerfile.stages
    chain = [last]
    for stage in reversed(earlier):
        if stage.name and stage.name == chain[-1].base.lower():
            chain.append(stage)
    return tuple(chain)


def _pairs(instruction: Instruction) -> list[tuple[str, str]]:
    """Names and values of an ENV or ARG; an ARG without a value has an empty one."""
    first, _, rest = instruction.arguments.partition(" ")
    if instruction.keyword == "ENV" and "=" not in first:
        return [(first, rest.strip())]
    found = [(name, value.strip("'\"")) for name, value in _PAIR.findall(instruction.arguments)]
    return found or [(name, "") for name in instruction.arguments.split()]


def _resolve(text: str, variables: dict[str, str]) -> str:
    """Variables filled in; those without a value stay as they are."""
    return _VARIABLE.sub(lambda match: variables.get(match[1] or match[3]) or match[2] or match[0], text)


def _base(dockerfile: Dockerfile, stage: Stage) -> str:
    return _resolve(stage.base, {name: value for found in dockerfile.arguments for name, value in _pairs(found)})


def _image_name(reference: str) -> str:
    """`python` for `docker.io/library/python:3.12-slim@sha256:…`; an image of somebody's own keeps its owner."""
    name = re.sub(r":[^/]*$", "", reference.partition("@")[0])
    return re.sub(r"^(?:docker\.io/|index\.docker\.io/)?(?:library/)?", "", name)


def _syntax(dockerfile: Dockerfile) -> Iterator[Finding]:
    if dockerfile.syntax:
        text = f"Each build fetches {dockerfile.syntax} because of this line. Without it, the builder's own is used."
        yield Finding(text, dockerfile.at(dockerfile.syntax_line))


def _bases(dockerfile: Dockerfile) -> Iterator[Finding]:
    own = {"scratch"}
    for stage in dockerfile.stages:
        image = _base(dockerfile, stage)
        tag = image.rpartition("/")[2].partition(":")[2]
        if image.lower() not in own and "@" not in image and "$" not in image and tag in ("", "latest"):
            text = f"{image} is whatever is newest on the day of the build. Name a version, as in name:1.2."
            yield Finding(text, dockerfile.at(stage.line))
        own.add(stage.name)


def _runs_as_root(dockerfile: Dockerfile, chain: tuple[Stage, ...]) -> bool:
    """Whether the base is one that is known to leave its user root."""
    name = _image_name(_base(dockerfile, chain[-1]))
    return bool(_SERVELESS.fullmatch(name)) or name in _SERVES_ON


def _secrets(dockerfile: Dockerfile) -> Iterator[Finding]:
    for found in dockerfile.instructions:
        if found.keyword == "RUN" and has_credential(found.arguments):
            text = "This line holds a credential, which all who have the image can read. Use RUN --mount=type=secret."
            yield Finding(text, dockerfile.at(found.line))
        if found.keyword in ("COPY", "ADD") and (kept := [word for word in found.words[:-1] if keeps_secrets(word)]):
            text = (
                f"{kept[0]} usually holds secrets, which all who have the image can read. Use config vars or secrets."
            )
            yield Finding(text, dockerfile.at(found.line))
        for name, value in _pairs(found) if found.keyword in ("ENV", "ARG") else []:
            if looks_secret(name, value):
                text = f"{name} looks like a secret, which all who have the image can read. Make it a config var or secret."
                yield Finding(text, dockerfile.at(found.line))
            elif found.keyword == "ARG" and not value and names_secret(name):
                text = f"ARG {name} would leave a secret in the image's history. Use RUN --mount=type=secret."
                yield Finding(text, dockerfile.at(found.line))


def _command(dockerfile: Dockerfile, chain: tuple[Stage, ...]) -> Iterator[Finding]:
    """What the image starts: nothing stops, a shell in between is warned about."""
    commands = [found for keyword in ("ENTRYPOINT", "CMD") if (found := _inherited(chain, keyword))]
    if not commands:
        yield _of_base(dockerfile, chain)
    for found in commands:
        if found.exec_form is not None:
            continue
        line = f"{found.keyword} {found.arguments}"
        if found.arguments.startswith("["):
            hint = f'Write it with double quotes and without a trailing comma: {found.keyword} ["node", "server.js"].'
            what = f"this {found.keyword} is no JSON list, so a shell would be given it as it is."
            raise wrong(dockerfile.path, found.line, line, what, hint)
        if not found.arguments.startswith("exec "):
            simple = not _SHELL_SYNTAX.search(found.arguments)
            better = json.dumps(found.arguments.split()) if simple else f"exec {found.arguments}"
            text = f"A shell runs this and may keep SIGTERM from the app. Write {found.keyword} {better}"
            yield Finding(text, dockerfile.at(found.line))


def _inherited(chain: tuple[Stage, ...], keyword: str) -> Instruction | None:
    return next((found for stage in chain if (found := stage.last(keyword))), None)


def _of_base(dockerfile: Dockerfile, chain: tuple[Stage, ...]) -> Finding:
    """The base image's own command is used, which is only right when the base is a service."""
    base = _base(dockerfile, chain[-1])
    last = chain[0].instructions[-1].line if chain[0].instructions else chain[0].line
    if _SERVELESS.fullmatch(_image_name(base)):
        what = f"nothing says what to start: there is no CMD, and {base} by itself serves nothing."
        hint = 'End it with the command, such as CMD ["python", "app.py"]; or name it in a Procfile or the settings.'
        raise wrong(dockerfile.path, last, "", what, hint)
    return Finding(f"There is no CMD or ENTRYPOINT: the command of {base} is used.", dockerfile.at(last))


def _ports(dockerfile: Dockerfile, chain: tuple[Stage, ...]) -> tuple[tuple[int, ...], str]:
    """The TCP ports of all EXPOSEs, else the one that the base image is known to serve on; and where it says so."""
    exposes = [found for stage in chain for found in stage.instructions if found.keyword == "EXPOSE"]
    set_here = (found for stage in reversed(chain) for found in stage.instructions if found.keyword in ("ENV", "ARG"))
    variables = {name: value for found in set_here for name, value in _pairs(found)}
    ports = [port for found in exposes for word in found.words if (port := _port(_resolve(word, variables)))]
    if ports:
        return tuple(dict.fromkeys(ports)), dockerfile.at(exposes[0].line)
    known = _SERVES_ON.get(_image_name(_base(dockerfile, chain[-1])))
    return ((known,), dockerfile.at(chain[-1].line)) if known and not exposes else ((), "")


def _check_exposed(dockerfile: Dockerfile) -> None:
    """BuildKit refuses a port that is none, and some versions of it do not say where."""
    for found in dockerfile.instructions:
        for word in found.words if found.keyword == "EXPOSE" else ():
            if "$" not in word and not re.fullmatch(r"\d{1,5}(-\d{1,5})?(/(tcp|udp|sctp))?", word, re.IGNORECASE):
                raise wrong(dockerfile.path, found.line, found.text, f"{word} is no port.", "Write EXPOSE 8080.")


def _port(word: str) -> int:
    match = re.fullmatch(r"(\d{1,5})(?:/tcp)?", word, re.IGNORECASE)
    return int(match[1]) if match and 0 < int(match[1]) < 65536 else 0


def _undecided(dockerfile: Dockerfile, ports: tuple[int, ...], where: str) -> Iterator[Finding]:
    if not ports:
        last = dockerfile.stages[-1]
        line = last.instructions[-1].line if last.instructions else last.line
        text = (
            "There is no EXPOSE: the app is told by PORT to listen on 8080. If it listens elsewhere, EXPOSE that port."
        )
        yield Finding(text, dockerfile.at(line))
    elif len(ports) > 1:
        named = ", ".join(map(str, ports))
        yield Finding(
            f"Several ports are exposed ({named}): 8080 is used. Set the service's port to one of them.", where
        )
