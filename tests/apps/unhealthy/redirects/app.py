import http.server
import os


class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(302)
        self.send_header("Location", "/login")
        self.end_headers()


http.server.HTTPServer(("", int(os.environ["PORT"])), App).serve_forever()
