"""A database, cache or queue that can't be reached, or lets the app not in: which, where, and in what way. Data and three
small functions; `diagnosis_rule.py` reads it."""

import re
from collections.abc import Sequence

from shipway.pipeline.diagnosis_rule import Rule, Words, rule

#: By name: ports, what speaks of it in a log, and the config var that often holds its address.
_SYSTEMS = {
    "PostgreSQL": (
        "5432 5433 6432",
        r"postgres|psycopg|asyncpg|\bpg[-_.:/]|\bpg\b|PG::|pgx|SQLSTATE\[08"
        r"|translate host name|password authentication failed|pg_hba|role \"",
        "DATABASE_URL",
    ),
    "MySQL": ("3306 33060", r"mysql|mariadb|SQLSTATE\[HY000\]", "DATABASE_URL"),
    "Redis": ("6379 6380", r"redis|valkey|WRONGPASS|NOAUTH|celery|sidekiq", "REDIS_URL"),
    "MongoDB": ("27017 27018", r"mongo", "MONGODB_URI"),
    "RabbitMQ": ("5672 5671", r"amqp|rabbit|pika", "AMQP_URL"),
    "Kafka": ("9092", r"kafka", "KAFKA_BROKERS"),
    "Elasticsearch": ("9200", r"elastic|opensearch", "ELASTICSEARCH_URL"),
    "SQL Server": ("1433", r"sqlserver|mssql|tedious", "DATABASE_URL"),
    "Memcached": ("11211", r"memcache|dalli", "MEMCACHED_SERVERS"),
    "its database": ("", r"(?i)database|sqlalchemy|sqlx|prisma|sequelize|typeorm|hikari|jdbc|\bdb\b", "DATABASE_URL"),
}
_DATABASE = "|".join(f"(?:{words})" for _, words, _ in _SYSTEMS.values())
_PORTS = "|".join(port for ports, _, _ in _SYSTEMS.values() for port in ports.split())
#: A log that speaks of a database, or of a port that one listens on.
_OF_A_DATABASE = rf"(?i:{_DATABASE.replace('(?i)', '')})|[: ](?:{_PORTS})\b"
_LOOPBACK = re.compile(r"localhost$|127\.|::1$|\[::1\]$|0\.0\.0\.0$")

