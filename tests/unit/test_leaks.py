"""What looks like a credential is told, and what only resembles one is not."""

import pytest

from shipway.domain.leaks import exposed

#: In parts, so that nobody's scanner takes these for real ones.
JWT = "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0" + ".dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("DB_PASSWORD", "hunter2", "its name"),
        ("JWT_SECRET", "x y z", "its name"),
        ("stripe_api_key", "abc", "its name"),
        ("PRIVATE_KEY", "abc", "its name"),
        ("SECRET_KEY_BASE", "0123abcd", "its name"),
        ("ID", "AKIA" + "IOSFODNN7EXAMPLE", "AWS"),
        ("SESSION", "x=" + "ASIA" + "IOSFODNN7EXAMPLE", "AWS"),
        ("GH", "ghp_" + "0123456789abcdefghijABCDEFGHIJ012345", "GitHub"),
        ("GH", "github_pat_" + "0123456789abcdefghijABCDEFGHIJ012345", "GitHub"),
        ("AUTH", f"Bearer {JWT}", "JSON Web Token"),
        ("PEM", "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE\n-----END", "private key"),
        ("DATABASE_URL", "postgres://shop:hunter2@db/shop", "URL with a password"),
        ("REDIS_URL", "redis://:hunter2@cache:6379/0", "URL with a password"),
        ("AWS_THING", "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY7", "random"),
        ("SALT", "9fQ2xT7vLr4ZkP8sWm3YbN6c", "random"),
    ],
)
def test_a_credential_is_told_by_its_name_or_its_shape(name: str, value: str, reason: str) -> None:
    (found,) = exposed({name: value})

    assert found.name == name and reason in found.reason
    assert value not in found.reason + found.hint
    assert f"shipway secrets set {name}" in found.hint and "shipway secrets bind" in found.hint


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REQUEST_ID", "3f2b8c1e-9a4d-4f6b-8e2a-1c5d7e9f0a3b"),
        ("COMMIT", "721a60b6c2d1a3f4e5b6978812345678deadbeef"),
        ("DIGEST", "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        ("INTEGRITY", "sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8KuxHjm2Fp1W2vQ7TtKfMq3sYb5c2m"),
        ("BASE_URL", "https://shop.example.com:8443/a/b?c=d@e"),
        ("SENTRY_DSN", "https://0a1b2c3d@o1.ingest.example.com/42"),
        ("SSH_KEY", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJb2yT8w7V ada@example.com"),
        ("JWT_PUBLIC_KEY", "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE"),
        ("CERT", "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----"),
        ("STRIPE_KEY", "pk_live_51H8x2fQ9zT7vLr4ZkP8sWm3Y"),
        ("BUCKET", "MyCompanyProductionBucket2024"),
        ("IMAGE", "registry.example.com/Team/App-Frontend:v1.2.3"),
        ("LOCALE_PATH", "Usr/Share/Locale/De_DE/LC_MESSAGES1"),
        ("PASSWORD_FILE", "/run/secrets/password"),
        ("DB_PASSWORD", "/run/secrets/password"),
        ("DB_PASSWORD", ""),
        ("API_TOKEN", "<your token>"),
        ("TOKEN_TTL", "3600"),
        ("LOG_LEVEL", "debug"),
        ("GREETING", "a long sentence, with Words and 1 number in it"),
    ],
)
def test_what_only_resembles_one_is_not_warned_of(name: str, value: str) -> None:
    assert exposed({name: value}) == ()


@pytest.mark.parametrize("text", ["a", "eyJ", "a://", "AKIA", "-----BEGIN ", "://a:", "aB1", "ghp_"])
def test_the_longest_value_is_looked_through_in_one_go(text: str) -> None:
    # One that looks again from every place would still be at it tomorrow.
    exposed({"NAME": text * (120_000 // len(text))})
