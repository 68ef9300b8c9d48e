"""The registry's signing key."""

import base64
import hashlib
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from shipway.domain.errors import Unavailable
from shipway.registry.keys import ensure_key


def test_the_key_is_made_once_and_found_again(tmp_path: Path) -> None:
    first, second = ensure_key(tmp_path), ensure_key(tmp_path)
    assert (first.kid, first.certificate, first.bundle) == (second.kid, second.certificate, second.bundle)
    assert first.key.as_dict(private=True) == second.key.as_dict(private=True)


def test_makers_at_the_same_time_end_up_with_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: ensure_key(tmp_path), range(8)))
    assert len({(key.kid, key.certificate) for key in keys}) == 1


def test_the_key_is_readable_by_its_owner_alone_and_nothing_is_left_lying_about(tmp_path: Path) -> None:
    key = ensure_key(tmp_path / "registry")
    files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "registry").iterdir()}
    assert files == {"token.key": 0o600, key.bundle.name: 0o600}
    assert stat.S_IMODE((tmp_path / "registry").stat().st_mode) == 0o700


def test_the_certificate_is_the_keys_own_and_signs_itself(tmp_path: Path) -> None:
    key = ensure_key(tmp_path)
    certificate = x509.load_pem_x509_certificate(key.bundle.read_bytes())
    certificate.verify_directly_issued_by(certificate)
    public = certificate.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    assert public.public_numbers() == key.key.public_key.public_numbers()
    assert base64.b64decode(key.certificate) == certificate.public_bytes(Encoding.DER)


def test_the_key_id_is_libtrusts_fingerprint(tmp_path: Path) -> None:
    key = ensure_key(tmp_path)
    assert re.fullmatch(r"([A-Z2-7]{4}:){11}[A-Z2-7]{4}", key.kid)
    der = key.key.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert base64.b32decode(key.kid.replace(":", "")) == hashlib.sha256(der).digest()[:30]


def test_another_key_has_another_certificate_file(tmp_path: Path) -> None:
    first = ensure_key(tmp_path)
    (tmp_path / "token.key").unlink()
    assert ensure_key(tmp_path).bundle != first.bundle


def test_a_lost_certificate_is_made_anew_for_the_same_key(tmp_path: Path) -> None:
    first = ensure_key(tmp_path)
    first.bundle.unlink()
    assert ensure_key(tmp_path).kid == first.kid


def test_a_key_that_cannot_be_read_is_reported_and_kept(tmp_path: Path) -> None:
    rsa_key = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for content in (b"not a key", rsa_key):
        (tmp_path / "token.key").write_bytes(content)
        with pytest.raises(Unavailable, match=r"token\.key, .* can't be read"):
            ensure_key(tmp_path)
        assert (tmp_path / "token.key").read_bytes() == content


def test_a_certificate_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    ensure_key(tmp_path).bundle.write_text("not a certificate")
    with pytest.raises(Unavailable, match=r"\.crt, .* can't be read"):
        ensure_key(tmp_path)


def test_derived_secrets_differ_by_purpose_and_stay_the_same(tmp_path: Path) -> None:
    key = ensure_key(tmp_path)
    assert key.derive("uploads") == ensure_key(tmp_path).derive("uploads") != key.derive("other")
