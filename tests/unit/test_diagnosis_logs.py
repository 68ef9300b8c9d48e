"""Failure classes by what apps write when they can't start; names and hosts are made up, the rest is as it was."""

import time
from dataclasses import dataclass

import pytest

from shipway.pipeline.diagnosis import Observation, diagnose


@dataclass(frozen=True)
class Log:
    """How an instance ended, and what has to be made of it."""

    code: str
    #: In the message.
    names: str
    #: In the hint.
    helps: str
    #: In the evidence.
    proof: str
    output: str
    exit_code: int | None = 1


def variable(name: str, proof: str, output: str, exit_code: int | None = 1) -> Log:
    """A log that says that an environment variable is missing."""
    return Log("missing-variable", name, f"shipway config set {name.partition(',')[0]}=…", proof, output, exit_code)


VARIABLES = {
    "Python, os.environ": variable(
        "DATABASE_URL",
        'url = os.environ["DATABASE_URL"]',
        """\
INFO starting
Traceback (most recent call last):
  File "/app/app.py", line 4, in <module>
    url = os.environ["DATABASE_URL"]
          ~~~~~~~~~~^^^^^^^^^^^^^^^^
  File "<frozen os>", line 679, in __getitem__
KeyError: 'DATABASE_URL'""",
    ),
    "pydantic-settings, two of them": variable(
        "DATABASE_URL, SECRET_KEY",
        "secret_key",
        """\
pydantic_core._pydantic_core.ValidationError: 2 validation errors for Settings
database_url
  Field required [type=missing, input_value={}, input_type=dict]
    For further information visit https://errors.pydantic.dev/2.9/v/missing
secret_key
  Field required [type=missing, input_value={}, input_type=dict]
    For further information visit https://errors.pydantic.dev/2.9/v/missing""",
    ),
    "Django": variable(
        "SECRET_KEY",
        "must not be empty",
        "django.core.exceptions.ImproperlyConfigured: The SECRET_KEY setting must not be empty.",
    ),
    "django-environ": variable(
        "REDIS_URL",
        "Set the REDIS_URL",
        "django.core.exceptions.ImproperlyConfigured: Set the REDIS_URL environment variable",
    ),
    "python-decouple": variable(
        "API_KEY",
        "not found",
        "decouple.UndefinedValueError: API_KEY not found. Declare it as envvar or define a default value.",
    ),
    "environs": variable(
        "STRIPE_KEY", "not set", 'environs.exceptions.EnvError: Environment variable "STRIPE_KEY" not set'
    ),
    "Starlette": variable(
        "MAIL_FROM", "no default", "KeyError: \"Config 'MAIL_FROM' is missing, and has no default.\""
    ),
    "Node, by hand": variable(
        "DATABASE_URL",
        "throw new Error",
        """\
/app/server.js:1
if (!process.env.DATABASE_URL) throw new Error("DATABASE_URL is not set");
                               ^

Error: DATABASE_URL is not set
    at Object.<anonymous> (/app/server.js:1:38)
Node.js v20.19.2""",
    ),
    "Node, by hand with a comma": variable(
        "JWT_SECRET, DATABASE_URL",
        "Missing required",
        "Error: Missing required environment variables: JWT_SECRET, DATABASE_URL",
    ),
    "envalid": variable(
        "API_TOKEN",
        "API_TOKEN: undefined",
        """\
================================
 Missing environment variables:
    API_TOKEN: undefined
================================""",
    ),
    "env-var": variable(
        "SMTP_HOST", "required variable", 'EnvVarError: env-var: "SMTP_HOST" is a required variable, but it was not set'
    ),
    "zod": variable(
        "AUTH_SECRET",
        "AUTH_SECRET",
        "❌ Invalid environment variables: { AUTH_SECRET: [ 'Required' ] }\nError: Invalid environment variables",
    ),
    "Nest with Joi": variable(
        "DB_HOST", "is required", 'Error: Config validation error: "DB_HOST" is required\n    at ConfigModule.forRoot'
    ),
    "Nest's getOrThrow": variable(
        "QUEUE_URL", "does not exist", 'TypeError: Configuration key "QUEUE_URL" does not exist'
    ),
    "Prisma": variable(
        "DATABASE_URL",
        "not found",
        "PrismaClientInitializationError: error: Environment variable not found: DATABASE_URL.\n  -->  schema.prisma:7",
    ),
    "Ruby's ENV.fetch": variable(
        "REDIS_URL",
        "key not found",
        "/app/config.ru:3:in `fetch': key not found: \"REDIS_URL\" (KeyError)\n\tfrom /app/config.ru:3:in `block'",
    ),
    "Rails": variable(
        "SECRET_KEY_BASE",
        "secret_key_base",
        "ArgumentError: Missing `secret_key_base` for 'production' environment, set this string with `rails credentials:edit`",
    ),
    "Rails' master key": variable(
        "RAILS_MASTER_KEY",
        "master key",
        "Missing encryption key to decrypt file with. Ask your team for your master key and write it to "
        "/app/config/master.key or put it in the ENV['RAILS_MASTER_KEY'].",
    ),
    "dotenv for Ruby": variable(
        "API_URL", "Missing required", 'Missing required configuration key: ["API_URL"] (Dotenv::MissingKeys)'
    ),
    "Go, envconfig": variable(
        "DATABASE_URL", "required key", "2026/11/21 10:00:00 required key DATABASE_URL missing value"
    ),
    "Go, caarlos0/env": variable(
        "S3_BUCKET", "S3_BUCKET", 'panic: env: required environment variable "S3_BUCKET" is not set', 2
    ),
    "Go, by hand": variable("PORT", "must be set", "2026/11/21 10:00:00 $PORT must be set"),
    "Spring's placeholder": variable(
        "APP_JWT_SECRET",
        "placeholder",
        "Caused by: java.lang.IllegalArgumentException: Could not resolve placeholder 'app.jwt.secret' in value "
        '"${app.jwt.secret}"',
    ),
    "Spring without a database": variable(
        "SPRING_DATASOURCE_URL",
        "DataSource",
        "APPLICATION FAILED TO START\n\nDescription:\n\nFailed to configure a DataSource: 'url' attribute is not specified "
        "and no embedded datasource could be configured.",
    ),
    "Rust, expect": variable(
        "DATABASE_URL",
        "must be set",
        "thread 'main' panicked at src/main.rs:9:38:\nDATABASE_URL must be set: NotPresent\n"
        "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
        101,
    ),
    "Rust, unwrap": Log(
        "missing-variable",
        "a variable that the line of code below reads",
        "shipway config set NAME=…",
        "src/main.rs:4:31",
        "thread 'main' panicked at src/main.rs:4:31:\ncalled `Result::unwrap()` on an `Err` value: NotPresent",
        101,
    ),
    "envy": variable("DATABASE_URL", "missing value", "Error: missing value for field database_url"),
    "phpdotenv": variable(
        "APP_ENV",
        "failed assertions",
        "PHP Fatal error:  Uncaught Dotenv\\Exception\\ValidationException: One or more environment variables failed "
        "assertions: APP_ENV is missing. in /app/vendor/vlucas/phpdotenv/src/Validator.php:98",
        255,
    ),
    "Symfony": variable(
        "MAILER_DSN",
        "not found",
        'In EnvVarProcessor.php line 171:\n  Environment variable not found: "MAILER_DSN".',
        255,
    ),
    "Laravel": variable(
        "APP_KEY", "encryption key", "RuntimeException: No application encryption key has been specified."
    ),
    "sh, set -u": variable("API_TOKEN", "parameter not set", "/bin/sh: 1: API_TOKEN: parameter not set", 2),
    "bash, set -u": variable("API_TOKEN", "unbound", "/app/start.sh: line 3: API_TOKEN: unbound variable"),
    "bash -c, which says 127 to it": variable("API_TOKEN", "unbound", "bash: line 1: API_TOKEN: unbound variable", 127),
    "sh, with a message of its own": variable("API_TOKEN", "ask", "/app/start.sh: 3: API_TOKEN: ask ops for one", 2),
    "one that waits for it": variable("DATABASE_URL", "is not set", "DATABASE_URL is not set, waiting", None),
}

