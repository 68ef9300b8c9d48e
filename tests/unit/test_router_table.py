"""The table, from what the store knows."""

import pytest

from shipway.domain.artifacts import Target
from shipway.domain.errors import Conflict
from shipway.domain.route import Route, Table
from shipway.routers.table import LiveService, build_table

SHOP = LiveService("svc_2", ("Shop.example.com", "www.shop.example.com"), "dep_1")
BLOG = LiveService("svc_1", ("blog.example.com",))
ONE, TWO = Target("v1.web.1", "10.0.0.1", 8080), Target("v1.web.2", "10.0.0.2", 8080)


def test_every_service_has_a_route_and_every_set_its_instances() -> None:
    assert build_table([SHOP, BLOG], {"dep_1": (ONE,)}) == Table(
        (
            Route("svc_1", ("blog.example.com",), ""),
            Route("svc_2", ("shop.example.com", "www.shop.example.com"), "dep_1"),
        ),
        {"dep_1": (ONE,)},
    )


def test_order_of_the_input_makes_no_difference() -> None:
    one = build_table([SHOP, BLOG], {"dep_1": (ONE, TWO), "dep_0": ()})
    other = build_table([BLOG, SHOP], {"dep_0": (), "dep_1": (TWO, ONE)})
    assert one == other
    assert list(one.sets) == list(other.sets) == ["dep_0", "dep_1"]


def test_two_services_with_the_same_host_are_refused_by_name_in_any_case() -> None:
    with pytest.raises(Conflict) as caught:
        build_table([SHOP, LiveService("svc_9", ("SHOP.example.com",))], {})
    assert "shop.example.com" in caught.value.message
    assert "svc_2" in caught.value.message
    assert "svc_9" in caught.value.message


def test_a_service_may_name_its_host_twice() -> None:
    table = build_table([LiveService("svc_1", ("a.example.com", "A.example.com"))], {})
    assert table.routes[0].hosts == ("a.example.com",)
