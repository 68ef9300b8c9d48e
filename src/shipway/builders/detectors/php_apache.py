"""Apache with PHP inside: how it is told to serve an app, with the official image and with Debian's packages alike."""

from shipway.builders.detectors.detector import HOME, Run

CONFIG = "/etc/apache2/app.conf"
START = f"apache2 -D FOREGROUND -f {CONFIG}"
#: PHP reads what is in there after its own settings.
SETTINGS = "/etc/app-php"
#: How many requests are answered at the same time, each by a process of its own.
_PROCESSES = "8"
ENVIRONMENT = (("PHP_INI_SCAN_DIR", f":{SETTINGS}"), ("WEB_CONCURRENCY", _PROCESSES))
#: SIGTERM would cut off what Apache is answering.
STOP_SIGNAL = "SIGWINCH"

_INI = (
    "display_errors = Off",
    "log_errors = On",
    "expose_php = Off",
    "variables_order = EGPCS",
    "session.save_path = /tmp",
    "session.gc_probability = 1",
    "upload_max_filesize = 64M",
    "post_max_size = 64M",
    "opcache.enable = 1",
    "opcache.memory_consumption = 128",
    "opcache.max_accelerated_files = 20000",
)
#: Whatever is at the top of an app that is served from there, and is nobody's business.
_PRIVATE = (
    r"/(?:vendor/|node_modules/|composer\.(?:json|lock)$|package(?:-lock)?\.json$|Procfile$|Dockerfile$|app\.json$)"
)


def configured(root: str, *, front: bool) -> tuple[Run, ...]:
    """Steps that write the configuration for the document root `root` (relative, empty for the whole app).

    `front`: every path that is no file goes to index.php. Needs no privileges to run: nothing is written outside /tmp.
    """
    modules = "rewrite headers expires remoteip"
    return (
        Run((f"a2enmod -q {modules}", f"mkdir -p {SETTINGS}", _written(_INI, f"{SETTINGS}/production.ini"))),
        Run((_written(_apache(root, front=front), CONFIG),)),
    )


def _written(lines: tuple[str, ...], path: str) -> str:
    quoted = "".join(f" \\\n      '{line}'" for line in lines)
    return f"printf '%s\\n'{quoted} \\\n      > {path}"


def _apache(root: str, *, front: bool) -> tuple[str, ...]:
    return (*_server(), *_site(f"{HOME}/{root}".rstrip("/"), front=front, whole=not root))


def _server() -> tuple[str, ...]:
    """The port is read at each start. Connections are not kept, since each would hold a process that others wait for."""
    return (
        "ServerRoot /etc/apache2",
        "ServerName localhost",
        "Listen ${PORT}",
        "PidFile /tmp/apache2.pid",
        "DefaultRuntimeDir /tmp",
        "Mutex file:/tmp default",
        "IncludeOptional mods-enabled/*.load",
        "IncludeOptional mods-enabled/*.conf",
        "StartServers 2",
        "MinSpareServers 1",
        "MaxSpareServers ${WEB_CONCURRENCY}",
        "ServerLimit ${WEB_CONCURRENCY}",
        "MaxRequestWorkers ${WEB_CONCURRENCY}",
        "MaxConnectionsPerChild 5000",
        "KeepAlive Off",
        "ServerTokens Prod",
        "ServerSignature Off",
        "TraceEnable Off",
        "ErrorLog /dev/stderr",
        r'LogFormat "%a \"%r\" %>s %B %{ms}T ms" app',
        "CustomLog /dev/stdout app",
        # Only the proxy reaches the app: its word is taken for who asks, and by which scheme.
        "RemoteIPHeader X-Forwarded-For",
        "RemoteIPInternalProxy 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 127.0.0.0/8",
        'SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on',
    )


def _site(root: str, *, front: bool, whole: bool) -> tuple[str, ...]:
    return (
        f"DocumentRoot {root}",
        "<Directory />",
        "  AllowOverride None",
        "  Require all denied",
        "</Directory>",
        f"<Directory {root}>",
        "  AllowOverride All",
        "  Options FollowSymLinks",
        "  Require all granted",
        "  DirectoryIndex index.php index.html",
        *(["  FallbackResource /index.php"] if front else []),
        "</Directory>",
        r"<FilesMatch \.php$>",
        "  SetHandler application/x-httpd-php",
        "</FilesMatch>",
        r"RedirectMatch 404 /\.(?!well-known/)",
        *([f"RedirectMatch 404 ^{_PRIVATE}"] if whole else []),
    )