DATABASES = {
    "psycopg2, refused": Log(
        "database-refused",
        "PostgreSQL at localhost:5432",
        "localhost is the instance itself",
        "port 5432 failed",
        'psycopg2.OperationalError: connection to server at "localhost" (127.0.0.1), port 5432 failed: Connection refused\n'
        "\tIs the server running on that host and accepting TCP/IP connections?",
    ),
    "psycopg2 of old": Log(
        "database-refused",
        "PostgreSQL at db.example.com:5432",
        "DATABASE_URL=…",
        "on port 5432",
        "psycopg2.OperationalError: could not connect to server: Connection refused\n"
        '\tIs the server running on host "db.example.com" (10.0.0.5) and accepting\n\tTCP/IP connections on port 5432?',
    ),
    "psycopg2, no such host": Log(
        "database-refused",
        "the name of PostgreSQL at db is unknown",
        ".internal",
        "could not translate",
        'psycopg2.OperationalError: could not translate host name "db" to address: Name or service not known',
    ),
    "psycopg2, no address at all": Log(
        "database-refused",
        "PostgreSQL at /var/run/postgresql",
        "the instance itself",
        "on socket",
        'psycopg2.OperationalError: connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: '
        "No such file or directory",
    ),
    "asyncpg": Log(
        "database-refused",
        "PostgreSQL at 10.0.0.5:5432",
        "Does PostgreSQL run",
        "Connect call failed",
        '  File "/usr/lib/python3/site-packages/asyncpg/connect_utils.py", line 802, in _connect\n'
        "ConnectionRefusedError: [Errno 111] Connect call failed ('10.0.0.5', 5432)",
    ),
    "pymysql": Log(
        "database-refused",
        "MySQL at db",
        "DATABASE_URL",
        "Can't connect",
        "pymysql.err.OperationalError: (2003, \"Can't connect to MySQL server on 'db' ([Errno 111] Connection refused)\")",
    ),
    "pymysql, no such host": Log(
        "database-refused",
        "the name of MySQL at db is unknown",
        ".internal",
        "Errno -2",
        "pymysql.err.OperationalError: (2003, \"Can't connect to MySQL server on 'db' ([Errno -2] Name or service not "
        'known)")',
    ),
    "redis-py": Log(
        "database-refused",
        "Redis at localhost:6379",
        "REDIS_URL=…",
        "Error 111",
        "redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379. Connection refused.",
    ),
    "redis-py, where localhost is none": Log(
        "database-refused",
        "Redis at localhost:6379",
        "localhost is the instance itself",
        "Error 99",
        "redis.exceptions.ConnectionError: Error 99 connecting to localhost:6379. Cannot assign requested address.",
    ),
    "redis-py, no such host": Log(
        "database-refused",
        "the name of Redis at cache:6379 is unknown",
        "REDIS_URL=…",
        "Error -2",
        "redis.exceptions.ConnectionError: Error -2 connecting to cache:6379. Name or service not known.",
    ),
    "pymongo": Log(
        "database-refused",
        "MongoDB at mongo:27017",
        "MONGODB_URI",
        "27017",
        "pymongo.errors.ServerSelectionTimeoutError: mongo:27017: [Errno 111] Connection refused (configured timeouts: "
        "socketTimeoutMS: 20000.0ms), Timeout: 30s",
    ),
    "node-postgres": Log(
        "database-refused",
        "PostgreSQL at 127.0.0.1:5432",
        "127.0.0.1 is the instance itself",
        "ECONNREFUSED 127.0.0.1:5432",
        """\
Error: connect ECONNREFUSED 127.0.0.1:5432
    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1607:16) {
  errno: -111,
  code: 'ECONNREFUSED',
  syscall: 'connect',
  address: '127.0.0.1',
  port: 5432
}

Node.js v20.19.2""",
    ),
    "node-postgres, both loopbacks": Log(
        "database-refused",
        "PostgreSQL at ::1:5432",
        "the instance itself",
        "ECONNREFUSED ::1:5432",
        "AggregateError [ECONNREFUSED]: \n    at internalConnectMultiple (node:net:1122:18)\n  code: 'ECONNREFUSED',\n"
        "  [errors]: [\n    Error: connect ECONNREFUSED 127.0.0.1:5432\n    Error: connect ECONNREFUSED ::1:5432\n",
    ),
    "node-postgres, no such host": Log(
        "database-refused",
        "db-host",
        ".internal",
        "ENOTFOUND db-host",
        "Error: getaddrinfo ENOTFOUND db-host\n    at GetAddrInfoReqWrap.onlookupall [as oncomplete] (node:dns:122:26)\n"
        "    at /app/node_modules/pg-pool/index.js:45:11",
    ),
    "ioredis": Log(
        "database-refused",
        "Redis at 10.1.2.3:6379",
        "REDIS_URL",
        "Unhandled error event",
        "[ioredis] Unhandled error event: Error: connect ECONNREFUSED 10.1.2.3:6379",
    ),
    "an app that tries again and again": Log(
        "database-refused",
        "runs but listens on no port after 9 s: it can't connect to Redis at 10.1.2.3:6379",
        "REDIS_URL",
        "ECONNREFUSED",
        "Error: connect ECONNREFUSED 10.1.2.3:6379, retrying in 2 s\n" * 5,
        None,
    ),
    "Prisma": Log(
        "database-refused",
        "PostgreSQL at db:5432",
        "DATABASE_URL",
        "Can't reach",
        "PrismaClientInitializationError: Can't reach database server at `db:5432`\n\nPlease make sure your database server "
        "is running at `db:5432`.",
    ),
    "Go, pgx": Log(
        "database-refused",
        "PostgreSQL at 10.0.0.5:5432",
        "Does PostgreSQL run",
        "dial tcp",
        "2026/11/21 10:00:00 failed to connect to `host=db user=app database=app`: dial error (dial tcp 10.0.0.5:5432: "
        "connect: connection refused)",
    ),
    "Go, no such host": Log(
        "database-refused",
        "the name of its database at db is unknown",
        ".internal",
        "no such host",
        "panic: failed to connect to `host=db user=app`: hostname resolving error (lookup db on 127.0.0.11:53: no such host)\n"
        "goroutine 1 [running]:\nmain.main()\n\t/src/pgx/main.go:9",
        2,
    ),
    "Ruby's redis": Log(
        "database-refused",
        "Redis at localhost:6379",
        "REDIS_URL",
        "ECONNREFUSED",
        "Error connecting to Redis on localhost:6379 (Errno::ECONNREFUSED) (Redis::CannotConnectError)",
    ),
    "JDBC": Log(
        "database-refused",
        "PostgreSQL at localhost:5432",
        "the instance itself",
        "refused",
        "org.postgresql.util.PSQLException: Connection to localhost:5432 refused. Check that the hostname and port are "
        "correct and that the postmaster is accepting TCP/IP connections.\n\tat org.postgresql.core.v3.ConnectionFactory"
        "\nCaused by: java.net.ConnectException: Connection refused",
    ),
    "MySQL's JDBC": Log(
        "database-refused",
        "can't connect to MySQL",
        "DATABASE_URL",
        "Communications link failure",
        "com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link failure",
    ),
    "Rust's sqlx": Log(
        "database-refused",
        "its database",
        "DATABASE_URL",
        "os error 111",
        "Error: error communicating with database: Connection refused (os error 111)",
    ),
    "PDO": Log(
        "database-refused",
        "can't connect to MySQL",
        "DATABASE_URL",
        "2002",
        "PHP Fatal error:  Uncaught PDOException: SQLSTATE[HY000] [2002] Connection refused in /app/db.php:3",
        255,
    ),
    "PDO, no such host": Log(
        "database-refused",
        "the name of MySQL at db is unknown",
        ".internal",
        "getaddrinfo for db failed",
        "SQLSTATE[HY000] [2002] php_network_getaddresses: getaddrinfo for db failed: Name or service not known",
        255,
    ),
    "wait-for-it": Log(
        "database-refused",
        "PostgreSQL at db:5432",
        "Does PostgreSQL run",
        "timeout occurred",
        "wait-for-it.sh: timeout occurred after waiting 15 seconds for db:5432",
        124,
    ),
    "a database that is not there": Log(
        "database-refused",
        "PostgreSQL has no database shop",
        "Create it",
        "does not exist",
        'psycopg2.OperationalError: connection to server at "10.0.0.5", port 5432 failed: FATAL:  database "shop" does not '
        "exist",
    ),
    "PostgreSQL, wrong password": Log(
        "database-login-refused",
        "PostgreSQL refuses the login of app",
        "password",
        "FATAL",
        'psycopg2.OperationalError: connection to server at "10.0.0.5", port 5432 failed: FATAL:  password authentication '
        'failed for user "app"',
    ),
    "Go's pq, wrong password": Log(
        "database-login-refused",
        "the login of app",
        "password",
        "pq:",
        'pq: password authentication failed for user "app"',
    ),
    "node-postgres, no password": Log(
        "database-login-refused",
        "PostgreSQL refuses its login",
        "DATABASE_URL",
        "SCRAM",
        "Error: SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string\n    at /app/node_modules/pg/lib/sasl.js",
    ),
    "MySQL, wrong password": Log(
        "database-login-refused",
        "MySQL refuses the login of app",
        "password",
        "1045",
        "pymysql.err.OperationalError: (1045, \"Access denied for user 'app'@'10.201.0.2' (using password: YES)\")",
    ),
    "Redis, wrong password": Log(
        "database-login-refused",
        "Redis refuses its login",
        "REDIS_URL",
        "WRONGPASS",
        "redis.exceptions.AuthenticationError: WRONGPASS invalid username-password pair or user is disabled.",
    ),
    "MongoDB, wrong password": Log(
        "database-login-refused",
        "MongoDB refuses",
        "MONGODB_URI",
        "Authentication failed",
        "MongoServerError: Authentication failed.\n    at Connection.onMessage",
    ),
    "another server, without its name": Log(
        "server-unreachable",
        "a server that it needs",
        "Does that server run",
        "refused",
        'Exception in thread "main" java.net.ConnectException: Connection refused\n\tat java.base/sun.nio.ch.Net.connect0',
    ),
    "another server": Log(
        "server-unreachable",
        "can't connect to 10.0.0.9:8000",
        "Does that server run",
        "8000",
        "2026/11/21 10:00:00 fetching flags: dial tcp 10.0.0.9:8000: connect: connection refused",
    ),
}

