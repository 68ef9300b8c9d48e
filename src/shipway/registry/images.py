"""What the registry has of an image: manifests, and the attestations around them. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from shipway.registry.registry import Stored

#: Every kind of manifest that may stand behind a digest.
ACCEPTED = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
_KIND = "vnd.docker.reference.type"


def image_in(index: Mapping[str, Any]) -> str:
    """Digest of the image that an index holds beside attestations; empty for what is no index."""
    return next((each["digest"] for each in index.get("manifests") or () if not _attests(each)), "")


def attestations_in(index: Mapping[str, Any]) -> list[str]:
    """Digests of the manifests with attestations."""
    return [each["digest"] for each in index.get("manifests") or () if _attests(each)]


def statements_in(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Digests of the in-toto statements that such a manifest lists."""
    return (layer["digest"] for layer in manifest["layers"] if layer["mediaType"] == "application/vnd.in-toto+json")


def stored(digest: str, manifest: Mapping[str, Any]) -> Stored:
    """The image that a manifest describes."""
    return Stored(digest, sum(part["size"] for part in (manifest["config"], *manifest["layers"])))


def _attests(descriptor: Mapping[str, Any]) -> bool:
    return (descriptor.get("annotations") or {}).get(_KIND) == "attestation-manifest"
