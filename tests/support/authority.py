"""A certificate authority that nobody knows, as a company's own is to the rest of the world."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_NOW = datetime.now(UTC)


@dataclass(frozen=True)
class Authority:
    """Its key and its own certificate."""

    key: ec.EllipticCurvePrivateKey
    root: x509.Certificate

    @classmethod
    def make(cls) -> "Authority":
        """A new one."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("An authority of the tests")
        signs = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = _builder(name, name, key.public_key(), 1).add_extension(x509.BasicConstraints(True, None), True)
        return cls(key, builder.add_extension(signs, True).sign(key, hashes.SHA256()))

    @property
    def pem(self) -> str:
        """What those who trust it are given."""
        return self.root.public_bytes(serialization.Encoding.PEM).decode()

    def certificate(self, directory: Path, name: str, address: str) -> tuple[Path, Path]:
        """Paths of a certificate for a name and an IP address, and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address(address))])
        builder = _builder(_name(name), self.root.subject, key.public_key(), 2).add_extension(names, False)
        made = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False
        ).sign(self.key, hashes.SHA256())
        paths = directory / "server.pem", directory / "server.key"
        paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
        plain = serialization.NoEncryption()
        paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
        return paths


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, serial: int
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder(issuer, subject, key, serial)
    valid = builder.not_valid_before(_NOW - timedelta(days=1)).not_valid_after(_NOW + timedelta(days=7))
    return valid.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
