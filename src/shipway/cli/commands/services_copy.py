"""`services copy`: a service as the template of another."""

import rich_click as click

from shipway.cli import session
from shipway.cli.options import SERVICE_PATH, follow_options, required_path_argument
from shipway.cli.output import note, print_json
from shipway.cli.progress.follow import started


@click.command("copy")
@required_path_argument
@click.argument("to", type=SERVICE_PATH)
@click.option("--create-parents", is_flag=True, help="Make project and environment where they are missing.")
@click.option("--deploy", is_flag=True, help="Deploy it at once.")
@follow_options
def copy_service(path: str, to: str, *, create_parents: bool, deploy: bool, no_follow: bool, as_json: bool) -> int:
    """A new service like the one at PATH: its source, settings, scale and config vars, but no secret values.

    Nothing runs until it is deployed.
    """
    with session.connect() as client:
        made = client.copy_service(path, to, create_parents=create_parents)
        for name in made["to_set"]:
            note(f"To set: {name} (a secret, and not copied)")
        if deploy:
            return started(client, client.deploy(to), no_follow=no_follow, as_json=as_json)
    if as_json:
        print_json(made)
    else:
        click.echo(f"Created {to}, to be at {made['service']['url']}. Deploy it: `shipway services deploy {to}`.")
    return 0
