"""A server on this machine that lies, stalls, breaks off, redirects and sends bombs, as a test wants."""

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.handmade import epochs, log, start, voc

LOG = log(start(), epochs(0, 40), voc(40, 0.5)).encode()
Answer = Callable[[BaseHTTPRequestHandler], None]


class Server(ThreadingHTTPServer):
    """Answers each request with the next of `answers`, the last of them for ever; `seen` has the headers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[Answer] = [send()]
        self.seen: list[dict[str, str]] = []
        self.host = f"127.0.0.1:{self.server_port}"
        self.url = f"http://{self.host}/runs/a.log"

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.seen.append({"path": self.path, **self.headers})
        answers = self.server.answers
        (answers.pop(0) if len(answers) > 1 else answers[0])(self)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[Server]:
    """A server that runs."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def send(body: bytes = LOG, status: int = 200, length: object = None, **headers: str) -> Answer:
    """An answer with a body; with a `length` of its own the connection ends behind it."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)
        handler.close_connection = length is not None

    return answer


def send_gzip(body: bytes, **headers: str) -> Answer:
    """An answer that says it is gzipped."""
    return send(body, Content_Encoding="gzip", **headers)


def raw(*parts: bytes, pause: float = 0.0) -> Answer:
    """An answer byte by byte as given, with pauses between the parts, and then the end of the connection."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        for part in parts:
            handler.wfile.write(part)
            handler.wfile.flush()
            time.sleep(pause)

    return answer


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """End the connection at once."""
    handler.close_connection = True


def redirect(to: str) -> Answer:
    """Send the client elsewhere."""
    return send(b"", 302, Location=to)


def bomb(size: int) -> Answer:
    """A small body that unpacks to `size` bytes."""
    return send_gzip(gzip.compress(bytes(size)))


def unchanging(body: bytes = LOG, etag: str = '"1"') -> Answer:
    """An answer that knows whether the client has it already."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        same = handler.headers.get("If-None-Match") == etag
        (send(b"", 304) if same else send(body, ETag=etag))(handler)

    return answer
