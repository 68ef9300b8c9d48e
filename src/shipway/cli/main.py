"""`shipway`: the command line. Commands live in `commands/`, one file per group, imported when they are used."""

import sys
from collections.abc import Sequence

import rich_click as click

from shipway import __version__
from shipway.cli import failures
from shipway.cli.lazy import Commands, LazyGroup

_HERE = "shipway.cli.commands"

COMMANDS: Commands = {
    "Start": {
        "up": (f"{_HERE}.up:up", "Start Shipway on this machine, unless it runs, and log this command line in."),
        "down": (f"{_HERE}.up:down", "Stop the server; apps go on serving, unless told otherwise."),
        "login-link": (f"{_HERE}.up:login_link", "Print a link that logs a browser in, once."),
        "login": (f"{_HERE}.login:login", "Use the server at URL from now on."),
        "link": (f"{_HERE}.link:link", "Link a directory to a service: commands there need no PATH."),
        "unlink": (f"{_HERE}.link:unlink", "Forget a directory's link."),
    },
    "Deploy": {
        "deploy": (f"{_HERE}.deploy:deploy", "Deploy a directory, a revision or an image."),
        "git": (f"{_HERE}.git:git", "Push to Shipway with git: `git push shipway main`."),
        "plan": (f"{_HERE}.plan:plan", "What a deployment would do, and why in that way."),
        "apply": (f"{_HERE}.apply:apply", "Make an environment what a shipway.toml says."),
        "export": (f"{_HERE}.apply:export", "Write an environment down as a shipway.toml."),
        "rollback": (f"{_HERE}.rollback:rollback", "Go back to an earlier release: same image, same config."),
        "redeploy": (f"{_HERE}.again:redeploy", "Deploy what is live once more, with today's config."),
        "reconfigure": (f"{_HERE}.again:reconfigure", "Bring today's config to the code that is live."),
        "retry": (f"{_HERE}.again:retry", "Try a deployment that failed once more: the same revision, today's config."),
        "restart": (f"{_HERE}.change:restart", "New instances of what is live, without a gap."),
        "scale": (f"{_HERE}.change:scale", "Set how many instances run."),
        "maintenance": (f"{_HERE}.traffic:maintenance", "Answer a service's requests with a page, or no longer."),
        "pause": (f"{_HERE}.traffic:pause", "Hold a service's requests; they go on with `resume`."),
        "resume": (f"{_HERE}.traffic:resume", "Let requests reach a service again, after a pause or maintenance."),
        "promote": (
            f"{_HERE}.promote:promote",
            "Send a deployment that is ready its traffic; bring a release to another environment.",
        ),
        "auto-deploy": (
            f"{_HERE}.auto_deploy:auto_deploy",
            "Say which pushes a service deploys by itself, or hold that.",
        ),
        "cancel": (f"{_HERE}.change:cancel", "Stop a deployment before traffic moves."),
        "config": (f"{_HERE}.config:config", "List, set and unset config vars."),
        "secrets": (f"{_HERE}.secrets:secrets", "List, set, bind and revoke secrets."),
        "volumes": (
            f"{_HERE}.volumes:volumes",
            "List, add, remove and restore volumes: directories that outlive releases.",
        ),
        "files": (
            f"{_HERE}.files:files",
            "Config files: text that instances find under /etc/config.",
        ),
        "run": (f"{_HERE}.run:run", "Run a command once, in a container of its own, of what is live."),
        "exec": (f"{_HERE}.exec:exec_", "Run a command inside a running instance."),
        "shell": (f"{_HERE}.exec:shell", "Open a shell inside a running instance."),
        "analyze": (f"{_HERE}.analyze:analyze", "What would be built from a directory, and why."),
    },
    "Look": {
        "status": (f"{_HERE}.status:status", "How a service and its newest deployment are."),
        "explain": (f"{_HERE}.explain:explain", "Why a deployment failed, why it counts as healthy, or where it is."),
        "logs": (f"{_HERE}.logs:logs", "What a service's instances or its build wrote."),
        "deployments": (f"{_HERE}.history:deployments", "A service's deployments."),
        "prune": (f"{_HERE}.prune:prune", "Remove images of old releases from the registry; the releases stay."),
        "builds": (f"{_HERE}.builds:builds", "List and show builds; empty a workspace's build cache."),
        "releases": (
            f"{_HERE}.releases:releases",
            "List, show, compare and pin releases: what `rollback --version` goes back to.",
        ),
        "runs": (f"{_HERE}.runs:runs", "List one-off runs, their logs, and stop them."),
        "open": (f"{_HERE}.status:open_", "Open a service in the browser."),
    },
    "Manage": {
        "services": (f"{_HERE}.services:services", "List, create, copy, change, delete, deploy and scale services."),
        "environments": (
            f"{_HERE}.environments:environments",
            "List, create, clone, change and delete the places a project runs in.",
        ),
        "projects": (f"{_HERE}.tenancy:projects", "List, create and delete projects: things shipped together."),
        "workspaces": (f"{_HERE}.tenancy:workspaces", "List and create workspaces: tenants."),
        "registries": (
            f"{_HERE}.registries:registries",
            "List, add and remove private registries that builds read from.",
        ),
        "webhooks": (f"{_HERE}.webhooks:webhooks", "Let a code host tell of pushes, and see what came of each."),
        "deploy-urls": (
            f"{_HERE}.deploy_urls:deploy_urls",
            "List, create and remove URLs that deploy one service, for CI.",
        ),
        "tokens": (f"{_HERE}.tokens:tokens", "List, create and revoke your API tokens."),
        "git-credential": (
            f"{_HERE}.git:git_credential",
            "Tell git the token of a server that you are logged in to. git calls this; see `git help credentials`.",
        ),
        "docs": (f"{_HERE}.docs:docs", "What a shipway.toml may say, key by key."),
        "completion": (f"{_HERE}.completion:completion", "Print a completion script for a shell."),
    },
}


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="A directory linked to a service (`shipway link`) needs no PATH. Exit codes: 0 ok, 1 failed, 2 usage, 75 try again.",
)
@click.version_option(__version__, prog_name="shipway")
def cli() -> None:
    """Shipway turns a repository or an image into a running, routed, healthy service."""


def main() -> None:
    """Entry of the `shipway` command."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line; its exit code. What goes wrong is told in two lines, never in a traceback."""
    try:
        result = cli.main(list(arguments), prog_name="shipway", standalone_mode=False)
    except (Exception, KeyboardInterrupt) as error:
        return failures.tell(error)
    return result if isinstance(result, int) else 0
