"""What the machine refuses an app: memory, processes, a port, a path. Data; `diagnosis_rule.py` reads it."""

from shipway.pipeline.diagnosis_rule import Rule, Words, rule

_MORE_MEMORY = "give it more memory (`shipway services set PATH --memory 1g`)"

MEMORY: tuple[Rule, ...] = (
    rule(
        "out-of-memory",
        "Node.js reached the limit of its own heap",
        f"Raise the heap's limit: `shipway config set NODE_OPTIONS=--max-old-space-size=…` (MiB, below the instance's "
        f"memory), and {_MORE_MEMORY}.",
        r"JavaScript heap out of memory|Reached heap limit Allocation failed",
        r"ERR_WORKER_OUT_OF_MEMORY",
    ),
    rule(
        "out-of-memory",
        "Java reached a limit of its own memory ({what})",
        f"Raise it: `shipway config set JAVA_TOOL_OPTIONS=-XX:MaxRAMPercentage=75`, and {_MORE_MEMORY}.",
        r"java\.lang\.OutOfMemoryError: (?P<what>(?!unable to create)[^\n]+)",
        r"There is insufficient memory for the Java Runtime Environment",
        fallback="heap",
    ),
    rule(
        "out-of-memory",
        "PHP reached its own memory_limit of {what} bytes",
        f"Raise memory_limit in php.ini, and {_MORE_MEMORY}.",
        r"Allowed memory size of (?P<what>\d+) bytes exhausted",
    ),
    rule(
        "out-of-memory",
        "it could get no more memory",
        f"Let it start fewer workers, or {_MORE_MEMORY}.",
        r"^MemoryError\b|std::bad_alloc|failed to allocate memory \(NoMemoryError\)|^NoMemoryError",
        r"fatal error: runtime: (?:cannot allocate memory|out of memory)|memory allocation of \d+ bytes failed",
        r"(?i)cannot allocate memory|\bENOMEM\b",
    ),
    rule(
        "process-limit",
        "it may start no more processes or threads",
        "Let it start fewer workers or threads, or look for something that starts them without end.",
        r"(?i)fork: (?:retry: )?Resource temporarily unavailable|can't fork|cannot fork",
        r"BlockingIOError: \[Errno 11\]|can't start new thread|pthread_create failed|spawn .*EAGAIN|uv_thread_create",
        r"(?i)unable to create (?:new )?native thread|failed to create new OS thread",
    ),
)

PORTS: tuple[Rule, ...] = (
    rule(
        "port-in-use",
        "port {what} is in use already, by another process of the same instance",
        "Each instance has ports of its own, so it is the app that listens twice: two servers or workers that bind the same "
        "port, a process that starts itself again, or a process manager besides. Let one of them listen on $PORT.",
        r"EADDRINUSE:? [^\n]*?:(?P<what>\d+)\b",
        r"\('[^']*', (?P<what>\d+)[^)]*\)?\)?: \[?(?i:errno 98\] )?(?i:address already in use)",
        r"listen \w+ \S*?:(?P<what>\d+): bind: address already in use",
        r"bind\(2\) for \"[^\"]*\" port (?P<what>\d+) \(Errno::EADDRINUSE",
        r"[Pp]ort (?P<what>\d+) (?:was |is )(?:already )?in use",
        r"bind\(\) to \S*?:(?P<what>\d+) failed \(98",
        r"Connection in use: \('[^']*', (?P<what>\d+)\)",
        r"\(98\)[^\n]*make_sock: could not bind to address \S*?:(?P<what>\d+)$",
        r"Failed to bind to address http\S*?:(?P<what>\d+): address already in use",
        r"(?i)\bEADDRINUSE\b|address already in use|AddrInUse",
        fallback="it wants",
        before=1,
    ),
    rule(
        "permission-denied",
        "it may not listen on port {what}, which only root may",
        "Listen on the port that the variable PORT holds; no instance has to listen on 80 to be reached there.",
        r"listen EACCES: permission denied [^\n]*?:(?P<what>\d+)\b",
        r"listen \w+ \S*?:(?P<what>\d+): bind: permission denied",
        r"bind\(2\) for \"[^\"]*\" port (?P<what>\d+) \(Errno::EACCES",
        r"bind\(\) to \S*?:(?P<what>\d+) failed \(13",
        r"\(13\)Permission denied: AH00072: make_sock: could not bind to address \S*?:(?P<what>\d+)",
        r"attempting to bind on address \('[^']*', (?P<what>\d+)\): permission denied",
        r"(?:SocketException: Permission denied|bind: Permission denied)",
        fallback="below 1024",
    ),
)

_CAPABILITIES = (
    "Instances have no capabilities unless the service's setting `capabilities` lists them (such as CHOWN, SETUID, SETGID). "
    "Better: an image that runs as its own user from the start and owns its files (COPY --chown=, RUN chown, USER)."
)


def _path_hint(words: Words) -> str:
    if "python" in words["what"] or words["what"].startswith(("/tmp", "/dev")):  # noqa: S108 - what an app says
        return "See which user the image runs as (USER), and whose the path is."
    return (
        f"Give {words['what']} to the user that the image runs as: COPY --chown=USER, or RUN mkdir -p and chown before the "
        "USER line. What is only for now belongs below /tmp."
    )


PERMISSIONS: tuple[Rule, ...] = (
    rule(
        "permission-denied",
        "{what} can't be written: that file system is read-only",
        "Write below /tmp, or to a volume; what is in the image can't be changed by an app that runs read-only.",
        r"\[Errno 30\] Read-only file system: '(?P<what>[^']+)'",
        r"EROFS: read-only file system, \w+ '(?P<what>[^']+)'",
        r"(?<![\w/.-])(?P<what>/[^\s:'\"]+)['\"]?: (?i:read-only file system)",
        r"Read-only file system @ \w+ - (?P<what>\S+)",
        r"(?i)read-only file system",
        fallback="a file",
    ),
    rule(
        "permission-denied",
        "it may not do what takes a right that instances don't have: {what}",
        _CAPABILITIES,
        r"^(?P<what>[^\n]*(?:chown|setuid|setgid|setgroups|setresuid|setpriv|su-exec|gosu|switching to|su: |initgroups)"
        r"[^\n]*(?i:operation not permitted)[^\n]*)$",
        r"^(?P<what>[^\n]*Operation not permitted[^\n]*)$",
        fallback="see below",
    ),
    rule(
        "permission-denied",
        "it may not write or read {what}",
        _path_hint,
        r"Permission denied: '(?P<what>[^']+)'",
        r"EACCES: permission denied, \w+ '(?P<what>[^']+)'",
        r"Permission denied @ \w+ - (?P<what>[^\s(]+)",
        r"AccessDeniedException: (?P<what>/\S+)",
        r"(?:FileNotFoundException: )(?P<what>/\S+) \(Permission denied\)",
        r"(?:open|mkdir|create|unlink|rename|stat|write|remove|chdir) (?P<what>/?[\w./-]+): permission denied",
        r"(?:file|stream|directory) (?:or file )?\"(?P<what>/[^\"]+)\" [^\n]*Permission denied",
        r"can't create (?P<what>[^\s:]+): Permission denied",
        r"(?<![\w/.-])(?P<what>/[^\s:'\"‘’]+)['\"’]?:? \(?(?:\d+: )?[Pp]ermission denied",
        r"(?:PermissionError|Errno::EACCES|PermissionDenied)\b[^\n]*|[Ff]ailed to open stream: Permission denied",
        fallback="what it needs",
        before=2,
    ),
)
