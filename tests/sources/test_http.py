"""Getting a log from a server that lies, stalls, breaks off, redirects, fails and sends a bomb."""

import base64
import gzip
import socket

import pytest

from convlens.errors import SourceError, UnreachableError
from convlens.sources import faults, http
from tests.server import LOG, bomb, hang_up, raw, redirect, send, send_gzip

PACKED = gzip.compress(LOG)
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
PAGE = b"\n<!DOCTYPE html>\n<html><body>Sign in</body></html>"


def in_chunks(body, size=1000):
    parts = [body[n : n + size] for n in range(0, len(body), size)]
    return [CHUNKED, *(b"%x\r\n%s\r\n" % (len(part), part) for part in parts), b"0\r\n\r\n"]


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Caps and times that a test can wait for."""
    monkeypatch.setattr(http, "LARGEST", 2_000_000)
    monkeypatch.setattr(http, "TIMEOUT", (1.0, 0.3))


@pytest.mark.parametrize(
    "answer",
    [
        send(),
        send_gzip(PACKED),
        send(PACKED, Content_Encoding="X-GZIP"),
        send_gzip(gzip.compress(LOG[:100]) + gzip.compress(LOG[100:])),
        send(Content_Encoding="identity"),
        send(Content_Type="text/html"),
        raw(HEAD + b"\r\n", LOG),
        raw(*in_chunks(LOG)),
        raw(HEAD + b"Content-Length: no number\r\n\r\n", LOG),
        raw(HEAD + b"Content-Length: -5\r\n\r\n", LOG),
        raw(*in_chunks(LOG, 7)),
    ],
)
def test_a_log_arrives_however_it_is_sent(server, answer):
    server.answers = [answer]
    assert http.get(server.url).data == LOG


def test_what_is_asked_for(server):
    http.get(f"http://me:pass%40word@{server.host}/a%20b.log?x=1&y=2#L10")
    [seen] = server.seen
    assert seen["path"] == "/a%20b.log?x=1&y=2"
    assert seen["User-Agent"] == "convlens"
    assert seen["Accept-Encoding"] == "gzip"
    assert base64.b64decode(seen["Authorization"].split()[1]) == b"me:pass@word"


def test_a_netrc_logs_in_and_a_url_beats_it(server, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login stored password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    http.get(server.url)
    http.get(f"http://you:word@{server.host}/")
    told = [base64.b64decode(seen["Authorization"].split()[1]) for seen in server.seen]
    assert told == [b"stored:secret", b"you:word"]


def test_validators_come_back_and_what_has_not_changed_is_not_sent_again(server):
    server.answers = [send(ETag='"1"', Last_Modified="Wed, 01 Jan 2020 00:00:00 GMT"), send(b"", 304)]
    known = http.get(server.url)
    assert http.get(server.url, known) is known
    assert "If-None-Match" not in server.seen[0]
    assert server.seen[1]["If-None-Match"] == '"1"'
    assert server.seen[1]["If-Modified-Since"] == "Wed, 01 Jan 2020 00:00:00 GMT"


@pytest.mark.parametrize("etag", [b'"\x01"', b'"a\rb"', b'"a"\r\n  folded', b'"\xff"', b"  "])
def test_a_validator_that_cannot_be_sent_back_does_no_harm(server, etag):
    server.answers = [raw(HEAD + b"ETag: " + etag + b"\r\nContent-Length: 1\r\n\r\nx"), send()]
    known = http.get(server.url)
    assert http.get(server.url, known).data == LOG
    assert server.seen[1].get("If-None-Match", "").isprintable()


@pytest.mark.parametrize(
    "first",
    [
        [send(b"", 503), send(b"", 500)],
        [hang_up],
        [send(LOG[:1000], length=len(LOG))],
        [raw(*in_chunks(LOG)[:-2])],
        [raw(CHUNKED, b"no length\r\n")],
        [raw(b"no HTTP at all\r\n\r\n")],
    ],
)
def test_a_fault_that_passes_is_tried_again(server, first):
    server.answers = [*first, send()]
    assert http.get(server.url).data == LOG
    assert len(server.seen) == len(first) + 1


def test_redirects_are_followed_and_take_no_password_elsewhere(server):
    server.answers = [redirect(f"http://localhost:{server.server_port}/b.log"), send()]
    assert http.get(f"http://me:pass@{server.host}/a.log").data == LOG
    assert "Authorization" in server.seen[0]
    assert "Authorization" not in server.seen[1]


def test_cookies_of_redirects_are_sent(server):
    server.answers = [send(b"", 302, Location="b.log", Set_Cookie="agreed=1"), send()]
    assert http.get(server.url).data == LOG
    assert server.seen[1]["Cookie"] == "agreed=1"


LASTING = {
    "401": (send(b"", 401), "user name and password"),
    "403": (send(b"", 403), "is forbidden"),
    "404": (send(b"", 404), r"does not exist on the server \(HTTP 404\)"),
    "410": (send(b"", 410), "does not exist on the server any more"),
    "429": (send(b"", 429, Retry_After="86400"), "asked for too often"),
    "an odd status": (send(b"", 204), r"cannot be fetched \(HTTP 204\)"),
    "nothing has changed, though nothing was known": (send(b"", 304), "HTTP 304"),
    "two lengths": (raw(HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc"), "contradicts itself"),
    "larger than the cap": (send(bytes(2_000_001)), "larger than 1 MiB"),
    "a bomb": (bomb(50_000_000), "larger than 1 MiB"),
    "broken gzip": (send_gzip(PACKED[:20] + b"\xff" * 300), "broken gzip data"),
    "gzip with a wrong sum": (send_gzip(PACKED[:-8] + bytes(8)), "broken gzip data"),
    "gzip with rubbish behind": (send_gzip(PACKED + b"rubbish"), "broken gzip data"),
    "no gzip": (send_gzip(LOG), "broken gzip data"),
    "cut gzip": (send_gzip(PACKED[:-20]), "gzip data that is cut off"),
    "an encoding that nobody asked for": (send(Content_Encoding="br"), "not asked for"),
    "redirects for ever": (redirect("/a.log"), "redirects without end"),
    "redirects to a file": (redirect("file:///etc/passwd"), "neither http:// nor https://"),
    "redirects to FTP": (redirect("ftp://127.0.0.1/a.log"), "neither http:// nor https://"),
    "redirects to data": (redirect("data:text/plain,x"), "neither http:// nor https://"),
    "redirects to no address": (redirect("http://[::1"), "no address"),
    "redirects to a port that is none": (redirect("http://h:99999999/"), "no address"),
    "redirects to bytes": (raw(b"HTTP/1.1 302 x\r\nLocation: http://\xff\xfe/\r\n\r\n"), "no address"),
    "a web page": (send(PAGE), "a web page, not a log: give the address of the file itself"),
    "a fragment of one": (send(b"<p>Hello</p>", Content_Type="text/html; charset=utf-8"), "a web page"),
}
PASSING = {
    "500 each time": (send(b"", 500), r"out of order \(HTTP 500\)"),
    "hangs up each time": (hang_up, "broke off"),
    "no HTTP": (raw(b"220 ftp ready\r\n"), "speaks no HTTP"),
    "a header without end": (raw(HEAD, *[b"x" * 1000] * 100), "broke off"),
    "breaks off each time": (send(LOG[:1000], length=len(LOG)), "broke off"),
    "breaks off a chunk": (raw(*in_chunks(LOG)[:5], b"100\r\nabc"), "broke off"),
    "breaks off between chunks": (raw(*in_chunks(LOG)[:5]), "broke off"),
    "a chunk of negative length": (raw(CHUNKED, b"-5\r\nabc\r\n"), "broke off"),
    "a length that is too large": (send(length=len(LOG) + 5), "broke off"),
    "a length beyond all bounds": (send(length=10**30), "broke off"),
    "breaks off gzip": (send(PACKED[:500], length=len(PACKED), Content_Encoding="gzip"), "broke off"),
    "stalls before the status": (raw(b"", b"", pause=0.7), "stops sending"),
    "stalls in the headers": (raw(HEAD, HEAD, pause=0.7), "stops sending"),
    "stalls in the body": (raw(HEAD + b"Content-Length: 9\r\n\r\nabc", b"def", pause=0.7), "stops sending"),
}


@pytest.mark.parametrize("name", [*LASTING, *PASSING])
def test_every_fault_is_one_sentence(server, name):
    answer, sentence = (LASTING | PASSING)[name]
    server.answers = [answer]
    with pytest.raises(SourceError, match=sentence) as caught:
        http.get(server.url)
    assert isinstance(caught.value, UnreachableError) == (name in PASSING)
    assert str(caught.value).startswith(f"{server.url}: ")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "begin", [CHUNKED, HEAD + b"Content-Length: 500\r\n\r\n", HEAD + b"\r\n"], ids=["chunks", "length", "end"]
)
def test_a_server_that_trickles_is_given_up(server, monkeypatch, begin):
    """Each byte comes in time; all of them would take ten seconds."""
    monkeypatch.setattr(http, "LONGEST", 0.3)
    server.answers = [raw(begin, *[b"1\r\nx\r\n"] * 500, pause=0.02)]
    with pytest.raises(SourceError, match="takes longer"):
        http.get(server.url)
    [seen] = server.seen
    assert seen["path"] == "/runs/a.log"


@pytest.mark.parametrize(
    ("head", "sentence"),
    [
        (b"200 OK\r\n", "larger than"),
        (b"302 Found\r\nLocation: /\r\n", "redirects without end"),
        (b"503 Busy\r\n", "out of order"),
        (b"404 Not Found\r\n", "does not exist"),
    ],
)
def test_a_body_without_end_is_left(server, head, sentence):
    sent = []

    def endless(handler):
        handler.wfile.write(b"HTTP/1.1 " + head + b"\r\n")
        while sum(sent) < 1_000_000_000:
            handler.wfile.write(bytes(100_000))
            sent.append(100_000)

    server.answers = [endless]
    with pytest.raises(SourceError, match=sentence):
        http.get(server.url)
    assert sum(sent) < 100_000_000


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (socket.gaierror(-2, "Name or service not known"), "name of the server cannot be resolved"),
        (ConnectionRefusedError(111, "Connection refused"), "refuses the connection"),
        (TimeoutError("timed out"), "does not answer in time"),
        (OSError(101, "Network is unreachable"), "cannot be reached"),
    ],
)
def test_a_server_that_cannot_be_reached(server, monkeypatch, fault, sentence):
    def connect(*args, **options):
        raise fault

    resolving = isinstance(fault, socket.gaierror)
    monkeypatch.setattr(socket, "getaddrinfo", connect) if resolving else monkeypatch.setattr(
        "urllib3.util.connection.create_connection", connect
    )
    with pytest.raises(UnreachableError, match=sentence):
        http.get(server.url)
    assert server.seen == []


def test_a_port_where_nobody_listens():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(UnreachableError, match="refuses the connection"):
            http.get(f"http://127.0.0.1:{taken.getsockname()[1]}/a.log")


def test_a_proxy_that_is_not_there(server, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTP_PROXY", f"http://me:pass@127.0.0.1:{taken.getsockname()[1]}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        with pytest.raises(UnreachableError, match="proxy") as caught:
            http.get("http://convlens.invalid/a.log")
    assert "pass" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://", "http:///a", "http://h:port/", "http://[::1/", "http://.a/", f"http://{'a' * 70}.b/"]
)
def test_no_address(url):
    with pytest.raises(SourceError, match="no address"):
        http.get(url)


def test_progress_is_told(server):
    told = []
    http.get(server.url, progress=lambda size, total: told.append((size, total)))
    assert told[0] == (0, None)
    assert told[-1] == (len(LOG), len(LOG))
    assert [size for size, _ in told] == sorted(size for size, _ in told)


def test_other_faults_are_named():
    told = str(faults.explained("http://h/a", OSError("could not find a CA bundle: /nowhere")))
    assert told == "http://h/a: cannot be fetched (could not find a CA bundle: /nowhere)"
    assert str(faults.explained("http://h/a", BlockingIOError(11, "x"))).endswith("(BlockingIOError)")
