from flask import Flask

application = Flask(__name__)


@application.get("/")
def index() -> str:
    return "hello"
