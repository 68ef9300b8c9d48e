"""Failure classes by what real builds have printed; hosts are made up, the rest is as it was."""

import time
from dataclasses import dataclass

import pytest

from shipway.builders.detectors.detector import Candidate, Run, Stage
from shipway.builders.dockerfile import parse
from shipway.builders.failures import Facts, Wreck, classify, engine_failure, timed_out
from shipway.builders.generate import Dockerfile

EXIT_1 = "executor failed running [/bin/sh -c the command]: exit code: 1"
NO_HOST = "dial tcp: lookup registry.example.com on 10.0.0.53:53: no such host"
FRONTEND = "failed to solve with frontend dockerfile.v0: failed to create LLB definition: "


@dataclass(frozen=True)
class InCommand:
    """A RUN that ended with an exit code, and what it wrote."""

    code: str
    #: What the message must name.
    names: str
    instruction: str
    output: str
    exit_code: int = 1


IN_COMMANDS = {
    "pip finds no such package": InCommand(
        "dependency-not-found",
        "flaskk-nope==9",
        "RUN pip install flaskk-nope==9",
        "ERROR: Could not find a version that satisfies the requirement flaskk-nope==9 (from versions: none)\n"
        "ERROR: No matching distribution found for flaskk-nope==9",
    ),
    "uv finds no such package": InCommand(
        "dependency-not-found",
        "flaskk-nope",
        "RUN uv pip install flaskk-nope",
        "  × No solution found when resolving dependencies:\n"
        "  ╰─▶ Because flaskk-nope was not found in the package registry and you require flaskk-nope, we can conclude\n"
        "      that your requirements are unsatisfiable.",
    ),
    "uv finds no such version": InCommand(
        "dependency-not-found",
        "flask==99.9",
        "RUN uv sync --frozen",
        "  ╰─▶ Because there is no version of flask==99.9 and you require flask==99.9, we can conclude that",
    ),
    "Poetry finds no such version": InCommand(
        "dependency-not-found",
        "flask (99.9)",
        "RUN poetry install",
        "Because app depends on flask (99.9) which doesn't match any versions, version solving failed.",
    ),
    "npm finds no such package": InCommand(
        "dependency-not-found",
        "no-such-package@*",
        "RUN npm install no-such-package",
        "npm ERR! code E404\nnpm ERR! 404 Not Found - GET https://registry.example.com/no-such-package\n"
        "npm ERR! 404\nnpm ERR! 404  'no-such-package@*' is not in this registry.",
    ),
    "npm finds no such version": InCommand(
        "dependency-not-found",
        "express@99.99",
        "RUN npm install express@99.99",
        "npm error code ETARGET\nnpm error notarget No matching version found for express@99.99.",
    ),
    "Yarn finds no such package": InCommand(
        "dependency-not-found",
        "no-such-package",
        "RUN yarn install",
        'error Couldn\'t find package "no-such-package" on the "npm" registry.',
    ),
    "pnpm finds no such version": InCommand(
        "dependency-not-found",
        "see the lines",
        "RUN pnpm install",
        " ERR_PNPM_NO_MATCHING_VERSION  No matching version",
    ),
    "apt finds no such package": InCommand(
        "dependency-not-found",
        "libnope-dev",
        "RUN apt-get update && apt-get install -y libnope-dev",
        "Reading state information...\nE: Unable to locate package libnope-dev",
        100,
    ),
    "a command is missing in dash": InCommand(
        "command-not-found", "pip", "RUN pip install -r requirements.txt", "/bin/sh: 1: pip: not found", 127
    ),
    "a command is missing in bash": InCommand(
        "command-not-found", "poetry", "RUN poetry install", "/bin/bash: line 1: poetry: command not found", 127
    ),
    "a command is missing in busybox": InCommand(
        "command-not-found", "gcc", "RUN gcc x.c", "/bin/sh: gcc: not found", 127
    ),
    "a script's tool is missing": InCommand(
        "command-not-found",
        "vite",
        "RUN npm run build",
        "> build\n> vite build\n\nsh: 1: vite: not found",
        127,
    ),
    "a script's interpreter is missing": InCommand(
        "command-not-found", "bash", "RUN ./build.sh", "env: 'bash': No such file or directory", 127
    ),
    "a command in exec form is missing": InCommand(
        "command-not-found",
        "nocmd",
        'RUN ["nocmd"]',
        'runc run failed: unable to start container process: exec: "nocmd": executable file not found in $PATH',
    ),
    "a command is missing and nothing says which": InCommand("command-not-found", "127", "RUN ./x", "", 127),
    "pip can't resolve the registry": InCommand(
        "network",
        "DNS",
        "RUN pip install flask",
        "WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection broken by "
        "'NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object at 0x7f9238a596a0>: Failed to establish "
        "a new connection: [Errno -3] Temporary failure in name resolution')': /simple/flask/\n"
        "ERROR: Could not find a version that satisfies the requirement flask (from versions: none)\n"
        "ERROR: No matching distribution found for flask",
    ),
    "pip can't connect to the registry": InCommand(
        "network",
        "package registry",
        "RUN pip install flask",
        "WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection broken by "
        "'NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object at 0x7f4b>: Failed to establish a new "
        "connection: [Errno 111] Connection refused')': /simple/flask\n"
        "ERROR: No matching distribution found for flask",
    ),
    "npm can't resolve the registry": InCommand(
        "network",
        "npm.example.invalid",
        "RUN npm ci",
        "npm ERR! code ENOTFOUND\nnpm ERR! network request to http://npm.example.invalid/express failed, reason: "
        "getaddrinfo ENOTFOUND npm.example.invalid",
    ),
    "apt can't resolve the mirror": InCommand(
        "network",
        "deb.example.invalid",
        "RUN apt-get update && apt-get install -y curl",
        "W: Failed to fetch http://deb.example.invalid/debian/dists/trixie/InRelease  Could not resolve 'deb.example.invalid'\n"
        "E: Unable to locate package curl",
        100,
    ),
    "busybox's wget can't resolve a host": InCommand(
        "network", "x.example.invalid", "RUN wget http://x.example.invalid/", "wget: bad address 'x.example.invalid'"
    ),
    "curl can't resolve a host": InCommand(
        "network", "x.example.invalid", "RUN curl -f x", "curl: (6) Could not resolve host: x.example.invalid", 6
    ),
    "pip meets a replaced certificate": InCommand(
        "network",
        "TLS",
        "RUN pip install flask",
        "Could not fetch URL https://pip.example.com/simple/flask/: There was a problem confirming the ssl certificate: "
        "HTTPSConnectionPool(host='pip.example.com', port=443): Max retries exceeded with url: /simple/flask/ (Caused by "
        "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed "
        "certificate in certificate chain (_ssl.c:1029)'))) - skipping\n"
        "ERROR: No matching distribution found for flask",
    ),
    "npm meets a replaced certificate": InCommand(
        "network",
        "TLS",
        "RUN npm install",
        "npm ERR! code SELF_SIGNED_CERT_IN_CHAIN\nnpm ERR! errno SELF_SIGNED_CERT_IN_CHAIN\n"
        "npm ERR! request to https://npm.example.com/express failed, reason: self-signed certificate in certificate chain",
    ),
    "uv meets a replaced certificate": InCommand(
        "network", "TLS", "RUN uv sync", "  Caused by: invalid peer certificate: UnknownIssuer"
    ),
    "a build wants the app's database": InCommand(
        "network",
        "127.0.0.1",
        "RUN python manage.py migrate",
        'django.db.utils.OperationalError: connection to server at "127.0.0.1", port 5432 failed: Connection refused\n'
        "\tIs the server running on that host and accepting TCP/IP connections?",
    ),
    "a build wants the app's database by its service name": InCommand(
        "network",
        "db.internal",
        "RUN python manage.py migrate",
        'django.db.utils.OperationalError: could not translate host name "db.internal" to address: Name or service not known',
    ),
    "a download times out": InCommand(
        "network", "a server", "RUN npm ci", "npm ERR! code ETIMEDOUT\nnpm ERR! network timeout"
    ),
    "npm is not logged in": InCommand(
        "registry-auth", "credentials", "RUN npm ci", "npm error code E401\nnpm error Incorrect or missing password."
    ),
    "pip may not read a package": InCommand(
        "registry-auth",
        "credentials",
        "RUN pip install private-thing",
        "ERROR: HTTP error 403 while getting https://pip.example.com/private-thing/\n"
        "ERROR: No matching distribution found for private-thing",
    ),
    "git is not logged in": InCommand(
        "registry-auth",
        "credentials",
        "RUN pip install git+https://git.example.com/acme/lib",
        "fatal: could not read Username for 'https://git.example.com': No such device or address",
        128,
    ),
    "node runs out of heap": InCommand(
        "out-of-memory",
        "npm run build",
        "RUN npm run build",
        "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\nAborted",
        134,
    ),
    "a compiler is killed": InCommand(
        "out-of-memory", "make", "RUN make -j8", "c++: fatal error: Killed signal terminated program cc1plus", 2
    ),
    "the kernel kills the command": InCommand("out-of-memory", "137", "RUN cargo build --release", "Killed", 137),
    "Python runs out of memory": InCommand("out-of-memory", "python x.py", "RUN python x.py", "MemoryError"),
    "the disk is full": InCommand(
        "out-of-disk",
        "disk is full",
        "RUN dd if=/dev/zero of=/big",
        "dd: error writing '/big': No space left on device",
    ),
    "npm fills the disk": InCommand(
        "out-of-disk", "disk is full", "RUN npm ci", "npm ERR! code ENOSPC\nnpm ERR! syscall write"
    ),
    "too many watched files are not a full disk": InCommand(
        "build-command-failed",
        "exit code 1",
        "RUN npm test",
        "Error: ENOSPC: System limit for number of file watchers reached, watch '/app'",
    ),
    "the lock file is outdated": InCommand(
        "lock-file-outdated",
        "lock file",
        "RUN npm ci",
        "npm ERR! code EUSAGE\nnpm ERR! `npm ci` can only install packages when your package.json and package-lock.json or "
        "npm-shrinkwrap.json are in sync. Please update your lock file with `npm install` before continuing.",
    ),
    "a test fails": InCommand(
        "tests-failed", "exit code 3", "RUN make test", "FAIL: test_it_works\n1 of 12 tests failed", 3
    ),
}


