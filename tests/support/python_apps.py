"""Python apps of a few files, and what the detector makes of them."""

from functools import partial

from tests.support.detected import candidate

from shipway.builders.detectors.python import detect

FLASK = "from flask import Flask\napp = Flask(__name__)\n"
FASTAPI = "from fastapi import FastAPI\napp: FastAPI = FastAPI()\n"

detected = partial(candidate, detect)
