"""`git` and `git-credential`: a repository gets a remote that deploys, and git gets the token from this command line."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import rich_click as click

from shipway.cli import session
from shipway.cli.options import directory_option, json_option, path_argument
from shipway.cli.output import print_json
from shipway.client import address, config
from shipway.client.errors import ClientError


@click.group()
def git() -> None:
    """Push to Shipway with git: `git push shipway main`."""


@git.command("remote")
@path_argument
@click.option("--name", default="shipway", show_default=True, metavar="NAME", help="Of the remote.")
@directory_option
@json_option
def remote(path: str | None, name: str, directory: Path | None, as_json: bool) -> None:
    """Add a remote that deploys to the repository here, or have it lead to another service.

    The token stays in this command line's own configuration: git asks for it at each push, for that URL only.
    """
    at = (directory or Path.cwd()).resolve()
    service = session.service_path(path, at)
    with session.connect() as client:
        source = client.service(service)["source"]
        environment = client.environment(str(address.parse(service).home))
        branch = source.get("branch") or environment["branch"] or "main"
        server = client.url
    if source["kind"] != "push":
        raise ClientError(
            f"{service} is deployed from {source['kind']}, not from pushes to Shipway.",
            hint="A service keeps its kind of source. Create another: `shipway services create PATH --push`.",
        )
    url = f"{server}/git/{service}.git"
    _set_up(at, name, url)
    if as_json:
        print_json({"directory": str(at), "remote": name, "url": url, "path": service})
    else:
        click.echo(f"The remote {name} leads to {service}. Deploy: git push {name} {branch}")


@click.command("git-credential")
@click.argument("act", type=click.Choice(["get", "store", "erase"]), metavar="get|store|erase")
def git_credential(act: str) -> None:
    """Tell git the token of a server that you are logged in to. git calls this; see `git help credentials`."""
    asked = dict(line.split("=", 1) for line in sys.stdin.read().splitlines() if "=" in line)
    token = _token(f"{asked.get('protocol')}://{asked.get('host')}")
    if act == "get" and token:
        click.echo(f"username=shipway\npassword={token}")


def _set_up(at: Path, name: str, url: str) -> None:
    _git(at, "rev-parse", "--git-dir")
    known = _git(at, "remote").splitlines()
    _git(at, "remote", *(("set-url", name, url) if name in known else ("add", name, url)))
    # The empty one first: no other helper is asked for this URL, and none is told the token to keep it.
    key = f"credential.{url}.helper"
    _git(at, "config", "--replace-all", key, "")
    _git(at, "config", "--add", key, f"!{_this_command()} git-credential")


def _git(at: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=at, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise ClientError("git is not installed here.", hint="Install it: apt-get install git.") from error
    if done.returncode:
        told = done.stderr.strip() or f"git {arguments[0]} failed"
        raise ClientError(f"{at}: {told}", hint="Run this in a git repository: `git init` makes one.")
    return done.stdout


def _this_command() -> str:
    """As the shell finds it, from wherever git is run."""
    if shutil.which("shipway"):
        return "shipway"
    return shlex.quote(str(Path(sys.executable).with_name("shipway")))


def _token(origin: str) -> str:
    remembered = config.load()
    tokens = dict(remembered.tokens)
    if server := os.environ.get("SHIPWAY_SERVER"):
        tokens[server] = os.environ.get("SHIPWAY_TOKEN") or tokens.get(server, "")
    return next((token for url, token in tokens.items() if _origin(url) == origin), "")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
