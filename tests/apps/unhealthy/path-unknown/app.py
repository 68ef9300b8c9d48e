import http.server
import os


class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(404)
        self.send_header('Content-Length', '0')
        self.end_headers()


http.server.HTTPServer(("", int(os.environ["PORT"])), App).serve_forever()