@dataclass(frozen=True)
class AroundCommand:
    """BuildKit's own failure: at a step without a command, or before any step."""

    code: str
    names: str
    instruction: str
    error: str
    said: str = ""


PYTHON_METADATA = "[internal] load metadata for docker.io/library/python:9.9"
AROUND_COMMANDS = {
    "an unknown instruction": AroundCommand(
        "dockerfile-error",
        "Dockerfile:3",
        "",
        "",
        f"{FRONTEND}dockerfile parse error line 3: unknown instruction: RUNN",
    ),
    "an unknown instruction, newer BuildKit": AroundCommand(
        "dockerfile-error",
        "Dockerfile:3",
        "",
        "",
        "Dockerfile:3\n--------------------\n   1 |     FROM x\n   3 | >>> RUNN foo\n--------------------\n"
        "ERROR: failed to solve: dockerfile parse error on line 3: unknown instruction: RUNN (did you mean RUN?)",
    ),
    "an empty file": AroundCommand(
        "dockerfile-error", "cannot be empty", "", "", f"{FRONTEND}the Dockerfile cannot be empty"
    ),
    "a port that is none": AroundCommand(
        "dockerfile-error", "abc", "", "", f"ERROR: failed to solve: {FRONTEND}Invalid containerPort: abc"
    ),
    "a file to copy that is not there": AroundCommand(
        "dockerfile-error",
        "nothere.txt",
        "COPY nothere.txt /x",
        '"/nothere.txt" not found: not found',
        'failed to compute cache key: "/nothere.txt" not found: not found',
    ),
    "a file to copy that is not there, newer BuildKit": AroundCommand(
        "dockerfile-error",
        "at Dockerfile:2",
        "COPY nothere.txt /x",
        'failed to calculate checksum of ref 1a2b3c4d::x7: "/nothere.txt": not found',
    ),
    "a stage that does not exist": AroundCommand(
        "dockerfile-error", "production", "", "", 'ERROR: failed to solve: target stage "production" could not be found'
    ),
    "a tag that does not exist": AroundCommand(
        "base-image-not-found", "python:9.9", PYTHON_METADATA, "docker.io/library/python:9.9: not found"
    ),
    "a tag that does not exist, newer BuildKit": AroundCommand(
        "base-image-not-found",
        "python:9.9",
        PYTHON_METADATA,
        "",
        "ERROR: failed to solve: python:9.9: failed to resolve source metadata for docker.io/library/python:9.9: "
        "docker.io/library/python:9.9: not found",
    ),
    "a repository that does not exist or is private": AroundCommand(
        "base-image-not-found",
        "private",
        "[internal] load metadata for docker.io/acme/nope:1",
        "pull access denied, repository does not exist or may require authorization: server message: "
        "insufficient_scope: authorization failed",
    ),
    "an image for another architecture": AroundCommand(
        "base-image-not-found",
        "x:1",
        "[internal] load metadata for x:1",
        "no match for platform in manifest: not found",
    ),
    "a registry that wants a login": AroundCommand(
        "registry-auth",
        "registry.example.com/acme/base:1",
        "[internal] load metadata for registry.example.com/acme/base:1",
        "unexpected status from HEAD request to https://registry.example.com/v2/acme/base/manifests/1: 401 Unauthorized",
    ),
    "a registry that limits pulls": AroundCommand(
        "registry-auth",
        "how often",
        PYTHON_METADATA,
        "failed to copy: httpReadSeeker: failed open: unexpected status code: 429 Too Many Requests - Server message: "
        "toomanyrequests: You have reached your pull rate limit.",
    ),
    "a registry whose name can't be resolved": AroundCommand(
        "network",
        "python:9.9",
        PYTHON_METADATA,
        f'failed to do request: Head "https://registry.example.com/v2/library/python/manifests/9.9": {NO_HOST}',
    ),
    "a registry that can't be reached": AroundCommand(
        "network",
        "127.0.0.1:1",
        "[internal] load metadata for 127.0.0.1:1/x/y:1",
        'failed to do request: Head "http://127.0.0.1:1/v2/x/y/manifests/1": dial tcp 127.0.0.1:1: connect: connection refused',
    ),
    "a registry behind a replaced certificate": AroundCommand(
        "network",
        "TLS",
        PYTHON_METADATA,
        'failed to do request: Head "https://registry.example.com/v2/library/python/manifests/9.9": tls: failed to verify '
        "certificate: x509: certificate signed by unknown authority",
    ),
    "a syntax line whose image can't be had": AroundCommand(
        "network",
        "# syntax=",
        "resolve image config for docker.io/docker/dockerfile:1",
        f'failed to do request: Head "https://registry.example.com/v2/docker/dockerfile/manifests/1": {NO_HOST}',
    ),
    "a full disk while layers are written": AroundCommand(
        "out-of-disk", "disk is full", "exporting to image", "write /var/lib/docker/x: no space left on device"
    ),
    "something never seen before": AroundCommand("build-failed", "gremlins", "COPY a b", "gremlins in the machine"),
}
DOCKERFILE = "FROM python:9.9\nCOPY nothere.txt /x\nRUN the command\n"


