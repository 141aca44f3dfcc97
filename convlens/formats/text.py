"""The bytes of a text log, cleaned, with an index of its lines."""

from __future__ import annotations

import re
from functools import cached_property

import numpy as np

from convlens.findings import Code, Finding
from convlens.meters import Ints

HEAD = 128 * 1024
LONGEST_LINE = 1_000_000

_ANSI = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
# mpirun --tag-output, optionally behind a time stamp: [job,rank]<stderr>:
_RANK = re.compile(rb"(?m)^[^\[\n]{0,40}\[\d+,(\d+)\]<std(?:err|out)>:(.*)$")


def clean(raw: bytes) -> tuple[bytes, tuple[Finding, ...]]:
    """A log's bytes as plain lines, each ended by a newline, and what was odd about them.

    Removes NUL bytes, ANSI colours, carriage returns and the tags of mpirun (with the lines of all ranks
    but 0, which become empty); decodes UTF-16 by its byte order mark.
    """
    findings: list[Finding] = []
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raw = raw.decode("utf-16", errors="replace").encode()
        findings.append(Finding(Code.ODD_BYTES, "the file is UTF-16; it was read as such"))
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    if b"\0" in raw:
        nuls = raw.count(b"\0")
        raw = raw.replace(b"\0", b"")
        findings.append(Finding(Code.ODD_BYTES, f"{nuls} NUL bytes were ignored"))
    if b"\x1b" in raw:
        raw = _ANSI.sub(b"", raw)
    if b"\r" in raw:
        raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if _RANK.search(raw, 0, HEAD):
        raw = _RANK.sub(lambda m: m[2] if m[1] == b"0" else b"", raw)
    return raw, tuple(findings)


class Text:
    """Cleaned bytes of a log, and where its lines begin and end."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.bytes = np.frombuffer(data, dtype=np.uint8)

    @cached_property
    def ends(self) -> Ints:
        """Offset of the end of each line: of its newline, or of the end of the data."""
        ends = np.flatnonzero(self.bytes == ord("\n"))
        unfinished = bool(self.data) and not self.data.endswith(b"\n")
        return np.append(ends, len(self.data)) if unfinished else ends

    def line_of(self, offsets: Ints) -> Ints:
        """Index (from 0) of the line that holds each offset."""
        return np.searchsorted(self.ends, offsets)

    def line_number(self, offset: int) -> int:
        """Number (from 1) of the line that holds the offset, as an editor counts."""
        return int(np.searchsorted(self.ends, offset)) + 1

    def line_start(self, line: int) -> int:
        """Offset of the first byte of a line, given by its index."""
        return int(self.ends[line - 1]) + 1 if line else 0

    def find(self, literal: bytes) -> Ints:
        """Offsets of a literal, ascending; one comparison a byte of it, over all places at once."""
        places = np.flatnonzero(self.bytes == literal[0])
        places = places[places <= len(self.data) - len(literal)]
        for k in range(len(literal) - 1, 0, -1):  # the end differs first: "[E" in "[Epoch " is common
            places = places[self.bytes[places + k] == literal[k]]
        return places

    def has(self, literal: bytes, at: Ints) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Whether the literal stands at each of the offsets."""
        same = np.ones(len(at), dtype=np.bool_)
        for k, byte in enumerate(literal):
            same &= self.bytes.take(at + k, mode="clip") == byte
        return same & (at + len(literal) <= len(self.data))

    def integers(self, at: Ints, digits: int = 9) -> tuple[Ints, Ints]:
        """The unsigned integers that stand at the offsets, and the offsets behind them."""
        value = np.zeros(len(at), dtype=np.int64)
        end = at.copy()
        going = np.ones(len(at), dtype=np.bool_)
        for k in range(digits):
            digit = self.bytes.take(at + k, mode="clip") - np.uint8(48)  # wraps: others are above 9
            going &= (digit <= 9) & (at + k < len(self.data))
            if not going.any():
                break
            value = np.where(going, value * 10 + digit, value)
            end += going
        return value, end


def quote(line: bytes, limit: int = 100) -> str:
    """A line as it can be shown anywhere: no control characters, cut to `limit`."""
    text = line.decode("utf-8", errors="replace")
    return repr(text if len(text) <= limit else text[: limit - 1] + "…")
