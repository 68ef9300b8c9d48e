import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HELLO = b"hello"


class Greeter(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(HELLO)


def main() -> None:
    ThreadingHTTPServer(("", int(os.environ["PORT"])), Greeter).serve_forever()
