"""Names and addresses."""

import pytest

from shipway.domain.errors import Invalid
from shipway.domain.names import ServicePath, host, slug, slugify


@pytest.mark.parametrize("name", ["a", "api", "my-app-2", "x" * 40])
def test_good_names_pass(name: str) -> None:
    assert slug(name, "service") == name


@pytest.mark.parametrize("name", ["", "A", "2api", "-a", "a-", "a--b", "a_b", "a.b", "a/b", "x" * 41, "ä", "a\n"])
def test_bad_names_are_refused_with_the_rule(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        slug(name, "service")
    assert "service" in refused.value.message
    assert "lower-case" in refused.value.hint


@pytest.mark.parametrize(
    ("text", "expected"), [("My App", "my-app"), ("2048", "app"), ("a__b", "a-b"), ("ÜBER", "ber"), ("-x-", "x")]
)
def test_any_directory_name_has_a_nearest_name(text: str, expected: str) -> None:
    assert slug(slugify(text), "service") == expected


def test_a_path_addresses_a_service() -> None:
    path = ServicePath.parse("acme/shop/production/api")
    assert str(path) == "acme/shop/production/api"
    assert path.dotted == "acme.shop.production.api"
    assert path.network == "acme.shop.production"
    assert path.default_label == "api-production-shop"


@pytest.mark.parametrize(
    "text", ["", "acme", "acme/shop/production", "acme/shop/production/api/x", "acme//production/api"]
)
def test_a_path_with_other_than_four_parts_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        ServicePath.parse(text)


@pytest.mark.parametrize("name", ["shop.example.com", "Shop.Example.COM.", "a", "xn--bcher-kva.example"])
def test_host_names_are_normalised(name: str) -> None:
    assert host(name) == name.lower().removesuffix(".")


@pytest.mark.parametrize(
    "name", ["", "http://a.b", "a b", "a..b", "-a.b", "a.b:80", "a/b", "x" * 64 + ".com", "a.b\nc"]
)
def test_what_is_no_host_name_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        host(name)
