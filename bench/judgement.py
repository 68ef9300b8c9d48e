"""How often a canary is aborted: `python -m bench.judgement [RUNS]`, for equals (at most 1 %) and for worse releases.

Each figure is of whole runs, steps of 10 % and of 50 %, with 60 looks per step. Exit code 1 when equals are aborted more often.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from tests.support.canary_runs import Canary, Release, Tail, aborts

BOUND = 0.01
TAILS: tuple[Tail, ...] = ("lognormal", "pareto", "hung")
REQUESTS = (50, 100, 200, 500, 1000, 5000)


def main() -> None:
    """Run them and print the table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print("| releases | steps | tail |", " | ".join(f"{count} requests" for count in REQUESTS), "|")
    print("| --- | --- | --- |" + " --- |" * len(REQUESTS))
    worst, aborted, total = 0.0, 0, 0
    for name, canary in (*_equals(), *_worse()):
        counts = [aborts(replace(canary, requests=requests), runs, seed=1) for requests in REQUESTS]
        steps = ", ".join(f"{step} %" for step in canary.steps)
        print(
            f"| {name} | {steps} | {canary.tail} |",
            " | ".join(f"{count / runs:.1%}" for count in counts),
            "|",
            flush=True,
        )
        if canary.new == canary.old:
            worst = max(worst, *(count / runs for count in counts))
            aborted, total = aborted + sum(counts), total + runs * len(counts)
    print(f"\nEquals: {aborted} of {total} runs aborted ({aborted / total:.2%}); {worst:.1%} in the worst cell.")
    sys.exit(aborted / total > BOUND)


def _equals() -> Iterator[tuple[str, Canary]]:
    for errors, steps, tail in product((0.0, 0.005, 0.05, 0.2), ((10, 50), (50,)), TAILS):
        same = Release(errors)
        yield f"equal, {errors:.1%} 5xx", Canary(same, same, steps=steps, tail=tail)


def _worse() -> Iterator[tuple[str, Canary]]:
    for steps in ((10,), (50,), (10, 50)):
        usual = Canary(old=Release(0.001), steps=steps)
        yield "5xx from 0.1 % to 1 %", replace(usual, new=Release(0.01))
        yield "5xx from 0.1 % to 5 %", replace(usual, new=Release(0.05))
        yield "5xx from 5 % to 20 %", replace(usual, old=Release(0.05), new=Release(0.2))
        yield "three times as slow", replace(usual, new=Release(0.001, slowness=3))
        yield "three times as slow, 10 ms", replace(usual, new=Release(0.001, slowness=3), median=10.0)


if __name__ == "__main__":
    main()
