"""What the control plane costs while nothing happens, and how fast the command line is there: `python -m bench.idle`.

A server with one live app is left alone for 20 s. Bounds: 150 MB resident, 1 % of one core, `shipway --help` in 0.3 s
(median of 9; each beside `python -c pass`, which is the floor of this machine).
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from tests.support.real import APP, ROOT, real_shipway

SECONDS = 20
SHIPWAY = Path(sys.executable).parent / "shipway"


def main() -> None:
    """Run it and print the table."""
    with real_shipway() as shipway:
        shipway.create("app", {"source": {"kind": "upload"}})
        shipway.wait(shipway.pipeline("deploy", "app", {"upload": shipway.upload(APP)}), states=("live",))
        assert shipway.process
        time.sleep(5)
        before, began = cpu_seconds(shipway.process.pid), time.monotonic()
        time.sleep(SECONDS)
        share = (cpu_seconds(shipway.process.pid) - before) / (time.monotonic() - began)
        resident = resident_megabytes(shipway.process.pid)
    help_seconds = median(run_seconds(str(SHIPWAY), "--help") for _ in range(9))
    floor = median(run_seconds(sys.executable, "-c", "pass") for _ in range(9))
    print("| what | measured | bound |\n| --- | ---: | ---: |")
    print(f"| control plane, idle, resident | {resident:.0f} MB | 150 MB |")
    print(f"| control plane, idle, of one core | {share:.2%} | 1 % |")
    print(f"| `shipway --help` | {help_seconds:.3f} s ({help_seconds / floor:.1f} × an empty Python) | 0.3 s |")
    sys.exit(0 if resident < 150 and share < 0.01 and help_seconds < 0.3 else 1)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_megabytes(pid: int) -> float:
    """Resident memory of a process."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def run_seconds(*command: str) -> float:
    """Wall time of one run."""
    began = time.monotonic()
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    return time.monotonic() - began


if __name__ == "__main__":
    main()
