"""The zoo of unhealthy apps, really deployed over a healthy one. `python -m tests.support.unhealthy NAME…` says what each is
told.

`expected.json`: the failure's `class`, what message, hint and evidence hold; and for some the service's `settings`.
"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.support.images import ensure_test_image
from tests.support.real import RealShipway, real_shipway

ZOO = Path(__file__).parents[1] / "apps/unhealthy"
NAMES = sorted(path.parent.name for path in ZOO.glob("*/expected.json"))
#: Answers wherever a sample is asked.
_HEALTHY = """\
FROM shipway-test/busybox:1
EXPOSE 8080
RUN echo up >/www/up && echo healthy >/www/index.html
CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]
"""
_IMPATIENT: dict[str, Any] = {"health": {"timeout": 6}, "drain_timeout": 2}


def expected_of(name: str) -> dict[str, Any]:
    """What expected.json says."""
    expected: dict[str, Any] = json.loads((ZOO / name / "expected.json").read_text())
    return expected


def assert_told(failure: dict[str, Any], expected: dict[str, Any]) -> None:
    """Class, message, hint and evidence are as expected."""
    evidence = "\n".join(failure["evidence"])
    told = f"{failure['code']}: {failure['message']}\nhint: {failure['hint']}\n{evidence}"
    assert failure["code"] == expected["class"], told
    for text, parts in ((failure["message"], "message_has"), (failure["hint"], "hint_has"), (evidence, "evidence_has")):
        assert [part for part in expected[parts] if part not in text] == [], told
    assert failure["hint"] and len(failure["evidence"]) <= 15, told


def failed_over_a_healthy_one(shipway: RealShipway, name: str) -> dict[str, Any]:
    """Deploy a healthy app, then the sample over it; the API's explanation of that. Raises `AssertionError` when the
    sample went live, or what served before does so no more."""
    expected = expected_of(name)
    settings = expected.get("settings", {})
    health = _IMPATIENT["health"] | settings.get("health", {})
    host = shipway.create(name, {"source": {"kind": "upload"}, "settings": _IMPATIENT | settings | {"health": health}})
    with tempfile.TemporaryDirectory() as nothing:
        healthy = shipway.upload(Path(nothing), {"Dockerfile": _HEALTHY})
    before = shipway.wait(shipway.pipeline("deploy", name, {"upload": healthy}))
    assert before["state"] == "live", before["failure"]
    ended = shipway.wait(shipway.pipeline("deploy", name, {"upload": shipway.upload(ZOO / name)}))
    assert ended["state"] == "failed", f"{name} is {ended['state']}"
    assert shipway.get(host).text == "healthy\n"
    return dict(shipway.api.get(f"/deployments/{ended['id']}/explanation").json())


def main(names: list[str]) -> int:
    """Try each; the number of those that were told wrongly."""
    asyncio.run(ensure_test_image())
    wrong = 0
    with real_shipway() as shipway:
        for name in names or NAMES:
            try:
                known = failed_over_a_healthy_one(shipway, name)
                assert_told(known["failure"], expected_of(name))
                print(f"===== {name}: as expected\n{known['failure']['message']}", flush=True)
            except AssertionError as error:
                wrong += 1
                print(f"===== {name}: WRONG\n{error}", flush=True)
    return wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
