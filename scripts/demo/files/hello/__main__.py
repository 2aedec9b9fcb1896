"""``python -m hello``: answer every GET with hello."""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer


class Hello(BaseHTTPRequestHandler):
    """Says hello."""

    def do_GET(self) -> None:
        """Say it."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello\n")


HTTPServer(("127.0.0.1", int(os.environ["HELLO_PORT"])), Hello).serve_forever()
