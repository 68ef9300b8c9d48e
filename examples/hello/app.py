"""Says hello, from which release and which instance."""

import os
import time

from flask import Flask, render_template

app = Flask(__name__)
started = time.monotonic()


@app.get("/")
def hello() -> str:
    return render_template(
        "hello.html",
        release=os.environ.get("SHIPWAY_RELEASE", "not released"),
        facts={
            "Instance": os.environ.get("SHIPWAY_INSTANCE", "this machine"),
            "Deployment": os.environ.get("SHIPWAY_DEPLOYMENT_ID", "none"),
            "Environment": os.environ.get("SHIPWAY_ENVIRONMENT", "development"),
            "Serving for": f"{time.monotonic() - started:.0f} s",
        },
    )


@app.get("/_health/")
def health() -> str:
    return "ok\n"
