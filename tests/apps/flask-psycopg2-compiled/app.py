import psycopg2
from flask import Flask

app = Flask(__name__)


@app.get("/")
def index() -> str:
    return f"libpq {psycopg2.extensions.libpq_version()}"


app.run(debug=True)
