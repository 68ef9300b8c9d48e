"""The registry's signing key: made once per installation, kept in its home, trusted by the registry by certificate."""

import base64
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from joserfc.jwk import ECKey

from shipway.domain.errors import Unavailable

# The certificate vouches for nothing but "this key is ours": were it to expire, that would only be a way to fail.
_VALID = timedelta(days=36500)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A P-256 key and the certificate by which the registry knows it."""

    key: ECKey
    #: libtrust's fingerprint of the public key, by which registries before version 3 find it.
    kid: str
    #: DER, base64: the `x5c` header that version 3 looks for.
    certificate: str
    #: PEM file for the registry's `rootcertbundle`; named for the key, so that another key means another configuration.
    bundle: Path

    def derive(self, purpose: str) -> str:
        """A secret for `purpose` that is always the same for this key and says nothing about it."""
        return hmac.new(self.key.as_pem(private=True), purpose.encode(), hashlib.sha256).hexdigest()


def ensure_key(directory: Path) -> SigningKey:
    """The key in `directory`, made on first use, readable by the owner alone.

    Raises `Unavailable` when what is there can't be read as a key. It is not replaced then: someone may have put a
    wrong file there, and tokens signed by a new key would be refused by a registry that runs.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    private = _load_or_make(directory / "token.key")
    kid = _fingerprint(private.public_key())
    bundle = directory / f"token-{kid.replace(':', '')[:16].lower()}.crt"
    if not bundle.exists():
        _write_once(bundle, _certificate(private).public_bytes(Encoding.PEM))
    try:
        certificate = x509.load_pem_x509_certificate(bundle.read_bytes())
    except ValueError as error:
        raise _unreadable(bundle) from error
    encoded = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
    return SigningKey(ECKey.import_key(_pem(private)), kid, encoded, bundle)


def _load_or_make(path: Path) -> ec.EllipticCurvePrivateKey:
    if not path.exists():
        _write_once(path, _pem(ec.generate_private_key(ec.SECP256R1())))
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as error:
        raise _unreadable(path) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise _unreadable(path)
    return key


def _unreadable(path: Path) -> Unavailable:
    return Unavailable(
        f"{path}, by which the registry knows our tokens, can't be read.",
        hint="Restore it from a backup, or remove it: a new one is made at the next start.",
    )


def _write_once(path: Path, content: bytes) -> None:
    """Put `content` at `path` whole or not at all; what is there already, or is put there meanwhile, stays."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    temporary.touch(mode=0o600)
    try:
        temporary.write_bytes(content)
        os.link(temporary, path)
    except FileExistsError:
        return
    finally:
        temporary.unlink()


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Shipway registry tokens")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _VALID)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )


def _fingerprint(key: ec.EllipticCurvePublicKey) -> str:
    digest = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()[:30]
    text = base64.b32encode(digest).decode()
    return ":".join(text[start : start + 4] for start in range(0, len(text), 4))
