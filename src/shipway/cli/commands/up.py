"""`up`, `down`, `login-link`: the server on this machine."""

import getpass
import socket
from pathlib import Path

import rich_click as click

from shipway.cli import installation, settings_file
from shipway.cli.installation import Installation
from shipway.cli.options import home_option, json_option
from shipway.cli.output import note, print_json
from shipway.client import config
from shipway.client.errors import ClientError
from shipway.settings import default_home

_Port = click.IntRange(1, 65_535)


@click.command()
@home_option
@click.option("--port", "listen_port", type=_Port, help="Port of the API and the dashboard.")
@click.option("--proxy-port", type=_Port, help="Port that apps are served on.")
@click.option("--registry-port", type=_Port, help="Port of the built-in registry.")
@click.option("--installation", "name", help="Name of this installation among others on the same engine.")
@click.option("--setup", is_flag=True, help="First install what this machine lacks (as root, by apt).")
@json_option
def up(home: Path | None, name: str | None, setup: bool, as_json: bool, **ports: int | None) -> None:
    """Start Shipway on this machine, unless it runs, and log this command line in.

    Options given are remembered in the installation's settings.toml.
    """
    home = (home or default_home()).absolute()
    given = {key: value for key, value in {**ports, "installation": name}.items() if value is not None}
    changed = settings_file.write(home / "settings.toml", given)
    if setup:
        installation.prepare_machine(quiet=as_json)
    here = Installation.at(home)
    started = _ensure_running(here, changed)
    _log_in(here)
    link = here.ask("login-link")
    if as_json:
        print_json({"url": here.settings.url, "login": link, "home": str(here.home), "started": started})
        return
    click.echo(f"Shipway {'is up' if started else 'was up already'} at {here.settings.url} (log: {here.logfile})")
    click.echo(f"Log in with a browser, once, within the hour: {link}")
    click.echo("Next: `shipway deploy` in an app's directory.")


@click.command()
@home_option
@click.option("--all", "everything", is_flag=True, help="Stop the apps, the proxy and the registry as well.")
@json_option
def down(home: Path | None, everything: bool, as_json: bool) -> None:
    """Stop the server; apps go on serving, unless told otherwise.

    All data stays.
    """
    here = Installation.at(home)
    ran = here.holder() is not None
    if everything:
        here.ask("shutdown")
        done = "Stopped: the server, the apps, the proxy and the registry. `shipway up` brings them back."
    else:
        here.stop()
        done = "The server is stopped. Apps go on serving; `shipway up` starts it again." if ran else "No server runs."
    print_json({"home": str(here.home), "ran": ran, "all": everything}) if as_json else click.echo(done)


@click.command()
@home_option
@json_option
def login_link(home: Path | None, as_json: bool) -> None:
    """Print a link that logs a browser in, once.

    It is good for an hour. For whoever may read the installation's files.
    """
    link = Installation.at(home).ask("login-link")
    print_json({"login": link}) if as_json else click.echo(link)


def _ensure_running(here: Installation, changed: bool) -> bool:
    """Whether it had to be started."""
    if here.holder() is None:
        here.start()
        return True
    if changed:
        note("The settings have changed: `shipway down`, then `shipway up`, to have the server take them.")
    here.wait()
    return False


def _log_in(here: Installation) -> None:
    token = config.load().tokens.get(here.url, "")
    if not _is_good(here.url, token):
        token = here.ask("token", "--label", f"{getpass.getuser()}@{socket.gethostname()}")
    config.change(lambda known: known.with_server(here.url, token))


def _is_good(url: str, token: str) -> bool:
    from shipway.client.client import Client

    try:
        with Client(url, token) as client:
            client.whoami()
    except ClientError as error:
        if error.temporary:
            raise
        return False
    return True