@pytest.mark.parametrize("case", IN_COMMANDS.values(), ids=IN_COMMANDS.keys())
def test_a_failed_command_is_told_by_its_output(case: InCommand) -> None:
    error = f"executor failed running [/bin/sh -c it]: exit code: {case.exit_code}"
    failure = classify(Wreck(case.instruction, error, case.output.splitlines()))
    assert failure.code == case.code
    assert case.names in failure.message
    assert case.instruction.removeprefix("RUN ")[:8] in failure.message
    assert failure.hint and set(failure.evidence) <= set(case.output.splitlines())
    assert failure.evidence or not case.output


@pytest.mark.parametrize("case", AROUND_COMMANDS.values(), ids=AROUND_COMMANDS.keys())
def test_a_failure_around_commands_is_told_by_what_buildkit_says(case: AroundCommand) -> None:
    failure = classify(Wreck(case.instruction, case.error, said=case.said.splitlines()), DOCKERFILE)
    assert failure.code == case.code
    assert case.names in failure.message
    assert failure.hint
    assert failure.evidence or case.code == "build-failed"


def test_newer_buildkit_words_an_exit_code_differently() -> None:
    error = 'process "/bin/sh -c make test" did not complete successfully: exit code: 2'
    assert classify(Wreck("RUN make test", error, ("2 failed",))).message == "`RUN make test` ended with exit code 2."


