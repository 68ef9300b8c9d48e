"""One line of each of the many ways in which languages and libraries tell the same; hosts are made up."""

import pytest
from tests.unit.test_diagnosis_logs import LOGS

from shipway.pipeline.diagnosis import Observation, diagnose
from shipway.pipeline.diagnosis_rules import RULES

#: By class and exit code: what the message names, and what was written.
LINES: dict[tuple[str, int], list[tuple[str, str]]] = {
    ("out-of-memory", 1): [
        ("Node.js", "Error [ERR_WORKER_OUT_OF_MEMORY]: Worker terminated due to reaching memory limit"),
        ("Java", "# There is insufficient memory for the Java Runtime Environment to continue."),
        ("no more memory", "fatal error: runtime: out of memory"),
        ("no more memory", "OSError: [Errno 12] Cannot allocate memory"),
    ],
    ("process-limit", 1): [
        ("processes", "/app/start.sh: fork: retry: Resource temporarily unavailable"),
        ("threads", "java.lang.OutOfMemoryError: unable to create native thread: possibly out of memory"),
    ],
    ("wrong-architecture", 126): [
        ("/app/x", "/app/run.sh: line 2: /app/x: cannot execute binary file"),
        ("/app/x", "sh: 1: /app/x: Exec format error"),
    ],
    ("wrong-architecture", 1): [
        ("/app/x", "OSError: [Errno 8] Exec format error: '/app/x'"),
        ("processor", "/lib/ld-linux-aarch64.so.1: No such file or directory"),
        ("processor", "ImportError: /app/x.so: wrong ELF class: ELFCLASS32"),
    ],
    ("wrong-architecture", 127): [("processor", "start.sh: line 1: \x7fELF\x02\x01: not found")],
    ("wrong-architecture", 2): [("/app/x", '/app/x: 1: Syntax error: "(" unexpected')],
    ("missing-system-package", 1): [
        ("libvips.so.42", "OSError: cannot load library 'libvips.so.42': not found"),
        ("libcairo.so.2", "Error: libcairo.so.2: cannot open shared object file: No such file or directory"),
        (
            "libpq.so.5",
            "PHP Warning: Unable to load dynamic library 'pgsql' (tried: libpq.so.5: cannot open shared object",
        ),
    ],
    ("missing-system-package", 127): [
        ("libstdc++.so.6", "Error loading shared library libstdc++.so.6: No such file or directory (needed by /app/x)"),
    ],
    ("command-not-found", 127): [
        ("/app/run", "bash: /app/run: cannot execute: required file not found"),
        ("python3\\r", "env: 'python3\\r': No such file or directory"),
        ("./run", "/bin/sh: 1: ./run: not found"),
        ("caddy", "exec: line 1: caddy: not found"),
        ("node", "env: 'node': No such file or directory"),
        ("puma", "bundler: command not found: puma"),
    ],
    ("command-not-found", 1): [
        ("puma", "bundler: command not found: puma"),
        ("ffmpeg", 'exec: "ffmpeg": executable file not found in $PATH'),
        ("ffmpeg", "FileNotFoundError: [Errno 2] No such file or directory: 'ffmpeg'"),
        ("serve", 'error Command "serve" not found.'),
        ("serve", "ERR_PNPM_NO_SCRIPT  Missing script: serve"),
    ],
    ("command-not-executable", 126): [
        ("./run", "/bin/sh: 1: ./run: Permission denied"),
        ("/app", "/app: Is a directory"),
        ("run.py", "env: 'run.py': Permission denied"),
    ],
    ("missing-variable", 1): [
        ("API_URL", "decouple.UndefinedValueError: API_URL not found. Declare it as envvar or define a default value."),
        ("API_URL", "KeyError: \"Config 'API_URL' is missing, and has no default.\""),
        ("API_URL", 'Error: Config validation error: "API_URL" is required'),
        ("API_URL", "defined in .env.example but are not present in the environment:\n  API_URL"),
        ("API_URL", "Invalid environment variables:\n  API_URL: Required"),
        ("API_URL", "    received: 'undefined',\n    path: [ 'API_URL' ],"),
        ("API_URL", "required key API_URL missing value"),
        (
            "API_URL",
            "ConfigException$UnresolvedSubstitutionException: Could not resolve substitution to a value: ${API_URL}",
        ),
        (
            "API_URL",
            "SRCFG00014: The config property api.url is required but it could not be found in any config source",
        ),
        ("API_URL", "environment variables failed assertions: API_URL is missing."),
        ("API_URL", 'PHP Fatal error: Uncaught ErrorException: Undefined array key "API_URL"'),
        ("API_URL", "(RuntimeError) environment variable API_URL is missing."),
        ("API_URL", "panic: please set API_URL"),
    ],
    ("missing-variable", 127): [("API_URL", "bash: line 1: API_URL: unbound variable")],
    ("database-login-refused", 1): [
        ("app", 'FATAL:  role "app" does not exist'),
        ("app", 'FATAL:  no pg_hba.conf entry for host "10.0.0.2", user "app", database "shop", no encryption'),
        ("its login", "Error: P1000: Authentication failed against database server at `db`"),
        ("app", "There is an issue connecting to your database with your username/password, username: app."),
        (
            "RabbitMQ",
            "pika.exceptions.ProbableAuthenticationError: (403) 'ACCESS_REFUSED - Login was refused using PLAIN'",
        ),
    ],
    ("database-refused", 1): [
        ("no database shop", "pymysql.err.OperationalError: (1049, \"Unknown database 'shop'\")"),
        ("no database shop", "ActiveRecord::NoDatabaseError: We could not find your database: shop."),
        ("name of MySQL at db", "Mysql2::Error::ConnectionError: Unknown MySQL server host 'db' (-2)"),
        (
            "name of MongoDB at mongo:27017",
            "ServerSelectionTimeoutError: mongo:27017: [Errno -2] Name or service not known",
        ),
        ("name of PostgreSQL at pg", "PSQLException: The connection attempt failed. postgres UnknownHostException: pg"),
        ("name of Redis at cache:6379", "Could not connect to Redis at cache:6379: Name or service not known"),
        ("name of PostgreSQL at postgres", "nc: bad address 'postgres'"),
        ("name of Redis at cache:6379", "getaddrinfo: Name or service not known (redis://cache:6379)"),
        (
            "name of PostgreSQL at db:5432",
            "Can't reach database server at `db:5432`\n  getaddrinfo: ENOTFOUND",
        ),
        ("Redis at 10.0.0.9:6379", "Connection refused - connect(2) for 10.0.0.9:6379 (redis://10.0.0.9:6379)"),
        ("Redis at cache:6379", "RedisConnectionException: Unable to connect to cache:6379"),
        ("Redis at cache:6379", "Could not connect to Redis at cache:6379: Connection refused"),
        ("PostgreSQL at db:5432", "nc: db (10.0.0.5:5432): Connection refused"),
        ("PostgreSQL at db:5432", "db:5432 - no response"),
        ("MySQL at db:3306", "SQLSTATE[HY000] [2002] Connection refused (Connection: mysql, Host: db, Port: 3306)"),
        ("the host of PostgreSQL is unknown", "psycopg.OperationalError: [Errno -2] Name or service not known"),
        ("connect to MySQL", "SQLSTATE[HY000] [2002] No such file or directory"),
    ],
    ("server-unreachable", 1): [("name of flags", "dial tcp: lookup flags on 127.0.0.11:53: no such host")],
    ("module-missing", 1): [
        ("main", 'ERROR:    Error loading ASGI app. Could not import module "main".'),
        ("main", "Error: Could not import 'main'."),
        ("app", "Failed to find attribute 'app' in 'main'."),
        ("main", "Error: Failed to find Flask application or factory in module 'main'. Use 'main:name'."),
        ("artisan", "Could not open input file: artisan"),
        ("/app/x.ts", 'error: Module not found "file:///app/x.ts".'),
        ("/app/config.ru", "configuration /app/config.ru not found (Errno::ENOENT)"),
        ("/app/x.rb", "ruby: No such file or directory -- /app/x.rb (LoadError)"),
        ("/app/Shop.dll", "The application '/app/Shop.dll' does not exist."),
        ("/app/a.json", "Error: ENOENT: no such file or directory, open '/app/a.json'"),
        ("/app/a.json", "FileNotFoundError: [Errno 2] No such file or directory: '/app/a.json'"),
        ("/app/a.yml", "Errno::ENOENT: No such file or directory @ rb_sysopen - /app/a.yml"),
        ("/app/a.yml", "java.io.FileNotFoundException: /app/a.yml (No such file or directory)"),
        ("Gemfile", "Could not locate Gemfile or .bundle/ directory"),
        ("oak", 'error: Cannot resolve module "oak"'),
        ("rack", "Could not find gem 'rack' in locally installed gems."),
        ("app.jar", "no main manifest attribute, in app.jar"),
        ("com/example/A", "Caused by: java.lang.NoClassDefFoundError: com/example/A"),
    ],
    ("module-missing", 255): [
        ("App\\Kernel", 'PHP Fatal error:  Uncaught Error: Class "App\\Kernel" not found in /app/x.php')
    ],
    ("port-in-use", 1): [
        ("port 80 ", "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)"),
        ("port 80 ", "(98)Address already in use: AH00072: make_sock: could not bind to address 0.0.0.0:80"),
        ("port 5000 ", "Failed to bind to address http://[::]:5000: address already in use."),
    ],
    ("permission-denied", 1): [
        ("port 80,", "listen tcp :80: bind: permission denied"),
        ("port 80,", 'Permission denied - bind(2) for "0.0.0.0" port 80 (Errno::EACCES)'),
        ("port 80,", "(13)Permission denied: AH00072: make_sock: could not bind to address 0.0.0.0:80"),
        ("port 80,", "[Errno 13] error while attempting to bind on address ('0.0.0.0', 80): permission denied"),
        ("below 1024", "java.net.SocketException: Permission denied"),
        ("/app/x", "Error: EROFS: read-only file system, open '/app/x'"),
        ("/app/x", "touch: /app/x: Read-only file system"),
        ("/app/x", "Read-only file system @ rb_sysopen - /app/x"),
        ("a file", "Read-only file system (os error 30)"),
        ("mknod", "mknod: Operation not permitted"),
        ("/app/x", "Permission denied @ dir_s_mkdir - /app/x (Errno::EACCES)"),
        ("/app/x", "java.nio.file.AccessDeniedException: /app/x"),
        ("/app/x", "java.io.FileNotFoundException: /app/x (Permission denied)"),
        ("logs/x", "open logs/x: permission denied"),
        ("logs/x", "sh: can't create logs/x: Permission denied"),
        ("/app/x", "touch: cannot touch '/app/x': Permission denied"),
        ("what it needs", "PermissionError: denied"),
    ],
}
CASES = [(*key, names, line) for key, rows in LINES.items() for names, line in rows]


@pytest.mark.parametrize(("code", "exit_code", "names", "line"), CASES)
def test_a_line_is_told_its_class_and_what_it_names(code: str, exit_code: int, names: str, line: str) -> None:
    failure = diagnose(Observation("app.web.1", exit_code=exit_code, tail=("booting", *line.split("\n"), "bye")))
    told = f"{failure.code}: {failure.message}\nhint: {failure.hint}"
    assert (failure.code, names in failure.message) == (code, True), told
    assert failure.hint and failure.evidence, told


def test_no_pattern_is_without_a_sample() -> None:
    samples = [*(log.output for log in LOGS.values()), *(line for *_, line in CASES)]
    patterns = {pattern for rule in RULES for pattern in rule.patterns}
    assert [each.pattern for each in patterns if not any(each.search(sample) for sample in samples)] == []
