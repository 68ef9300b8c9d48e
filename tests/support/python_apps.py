"""Python apps of a few files, and what the detector makes of them."""

from pathlib import Path

from shipway.builders.detectors.detector import Candidate
from shipway.builders.detectors.python import detect
from shipway.builders.detectors.tree import Tree

FLASK = "from flask import Flask\napp = Flask(__name__)\n"
FASTAPI = "from fastapi import FastAPI\napp: FastAPI = FastAPI()\n"


def detected(tmp_path: Path, files: dict[str, str]) -> Candidate:
    """The candidate for a tree of these files."""
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    candidate = detect(Tree(tmp_path))
    assert candidate
    return candidate