def test_a_failed_command_shows_its_last_lines() -> None:
    lines = [f"line {number}" for number in range(100)]
    assert classify(Wreck("RUN make", EXIT_1, lines)).evidence[-1] == "line 99"
    assert len(classify(Wreck("RUN make", EXIT_1, lines)).evidence) < 30


def test_a_certificate_that_is_not_trusted_points_to_the_setting() -> None:
    failure = classify(Wreck("RUN npm ci", EXIT_1, ("reason: self-signed certificate in certificate chain",)))
    assert "extra_ca" in failure.hint


def test_a_missing_file_is_told_with_its_line_only_when_that_is_certain() -> None:
    wreck = Wreck("COPY a.txt /", '"/a.txt" not found: not found')
    assert "Dockerfile:2" in classify(wreck, "FROM x\nCOPY a.txt /\n").message
    assert "Dockerfile" not in classify(wreck, "FROM x\nCOPY a.txt /\nFROM y\nCOPY a.txt /\n").message


def test_a_generated_instruction_is_shown_without_its_machinery() -> None:
    install = Run(("pip install -r requirements.txt",), caches=("/root/.cache/pip",), downloads=True)
    candidate = Candidate("python", (Stage("python", "3.13", (install,), packages=("libpq5",)),), "python app.py", ())
    text = Dockerfile(lambda runtime, version: f"{runtime}:{version}", 8080, "python app.py").render(candidate)
    instructions = [found for found in parse(text).stages[-1].instructions if found.keyword == "RUN"]
    shown = [classify(Wreck(f"RUN {found.arguments}", EXIT_1)).message for found in instructions]
    assert any("`RUN pip install -r requirements.txt`" in message for message in shown)
    assert not any("/run/secrets" in message for message in shown)


