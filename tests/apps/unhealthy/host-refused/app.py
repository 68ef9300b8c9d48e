import http.server
import os


class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(400)
        print(f"Invalid HTTP_HOST header: {self.headers['Host']!r}. You may need to add it to ALLOWED_HOSTS.", flush=True)
        self.end_headers()


http.server.HTTPServer(("", int(os.environ["PORT"])), App).serve_forever()
