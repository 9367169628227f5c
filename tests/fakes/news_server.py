"""A publisher on a loopback port: serves feeds by path, with failures that a test asks for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Publisher:
    """``bodies`` by path are answered with 200 and a tag, a number with that status; ``asked`` keeps the paths."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes | int] = {}
        self.asked: list[str] = []
        self.address = ""


@contextmanager
def publishing() -> Iterator[Publisher]:
    """Serves until the block ends."""
    publisher = Publisher()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            publisher.asked.append(self.path)
            said = publisher.bodies.get(self.path, 404)
            body = said if isinstance(said, bytes) else b""
            self.send_response(200 if isinstance(said, bytes) else said)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    publisher.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield publisher
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