STARTS = {
    "a program for another processor": Log(
        "wrong-architecture",
        "/app/server",
        "--platform",
        "Exec format error",
        "[FATAL tini (7)] exec /app/server failed: Exec format error",
    ),
    "the same under Docker's newer init": Log(
        "wrong-architecture",
        "/app/server",
        "--platform",
        "exec format error",
        "exec /app/server: exec format error",
        255,
    ),
    "the same from bash": Log(
        "wrong-architecture",
        "/app/server",
        "--platform",
        "cannot execute",
        "/app/run.sh: line 2: /app/server: cannot execute binary file: Exec format error",
        126,
    ),
    "the same from a shell that reads it as a script": Log(
        "wrong-architecture", "/app/server", "--platform", "ELF", "/app/server: line 1: \x7fELF\x02\x01: not found", 127
    ),
    "an extension for another processor": Log(
        "wrong-architecture",
        "another kind of processor",
        "--platform",
        "invalid ELF",
        "Error: /app/x.node: invalid ELF header",
    ),
    "no such command": Log(
        "command-not-found",
        "the command gunicorn is not in the image",
        "--start-command",
        "gunicorn",
        "[FATAL tini (7)] exec gunicorn failed: No such file or directory",
        127,
    ),
    "no such command in a shell": Log(
        "command-not-found",
        "next",
        "--start-command",
        "not found",
        "> app@1.0.0 start\n> next start\n\nsh: 1: next: not found",
        127,
    ),
    "a script with Windows line ends": Log(
        "command-not-found",
        "/app/start.sh",
        "Unix line ends",
        "tini",
        "[FATAL tini (7)] exec /app/start.sh failed: No such file or directory",
        127,
    ),
    "nothing but the exit code 127": Log("command-not-found", "127", "spelling", "bye", "hello\nbye", 127),
    "not executable": Log(
        "command-not-executable",
        "/app/start.sh",
        "chmod",
        "Permission denied",
        "[FATAL tini (7)] exec /app/start.sh failed: Permission denied",
        126,
    ),
    "nothing but the exit code 126": Log("command-not-executable", "126", "permissions", "hello", "hello", 126),
    "npm without a script": Log(
        "command-not-found", "no script start", "scripts", "Missing script", 'npm error Missing script: "start"'
    ),
    "Node spawns what is not there": Log(
        "command-not-found",
        "ffmpeg",
        "Install",
        "ENOENT",
        "Error: spawn ffmpeg ENOENT\n    at ChildProcess._handle.onexit",
    ),
    "Python has no such module": Log(
        "module-missing",
        "flask",
        "requirements.txt",
        "import flask",
        'Traceback (most recent call last):\n  File "/app/app.py", line 1, in <module>\n    import flask\n'
        "ModuleNotFoundError: No module named 'flask'",
    ),
    "python -m": Log(
        "module-missing", "uvicorn", "requirements.txt", "uvicorn", "/usr/bin/python3: No module named uvicorn"
    ),
    "uvicorn has no such app": Log(
        "module-missing",
        "application",
        "module:variable",
        "Attribute",
        'ERROR:    Error loading ASGI app. Attribute "application" not found in module "main".',
    ),
    "Python has no such file": Log(
        "module-missing",
        "/app/sever.py",
        "start command",
        "Errno 2",
        "/usr/bin/python3: can't open file '/app/sever.py': [Errno 2] No such file or directory",
        2,
    ),
    "sh has no such script": Log(
        "module-missing", "start.sh", "committed", "cannot open", "sh: 0: cannot open start.sh: No such file", 2
    ),
    "bash has no such script": Log(
        "command-not-found", "start.sh", "start-command", "No such", "bash: start.sh: No such file or directory", 127
    ),
    "Node has no such package": Log(
        "module-missing",
        "express",
        "devDependencies",
        "Cannot find module 'express'",
        "node:internal/modules/cjs/loader:1143\n  throw err;\n  ^\n\nError: Cannot find module 'express'\nRequire stack:\n"
        "- /app/server.js\n  code: 'MODULE_NOT_FOUND',\n\nNode.js v20.19.2",
    ),
    "Node has no such package, as a module": Log(
        "module-missing",
        "express",
        "devDependencies",
        "ERR_MODULE_NOT_FOUND",
        "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'express' imported from /app/server.mjs",
    ),
    "Node has no such file": Log(
        "module-missing",
        "/app/dist/main.js",
        "build command",
        "dist/main.js",
        "Error: Cannot find module '/app/dist/main.js'",
    ),
    "Ruby has no such gem": Log(
        "module-missing",
        "sinatra",
        "Gemfile",
        "LoadError",
        "<internal:/usr/lib/ruby/kernel.rb>:136:in `require': cannot load such file -- sinatra (LoadError)",
    ),
    "Bundler": Log(
        "module-missing",
        "rack-3.1.8",
        "Gemfile",
        "locally",
        "Could not find rack-3.1.8 in locally installed gems (Bundler::GemNotFound)",
    ),
    "Java has no such class": Log(
        "module-missing",
        "com.example.Main",
        "fat jar",
        "main class",
        "Error: Could not find or load main class com.example.Main",
    ),
    "Java has no such archive": Log(
        "module-missing", "target/app.jar", "start command", "jarfile", "Error: Unable to access jarfile target/app.jar"
    ),
    "PHP has no autoloader": Log(
        "module-missing",
        "/app/vendor/autoload.php",
        "committed",
        "autoload",
        "PHP Fatal error:  Uncaught Error: Failed opening required '/app/vendor/autoload.php' (include_path='.')",
        255,
    ),
    "Go has no such file": Log(
        "module-missing",
        "config.yml",
        ".dockerignore",
        "config.yml",
        "2026/11/21 10:00:00 open config.yml: no such file or directory",
    ),
    "a shared library": Log(
        "missing-system-package",
        "libpq.so.5",
        "libpq5",
        "libpq",
        "/app/server: error while loading shared libraries: libpq.so.5: cannot open shared object file: "
        "No such file or directory",
        127,
    ),
    "a shared library that Python imports": Log(
        "missing-system-package",
        "libGL.so.1",
        "libgl1",
        "ImportError",
        "ImportError: libGL.so.1: cannot open shared object file: No such file or directory",
    ),
    "a newer C library": Log(
        "missing-system-package",
        "GLIBC_2.38",
        "statically",
        "not found",
        "/app/server: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found (required by /app/server)",
    ),
}

