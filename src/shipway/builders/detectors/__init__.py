"""Detectors, one file per language. A new one is a new file and an entry here; where several are certain, the first counts."""

from shipway.builders.detectors import deno, dotnet, go, java, node, php, python, ruby, rust, static
from shipway.builders.detectors.detector import Detector

DETECTORS: tuple[Detector, ...] = (
    python.DETECTOR,
    ruby.DETECTOR,
    php.DETECTOR,
    go.DETECTOR,
    rust.DETECTOR,
    deno.DETECTOR,
    java.DETECTOR,
    dotnet.DETECTOR,
    node.DETECTOR,
    static.DETECTOR,
)
