"""``python -m notes serve`` and ``python -m notes migrate``."""

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg2

from notes.schema import STEPS


def connect():
    """A connection to the database that the setting names."""
    return psycopg2.connect(os.environ["NOTES_DATABASE_URL"], connect_timeout=3)


def migrate():
    """Bring the database to this version, a step at a time, each whole or not at all."""
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS step (number integer PRIMARY KEY)")
        cursor.execute("SELECT count(*) FROM step")
        done = cursor.fetchone()[0]
    for number, step in enumerate(STEPS[done:], done):
        with connect() as connection, connection.cursor() as cursor:
            cursor.execute(step)
            cursor.execute("INSERT INTO step VALUES (%s)", [number])


class Notes(BaseHTTPRequestHandler):
    """GET /health, GET /notes, POST /notes."""

    def do_GET(self):
        with connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT text FROM note ORDER BY id")
            found = [text for (text,) in cursor.fetchall()]
            cursor.execute("SELECT count(*) FROM step")
            steps = cursor.fetchone()[0]
        self.answer(200, found if self.path == "/notes" else {"well": steps == len(STEPS), "notes": len(found)})

    def do_POST(self):
        if self.headers["Authorization"] != f"Bearer {os.environ['NOTES_TOKEN']}":
            self.answer(401, {"error": "wrong token"})
            return
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with connect() as connection, connection.cursor() as cursor:
            cursor.execute("INSERT INTO note (text) VALUES (%s)", [text])
        self.answer(201, {"kept": text})

    def answer(self, status, content):
        """Send ``content`` as JSON."""
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if sys.argv[1] == "migrate":
    migrate()
else:
    time.sleep(float(os.environ.get("NOTES_SLOWNESS", "0")))
    ThreadingHTTPServer((os.environ["NOTES_ADDRESS"], int(os.environ["NOTES_PORT"])), Notes).serve_forever()
