"""Failure classes by whole logs of package managers and compilers, as they wrote them (paths and hosts aside)."""

from dataclasses import dataclass

import pytest

from shipway.builders.failures import Wreck, classify


@dataclass(frozen=True)
class Log:
    """What a command wrote, and what has to be made of it."""

    code: str
    #: In the message.
    names: str
    #: In the hint.
    helps: str
    #: The line that has to be the evidence's first.
    first: str
    output: str
    exit_code: int = 1


LOGS = {
    "pip meets a conflict": Log(
        "dependency-conflict",
        "exclude each other",
        "Loosen",
        "ERROR: Cannot install flask==3.0.0 and werkzeug==2.0.0",
        """\
Collecting flask==3.0.0
  Downloading flask-3.0.0-py3-none-any.whl (99 kB)
INFO: pip is looking at multiple versions of flask to determine which version is compatible. This could take a while.
ERROR: Cannot install flask==3.0.0 and werkzeug==2.0.0 because these package versions have conflicting dependencies.

The conflict is caused by:
    The user requested werkzeug==2.0.0
    flask 3.0.0 depends on Werkzeug>=3.0.0
ERROR: ResolutionImpossible: for help visit the documentation""",
    ),
    "pip needs another Python": Log(
        "version-mismatch",
        "needs Python >=3.14",
        ".python-version",
        "ERROR: Package 'app' requires a different Python",
        "Processing /app\nERROR: Package 'app' requires a different Python: 3.13.5 not in '>=3.14'",
    ),
    "pip builds an old package": Log(
        "version-mismatch",
        "older than this Python",
        "newer release",
        "pip._vendor.pyproject_hooks._impl.BackendUnavailable",
        "ERROR: Exception:\nTraceback (most recent call last):\n"
        "pip._vendor.pyproject_hooks._impl.BackendUnavailable: Cannot import 'setuptools.build_meta'",
        2,
    ),
    "psycopg2 lacks PostgreSQL's headers": Log(
        "missing-system-package",
        "pg_config",
        "apt-get install -y libpq-dev",
        "Error: pg_config executable not found.",
        """\
  × Getting requirements to build wheel did not run successfully.
  │ exit code: 1
      Error: pg_config executable not found.

      pg_config is required to build psycopg2 from source.
      [end of output]

  note: This error originates from a subprocess, and is likely not a problem with pip.
error: subprocess-exited-with-error""",
    ),
    "mysqlclient lacks pkg-config": Log(
        "missing-system-package",
        "pkg-config",
        "install -y pkg-config",
        "Exception: Can not find valid pkg-config name.",
        "      /bin/sh: 1: pkg-config: not found\n      Exception: Can not find valid pkg-config name.\n"
        "      Specify MYSQLCLIENT_CFLAGS and MYSQLCLIENT_LDFLAGS env vars manually",
    ),
    "a wheel lacks the compiler": Log(
        "missing-system-package",
        "x86_64-linux-gnu-gcc",
        "build-essential",
        "error: [Errno 2] No such file or directory: 'x86_64-linux-gnu-gcc'",
        "      building '_cffi_backend' extension\n      error: [Errno 2] No such file or directory: 'x86_64-linux-gnu-gcc'\n"
        "  ERROR: Failed building wheel for cffi\nERROR: Failed to build installable wheels",
    ),
    "a wheel lacks a header": Log(
        "missing-system-package",
        "ffi.h",
        "libffi-dev",
        "c/_cffi_backend.c:15:10: fatal error: ffi.h: No such file or directory",
        "      c/_cffi_backend.c:15:10: fatal error: ffi.h: No such file or directory\n      compilation terminated.\n"
        "      error: command '/usr/bin/gcc' failed with exit code 1",
    ),
    "Rust lacks a linker": Log(
        "missing-system-package",
        "cc",
        "build-essential",
        "error: linker `cc` not found",
        "error: linker `cc` not found\n  |\nerror: could not compile `proc-macro2`",
        101,
    ),
    "a crate lacks OpenSSL": Log(
        "missing-system-package",
        "openssl",
        "libssl-dev",
        "Could not find openssl via pkg-config:",
        "  Could not find openssl via pkg-config:\n\n  The system library `openssl` was not found.",
        101,
    ),
    "node-gyp lacks make": Log(
        "missing-system-package",
        "make",
        "build-essential",
        "npm ERR! gyp ERR! stack Error: not found: make",
        "npm ERR! code 1\nnpm ERR! path /app/node_modules/bufferutil\nnpm ERR! gyp ERR! stack Error: not found: make\n"
        "npm ERR! A complete log of this run can be found in:\nnpm ERR!     /root/.npm/_logs/debug-0.log",
    ),
    "npm meets a conflict": Log(
        "dependency-conflict",
        "exclude each other",
        "Loosen",
        "npm ERR! ERESOLVE unable to resolve dependency tree",
        """\
npm ERR! code ERESOLVE
npm ERR! ERESOLVE unable to resolve dependency tree
npm ERR!
npm ERR! Found: react@17.0.2
npm ERR! Could not resolve dependency:
npm ERR! peer react@"^18.2.0" from react-dom@18.2.0""",
    ),
    "npm needs another Node": Log(
        "version-mismatch",
        '{"node":">=24"}',
        "engines",
        "npm ERR! code EBADENGINE",
        'npm ERR! code EBADENGINE\nnpm ERR! engine Unsupported engine\nnpm ERR! notsup Required: {"node":">=24"}',
    ),
    "Yarn needs another Node": Log(
        "version-mismatch",
        "node >=24",
        "engines",
        'error a@1.0.0: The engine "node" is incompatible',
        'error a@1.0.0: The engine "node" is incompatible with this module. Expected version ">=24". Got "20.19.2"\n'
        "error Found incompatible module.\ninfo Visit the documentation.",
    ),
    "pnpm finds an outdated lock file": Log(
        "lock-file-outdated",
        "lock file",
        "pnpm install",
        "ERR_PNPM_OUTDATED_LOCKFILE",
        ' ERR_PNPM_OUTDATED_LOCKFILE  Cannot install with "frozen-lockfile" because pnpm-lock.yaml is not up to date',
    ),
    "uv finds an outdated lock file": Log(
        "lock-file-outdated",
        "lock file",
        "uv lock",
        "error: The lockfile at `uv.lock` needs to be updated",
        "Resolved 3 packages in 103ms\nerror: The lockfile at `uv.lock` needs to be updated, but `--locked` was provided.",
    ),
    "Pipenv finds an outdated lock file": Log(
        "lock-file-outdated",
        "lock file",
        "lock",
        "Your Pipfile.lock (51ae4c) is out of date.",
        "Your Pipfile.lock (51ae4c) is out of date. Expected: (b8c2e1).\nERROR:: Aborting deploy",
    ),
    "Cargo finds no lock file": Log(
        "lock-file-outdated",
        "lock file",
        "cargo build",
        "error: cannot create the lock file",
        "error: cannot create the lock file /app/Cargo.lock because --locked was passed to prevent this",
        101,
    ),
    "Go misses a sum": Log(
        "lock-file-outdated",
        "lock file",
        "go mod tidy",
        "main.go:3:8: missing go.sum entry",
        "main.go:3:8: missing go.sum entry for module providing package golang.org/x/text; to add:\n\tgo get a",
    ),
    "uv meets a conflict": Log(
        "dependency-conflict",
        "exclude each other",
        "Loosen",
        "error: No solution found when resolving dependencies",
        "error: No solution found when resolving dependencies\n"
        "  cause: Because flask==3.0.0 depends on werkzeug>=3.0.0 and your project depends on flask==3.0.0, we can conclude\n"
        "         that your project's requirements are unsatisfiable.",
    ),
    "Maven finds no such artifact": Log(
        "dependency-not-found",
        "no.such:nope:jar:1",
        "version",
        "[ERROR] Failed to execute goal on project a",
        "[INFO] BUILD\n[ERROR] Failed to execute goal on project a: Could not resolve dependencies for project a:a:jar:1: "
        "Could not find artifact no.such:nope:jar:1 in central -> [Help 1]\n[ERROR]\n[ERROR] Re-run Maven using the -X switch",
    ),
    "Cargo finds no such version": Log(
        "dependency-not-found",
        'serde = "^99"',
        "version",
        "error: failed to select a version for the requirement",
        'error: failed to select a version for the requirement `serde = "^99"`\nversions found which didn\'t match: 1.0.2',
        101,
    ),
    "Bundler finds no such gem": Log(
        "dependency-not-found",
        "nope-gem",
        "version",
        "Could not find gem 'nope-gem'",
        "Fetching gem metadata\nCould not find gem 'nope-gem' in rubygems repository or installed locally.",
        7,
    ),
    "Composer meets a conflict": Log(
        "dependency-conflict",
        "exclude each other",
        "Loosen",
        "Your requirements could not be resolved",
        "Your requirements could not be resolved to an installable set of packages.\n\n  Problem 1",
        2,
    ),
    "Go does not compile": Log(
        "compile-error",
        "./main.go:6:6: declared and not used: x",
        "first error",
        "./main.go:6:6: declared and not used: x",
        "# a\n./main.go:6:6: declared and not used: x\n./main.go:7:14: undefined: y",
    ),
    "Go wants a newer Go": Log(
        "version-mismatch",
        "go >= 1.99",
        "go.mod",
        "go: go.mod requires go >= 1.99",
        "go: go.mod requires go >= 1.99 (running go 1.26.8; GOTOOLCHAIN=local)",
    ),
    "Rust does not compile": Log(
        "compile-error",
        "error[E0308]: mismatched types",
        "first error",
        "error[E0308]: mismatched types",
        "   Compiling app v0.1.0 (/app)\nerror[E0308]: mismatched types\n --> src/main.rs:2:18\n  |\n"
        'error: could not compile `app` (bin "app") due to 1 previous error',
        101,
    ),
    "Java does not compile": Log(
        "compile-error",
        "/app/src/main/java/A.java:[1,26] incompatible types",
        "first error",
        "[ERROR] /app/src/main/java/A.java:[1,26] incompatible types",
        "[INFO] Compiling 1 source file\n[ERROR] COMPILATION ERROR :\n"
        "[ERROR] /app/src/main/java/A.java:[1,26] incompatible types: java.lang.String cannot be converted to int\n"
        "[INFO] BUILD FAILURE\n[ERROR] -> [Help 1]",
    ),
    "TypeScript does not compile": Log(
        "compile-error",
        "src/a.ts(1,7): error TS2322",
        "first error",
        "src/a.ts(1,7): error TS2322",
        "> app@1.0.0 build\n> tsc -b\n\nsrc/a.ts(1,7): error TS2322: Type 'string' is not assignable to type 'number'.\n"
        "npm error Lifecycle script `build` failed with error:\nnpm error code 2",
        2,
    ),
    "Vite finds no such file": Log(
        "compile-error",
        "./nope.js",
        "case",
        'Could not resolve "./nope.js" from "src/main.js"',
        'x Build failed in 47ms\nerror during build:\nCould not resolve "./nope.js" from "src/main.js"\nfile: /app/src/main.js',
    ),
    "Next finds no such file": Log(
        "compile-error",
        "../nope",
        "case",
        "Module not found: Can't resolve '../nope'",
        "Failed to compile.\n\n./pages/index.js\nModule not found: Can't resolve '../nope'",
    ),
    "Next can't render a page": Log(
        "build-command-failed",
        'rendered while building ("/")',
        "on request",
        'Error occurred prerendering page "/"',
        ' ✓ Compiled successfully\nError occurred prerendering page "/". Read more: https://example.com/docs\n\n'
        "TypeError: Cannot read properties of undefined (reading 'x')\n    at P (/app/.next/server/pages/index.js:1:767)",
    ),
    "Next lacks a variable": Log(
        "missing-variable",
        "DATABASE_URL",
        "Mark the config var DATABASE_URL as buildtime",
        "Collecting page data",
        "   Collecting page data ...\n\nError: Missing environment variable: DATABASE_URL\n    at P (/app/index.js:1)",
    ),
    "Django lacks its key": Log(
        "missing-variable",
        "SECRET_KEY",
        "Mark the config var SECRET_KEY as buildtime",
        'File "/app/site1/settings.py", line 24, in <module>',
        'Traceback (most recent call last):\n  File "/app/manage.py", line 22, in <module>\n    main()\n'
        "  File \"/app/site1/settings.py\", line 24, in <module>\n    SECRET_KEY = os.environ['SECRET_KEY']\n"
        "                 ~~~~~~~~~~^^^^^^^^^^^^^^\n  File \"<frozen os>\", line 717, in __getitem__\nKeyError: 'SECRET_KEY'",
    ),
    "Prisma lacks a variable": Log(
        "missing-variable",
        "DATABASE_URL",
        "buildtime",
        "error: Environment variable not found: DATABASE_URL.",
        "error: Environment variable not found: DATABASE_URL.\n  -->  schema.prisma:7",
    ),
    "a KeyError of another kind is none of a variable": Log(
        "build-command-failed",
        "KeyError: 'name'",
        "docker build",
        "Traceback",
        "Traceback (most recent call last):\n  File \"/app/x.py\", line 1, in <module>\nKeyError: 'name'",
    ),
    "a program is for another processor": Log(
        "wrong-architecture",
        "./arm",
        "architecture",
        "/bin/sh: 1: ./arm: Exec format error",
        "/bin/sh: 1: ./arm: Exec format error",
        126,
    ),
    "a script is not executable": Log(
        "permission-denied",
        "./build.sh",
        "--chmod=+x",
        "/bin/sh: 1: ./build.sh: Permission denied",
        "/bin/sh: 1: ./build.sh: Permission denied",
        126,
    ),
    "apt is not run by root": Log(
        "permission-denied",
        "/var/lib/apt/lists/lock",
        "USER root",
        "E: Could not open lock file /var/lib/apt/lists/lock",
        "Reading package lists...\nE: Could not open lock file /var/lib/apt/lists/lock - open (13: Permission denied)\n"
        "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?",
        100,
    ),
    "too many processes": Log(
        "process-limit",
        "processes or threads",
        "Run fewer jobs",
        "/bin/sh: 1: Cannot fork",
        "/bin/sh: 1: Cannot fork",
        2,
    ),
    "Java gets no more threads": Log(
        "process-limit",
        "processes or threads",
        "Run fewer jobs",
        "java.lang.OutOfMemoryError: unable to create native thread",
        "java.lang.OutOfMemoryError: unable to create native thread: possibly out of memory or process/resource limits reached",
    ),
    "a Python module is missing": Log(
        "dependency-not-found",
        "imports flaskish",
        "requires",
        "ModuleNotFoundError: No module named 'flaskish'",
        "Traceback (most recent call last):\n    import flaskish\nModuleNotFoundError: No module named 'flaskish'",
    ),
    "Go's tests fail": Log(
        "tests-failed",
        "exit code 1",
        "tests",
        "--- FAIL: TestX (0.00s)",
        "--- FAIL: TestX (0.00s)\n    x_test.go:3: no\nFAIL\nFAIL\ta\t0.004s",
    ),
    "pytest's tests fail": Log(
        "tests-failed",
        "exit code 1",
        "tests",
        "FAILED tests/test_a.py::test_sum",
        "E   assert 2 == 3\nFAILED tests/test_a.py::test_sum - assert 2 == 3\n===== 1 failed, 3 passed in 0.03s =====",
    ),
    "apt asks": Log(
        "build-command-failed",
        "asked a question",
        "-y",
        "Do you want to continue? [Y/n] Abort.",
        "After this operation, 80 MB of additional disk space will be used.\nDo you want to continue? [Y/n] Abort.",
    ),
    "npm has no such script": Log(
        "command-not-found",
        "script compile",
        "`scripts`",
        'npm ERR! Missing script: "compile"',
        'npm ERR! Missing script: "compile"\nnpm ERR!\nnpm ERR! To see a list of scripts, run:\nnpm ERR!   npm run',
    ),
}


@pytest.mark.parametrize("log", LOGS.values(), ids=LOGS.keys())
def test_a_whole_log_is_told_by_its_first_real_error(log: Log) -> None:
    error = f"executor failed running [/bin/sh -c it]: exit code: {log.exit_code}"
    failure = classify(Wreck("RUN it", error, log.output.splitlines()))
    assert failure.code == log.code, failure.message
    assert log.names in failure.message
    assert log.helps in failure.hint
    assert failure.evidence[0].strip().startswith(log.first), failure.evidence
    assert not any("A complete log" in line or "Re-run Maven" in line for line in failure.evidence)
