"""The registry server's configuration."""

import json
from pathlib import Path

from shipway.registry.config import ServerConfig

CONFIG = ServerConfig(
    storage=Path('/var/lib/with "quotes": {and} #more'),
    port=7701,
    realm="http://127.0.0.1:7700/registry/token?x=1&y='2'",
    service="shipway-registry",
    issuer="shipway",
    bundle=Path("/var/lib/shipway/registry/token-1.crt"),
    secret="s3cret",
)


def test_every_value_arrives_as_it_is_whatever_it_contains() -> None:
    tree = json.loads(CONFIG.render())
    assert tree["storage"]["filesystem"]["rootdirectory"] == str(CONFIG.storage)
    assert tree["http"]["secret"] == "s3cret"
    assert tree["auth"]["token"] == {
        "realm": CONFIG.realm,
        "service": "shipway-registry",
        "issuer": "shipway",
        "rootcertbundle": str(CONFIG.bundle),
    }


def test_it_listens_on_loopback_only() -> None:
    assert json.loads(CONFIG.render())["http"]["addr"] == "127.0.0.1:7701"


def test_images_can_be_deleted_and_requests_are_not_logged() -> None:
    tree = json.loads(CONFIG.render())
    assert tree["storage"]["delete"] == {"enabled": True}
    assert tree["log"]["accesslog"] == {"disabled": True}


def test_the_same_values_give_the_same_text() -> None:
    assert CONFIG.render() == CONFIG.render()
