"""Settings of one installation: typed, read once. Environment over `<home>/settings.toml` over the defaults here."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from shipway.domain.errors import Invalid

PREFIX = "SHIPWAY_"


def default_home() -> Path:
    """Where an installation keeps its state: `SHIPWAY_HOME`, `/var/lib/shipway` for root, else under the user's home."""
    if configured := os.environ.get(f"{PREFIX}HOME"):
        return Path(configured)
    return Path("/var/lib/shipway") if os.geteuid() == 0 else Path.home() / ".local/share/shipway"


@dataclass(frozen=True, slots=True)
class Settings:
    """Each field is `SHIPWAY_<FIELD>` in the environment and `<field>` in settings.toml."""

    home: Path
    #: Names this installation among others on the same engine: stem of its containers' and networks' names, and a label.
    installation: str = "shipway"
    #: Address and port of the API and the dashboard.
    listen_host: str = "127.0.0.1"
    listen_port: int = 7700
    #: URL that people and the registry's clients reach the API by; empty: built from the two above.
    public_url: str = ""
    #: Address and port the proxy serves apps on.
    proxy_host: str = "0.0.0.0"  # noqa: S104 - apps are meant to be reached
    proxy_port: int = 8080
    #: Loopback port of the built-in registry.
    registry_port: int = 7701
    #: SQLAlchemy URL; empty: SQLite in the home directory.
    database_url: str = ""
    #: Apps without a domain of their own live under it.
    base_domain: str = "localhost"
    #: Docker's socket or TCP address; empty: found as the docker command finds it.
    docker_host: str = ""
    #: Networks of environments are /24 blocks cut from this one.
    network_pool: str = "10.201.0.0/16"
    #: `auto`: official base images when the public registry answers, else ones made from the distribution's packages;
    #: `official` and `airgapped` insist on one.
    bases: str = "auto"
    #: Deployments that run at the same time, of different services.
    concurrency: int = 4
    #: How much of the machine the hard limits of instances may add up to, in percent: of its memory, which can't be shared;
    #: of its cores, which can.
    overcommit_memory: int = 100
    overcommit_cpus: int = 5000
    #: Whole devices that instances can be given, such as `gpu=2`, with commas between kinds.
    devices: str = ""
    #: Days that a volume stays in the bin, to be restored, before it is removed with all that is in it.
    volume_bin_days: int = 7
    #: MiB that one `git push` to Shipway may send.
    git_push_limit: int = 2048
    #: Images of each service that stay in the registry, besides those in use: the newest so many; 0: all. And those younger
    #: than so many days.
    retention: int = 0
    retention_days: int = 0
    #: Where images are built: `sandbox`, a container per workspace with limits, cache and disk of its own; `engine`, the
    #: engine that runs the apps, without limits; `auto`: the former where it can be had (root, an engine on this machine).
    builds: str = "auto"
    #: Limits of each build: memory, CPUs, processes and threads; builds at the same time.
    build_memory: str = "2g"
    build_cpus: str = "2"
    build_pids: int = 2048
    build_concurrency: int = 2
    #: Disk of each workspace's builds: cache and all that a build writes. It takes only the space that is used.
    build_disk: str = "20g"
    #: A bill of materials (SBOM) with each image: `on`; `auto`, where what lists packages can be had; `off`. It takes about
    #: half a second of each build. Builds on the engine have none.
    build_sbom: str = "off"
    #: URL of a pull-through cache of Docker Hub, which builds ask first.
    registry_mirror: str = ""
    #: PEM bundle that builds trust besides their own; empty: this machine's own bundle.
    extra_ca: str = ""
    #: Proxies that builds and the build sandboxes go through, such as `http://user:password@proxy.example.com:3128`; and
    #: hosts that are reached without one, with commas between them.
    build_http_proxy: str = field(default="", repr=False)
    build_https_proxy: str = field(default="", repr=False)
    build_no_proxy: str = ""
    #: Who keeps the values of secrets: `store`, sealed in the database; `vault`, HashiCorp Vault or OpenBao, and nobody else.
    secrets_backend: str = "store"
    #: Its address; the key-value engine (version 2) there; the folder in it; namespace; PEM file with its authorities.
    vault_url: str = ""
    vault_mount: str = "secret"
    vault_prefix: str = "shipway"
    vault_namespace: str = ""
    vault_ca: str = ""
    #: File with a token, kept fresh by somebody else; else AppRole: its id, and a file with a secret id.
    vault_token_file: str = ""
    vault_role_id: str = field(default="", repr=False)
    vault_secret_id_file: str = ""
    vault_approle_mount: str = "approle"

    @property
    def url(self) -> str:
        """Where the API and the dashboard are."""
        return self.public_url or f"http://{self.listen_host}:{self.listen_port}"

    @property
    def database(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite+aiosqlite:///{self.home / 'shipway.db'}"

    @property
    def device_counts(self) -> dict[str, int]:
        """The devices by kind."""
        pairs = (part.partition("=") for part in self.devices.split(",") if part.strip())
        return {kind.strip(): int(count) for kind, _, count in pairs}

    @property
    def build_proxies(self) -> dict[str, str]:
        """The proxies as variables, in both spellings that programs look for; they may hold a password."""
        chosen = {"HTTP_PROXY": self.build_http_proxy, "HTTPS_PROXY": self.build_https_proxy}
        given = {name: value for name, value in chosen.items() if value}
        if not given:
            return {}
        all_of_them = given | {"NO_PROXY": self.build_no_proxy}
        return all_of_them | {name.lower(): value for name, value in all_of_them.items()}

    def app_url(self, host: str) -> str:
        """Where people reach an app by `host`."""
        return f"http://{host}" if self.proxy_port == 80 else f"http://{host}:{self.proxy_port}"

    @classmethod
    def load(cls, home: Path | None = None, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the settings; raises `Invalid` naming the file or variable that can't be read."""
        home = (home or default_home()).absolute()
        values = _from_file(home / "settings.toml") | _from_environment(environment)
        settings = cls(home=home, **{name: value for name, value in values.items() if name != "home"})
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", settings.installation):
            raise Invalid(
                f"installation is {settings.installation!r}, which can't begin the names of containers and sockets.",
                hint="Write at most 40 of a-z, 0-9 and -, a letter or digit first.",
            )
        if settings.concurrency < 1:
            raise Invalid("concurrency is less than 1, so nothing would ever be deployed.", hint="Set it to 1 or more.")
        if settings.volume_bin_days < 0:
            raise Invalid("volume_bin_days is less than 0.", hint="Set it to 7, or to 0: nothing can be restored then.")
        if settings.git_push_limit < 1:
            raise Invalid("git_push_limit is less than 1, so nothing could be pushed.", hint="Set it to MiB: 2048.")
        for name in ("retention", "retention_days"):
            if getattr(settings, name) < 0:
                raise Invalid(f"{name} is less than 0.", hint="Set it to 0 for no limit, or to a number.")
        if not re.fullmatch(r"(\s*[a-z][a-z0-9-]*=\d{1,4}\s*(,(?!$)|$))*", settings.devices):
            raise Invalid(f"devices is {settings.devices!r}, which counts nothing.", hint="Write gpu=2.")
        for name in ("build_http_proxy", "build_https_proxy"):
            _check_proxy(name, getattr(settings, name))
        _check_vault(settings)
        return settings


def _check_vault(settings: Settings) -> None:
    if settings.secrets_backend not in ("store", "vault"):
        raise Invalid(f"secrets_backend is {settings.secrets_backend!r}.", hint="Write store or vault.")
    if settings.secrets_backend == "vault" and not re.match(r"https?://[^/\s@]+/?$", settings.vault_url):
        raise Invalid("vault_url is no address of a Vault.", hint="Write https://vault.example.com:8200.")
    for name in ("vault_mount", "vault_prefix", "vault_approle_mount"):
        if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*", getattr(settings, name)):
            raise Invalid(f"{name} is no path in Vault.", hint="Write names with / between them, such as shipway/prod.")
    if bool(settings.vault_role_id) != bool(settings.vault_secret_id_file):
        raise Invalid("An AppRole needs both vault_role_id and vault_secret_id_file.", hint="Set both, or neither.")


def _check_proxy(name: str, url: str) -> None:
    """Raises `Invalid`, without the address: it may hold a password."""
    if url and not re.match(r"https?://[^/\s]+/?$", url):
        raise Invalid(
            f"{name} is no proxy's address.", hint="Write http://host:port, or http://user:password@host:port."
        )


def _from_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        values = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"{path} can't be read: {error}.", hint="Correct that line; the format is TOML.") from error
    known = {field.name for field in fields(Settings)}
    if unknown := sorted(set(values) - known):
        raise Invalid(
            f"{path} sets {unknown[0]!r}, which is no setting.", hint=f"Settings: {', '.join(sorted(known))}."
        )
    return {name: _typed(name, str(value), str(path)) for name, value in values.items()}


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    return {
        field.name: _typed(field.name, environment[variable], variable)
        for field in fields(Settings)
        if (variable := f"{PREFIX}{field.name.upper()}") in environment
    }


def _typed(name: str, value: str, where: str) -> Any:
    if {field.name: field.type for field in fields(Settings)}[name] is not int:
        return value
    try:
        return int(value)
    except ValueError as error:
        raise Invalid(f"{where}: {name} is {value!r}, not a number.", hint="Give a whole number.") from error
