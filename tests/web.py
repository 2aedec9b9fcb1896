"""A web server on loopback that serves a directory, and fails as it is told."""

from __future__ import annotations

import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote


@dataclass(slots=True, kw_only=True)
class Web:
    """A web server on loopback: what it serves, what it says besides, and how it fails."""

    root: Path
    url: str = ""
    control: str = ""
    answers: dict[str, int] = field(default_factory=dict)
    """A status by the end of a path."""
    fails: int = 0
    """How many requests are answered with 503."""
    elsewhere: str = ""
    """Where clients are sent."""
    cuts: str = ""
    """What breaks off: the end of a path."""
    meanwhile: dict[str, Callable[[], object]] = field(default_factory=dict)
    """What happens once, while a path that ends so is on its way, opened and not yet sent."""
    log: list[tuple[str, int]] = field(default_factory=list)
    """Paths that were asked for, and what was answered."""


@contextmanager
def serving(root: Path, certificate: Path | None = None) -> Iterator[Web]:
    """With a ``certificate`` and its key in one file, over https."""
    web = Web(root=root)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Page, web)) as server:
        server.daemon_threads = False
        web.url = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}/"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.01))
        thread.start()
        try:
            yield web
        finally:
            server.shutdown()
            thread.join()


def make_certificate(path: Path) -> Path:
    """One for 127.0.0.1, signed by itself, and its key, in one file at ``path``."""
    name = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    files = ("-keyout", path, "-out", path.with_suffix(".crt"))
    new = (
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-noenc",
        "-days",
        "2",
    )
    subprocess.run([*new, *name, *files], check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + path.with_suffix(".crt").read_bytes())
    return path


class _Page(SimpleHTTPRequestHandler):
    def __init__(self, web: Web, *words: Any) -> None:
        self.web = web
        super().__init__(*words, directory=str(web.root))

    def send_head(self) -> Any:
        status = next((status for end, status in self.web.answers.items() if self.path.endswith(end)), 0)
        if self.web.fails:
            self.web.fails -= 1
            status = 503
        if self.web.elsewhere:
            self.send_response(302)
            self.send_header("Location", self.web.elsewhere)
            self.end_headers()
            return None
        if status:
            self.send_error(status)
            return None
        if self.web.cuts and self.path.endswith(self.web.cuts):
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            self.wfile.write(b"half of it")
            return None
        opened = super().send_head()
        for end in [end for end in self.web.meanwhile if self.path.endswith(end)]:
            self.web.meanwhile.pop(end)()
        return opened

    def end_headers(self) -> None:
        if self.web.control and self.path.endswith("InRelease"):
            self.send_header("Cache-Control", self.web.control)
        super().end_headers()

    def log_request(self, code: int | str = "-", _size: int | str = "-") -> None:
        self.web.log.append((unquote(self.path), int(code)))

    def log_message(self, *_: object) -> None:
        pass
