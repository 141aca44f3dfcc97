"""Fetch a log by its URL: retried, capped, checked, and kept in a cache that is never half written.

An entry of the cache is one file: a line of JSON (URL, validators, hash of the rest), then the log. It is
written to a temporary name and renamed, so two processes, a fault or a kill leave a whole entry or none.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from convlens.errors import ConvlensError, SourceError
from convlens.files import written_whole
from convlens.sources.files import gunzip

if TYPE_CHECKING:
    import requests

LARGEST = 1 << 30  # bytes, as they arrive and unpacked
TIMEOUT = (10.0, 30.0)  # seconds to connect, and between two bytes
LONGEST = 900.0  # seconds for the whole of a log: a server may trickle for ever
_CHUNK = 1 << 16
_TRIES = 3

Progress = Callable[[int, int | None], None]  # bytes so far, and of all if the server says


@dataclass(frozen=True)
class Entry:
    """What the cache knows of a log beside its bytes."""

    url: str
    sha256: str
    etag: str | None = None
    last_modified: str | None = None


def cache_folder() -> Path:
    """Where fetched logs are kept: `CONVLENS_CACHE`, else the user's cache folder."""
    import os

    chosen = os.environ.get("CONVLENS_CACHE")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("convlens"))


def fetch(
    url: str, sha256: str | None = None, offline: bool = False, progress: Progress | None = None
) -> bytes:
    """The bytes of a log at a URL, from the server or, where that says it has not changed, the cache.

    With `offline` the cache alone is asked. A log whose `sha256` is known is fetched once and for all. If the
    server cannot be reached, what the cache has is used. Raises SourceError where nothing can be had, where
    the log is larger than 1 GiB, or where it is not what the hash says.
    """
    path = cache_folder() / f"{hashlib.sha256(url.encode()).hexdigest()}.log"
    kept = _read_entry(path, url)
    if kept and (offline or (sha256 and kept[0].sha256 == sha256)):
        return kept[1]
    if offline:
        raise SourceError(url, "is not in the cache, and --offline forbids to fetch it")
    try:
        data, entry = _download(url, kept, progress)
    except _UnreachableError as fault:
        if kept:
            return kept[1]
        raise SourceError(url, str(fault)) from None
    if sha256 and entry.sha256 != sha256:
        raise SourceError(url, "is not the log that the catalogue knows: its SHA-256 differs")
    _keep(path, entry, data)
    return data


class _UnreachableError(Exception):
    """The server could not be reached, or broke off each time."""


def _download(url: str, kept: tuple[Entry, bytes] | None, progress: Progress | None) -> tuple[bytes, Entry]:
    import requests
    from urllib3.exceptions import HTTPError, ProtocolError

    headers = {"User-Agent": "convlens", "Accept-Encoding": "gzip"}
    if kept and kept[0].etag:
        headers["If-None-Match"] = kept[0].etag
    if kept and kept[0].last_modified:
        headers["If-Modified-Since"] = kept[0].last_modified
    fault = ""
    deadline = time.monotonic() + LONGEST
    with _session() as session:
        for _ in range(_TRIES):  # a body that breaks off is nobody's to retry but ours
            try:
                with session.get(url, headers=headers, timeout=TIMEOUT, stream=True) as response:
                    if kept and response.status_code == requests.codes.not_modified:
                        return kept[1], kept[0]
                    if response.status_code != requests.codes.ok:
                        raise SourceError(url, _status(response.status_code))
                    data = _unpacked(url, _body(url, response, deadline, progress), response)
                    return data, _entry_of(url, data, response)
            except requests.exceptions.InvalidURL as error:
                raise SourceError(url, f"is no URL that can be fetched ({error})") from None
            except requests.exceptions.TooManyRedirects:
                raise SourceError(url, "redirects without end") from None
            except (requests.exceptions.RequestException, HTTPError, OSError) as error:
                fault = _reason(error)
                if not isinstance(error, ProtocolError):
                    break  # already retried by the session, or too slow to try again
    raise _UnreachableError(fault)


def _session() -> requests.Session:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    session = requests.Session()
    session.max_redirects = 10
    retry = Retry(
        total=3,
        backoff_factor=0.2,
        backoff_max=5,
        status_forcelist=(500, 502, 503, 504),
        allowed_methods={"GET"},
        raise_on_status=False,
        respect_retry_after_header=False,  # a server could make us wait for days
    )
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session


def _body(url: str, response: requests.Response, deadline: float, progress: Progress | None) -> bytes:
    """The body as it arrives, within the cap and the time; a body shorter than announced is a fault."""
    told = response.headers.get("Content-Length", "")
    total = int(told) if told.isdigit() else None
    parts: list[bytes] = []
    size = 0
    # Not `iter_content`: it unpacks, and takes a gzip stream that was cut off for a whole one.
    for part in response.raw.stream(_CHUNK, decode_content=False):
        parts.append(part)
        size += len(part)
        if size > LARGEST:
            raise SourceError(url, f"is larger than {LARGEST >> 20} MiB, which is the most that is fetched")
        if time.monotonic() > deadline:
            raise SourceError(url, f"took longer than {LONGEST / 60:.0f} minutes")
        if progress:
            progress(size, total)
    return b"".join(parts)


def _unpacked(url: str, body: bytes, response: requests.Response) -> bytes:
    """The body without its transfer encoding."""
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise SourceError(url, f"is sent with the encoding {encoding!r}, which was not asked for")
    data, whole = gunzip(body, url, LARGEST)
    if len(data) > LARGEST:
        raise SourceError(url, f"is larger than {LARGEST >> 20} MiB, which is the most that is fetched")
    if not whole:
        raise SourceError(url, "is sent with a gzip stream that is cut off")
    return data


def _entry_of(url: str, data: bytes, response: requests.Response) -> Entry:
    return Entry(
        url=url,
        sha256=hashlib.sha256(data).hexdigest(),
        etag=response.headers.get("ETag"),
        last_modified=response.headers.get("Last-Modified"),
    )


def _status(code: int) -> str:
    known = {
        401: "asks for a password, which is not supported",
        403: "is forbidden",
        404: "does not exist on the server",
        410: "does not exist on the server any more",
        429: "is asked for too often; try again later",
    }
    return f"{known.get(code, 'cannot be fetched')} (HTTP {code})"


def _reason(error: Exception) -> str:
    import requests
    from urllib3.exceptions import ProtocolError, ReadTimeoutError

    if isinstance(error, requests.exceptions.Timeout):
        return "the server does not answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "the server's certificate cannot be trusted"
    if isinstance(error, ProtocolError):
        return "the server broke off in the middle of the log"
    if isinstance(error, ReadTimeoutError):
        return "the server does not answer in time"
    if isinstance(error, requests.exceptions.ConnectionError):
        return "the server cannot be reached"
    return f"cannot be fetched ({type(error).__name__})"


def _read_entry(path: Path, url: str) -> tuple[Entry, bytes] | None:
    """An entry of the cache; None if there is none or it is damaged."""
    try:
        head, _, data = path.read_bytes().partition(b"\n")
        entry = Entry(**json.loads(head))
    except (OSError, ValueError, TypeError):
        return None
    whole = entry.url == url and hashlib.sha256(data).hexdigest() == entry.sha256
    return (entry, data) if whole else None


def _keep(path: Path, entry: Entry, data: bytes) -> None:
    """Put a log into the cache; a cache that cannot be written is no reason to fail."""
    try:
        with written_whole(path) as temporary:
            temporary.write_bytes(json.dumps(asdict(entry)).encode() + b"\n" + data)
    except ConvlensError:
        return
