"""Open a log file: regular files and standard input, gzip or not, with caps."""

from __future__ import annotations

import os
import stat
import sys
import zlib
from collections.abc import Sequence

from convlens.errors import SourceError

LARGEST = 1 << 30  # bytes, as they are and unpacked
_GZIP = b"\x1f\x8b"
Stamp = tuple[int, int]  # size in bytes, time of the last change in ns


def open_source(path: str) -> tuple[bytes, Stamp]:
    """The unpacked bytes of a file, or of standard input for `-`, and a stamp that tells a change.

    Raises SourceError if the file is absent, unreadable, no regular file, broken, or unpacks to more than
    1 GiB.
    """
    if path == "-":
        return unpacked(sys.stdin.buffer.read(LARGEST + 1), "standard input"), (0, 0)
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise SourceError(path, "not a regular file")
            data = file.read(min(status.st_size, LARGEST) + 1)  # a hint far too large costs time
    except FileNotFoundError:
        raise SourceError(path, "there is no such file") from None
    except OSError as error:
        raise SourceError(path, f"cannot be opened: {error.strerror or error}") from None
    return unpacked(data, path), (status.st_size, status.st_mtime_ns)


def open_parts(paths: Sequence[str]) -> tuple[bytes, Stamp]:
    """The bytes of several files, each from a line of its own, and a stamp that tells a change of any.

    Raises what `open_source` raises, and SourceError if they are more than 1 GiB together.
    """
    if len(paths) == 1:
        return open_source(paths[0])
    opened = [open_source(path) for path in paths]
    if sum(len(data) for data, _ in opened) > LARGEST:
        raise SourceError(paths[-1], f"larger than {LARGEST >> 20} MiB with the files before it")
    data = b"".join(data + b"\n" * (not data.endswith(b"\n")) for data, _ in opened[:-1]) + opened[-1][0]
    return data, (sum(size for _, (size, _) in opened), max(changed for _, (_, changed) in opened))


def _without_waiting(path: str, flags: int) -> int:
    """Opening a FIFO would wait for its writer."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def unpacked(data: bytes, path: str) -> bytes:
    """The bytes of a log that may be gzipped; a SourceError if they are broken or more than 1 GiB."""
    if data.startswith(_GZIP):
        data = _gunzip(data, path)
    if len(data) > LARGEST:
        raise SourceError(path, f"larger than {LARGEST >> 20} MiB unpacked, which is the most that is read")
    return data


def _gunzip(data: bytes, path: str) -> bytes:
    """All members of a gzip file, up to one byte more than the cap; of one that is cut off what there is."""
    parts: list[bytes] = []
    left = LARGEST + 1
    while data.startswith(_GZIP) and left > 0:
        unpacker = zlib.decompressobj(wbits=31)
        try:
            parts.append(unpacker.decompress(data, left))
        except zlib.error as error:
            raise SourceError(path, f"broken gzip data ({error})") from None
        left -= len(parts[-1])
        data = unpacker.unused_data
    return b"".join(parts)
