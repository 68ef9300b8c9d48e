"""`builds`: how images were made, what came with them, and the cache they are made from."""

import json
from typing import TYPE_CHECKING, Any

import rich_click as click

from shipway.cli import session
from shipway.cli.lazy import DefaultGroup
from shipway.cli.options import SERVICE_PATH, json_option, path_argument
from shipway.cli.output import ago, note, print_facts, print_json, print_table
from shipway.cli.quantities import BuildNumberType, decimal
from shipway.cli.workspace import chosen_workspace, workspace_option

if TYPE_CHECKING:
    from shipway.client.models import Build


@click.group(cls=DefaultGroup, default="list")
def builds() -> None:
    """List and show builds; empty a workspace's build cache."""


@builds.command("list")
@path_argument
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True)
@click.option("--before", type=click.IntRange(1), help="Only those with a lower number.")
@json_option
def list_builds(path: str | None, limit: int, before: int | None, as_json: bool) -> None:
    """A service's builds, newest first; also those that failed."""
    with session.connect() as client:
        page = client.builds(session.service_path(path), limit=limit, before=before)
    if as_json:
        print_json(page)
        return
    headers = ("", "STATE", "COMMIT", "BY", "TOOK", "CACHED", "SIZE", "FOR", "WHEN", "WHY")
    print_table(headers, [_row(build) for build in page["builds"]], "Nothing was built yet.")
    if page["next_before"]:
        note(f"Older ones: --before {page['next_before']}")


@builds.command("show")
@click.argument("words", nargs=-1, required=True, metavar="[PATH] NUMBER", shell_complete=SERVICE_PATH.shell_complete)
@click.option("--dockerfile", "part", flag_value="dockerfile", help="Print its Dockerfile, to keep and change.")
@click.option("--pinned", "part", flag_value="pinned", help="The same with base images by their digests.")
@click.option("--provenance", "part", flag_value="provenance", help="Print what the builder attests, as in-toto JSON.")
@click.option("--sbom", "part", flag_value="sbom", help="Print the image's bill of materials, as SPDX JSON.")
@json_option
def show(words: tuple[str, ...], part: str | None, as_json: bool) -> None:
    """All that is known of one build, such as v12."""
    path, rest = session.split_path(words)
    if len(rest) != 1:
        raise click.UsageError("Which build? `shipway builds` lists them; show one with `shipway builds show v12`.")
    number = BuildNumberType().convert(rest[0], None, None)
    with session.connect() as client:
        service = session.service_path(path)
        if part in ("provenance", "sbom"):
            statement = client.attestation(service, number, part)
            print_json(statement["predicate"] if part == "sbom" else statement)
            return
        build = client.build(service, number)
    if part:
        text = build["pinned_dockerfile" if part == "pinned" else "dockerfile"]
        click.echo(json.dumps(text) if as_json else text, nl=as_json)
    else:
        print_json(build) if as_json else _print(build)


@builds.command("prune")
@workspace_option
@json_option
def prune(workspace: str | None, as_json: bool) -> None:
    """Empty the workspace's build cache: the next builds take longer, nothing else is lost."""
    with session.connect() as client:
        name = chosen_workspace(client, workspace)
        freed = client.prune_builds(name)
    print_json(freed) if as_json else click.echo(f"Emptied the build cache of {name}: {decimal(freed['bytes'])} freed.")


def _row(build: "Build") -> tuple[str, ...]:
    return (
        f"v{build['number']}",
        build["state"],
        build["revision"][:12],
        build["provider"],
        _took(build),
        f"{build['cached']} of {build['steps']}" if build["steps"] else "",
        _size(build),
        f"d{build['deployment']}",
        ago(build["created_at"]),
        build["failure"]["code"] if build["failure"] else "",
    )


def _print(build: "Build") -> None:
    failure: Any = build["failure"] or {}
    print_facts(
        (
            ("Build", f"v{build['number']}, for d{build['deployment']}, {ago(build['created_at'])}"),
            ("State", build["state"]),
            ("Why", f"{failure['message']} ({failure['code']})" if failure else ""),
            ("Next", failure.get("hint", "")),
            ("Commit", build["revision"]),
            ("By", build["provider"]),
            ("Took", _took(build)),
            ("Cached", f"{build['cached']} of {build['steps']} steps" if build["steps"] else ""),
            ("Image", build["digest"]),
            ("Size", _size(build)),
            *(("Stood on", f"{base['reference']}  {base['digest']}") for base in build["bases"]),
            ("Arguments", " ".join(build["arguments"])),
            ("Secrets", " ".join(build["secrets"])),
            ("Dockerfile", f"sha256:{build['dockerfile_sha256']}"),
        )
    )
    for line in failure.get("evidence", ()):
        click.echo(f"    {line}")


def _took(build: "Build") -> str:
    return "" if build["seconds"] is None else f"{build['seconds']:.1f} s"


def _size(build: "Build") -> str:
    return decimal(build["size"]) if build["size"] else ""