MACHINE = {
    "Node's heap": Log(
        "out-of-memory",
        "Node.js",
        "max-old-space-size",
        "heap out of memory",
        "<--- Last few GCs --->\n\nFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n"
        " 1: 0xb9c1f0 node::Abort() [node]\n 2: 0xa7 [node]",
        134,
    ),
    "Java's heap": Log(
        "out-of-memory",
        "Java heap space",
        "MaxRAMPercentage",
        "OutOfMemoryError",
        'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space\n\tat com.example.Main.main(Main.java:7)',
    ),
    "PHP's limit": Log(
        "out-of-memory",
        "134217728",
        "memory_limit",
        "exhausted",
        "PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes) in /app/x.php",
        255,
    ),
    "Python's": Log("out-of-memory", "no more memory", "--memory", "MemoryError", "Traceback:\nMemoryError"),
    "threads": Log("process-limit", "threads", "fewer", "thread", "RuntimeError: can't start new thread"),
    "Node's port": Log(
        "port-in-use",
        "port 8080",
        "$PORT",
        "EADDRINUSE",
        "Error: listen EADDRINUSE: address already in use :::8080\n    at Server.setupListenHandle (node:net:1817:16) {\n"
        "  code: 'EADDRINUSE',\n  syscall: 'listen',\n  address: '::',\n  port: 8080\n}",
    ),
    "uvicorn's port": Log(
        "port-in-use",
        "port 8080",
        "listens twice",
        "Errno 98",
        "ERROR:    [Errno 98] error while attempting to bind on address ('0.0.0.0', 8080): address already in use",
    ),
    "Go's port": Log(
        "port-in-use", "port 8080", "listens twice", "bind:", "listen tcp :8080: bind: address already in use"
    ),
    "Puma's port": Log(
        "port-in-use",
        "port 3000",
        "listens twice",
        "EADDRINUSE",
        'bundler: failed to load command: puma\nAddress already in use - bind(2) for "0.0.0.0" port 3000 (Errno::EADDRINUSE)',
    ),
    "Spring's port": Log(
        "port-in-use",
        "port 8080",
        "listens twice",
        "Port 8080",
        "Web server failed to start. Port 8080 was already in use.",
    ),
    "gunicorn's port": Log(
        "port-in-use", "port 8000", "listens twice", "Connection in use", "[ERROR] Connection in use: ('0.0.0.0', 8000)"
    ),
    "Python's own port": Log(
        "port-in-use",
        "port it wants",
        "listens twice",
        "Errno 98",
        "OSError: [Errno 98] Address already in use",
    ),
    "a low port": Log(
        "permission-denied", "port 80", "PORT", "EACCES", "Error: listen EACCES: permission denied 0.0.0.0:80"
    ),
    "nginx' low port": Log(
        "permission-denied",
        "port 80",
        "PORT",
        "13:",
        "nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)",
    ),
    "Python may not write": Log(
        "permission-denied",
        "/data/app.db",
        "chown",
        "Errno 13",
        "PermissionError: [Errno 13] Permission denied: '/data/app.db'",
    ),
    "Node may not write": Log(
        "permission-denied", "/app/cache", "chown", "EACCES", "Error: EACCES: permission denied, mkdir '/app/cache'"
    ),
    "Go may not write": Log("permission-denied", "/data", "chown", "mkdir", "mkdir /data: permission denied"),
    "a shell may not write": Log(
        "permission-denied", "/data/x", "chown", "can't create", "sh: can't create /data/x: Permission denied"
    ),
    "Laravel may not write": Log(
        "permission-denied",
        "/app/storage/logs/laravel.log",
        "chown",
        "append",
        'The stream or file "/app/storage/logs/laravel.log" could not be opened in append mode: Failed to open stream: '
        "Permission denied",
    ),
    "a read-only path": Log(
        "permission-denied",
        "/etc/app.conf",
        "/tmp",
        "Errno 30",
        "OSError: [Errno 30] Read-only file system: '/etc/app.conf'",
    ),
    "nginx changes owners": Log(
        "permission-denied",
        "chown",
        "capabilities",
        "chown",
        'nginx: [emerg] chown("/var/cache/nginx/client_temp", 101) failed (1: Operation not permitted)',
    ),
    "gosu": Log(
        "permission-denied",
        "switching",
        "capabilities",
        "switching",
        'error: failed switching to "redis": operation not permitted',
    ),
}

