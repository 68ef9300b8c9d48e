"""What failures look like in the log of a RUN's command: an ordered table, the first match wins. Data only; `failures.py`
reads it. The parts about packages and code are tables of their own."""

from shipway.builders.failure_rule import (
    CONNECTION_PATTERNS,
    DISK,
    DNS_HINT,
    DNS_PATTERNS,
    EXTRA_CA_HINT,
    TLS_PATTERNS,
    Rule,
    rule,
)
from shipway.builders.failure_rules_code import COMPILERS, MODULES, SYSTEM_PACKAGES, TESTS, VARIABLES
from shipway.builders.failure_rules_dependencies import (
    CONFLICTS,
    LOCK_FILES,
    MANIFESTS,
    NOT_FOUND,
    REFUSED,
    VERSIONS,
)

_LESS_MEMORY = (
    "Let the step use less (fewer parallel jobs, NODE_OPTIONS=--max-old-space-size=1024), or give builds more memory."
)

#: What a fact about the machine says, whatever the log does.
OUT_OF_MEMORY = rule(
    "out-of-memory", "{instruction}{at} was killed: it needed more memory than a build may use{limit}.", _LESS_MEMORY
)
PROCESS_LIMIT = rule(
    "process-limit",
    "{instruction}{at} started more processes or threads than a build may have{limit}.",
    "Run fewer jobs at once (make -j2, --workers=2, GOMAXPROCS=2), or look for something that starts processes without end.",
    r"(?i)fork: (?:retry: )?Resource temporarily unavailable|can't fork|cannot fork|fork failed",
    r"BlockingIOError: \[Errno 11\]|can't start new thread|pthread_create failed|spawn .*EAGAIN|uv_thread_create",
    r"(?i)unable to create (?:new )?native thread|failed to create new OS thread",
)
#: The command was killed, and the machine says that memory was not the reason.
KILLED = rule(
    "build-command-failed",
    "{instruction}{at} was killed from outside (exit code {exit}), and not for lack of memory.",
    "Look for something in the step that kills it, such as a `timeout` or `kill`; else deploy again.",
    exit_codes=(137,),
)
#: Told by the signal alone: right only where nothing better is known.
_KILLED_PERHAPS_FOR_MEMORY = rule(
    "out-of-memory",
    "{instruction}{at} was killed (exit code 137), which the kernel does when memory runs out.",
    _LESS_MEMORY,
    exit_codes=(137,),
)

_MACHINE = (
    DISK,
    PROCESS_LIMIT,
    rule(
        "out-of-memory",
        "{instruction}{at} ran out of memory: Node.js reached the limit of its own heap.",
        "Raise it with NODE_OPTIONS=--max-old-space-size=2048 (MiB) in that step, as far as builds have memory.",
        r"JavaScript heap out of memory",
    ),
    rule(
        "out-of-memory",
        "{instruction}{at} ran out of memory.",
        _LESS_MEMORY,
        r"(?i)killed signal terminated program",
        r"^MemoryError\b|std::bad_alloc|\bENOMEM\b|(?i:signal: 9, SIGKILL)",
        r"(?i)cannot allocate memory|signal: killed|java\.lang\.OutOfMemoryError|OOM.?killed",
        r"memory allocation of \d+ bytes failed",
    ),
    _KILLED_PERHAPS_FOR_MEMORY,
)

