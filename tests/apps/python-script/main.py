import os
from http.server import HTTPServer, SimpleHTTPRequestHandler

HTTPServer(("", int(os.environ["PORT"])), SimpleHTTPRequestHandler).serve_forever()
