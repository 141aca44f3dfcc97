"""Logs that were fetched, kept so that no fault, kill or second process leaves half of one.

One folder a URL: `entry.json` says what is kept, and the log lies in a folder named after its hash. The log
is written before the entry that names it, each to a temporary name that is renamed, and what is read must
have the hash that the entry says: an entry is whole, or there is none.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from convlens import formats
from convlens.errors import ConvlensError, SourceError, UnreachableError
from convlens.files import written_whole
from convlens.sources.files import unpacked
from convlens.sources.http import Answer, Progress, get
from convlens.sources.urls import address, file_name, shown
from convlens.zoo.catalog import entries

_ENTRY = "entry.json"
_IN_USE = 3600.0  # seconds for which what another process may still be writing or reading is left alone


@dataclass(frozen=True)
class Kept:
    """A log in the cache: its URL as it may be shown, its file, the hash of that, and when it was fetched.

    `stale` says why the server could not be asked whether the log has changed; it is empty if it was asked or
    need not be.
    """

    url: str
    path: Path
    sha256: str
    fetched: str
    stale: str = ""

    def read(self) -> bytes:
        """The log, unpacked, once more; a SourceError if the cache does not hold it any more."""
        data = _whole(self.path, self.sha256)
        if data is None:
            why = (
                "what was read is no longer in the cache (removed, or replaced by a newer log); read it again"
            )
            raise SourceError(self.url, why)
        return unpacked(data, self.url)


def cache_folder() -> Path:
    """Where fetched logs are kept: `CONVLENS_CACHE`, else the user's cache folder."""
    import platformdirs

    chosen = os.environ.get("CONVLENS_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()  # what is read late is read from there again
    return platformdirs.user_cache_path("convlens", appauthor=False)


def offline_wanted() -> bool:
    """Whether `CONVLENS_OFFLINE` forbids asking any server."""
    return os.environ.get("CONVLENS_OFFLINE", "").strip().lower() not in ("", "0", "false", "no", "off")


def fetch(
    url: str,
    sha256: str | None = None,
    size: int | None = None,
    progress: Progress | None = None,
    offline: bool = False,
) -> Path:
    """The file in the cache that holds the log of a URL, fetched unless it is there and has not changed.

    With `sha256` (and `size` [bytes], for the sentence) it is that very log or an error, and is fetched once
    and for all; without, the catalogue is asked what it knows of the URL. `progress` is called with the bytes
    that have arrived, and all that will or None. Raises SourceError where the log cannot be had or kept.
    """
    return obtain(url, sha256, size, progress, offline)[0].path


def obtain(
    url: str,
    sha256: str | None = None,
    size: int | None = None,
    progress: Progress | None = None,
    offline: bool = False,
) -> tuple[Kept, Answer]:
    """What `fetch` gets, and the answer that held it.

    Where the server cannot be reached, what the cache has is given, and `stale` says why.
    """
    if sha256 is None:
        sha256, size = next(((e.sha256, e.size) for e in entries() if e.url == address(url)), (None, None))
    offline = offline or offline_wanted()
    folder, found = _folder(url), look_up(url, sha256)
    if found and (offline or sha256):
        return found
    if offline:
        why = "is not in the cache, and --offline or CONVLENS_OFFLINE forbids fetching it"
        raise SourceError(shown(url), why)
    if not found:
        _must_be_writable(folder.parent, url)
        return _keep(folder, url, _checked(url, get(url, progress=progress), sha256, size))
    kept, known = found
    try:
        answer = get(url, known, progress)
        if answer is not known and _is_log(known.data, url) and not _is_log(answer.data, url):
            raise SourceError(shown(url), "gives something now that is no log")
    except UnreachableError as error:
        return replace(kept, stale=error.why), known
    except SourceError as error:
        hint = f"--offline would read what was fetched on {kept.fetched[:10]}"
        raise SourceError(error.source, f"{error.why}; {hint}") from None
    return found if answer is known else _keep(folder, url, answer)


def _is_log(data: bytes, url: str) -> bool:
    return formats.recognise(file_name(url), unpacked(data, shown(url))) is not None


def look_up(url: str, sha256: str | None = None) -> tuple[Kept, Answer] | None:
    """What the cache has of a URL; None if it has nothing whole, or `sha256` wants another log."""
    folder = _folder(url)
    try:
        entry = json.loads((folder / _ENTRY).read_bytes())
        kept = Kept(shown(url), _path(folder, url, entry["sha256"]), entry["sha256"], entry["fetched"])
        etag, last_modified = entry["etag"], entry["last_modified"]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    data = _whole(kept.path, kept.sha256)
    if data is None or sha256 not in (None, kept.sha256):
        return None
    return kept, Answer(data, etag, last_modified)


def _folder(url: str) -> Path:
    return cache_folder() / hashlib.sha256(address(url).encode("utf-8", "replace")).hexdigest()[:32]


def _path(folder: Path, url: str, sha256: str) -> Path:
    return folder / sha256[:16] / file_name(url)


def _whole(path: Path, sha256: str) -> bytes | None:
    """The bytes of a file if they have this hash."""
    try:
        data = path.read_bytes()
    except (OSError, ValueError):  # a damaged entry may name what is no path
        return None
    return data if hashlib.sha256(data).hexdigest() == sha256 else None


def _checked(url: str, answer: Answer, sha256: str | None, size: int | None) -> Answer:
    if sha256 is None:
        return answer
    got = hashlib.sha256(answer.data).hexdigest()
    if got == sha256:
        return answer
    awaited = f"{size:,} bytes with " if size else ""
    why = (
        f"is another log than the one awaited: {len(answer.data):,} bytes with SHA-256 {got[:12]}…, not "
        f"{awaited}{sha256[:12]}…; to read it anyway, download it and give its path"
    )
    raise SourceError(shown(url), why)


def _must_be_writable(root: Path, url: str) -> None:
    """Say so before anything is fetched."""
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)  # a log may have been behind a password
        if not os.access(root, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise _unkept(url, root, str(error.strerror)) from None


def _keep(folder: Path, url: str, answer: Answer) -> tuple[Kept, Answer]:
    sha256 = hashlib.sha256(answer.data).hexdigest()
    kept = Kept(
        shown(url), _path(folder, url, sha256), sha256, datetime.now(UTC).isoformat(timespec="seconds")
    )
    told = {"etag": answer.etag, "last_modified": answer.last_modified}
    entry = {"sha256": sha256, "fetched": kept.fetched, **told}
    try:
        if _whole(kept.path, sha256) is None:
            with written_whole(kept.path) as temporary:
                temporary.write_bytes(answer.data)
        with written_whole(folder / _ENTRY) as temporary:
            temporary.write_text(json.dumps(entry))
    except ConvlensError as error:
        raise _unkept(url, folder.parent, str(error).rpartition(": ")[2].rstrip(".")) from None
    _sweep(folder, kept.path)
    return kept, answer


def _unkept(url: str, root: Path, why: str) -> SourceError:
    return SourceError(
        shown(url), f"cannot be kept in the cache {root} ({why}); CONVLENS_CACHE may name another folder"
    )


def _sweep(folder: Path, path: Path) -> None:
    """Remove what the URL gave earlier and what killed processes left."""
    for other in (*folder.iterdir(), *path.parent.iterdir()):
        if other in (folder / _ENTRY, path.parent, path):
            continue
        with suppress(OSError):  # another process was faster, or the next log will do
            if time.time() - other.stat().st_mtime < _IN_USE:
                continue
            if other.is_dir():
                shutil.rmtree(other)
            else:
                other.unlink()