_COMMANDS = (
    rule(
        "wrong-architecture",
        "{instruction}{at} runs {what}, which is made for another kind of processor, or is no program.",
        "Use a build of it for this machine's architecture. A script needs a first line such as #!/bin/sh.",
        r"(?<!\S)(?P<what>[^\s:]+): (?i:cannot execute(?: binary file)?: )?(?i:exec format error)",
        r"exec (?P<what>\S+): exec format error",
        r"(?<!\S)(?P<what>[^\s:]+): cannot execute binary file",
        r"OSError: \[Errno 8\] Exec format error: '(?P<what>[^']+)'",
        fallback="a file",
    ),
    rule(
        "command-not-found",
        "{instruction}{at} calls {what}, which is not there, or its first line names an interpreter that is not.",
        "Is the file copied before this step? If it is a script: save it with Unix line ends, and install the interpreter "
        "that its #! line names.",
        r"(?:sh|bash|ash|dash)(?:: line)?(?:: \d+)?: (?P<what>\.{0,2}/\S*?): (?:command )?not found",
        r"(?:sh|bash|ash|dash)(?:: line)?(?:: \d+)?: (?P<what>\S+?): (?:cannot execute: required file|bad interpreter)",
        r"env: [‘'\"]?(?P<what>[^’'\":]*\\r)[’'\"]?: No such file or directory",
        exit_codes=(126, 127),
    ),
    rule(
        "command-not-found",
        "{instruction}{at} calls {what}, which the image does not have.",
        "Install {package} in an earlier step, or correct the name. A tool of package.json's devDependencies is missing when "
        "they are left out (NODE_ENV=production, --omit=dev).",
        r"(?:sh|bash|ash|dash)(?:: line)?(?:: \d+)?: (?P<what>\S+?): (?:command )?not found",
        r"env: [‘'\"]?(?P<what>[^’'\":]+)[’'\"]?: No such file or directory",
        r"(?:sh|bash|ash|dash)(?:: line)?(?:: \d+)?: (?P<what>\S+?): No such file or directory",
        exit_codes=(127,),
    ),
    rule(
        "command-not-found",
        "{instruction}{at} calls {what}, which the image does not have.",
        "Install it in an earlier step, or correct its name. An image FROM scratch has no shell: use the exec form there.",
        r"exec: \"(?P<what>[^\"]+)\": (?:executable file not found|stat .*no such file)",
    ),
    rule(
        "command-not-found",
        "{instruction}{at} calls a command that the image does not have (exit code 127).",
        "Install it in an earlier step, or correct its name.",
        exit_codes=(127,),
    ),
    rule(
        "permission-denied",
        "{instruction}{at} may not execute {what}.",
        "Make it executable in the repository (git update-index --chmod=+x), or call its interpreter: sh script.sh.",
        r"(?:sh|bash|ash|dash)(?:: line)?(?:: \d+)?: (?P<what>\S+?): Permission denied",
        r"exec: \"(?P<what>[^\"]+)\": permission denied",
        exit_codes=(1, 126),
    ),
)

_NETWORK = (
    rule(
        "network",
        "{instruction}{at} does not trust the certificate of the server it reached (TLS).",
        EXTRA_CA_HINT,
        *TLS_PATTERNS,
    ),
    rule(
        "network",
        "{instruction}{at} could not resolve {what} (DNS).",
        DNS_HINT,
        *DNS_PATTERNS,
        fallback="the name of a server",
    ),
)

_INSTALLERS_GAVE_UP = rule(
    "network",
    "{instruction}{at} could not connect to {what}.",
    "The installer gave up after several tries: is there a way out to the network, or a proxy to be set for builds?",
    r"Retrying \(Retry\(total=0.*host='(?P<what>[^']+)'",
    r"Retrying \(Retry\(total=0",
    fallback="the package registry",
)

_CONNECTIONS = (
    rule(
        "network",
        "{instruction}{at} could not connect to {what}; a build can't reach the app's own database or cache.",
        "Move what needs them (migrations, seeding) into the release command: a line `release:` in the Procfile.",
        r"(?i)(?P<what>(?:localhost|127\.0\.0\.1|::1)[:\d]*).*refused",
        r"ECONNREFUSED (?P<what>(?:127\.0\.0\.1|::1)[:\d]*)",
    ),
    rule(
        "network",
        "{instruction}{at} could not connect to {what}.",
        "Is there a way out to the network from this machine, or a proxy to be set for builds? Then deploy again.",
        *CONNECTION_PATTERNS,
        fallback="a server",
    ),
)

_LAST = (
    rule(
        "permission-denied",
        "{instruction}{at} was not permitted to write or read {what}.",
        "Do it before the USER line or as USER root, or give the files to that user: COPY --chown=, RUN chown.",
        r"Permission denied: '(?P<what>[^']+)'",
        r"EACCES: permission denied, \w+ '(?P<what>[^']+)'",
        r"(?<![\w/.-])(?P<what>/[^\s:'‘’]*)[’']?(?: - open)?:? \(?(?:\d+: )?[Pp]ermission denied",
        r"are you root\?|(?:EACCES|EPERM)\b|[Pp]ermission denied",
        fallback="what it needs",
        first=True,
    ),
    rule(
        "build-command-failed",
        "{instruction}{at} asked a question, and nobody answers in a build.",
        "Let it not ask: apt-get install -y, npm init -y, --yes, DEBIAN_FRONTEND=noninteractive.",
        r"Do you want to continue\? \[Y/n\].*Abort|^Abort\.$|EOF when reading a line|Prompts can not be meaningfully rendered",
    ),
)

#: A RUN instruction's command ended with an exit code; the lines are what it wrote.
IN_A_COMMAND: tuple[Rule, ...] = (
    *_MACHINE,
    *_COMMANDS,
    *_NETWORK,
    REFUSED,
    _INSTALLERS_GAVE_UP,
    *LOCK_FILES,
    *VERSIONS,
    *SYSTEM_PACKAGES,
    *NOT_FOUND,
    *CONFLICTS,
    *VARIABLES,
    *MANIFESTS,
    *MODULES,
    *COMPILERS,
    *_CONNECTIONS,
    *TESTS,
    *_LAST,
)
