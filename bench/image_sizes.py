"""How large a generated image is beside a hand-written one: `python -m bench.image_sizes [NAME…]`.

For each sample with a Dockerfile in bench/hand_written, written as someone who knows how would: multi-stage, only what
runs, no caches. Both are built on the same air-gapped bases, run, and asked, so that neither leaves out what it needs.
Sizes are the engine's own (layers, uncompressed). Exit code 1 when a generated image is over 1.15 times the other; what
both add to the base, which is most of either, is told too.
"""

import asyncio
import re
import secrets
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from tests.support import apps

from shipway.builders.analysis import analyze
from shipway.builders.bases import Bases, official_reference
from shipway.builders.builder import BuildRequest
from shipway.builders.buildkit import BuildKitBuilder
from shipway.builders.docker_api import connect
from shipway.domain.artifacts import Analysis
from shipway.domain.process import ProcessType
from shipway.domain.service import ServiceSettings

BOUND = 1.15
HAND_WRITTEN = Path(__file__).with_name("hand_written")
_FROM = re.compile(r"^FROM (\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Sizes:
    """Bytes of the images of one app."""

    name: str
    base: int
    generated: int
    hand_written: int

    @property
    def ratio(self) -> float:
        """Of the whole images."""
        return self.generated / self.hand_written

    @property
    def row(self) -> str:
        """Of the table, in megabytes."""
        above = (self.generated - self.base, self.hand_written - self.base)
        cells = [*(f"{size / 1e6:.1f}" for size in (self.base, self.generated, self.hand_written)), f"{self.ratio:.3f}"]
        return f"| {self.name} | {' | '.join(cells)} | {above[0] / 1e6:.2f} : {above[1] / 1e6:.2f} |"


def main() -> None:
    """Build them and print the table."""
    names = sys.argv[1:] or sorted(path.stem for path in HAND_WRITTEN.glob("*.Dockerfile"))
    measured = [asyncio.run(measure(name)) for name in names]
    print("| app | base, MB | generated, MB | hand-written, MB | ratio | above the base, MB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    print("\n".join(sizes.row for sizes in measured))
    print(f"\nworst ratio {max(sizes.ratio for sizes in measured):.3f} (bound {BOUND})")
    sys.exit(any(sizes.ratio > BOUND for sizes in measured))


async def measure(name: str) -> Sizes:
    """Both images of a sample, on the same bases."""
    bases = Bases("airgapped")
    await bases.decide()
    resolved: dict[str, str] = {}

    def base(runtime: str, version: str) -> str:
        return resolved.setdefault(official_reference(runtime, version), bases.resolve(runtime, version))

    generated = analyze(apps.APPS / name, ServiceSettings(), base)
    await bases.ensure_for(generated.dockerfile, print)
    text = (HAND_WRITTEN / f"{name}.Dockerfile").read_text()
    own = _FROM.sub(lambda line: f"FROM {resolved[line[1]]}", text)
    by_hand = replace(generated, dockerfile=own, processes=(ProcessType("web", ""),))
    last_base = _FROM.findall(own)[-1]
    return Sizes(name, await size(last_base), await built(name, generated), await built(name, by_hand))


async def built(name: str, analysis: Analysis) -> int:
    """Bytes of the image, which answers as the sample should; it is gone afterwards."""
    tag = f"shipway-sizes-{secrets.token_hex(4)}:v1"
    builder, answers = BuildKitBuilder(), apps.expected_of(name)["answers"]
    await builder.build(BuildRequest(apps.APPS / name, analysis, tag, 1200.0, {"shipway.test": "sizes"}), _unheard)
    try:
        async with apps._running(tag, analysis, {"PORT": "8123"}) as (container, address):
            await apps._ask(container, f"http://{address}:8123", answers)
        return await size(tag)
    finally:
        await builder.discard(tag)


async def size(reference: str) -> int:
    """As the engine counts it."""
    async with connect("") as docker:
        return int((await docker.images.inspect(reference))["Size"])


def _unheard(_line: str) -> None:
    """A failure brings its own evidence."""


if __name__ == "__main__":
    main()
