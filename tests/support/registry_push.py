"""Putting images into a registry over HTTP, without an engine."""

import hashlib
import json
from typing import Any

import httpx2

from shipway.domain.credential import Credential

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_INDEX = "application/vnd.oci.image.index.v1+json"


class Pusher:
    """Pushes to one repository."""

    def __init__(self, url: str, realm: str, repository: str, credential: Credential) -> None:
        scope = {"service": "test-registry", "scope": f"repository:{repository}:pull,push"}
        login = (credential.username, credential.password)
        token = httpx2.get(realm, params=scope, auth=login, trust_env=False).json()["token"]
        self._base = f"{url}/v2/{repository}"
        self._headers = {"Authorization": f"Bearer {token}"}

    def image(self, content: bytes, tag: str = "") -> str:
        """An image of one layer; returns its digest."""
        config, layer = self._blob(b"{}"), self._blob(content)
        described = {"mediaType": "application/vnd.oci.image.config.v1+json", **config}
        layers = [{"mediaType": "application/vnd.oci.image.layer.v1.tar", **layer}]
        return self._put(_MANIFEST, {"config": described, "layers": layers}, tag)

    def attested(self, content: bytes, attestation: bytes, tag: str) -> tuple[str, str, str]:
        """An index of an image and an attestation: the digests of all three, the index's first."""
        image, statement = self.image(content), self.image(attestation)
        listed = [self._named(image), self._named(statement)]
        listed[1]["annotations"] = {"vnd.docker.reference.type": "attestation-manifest"}
        return self._put(_INDEX, {"manifests": listed}, tag), image, statement

    def has(self, reference: str) -> bool:
        """Whether a tag or digest leads to something that is all there, down to its layers."""
        headers = self._headers | {"Accept": f"{_MANIFEST}, {_INDEX}"}
        answer = httpx2.get(f"{self._base}/manifests/{reference}", headers=headers, trust_env=False)
        if answer.status_code != 200:
            assert answer.status_code == 404
            return False
        return all(self._has_blob(part["digest"]) for part in answer.json().get("layers", ()))

    def _has_blob(self, digest: str) -> bool:
        return httpx2.head(f"{self._base}/blobs/{digest}", headers=self._headers, trust_env=False).status_code == 200

    def _named(self, digest: str) -> dict[str, Any]:
        return {
            "mediaType": _MANIFEST,
            "digest": digest,
            "size": 2,
            "platform": {"architecture": "amd64", "os": "linux"},
        }

    def _blob(self, content: bytes) -> dict[str, Any]:
        begun = httpx2.post(f"{self._base}/blobs/uploads/", headers=self._headers, trust_env=False)
        where = httpx2.URL(self._base).join(begun.headers["Location"])
        digest = _digest(content)
        url = where.copy_merge_params({"digest": digest})
        assert httpx2.put(url, content=content, headers=self._headers, trust_env=False).status_code == 201
        return {"digest": digest, "size": len(content)}

    def _put(self, kind: str, manifest: dict[str, Any], tag: str) -> str:
        body = json.dumps({"schemaVersion": 2, "mediaType": kind} | manifest).encode()
        url = f"{self._base}/manifests/{tag or _digest(body)}"
        answer = httpx2.put(url, content=body, headers=self._headers | {"Content-Type": kind}, trust_env=False)
        assert answer.status_code == 201, answer.text
        return _digest(body)


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