LOGS = VARIABLES | DATABASES | STARTS | MACHINE


@pytest.mark.parametrize("name", LOGS)
def test_a_log_is_told_its_class_its_cause_a_fix_and_the_lines_that_prove_it(name: str) -> None:
    log = LOGS[name]
    seen = Observation(
        "app.web.1",
        8080,
        sockets=() if log.exit_code is None else None,
        waited=9,
        exit_code=log.exit_code,
        # A log begins and goes on as logs do.
        tail=("booting", "loaded 12 routes", *log.output.splitlines()),
    )
    failure = diagnose(seen)
    evidence = "\n".join(failure.evidence)
    told = f"{failure.code}: {failure.message}\nhint: {failure.hint}\n{evidence}"
    assert failure.code == log.code, told
    assert log.names in failure.message, told
    assert log.helps in failure.hint, told
    assert log.proof in evidence, told
    assert "app.web.1" in failure.message and len(failure.evidence) <= 15, told
    assert "{" not in failure.message + failure.hint or "{" in log.output, told


NO_PROOF = {
    "a key of another dictionary": 'Traceback (most recent call last):\n  File "/app/a.py", line 2\n    x = rows["TOTAL_SUM"]\n'
    "KeyError: 'TOTAL_SUM'",
    "a variable it can do without": "WARNING: REDIS_URL is not set, using memory\nValueError: bad port",
    "words in capitals": "JSON is required\nTLS not set\nValueError: bad port",
    "a debug line": "DEBUG SENTRY_DSN not set\nValueError: bad port",
    "nothing": "",
}


