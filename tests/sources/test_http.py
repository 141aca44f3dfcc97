"""Fetching against a local server that lies, stalls, breaks off, redirects, fails and sends a bomb."""

import gzip
import hashlib
import json
import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from convlens.errors import SourceError
from convlens.sources import http

LOG = b"Start training from [Epoch 0]\n" * 4000
Answer = Callable[[BaseHTTPRequestHandler], None]


class Server(ThreadingHTTPServer):
    """Answers every request with the next of `answers`, the last of them for ever."""

    daemon_threads = True
    answers: list[Answer]

    def handle_error(self, request, client_address):
        """Clients that hang up are part of the tests."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.seen.append(dict(self.headers))
        answers = self.server.answers
        (answers.pop(0) if len(answers) > 1 else answers[0])(self)

    def log_message(self, *args):
        pass


def send(body: bytes = LOG, status: int = 200, length: int | None = None, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)
        if length is not None:
            handler.close_connection = True

    return answer


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.connection.close()


@pytest.fixture
def server(tmp_path, monkeypatch) -> Iterator[Server]:
    monkeypatch.setenv("CONVLENS_CACHE", str(tmp_path / "cache"))
    served = Server(("127.0.0.1", 0), Handler)
    served.answers, served.seen = [send()], []
    thread = threading.Thread(target=served.serve_forever, daemon=True)
    thread.start()
    served.url = f"http://127.0.0.1:{served.server_port}/a.log"
    yield served
    served.shutdown()
    served.server_close()
    thread.join()


def entries(tmp_path) -> list[str]:
    folder = tmp_path / "cache"
    return sorted(p.name for p in folder.iterdir()) if folder.exists() else []


def test_a_log_is_fetched_and_kept(server, tmp_path):
    assert http.fetch(server.url) == LOG
    assert len(entries(tmp_path)) == 1
    assert http.fetch(server.url, offline=True) == LOG
    assert len(server.seen) == 1


def test_an_unchanged_log_is_not_sent_again(server):
    server.answers = [send(ETag='"1"', Last_Modified="Wed, 01 Jan 2020 00:00:00 GMT"), send(b"", 304)]
    assert http.fetch(server.url) == LOG
    assert http.fetch(server.url) == LOG
    assert server.seen[1]["If-None-Match"] == '"1"'
    assert server.seen[1]["If-Modified-Since"] == "Wed, 01 Jan 2020 00:00:00 GMT"


def test_a_changed_log_replaces_the_kept_one(server, tmp_path):
    server.answers = [send(ETag='"1"'), send(b"new\n", ETag='"2"')]
    http.fetch(server.url)
    assert http.fetch(server.url) == b"new\n"
    assert http.fetch(server.url, offline=True) == b"new\n"
    assert len(entries(tmp_path)) == 1


def test_a_log_with_a_known_hash_is_fetched_once(server):
    known = hashlib.sha256(LOG).hexdigest()
    assert http.fetch(server.url, sha256=known) == LOG
    assert http.fetch(server.url, sha256=known) == LOG
    assert len(server.seen) == 1


def test_another_content_than_the_catalogue_knows_is_refused_and_not_kept(server, tmp_path):
    with pytest.raises(SourceError, match="SHA-256 differs"):
        http.fetch(server.url, sha256="0" * 64)
    assert entries(tmp_path) == []


def test_offline_asks_the_cache_alone(server):
    with pytest.raises(SourceError, match="not in the cache"):
        http.fetch(server.url, offline=True)
    assert server.seen == []


def test_gzip_is_unpacked(server):
    server.answers = [send(gzip.compress(LOG), Content_Encoding="gzip")]
    assert http.fetch(server.url) == LOG


def test_a_server_that_fails_at_first_is_asked_again(server):
    server.answers = [send(b"", 503), send(b"", 500), send()]
    assert http.fetch(server.url) == LOG
    assert len(server.seen) == 3


def test_a_connection_that_drops_at_first_is_made_again(server):
    server.answers = [hang_up, send()]
    assert http.fetch(server.url) == LOG


def test_a_body_that_breaks_off_is_fetched_again(server):
    server.answers = [send(LOG[:1000], length=len(LOG)), send()]
    assert http.fetch(server.url) == LOG


def bomb(handler: BaseHTTPRequestHandler) -> None:
    send(gzip.compress(bytes(50_000_000)), Content_Encoding="gzip")(handler)


def broken_gzip(handler: BaseHTTPRequestHandler) -> None:
    send(gzip.compress(LOG)[:20] + b"\xff" * 300, Content_Encoding="gzip")(handler)


def cut_gzip(handler: BaseHTTPRequestHandler) -> None:
    send(gzip.compress(LOG)[:50], Content_Encoding="gzip")(handler)


def redirect_for_ever(handler: BaseHTTPRequestHandler) -> None:
    send(b"", 302, Location="/a.log")(handler)


def redirect_to_a_file(handler: BaseHTTPRequestHandler) -> None:
    send(b"", 302, Location="file:///etc/passwd")(handler)


FAULTS = {
    "404": (send(b"", 404), "does not exist on the server"),
    "403": (send(b"", 403), "forbidden"),
    "500 each time": (send(b"", 500), "HTTP 500"),
    "hangs up each time": (hang_up, "cannot be reached"),
    "breaks off each time": (send(LOG[:1000], length=len(LOG)), "broke off"),
    "says a length that is too large": (send(LOG, length=len(LOG) + 5), "broke off"),
    "a bomb": (bomb, "larger than"),
    "broken gzip": (broken_gzip, "broken gzip data"),
    "cut gzip": (cut_gzip, "cut off"),
    "an encoding that nobody asked for": (send(Content_Encoding="br"), "not asked for"),
    "redirects for ever": (redirect_for_ever, "redirects without end"),
    "redirects to a file": (redirect_to_a_file, "cannot be fetched|no URL"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_is_one_sentence_and_leaves_no_entry(server, tmp_path, monkeypatch, name):
    monkeypatch.setattr(http, "LARGEST", 10_000_000)
    answer, sentence = FAULTS[name]
    server.answers = [answer]
    with pytest.raises(SourceError, match=sentence) as caught:
        http.fetch(server.url)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(server.url)
    assert entries(tmp_path) == []


def test_a_server_that_stalls_is_given_up(server, tmp_path, monkeypatch):
    monkeypatch.setattr(http, "TIMEOUT", (1.0, 0.2))

    def stall(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"x")
        time.sleep(2)

    server.answers = [stall]
    begun = time.monotonic()
    with pytest.raises(SourceError, match=r"not answer in time|broke off|cannot be reached"):
        http.fetch(server.url)
    assert time.monotonic() - begun < 10
    assert entries(tmp_path) == []


def test_a_server_that_trickles_is_given_up(server, monkeypatch):
    monkeypatch.setattr(http, "LONGEST", 0.3)

    def trickle(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b"1\r\nx\r\n")
            time.sleep(0.02)

    server.answers = [trickle]
    with pytest.raises(SourceError, match="took longer"):
        http.fetch(server.url)


def test_where_the_server_is_gone_the_kept_log_is_used(server):
    http.fetch(server.url)
    server.answers = [hang_up]
    assert http.fetch(server.url) == LOG


@pytest.mark.parametrize("damage", [b"", b"{}\n", b"no json\nxx", LOG, b'{"url": 1}\nx'])
def test_a_damaged_entry_is_fetched_anew(server, tmp_path, damage):
    http.fetch(server.url)
    (entry,) = (tmp_path / "cache").iterdir()
    entry.write_bytes(damage)
    assert http.fetch(server.url) == LOG
    head, _, data = entry.read_bytes().partition(b"\n")
    assert json.loads(head)["url"] == server.url
    assert data == LOG


def test_a_flipped_bit_in_the_cache_is_noticed(server, tmp_path):
    http.fetch(server.url)
    (entry,) = (tmp_path / "cache").iterdir()
    kept = bytearray(entry.read_bytes())
    kept[-1] ^= 1
    entry.write_bytes(kept)
    with pytest.raises(SourceError, match="not in the cache"):
        http.fetch(server.url, offline=True)


def _fetch(url: str) -> bool:
    return http.fetch(url) == LOG


def test_two_processes_do_each_other_no_harm(server, tmp_path):
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert all(pool.map(_fetch, [server.url] * 20))
    assert len(entries(tmp_path)) == 1
    assert http.fetch(server.url, offline=True) == LOG


def test_a_cache_that_cannot_be_written_is_no_reason_to_fail(server, tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("CONVLENS_CACHE", str(blocked / "below"))
    assert http.fetch(server.url) == LOG