def test_mounts_are_not_shown() -> None:
    instruction = "RUN --mount=type=cache,target=/root/.cache/pip --mount=type=secret,id=shipway-ca make"
    assert "`RUN make`" in classify(Wreck(instruction, EXIT_1)).message


def test_braces_in_a_log_are_not_taken_for_placeholders() -> None:
    failure = classify(Wreck("RUN echo {what}", EXIT_1, ("ERROR: No matching distribution found for {x}",)))
    assert "{x}" in failure.message and "{what}" in failure.message


@pytest.mark.parametrize(
    ("wreck", "client_exit_code"),
    [
        (
            Wreck(
                said=("Cannot connect to the Docker daemon at unix:///run/docker.sock. Is the docker daemon running?",)
            ),
            1,
        ),
        (
            Wreck(
                said=(
                    "ERROR: failed to receive status: rpc error: code = Unavailable desc = error reading from server: EOF",
                )
            ),
            1,
        ),
        (
            Wreck(
                "RUN make",
                "executor failed running [/bin/sh -c make]: failed to create endpoint x on network bridge",
            ),
            1,
        ),
        (Wreck(), -9),
    ],
)
def test_an_engine_that_is_gone_or_broken_is_the_world_s_fault(wreck: Wreck, client_exit_code: int) -> None:
    assert engine_failure(wreck, client_exit_code) is not None


def test_a_command_can_t_put_its_failure_on_the_engine() -> None:
    error = "executor failed running [/bin/sh -c echo 'code = Unavailable'; false]: exit code: 1"
    assert engine_failure(Wreck("RUN echo 'code = Unavailable'; false", error, ("code = Unavailable",)), 1) is None


def test_nothing_at_all_is_still_a_failure_with_a_hint() -> None:
    failure = classify(Wreck())
    assert failure.code == "build-failed" and failure.message and failure.hint


def test_a_build_that_took_too_long_says_how_long_and_in_which_step() -> None:
    failure = timed_out(1800.0, "RUN npm run build", ["still going"])
    assert failure.code == "build-timeout"
    assert "1800 s" in failure.message and "RUN npm run build" in failure.message
    assert failure.evidence == ("still going",) and "build_timeout" in failure.hint


KILLED = Wreck("RUN make", "executor failed running [/bin/sh -c make]: exit code: 137", ("cc main.c", "Killed"))


def test_what_the_machine_knows_goes_before_what_the_log_looks_like() -> None:
    wreck = Wreck("RUN npm ci", EXIT_1, ("npm error code ENOTFOUND", "ERROR: No matching distribution found for x"))
    assert classify(wreck, facts=Facts(oom_killed=True)).code == "out-of-memory"
    assert classify(wreck, facts=Facts(disk_full=True)).code == "out-of-disk"
    assert classify(wreck, facts=Facts(pids_exhausted=True)).code == "process-limit"
    assert classify(wreck, facts=Facts(False, False, False)).code == "dependency-not-found"