@pytest.mark.parametrize("name", NO_PROOF)
def test_what_proves_nothing_leaves_the_class_that_the_machine_knows(name: str) -> None:
    assert diagnose(Observation("a", exit_code=1, tail=tuple(NO_PROOF[name].splitlines()))).code == "app-exited"


def test_what_is_told_last_is_the_cause() -> None:
    tail = ("Error 111 connecting to cache:6379. Connection refused.", "ModuleNotFoundError: No module named 'flask'")
    assert diagnose(Observation("a", exit_code=1, tail=tail)).code == "module-missing"
    assert diagnose(Observation("a", exit_code=1, tail=tail[::-1])).code == "database-refused"


def test_an_error_that_came_after_the_cause_is_shown_too() -> None:
    tail = ("Error 111 connecting to cache:6379. Connection refused.", *["running"] * 50, "ValueError: bad port")
    failure = diagnose(Observation("a", exit_code=1, tail=tail))
    assert failure.evidence == (tail[0], "ValueError: bad port")


def test_what_the_machine_knows_goes_before_what_the_log_looks_like() -> None:
    tail = ("Error: DATABASE_URL is not set",)
    assert diagnose(Observation("a", exit_code=137, oom_killed=True, tail=tail)).code == "out-of-memory"
    assert diagnose(Observation("a", exit_code=127, tail=tail)).code == "command-not-found"
    assert diagnose(Observation("a", exit_code=126, tail=tail)).code == "command-not-executable"


