"""Detectors, one file per language. A new one is a new file and an entry here; where several are certain, the first counts."""

from shipway.builders.detectors import node, python, static
from shipway.builders.detectors.detector import Detector

DETECTORS: tuple[Detector, ...] = (python.DETECTOR, node.DETECTOR, static.DETECTOR)
