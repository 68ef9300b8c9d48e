import http.server
import os
import sys
import traceback

rows = {}


class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            self.wfile.write(rows['price'])
        except KeyError:
            traceback.print_exc(file=sys.stderr)
            self.send_response(500)
            self.end_headers()


http.server.HTTPServer(("", int(os.environ["PORT"])), App).serve_forever()