def test_an_app_that_answers_5xx_keeps_its_class_and_is_told_why() -> None:
    tail = (
        'django.db.utils.OperationalError: could not translate host name "db" to address: Name or service not known',
    )
    failure = diagnose(Observation("a", 8080, answers={"/": 500}, tail=tail))
    assert failure.code == "server-error"
    assert "answers 500 on /: the name of PostgreSQL at db is unknown." in failure.message
    assert failure.evidence == ("GET / → 500", *tail)


def test_the_evidence_is_what_proves_it_and_not_what_came_after() -> None:
    tail = ("booting", "Error: Cannot find module 'express'", *(f"shutting down {number}" for number in range(40)))
    failure = diagnose(Observation("a", exit_code=1, tail=tail))
    assert failure.evidence[1] == "Error: Cannot find module 'express'"
    assert len(failure.evidence) < 7


def test_without_a_known_cause_the_last_error_is_told_with_its_way() -> None:
    tail = (
        "Traceback (most recent call last):",
        '  File "/app/a.py", line 3',
        "    start(-1)",
        "ValueError: bad port",
        "bye",
    )
    failure = diagnose(Observation("a", exit_code=1, tail=tail))
    assert failure.message == "a exited with exit code 1 before it was healthy: ValueError: bad port."
    assert failure.evidence == tail[:4]


def test_no_password_of_an_address_is_repeated() -> None:
    for line in ("ValueError: postgres://app:hunter2@db/app", "OperationalError: redis://:hunter2@cache:6379 refused"):
        failure = diagnose(Observation("a", exit_code=1, tail=(line,)))
        assert "hunter2" not in f"{failure.message}{failure.hint}{failure.evidence}"


def test_colours_hide_nothing() -> None:
    tail = ("\x1b[31mError\x1b[0m: Cannot find module '\x1b[1mexpress\x1b[0m'",)
    assert diagnose(Observation("a", exit_code=1, tail=tail)).code == "module-missing"


@pytest.mark.parametrize(
    "line",
    ["/" * 5000, "a:" * 3000, "A_" * 3000, "\"'" * 3000, "x " * 3000, "a.b-c" * 1000, "[(" * 3000, "NOAUTH " * 900],
)
def test_the_log_of_an_evil_app_is_read_in_no_time(line: str) -> None:
    began = time.process_time()
    diagnose(Observation("a", exit_code=1, tail=(line,) * 200))
    assert time.process_time() - began < 1
