"""How long an edit of a config file takes to be seen: `python -m bench.config_files [EDITS] [INSTANCES]`.

From when the request is sent until the last of the instances (5) reads the new content, each asked over and over by its own
address. Median and slowest of EDITS (20), without a restart. Bound 2 s; exit code 1 when one is over it.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from tests.support.config_readers import edit, instances, read, readers
from tests.support.real import RealShipway, real_shipway

BOUND = 2.0


def main() -> None:
    """Run it and print the figures."""
    edits = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with real_shipway() as shipway:
        readers(shipway, count)
        before = instances(shipway)
        took = [seen_after(shipway, list(before.values()), f"edit {number}\n" * 100) for number in range(edits)]
        assert instances(shipway) == before, "an instance was replaced"
    print(
        f"{edits} edits, {count} instances: median {median(took):.3f} s, slowest {max(took):.3f} s (bound {BOUND:g} s)"
    )
    sys.exit(max(took) > BOUND)


def seen_after(shipway: RealShipway, addresses: list[str], text: str) -> float:
    """Seconds until all of them read it. The next edit waits until this one's deployment is over."""
    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(edit, shipway, {"app.conf": text})
        while any(read(address, "app.conf") != text.encode() for address in addresses):
            time.sleep(0.02)  # Asked more often, the machine would be busy with answering this.
    took = time.monotonic() - began
    shipway.wait(asked.result())
    return took


if __name__ == "__main__":
    main()