_REFUSED = (
    # PostgreSQL's own library, older and newer: Python, Ruby, PHP, psql
    r"server at \"(?P<host>[^\"]+)\"(?: \([^)]*\))?, port (?P<port>\d+) failed: (?!FATAL|fe_send|SSL)",
    r"Connection refused\n\s*Is the server running on host \"(?P<host>[^\"]+)\".*\n?.*on port (?P<port>\d+)",
    r"server on socket \"(?P<host>[^\"]+)\" failed: (?:No such file|Connection refused)",
    # Python: asyncio, MySQL, redis, pymongo
    r"Connect call failed \('(?P<host>[^']+)', (?P<port>\d+)",
    r"Can't connect to (?:MySQL |MariaDB )?server on '(?P<host>[^':]+)(?::(?P<port>\d+))?'",
    r"Error \d+ connecting to (?P<host>[^\s:]+):(?P<port>\d+)",
    r"(?<![\w.-])(?P<host>[\w.-]+):(?P<port>\d+): (?:\[Errno 1\d\d\] )?(?:Connection refused|timed out)",
    # Node
    r"(?:ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH) (?P<host>\[?[\w.:-]*?[\w\]]):(?P<port>\d+)\b",
    r"code: 'ECONNREFUSED',(?:\n.*){0,4}?\n\s*address: '(?P<host>[^']+)',\n\s*port: (?P<port>\d+)",
    r"Can't reach database server at [`'\"](?P<host>[^`'\":]+)[`'\"]?:[`'\"]?(?P<port>\d+)",
    # Go
    r"dial tcp \[?(?P<host>[\w.:-]+?)\]?:(?P<port>\d+): (?:connect: )?(?:connection refused|i/o timeout|no route|network is)",
    # Ruby
    r"connecting to Redis on (?P<host>[^\s:]+):(?P<port>\d+)",
    r"connect\(2\) for \"?(?P<host>[^\s:\"]+)\"?(?: port |:)(?P<port>\d+)",
    # Java
    r"Connection to (?P<host>[^\s:]+):(?P<port>\d+) refused",
    r"Unable to connect to \[?(?P<host>[^\s:/<\]]+)(?:/<unresolved>)?:(?P<port>\d+)",
    # Shells: redis-cli, nc, wait-for-it, pg_isready
    r"connect to Redis at (?P<host>[^\s:]+):(?P<port>\d+): Connection refused",
    r"(?<![\w.-])(?P<host>[\w.-]+) \([\d.]+:(?P<port>\d+)\): Connection refused",
    r"timeout occurred after waiting \d+ seconds for (?P<host>[\w.-]+):(?P<port>\d+)",
    r"(?<![\w./-])(?P<host>[\w./-]+):(?P<port>\d+) - no response",
    # PHP's newer frameworks say where after what
    r"\[2002\] (?:Connection refused|No such file).*?Host: (?P<host>[^\s,]+), Port: (?P<port>\d+)",
)
_REFUSED_SOMEWHERE = (
    r"\[2002\] (?:Connection refused|Connection timed out|No such file or directory)",
    r"Communications link failure",
    r"(?i)connection refused|cannot assign requested address|ConnectionRefused|\bECONNREFUSED\b",
)
_UNKNOWN = (
    r"could not translate host name \"(?P<host>[^\"]+)\"",
    r"getaddrinfo (?:ENOTFOUND|EAI_AGAIN) (?P<host>[^\s,'\"]+)",
    r"lookup (?P<host>\S+?)(?: on \S+)?: (?:no such host|server misbehaving|[Tt]emporary failure)",
    r"Unknown (?:MySQL )?server host '(?P<host>[^']+)'",
    r"Can't connect to (?:MySQL )?server on '(?P<host>[^':]+)(?::(?P<port>\d+))?' \(\[Errno -\d\]",
    r"Error -\d connecting to (?P<host>[^\s:]+):(?P<port>\d+)",
    r"(?<![\w.-])(?P<host>[\w.-]+):(?P<port>\d+): \[Errno -\d\]",
    r"UnknownHostException: (?P<host>[\w.-]+)",
    r"getaddrinfo for (?P<host>\S+) failed",
    r"connect to Redis at (?P<host>[^\s:]+):(?P<port>\d+): (?:Name|Temporary|nodename)",
    r"bad address '(?P<host>[^']+)'",
    r"(?:Name or service not known|getaddrinfo).*?\((?:\w+://)(?:[^@/\s]*@)?(?P<host>[\w.-]+):(?P<port>\d+)",
    r"Can't reach database server at [`'\"](?P<host>[^`'\":]+)[`'\"]?:[`'\"]?(?P<port>\d+).*\n?.*(?:ENOTFOUND|EAI_AGAIN)",
)
_UNKNOWN_SOMEWHERE = (
    r"Name or service not known|Temporary failure in name resolution|failed to lookup address information|\bENOTFOUND\b",
)
_LOGIN = (
    r"password authentication failed for user \"(?P<user>[^\"]+)\"",
    r"role \"(?P<user>[^\"]+)\" does not exist",
    r"no pg_hba\.conf entry for host .*?user \"(?P<user>[^\"]+)\"",
    r"fe_sendauth: no password supplied|client password must be a string|no password was provided",
    r"Access denied for user '(?P<user>[^'@]*)'@",
    r"WRONGPASS|NOAUTH|invalid username-password pair|Client sent AUTH, but no password",
    r"(?i)mongo\S*error\S*:? .*authentication failed|bad auth ?: ?authentication failed",
    r"Authentication failed against (?:the )?database server",
    r"issue connecting to your database with your username/password, username: (?P<user>\S+?)\.?$",
    r"ACCESS_REFUSED - Login was refused",
)


