"""Get a log from a server: retried, capped, unpacked, and told from a web page."""

from __future__ import annotations

import gzip
import io
import time
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from convlens.errors import SourceError
from convlens.sources.faults import DroppedError, explained, refused
from convlens.sources.files import LARGEST
from convlens.sources.urls import address, file_address, login, shown

if TYPE_CHECKING:
    import requests

TIMEOUT = (10.0, 30.0)  # seconds to connect, and between two bytes
LONGEST = 900.0  # seconds for the whole of a log: a server may trickle for ever
_CHUNK = 1 << 16
_GZIP = ("gzip", "x-gzip")

Progress = Callable[[int, int | None], None]  # bytes so far, and of all if that is known


@dataclass(frozen=True)
class Answer:
    """What a server gave: the log, and what tells later whether it has changed."""

    data: bytes
    etag: str | None
    last_modified: str | None


def get(url: str, known: Answer | None = None, progress: Progress | None = None) -> Answer:
    """What a server gives at a URL: `known` itself if it says that nothing has changed since.

    Raises UnreachableError where the server cannot be reached, breaks off each time or is out of order, and
    SourceError where it has no such log, or one that is larger than 1 GiB, takes longer than 15 minutes or is
    damaged.
    """
    from urllib3.exceptions import MaxRetryError
    from urllib3.util import Retry

    deadline = time.monotonic() + LONGEST
    retry = Retry(total=3, backoff_factor=0.2)  # 4 tries, of which the last three wait 0, 0.4 and 0.8 s
    with _session(url, known) as session:
        while True:
            if progress:
                progress(0, None)
            try:
                return _ask(session, url, known, deadline, progress)
            except DroppedError as error:
                # Not by the session: it knows nothing of bodies, and reads those of errors to their end.
                try:
                    retry = retry.increment(error=error)
                except MaxRetryError:
                    raise error from None
            retry.sleep()


def _session(url: str, known: Answer | None) -> requests.Session:
    import requests
    from requests.auth import HTTPBasicAuth

    session = requests.Session()
    session.max_redirects = 10
    session.headers.update({"User-Agent": "convlens", "Accept-Encoding": "gzip"})
    if known and known.etag:
        session.headers["If-None-Match"] = known.etag
    if known and known.last_modified:
        session.headers["If-Modified-Since"] = known.last_modified
    if user := login(url):
        session.auth = HTTPBasicAuth(user.name.encode(), user.password.encode())
    return session


def _ask(
    session: requests.Session, url: str, known: Answer | None, deadline: float, progress: Progress | None
) -> Answer:
    """One try."""
    import requests
    from requests.cookies import extract_cookies_to_jar
    from urllib3.exceptions import HTTPError

    with ExitStack() as opened:

        def arrived(response: requests.Response, **_: object) -> None:
            opened.callback(response.raw.close)
            if response.is_redirect:  # requests would read its body, which may have no end
                extract_cookies_to_jar(session.cookies, response.request, response.raw)
                response.raw = io.BytesIO()

        session.hooks["response"] = [arrived]
        try:
            response = session.get(address(url), timeout=TIMEOUT, stream=True)
            if known and response.status_code == requests.codes.not_modified:
                return known
            if response.status_code != requests.codes.ok:
                raise refused(url, response.status_code)
            data = _body(url, response, deadline, progress)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise explained(url, error) from None
        told = [_printable(response.headers.get(name)) for name in ("ETag", "Last-Modified")]
        return Answer(data, *told)


def _printable(value: str | None) -> str | None:
    """A header that can be sent back."""
    return value if value and value.isprintable() else None


class _Arriving:
    """The body as it arrives, within the cap and the time; one shorter than announced is a ProtocolError."""

    def __init__(
        self, url: str, response: requests.Response, deadline: float, progress: Progress | None
    ) -> None:
        told = response.headers.get("Content-Length", "")
        self.total = int(told) if told.isascii() and told.isdigit() else None
        self.size = 0
        self.url, self.raw, self.deadline, self.progress = url, response.raw, deadline, progress

    def read(self, size: int) -> bytes:
        # Not `iter_content`: it takes a gzip stream that was cut off for a whole one. Not `raw.read`: it
        # waits for so many bytes however slowly they come.
        part: bytes = self.raw.read1(size, decode_content=False)
        self.size += len(part)
        if self.size > LARGEST:
            raise _too_large(self.url)
        if time.monotonic() > self.deadline:
            raise SourceError(shown(self.url), f"takes longer than {LONGEST / 60:.0f} minutes to arrive")
        if self.progress and part:
            self.progress(self.size, self.total)
        return part


def _body(url: str, response: requests.Response, deadline: float, progress: Progress | None) -> bytes:
    """The whole body without its transfer encoding."""
    encoding = response.headers.get("Content-Encoding", "identity").lower().strip()
    if encoding not in ("", "identity", *_GZIP):
        raise SourceError(shown(url), f"is sent with the encoding {encoding[:20]!r}, which was not asked for")
    arriving = _Arriving(url, response, deadline, progress)
    plain = gzip.GzipFile(fileobj=arriving) if encoding in _GZIP else arriving  # type: ignore[call-overload]
    body = io.BytesIO()
    try:
        while part := plain.read(_CHUNK):
            body.write(part)
            if body.tell() > LARGEST:
                raise _too_large(url)
    except EOFError:
        raise SourceError(shown(url), "is sent as gzip data that is cut off") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise SourceError(shown(url), f"is sent as broken gzip data ({error})") from None
    data = body.getvalue()
    if _is_page(data, response.headers.get("Content-Type", "")):
        at = file_address(shown(url))
        hint = f"the file itself is at {at}" if at else "give the address of the file itself"
        raise SourceError(shown(url), f"is a web page, not a log: {hint}")
    return data


def _is_page(data: bytes, kind: str) -> bool:
    """Whether a body is a web page; its type alone does not tell: some servers call every file one."""
    begin = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return begin.startswith((b"<!doctype html", b"<html")) or (begin[:1] == b"<" and "html" in kind.lower())


def _too_large(url: str) -> SourceError:
    return SourceError(shown(url), f"is larger than {LARGEST >> 20} MiB, which is the most that is fetched")