def test_a_limit_that_was_met_is_named() -> None:
    failure = classify(KILLED, facts=Facts(oom_killed=True, memory_limit=2 << 30))
    assert "(2048 MiB)" in failure.message and failure.evidence == KILLED.output
    assert "(512)" in classify(KILLED, facts=Facts(pids_exhausted=True, pids_limit=512)).message


def test_a_killed_command_is_out_of_memory_unless_the_machine_knows_better() -> None:
    assert classify(KILLED).code == "out-of-memory"
    failure = classify(KILLED, facts=Facts(oom_killed=False))
    assert failure.code == "build-command-failed" and "not for lack of memory" in failure.message


def test_a_heap_limit_of_the_program_s_own_is_one_whatever_the_kernel_did() -> None:
    wreck = Wreck("RUN npm run build", EXIT_1, ("FATAL ERROR: Reached heap limit - JavaScript heap out of memory",))
    assert "max-old-space-size" in classify(wreck, facts=Facts(oom_killed=False)).hint


def test_a_full_disk_is_a_full_disk_also_between_commands() -> None:
    assert classify(Wreck("exporting to image", "write failed"), facts=Facts(disk_full=True)).code == "out-of-disk"


def test_a_failed_command_is_told_with_its_line() -> None:
    text = 'FROM x\nARG V\n\nRUN apt-get update \\\n  # why\n  && apt-get install "$V"\nRUN make\nRUN make\n'
    wreck = Wreck('RUN apt-get update   && apt-get install "1.2"', EXIT_1)
    assert "at Dockerfile:4 ended" in classify(wreck, text).message
    assert "Dockerfile" not in classify(Wreck("RUN make", EXIT_1), text).message
    assert "Dockerfile" not in classify(wreck, "# Made by Shipway\n" + text).message


@pytest.mark.parametrize(
    ("step", "line"),
    [
        ("[internal] load metadata for docker.io/library/python:9.9", 1),
        ("[internal] load metadata for docker.io/acme/base:latest", 2),
        ("FROM docker.io/library/nginx:1", 3),
        ("http://example.com/x", 4),
        ("COPY a.txt /b", 5),
    ],
)
def test_steps_of_buildkit_s_own_are_found_in_the_file(step: str, line: int) -> None:
    text = (
        "FROM python:$V\nFROM acme/base\nCOPY --from=nginx:1 /a /\nADD http://example.com/x /x\nCOPY ${A:-b}.txt /b\n"
    )
    assert f"at Dockerfile:{line}" in classify(Wreck(step, "gremlins"), text).message


def test_a_misspelt_stage_is_told_as_that_and_not_as_an_image() -> None:
    text = "FROM x AS build\nFROM y\nCOPY --from=biuld /a /\n"
    failure = classify(Wreck("FROM docker.io/library/biuld:latest", f"failed to do request: {NO_HOST}"), text)
    assert (failure.code, "Dockerfile:3" in failure.message) == ("dockerfile-error", True)
    assert "--from=build" in failure.hint
    other = Wreck("FROM docker.io/library/nginx:latest", f"failed to do request: {NO_HOST}")
    assert classify(other, text.replace("biuld", "nginx")).code == "network"


def test_a_here_document_that_the_engine_can_t_read_is_told_as_that() -> None:
    said = (f"{FRONTEND}dockerfile parse error line 3: unknown instruction: HELLO",)
    failure = classify(Wreck(said=said), "FROM x\nRUN cat <<EOF\nhello\nEOF\n")
    assert failure.code == "engine-too-old" and "Dockerfile:2" in failure.message
    assert classify(Wreck(said=said), "FROM x\nRUN a\n").code == "dockerfile-error"


def test_a_timeout_while_a_question_waits_says_so() -> None:
    assert "DEBIAN_FRONTEND" in timed_out(9.0, "RUN a", ["Geographic area: "]).hint
    assert "Dockerfile:2" in timed_out(9.0, "RUN a", [], "FROM x\nRUN a\n").message


def test_a_long_hostile_log_is_read_in_reasonable_time() -> None:
    hostile = [
        "/a" * 2000,
        "a.b-c/" * 700,
        "x509: " * 600,
        "(?P<what>" * 400,
        "a" * 4000,
        "sh: 1: " * 500,
        "Error: env variable A_" * 150,
        "1 " * 2000,
    ] * 60
    began = time.perf_counter()
    classify(Wreck("RUN a", EXIT_1, hostile), "FROM x\n")
    assert time.perf_counter() - began < 10
