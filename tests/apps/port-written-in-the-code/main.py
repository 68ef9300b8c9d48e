from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = 5000


class Hello(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")


ThreadingHTTPServer(("0.0.0.0", PORT), Hello).serve_forever()