def _tell(words: dict[str, str], lines: Sequence[str]) -> Words:
    """Which system it is, and where; the match's own line says more than those before it."""
    system = _system(words.get("port", ""), [*lines[::-1]])
    where = ":".join(filter(None, (words.get("host", ""), words.get("port", ""))))
    at = f"{system} at {where}" if where and system else where or system or "a server that it needs"
    return words | {
        "system": system or "its database",
        "at": at,
        "variable": next((variable for name, (_, _, variable) in _SYSTEMS.items() if name == system), "DATABASE_URL"),
        "login": f"the login of {words['user']}" if words.get("user") else "its login",
    }


def _system(port: str, latest_first: Sequence[str]) -> str:
    for name, (ports, _, _) in _SYSTEMS.items():
        if port in ports.split():
            return name
    for line in latest_first:
        for name, (_, spoken, _) in _SYSTEMS.items():
            if re.search(spoken, line, re.IGNORECASE):
                return name
    return ""


def _hint(words: Words) -> str:
    """By where it was looked for: on the instance itself, or elsewhere."""
    if _LOOPBACK.match(words.get("host", "")) or words.get("host", "").startswith("/"):
        return (
            f"Nothing runs beside the app in its instance: {words['host']} is the instance itself there. Name the host of "
            f"{words['system']}: `shipway config set {words['variable']}=…` and `shipway retry`."
        )
    return (
        f"Does {words['system']} run, listen on that port for others than its own machine, and let this machine in? "
        f"If its address is another: `shipway config set {words['variable']}=…` and `shipway retry`."
    )


def _server_hint(words: Words) -> str:
    if _LOOPBACK.match(words.get("host", "")):
        return (
            f"Nothing runs beside the app in its instance: {words['host']} is the instance itself there. "
            "Name the real host in a config var: `shipway config set NAME=…` and `shipway retry`."
        )
    return "Does that server run, and is it reached from this machine? Else correct the config var that names it."


_UNKNOWN_HINT = (
    "Check the host in the config var that names it (`shipway config set {variable}=…` and `shipway retry`). A service of the "
    "same environment is <service>.<environment>.internal; names of other machines have to be in the DNS."
)

DATABASES: tuple[Rule, ...] = (
    rule(
        "database-login-refused",
        "{system} refuses {login}",
        "Correct user and password in the config var that holds them: `shipway config set {variable}=…` and `shipway retry`. "
        "Special characters of a password in an address are written %40 and the like.",
        *_LOGIN,
        tell=_tell,
    ),
    rule(
        "database-refused",
        "{system} has no database {what}",
        "Create it, or name the right one: `shipway config set {variable}=…` and `shipway retry`.",
        r"database \"(?P<what>[^\"]+)\" does not exist",
        r"Unknown database '(?P<what>[^']+)'",
        r"We could not find your database: (?P<what>\S+?)\.?$",
        tell=_tell,
    ),
    rule(
        "database-refused",
        "the name of {at} is unknown",
        _UNKNOWN_HINT,
        *_UNKNOWN,
        near=_OF_A_DATABASE,
        tell=_tell,
    ),
    rule("database-refused", "it can't connect to {at}", _hint, *_REFUSED, near=_OF_A_DATABASE, tell=_tell),
    rule(
        "database-refused",
        "the name of the host of {system} is unknown",
        _UNKNOWN_HINT,
        *_UNKNOWN_SOMEWHERE,
        near=_OF_A_DATABASE,
        before=1,
        tell=_tell,
    ),
    rule(
        "database-refused",
        "it can't connect to {system}",
        _hint,
        *_REFUSED_SOMEWHERE,
        near=_OF_A_DATABASE,
        before=1,
        tell=_tell,
    ),
    rule(
        "server-unreachable",
        "the name of {at}, a server that it needs, is unknown",
        "Check the host in the config var that names it. A service of the same environment is "
        "<service>.<environment>.internal; names of other machines have to be in the DNS.",
        *_UNKNOWN,
        tell=_tell,
    ),
    rule("server-unreachable", "it can't connect to {at}", _server_hint, *_REFUSED, tell=_tell),
    rule(
        "server-unreachable",
        "it can't connect to a server that it needs",
        _server_hint,
        *_REFUSED_SOMEWHERE,
        firm=True,
        before=1,
        after=1,
    ),
)
