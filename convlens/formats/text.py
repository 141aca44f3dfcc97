"""The bytes of a text log, cleaned, with an index of its lines."""

from __future__ import annotations

import re
from functools import cached_property

import numpy as np

from convlens.findings import Code, Finding
from convlens.meters import Bools, Ints

Words = np.ndarray[tuple[int], np.dtype[np.uint64]]

HEAD = 128 * 1024
LONGEST_LINE = 1_000_000

_ANSI = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
# mpirun --tag-output, optionally behind a time stamp: [job,rank]<stderr>:
_RANK = re.compile(rb"(?m)^[^\[\n]{0,40}\[\d+,(\d+)\]<std(?:err|out)>:(.*)$")
# What `ts`, containers and loggers put before a line.
_STAMP = re.compile(
    rb"(?m)^\[?(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[-+]\d\d:?\d\d)?\]?[ \t]+(?=\S)"
)


def clean(raw: bytes) -> tuple[bytes, tuple[Finding, ...]]:
    """A log's bytes as plain lines, each ended by a newline, and what was odd about them.

    Removes NUL bytes, ANSI colours, carriage returns, time stamps and the tags of mpirun (with the lines of
    all ranks but the lowest, which become empty); decodes UTF-16 by its byte order mark.
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
    if b"]<std" in raw[:HEAD]:
        lowest = min((int(m[1]) for m in _RANK.finditer(raw)), default=0)
        raw = _RANK.sub(lambda m: m[2] if int(m[1]) == lowest else b"", raw)
    if _STAMP.search(raw, 0, 4096):  # on every line or of no interest
        raw = _STAMP.sub(b"", raw)
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

    @cached_property
    def words(self) -> Words:
        """The eight bytes that begin at each offset, as one integer each, the first byte lowest."""
        padded = self.data + bytes(8)
        return np.ndarray((len(self.data) + 1,), dtype="<u8", buffer=padded, strides=(1,))

    def _words_at(self, at: Ints) -> Words:
        # Not `take`: it copies an unaligned array whole before it takes anything.
        words: Words = self.words[np.minimum(at, len(self.data))]
        return words

    def find(self, literal: bytes) -> Ints:
        """Offsets of a literal, ascending."""
        places = np.flatnonzero(self.bytes == literal[0])
        return places[self.has(literal, places)]

    def has(self, literal: bytes, at: Ints) -> Bools:
        """Whether the literal stands at each of the offsets; eight bytes of it are compared at once."""
        part = literal[:8]
        mask, word = (np.uint64(int.from_bytes(b, "little")) for b in (b"\xff" * len(part), part))
        same: Bools = (self._words_at(at) & mask) == word
        if len(literal) > 8:
            left = np.flatnonzero(same)
            same[left] = self.has(literal[8:], at[left] + 8)
        return same

    def integers(self, at: Ints) -> tuple[Ints, Ints]:
        """The unsigned integers of up to seven digits at the offsets, and the offsets behind them.

        Where there is none the value is 0 and the offset behind is the offset itself. All digits of a number
        are taken at once, a byte each in one 64-bit word (see Lemire, "Quickly parsing eight digits", 2018).
        """
        digits = self._words_at(at) ^ _word(0x30)
        others = ((digits + _word(0x76)) | digits) & _word(0x80)  # the high bit of each byte above 9
        below = (others & (~others + np.uint64(1))) - np.uint64(1)  # all bits below the first of those
        count = (((below & _word(0x01)) * _word(0x01)) >> np.uint64(56)) - np.uint64(1)
        count[others == 0] = 0
        value = digits << (np.uint64(8) * (np.uint64(8) - count)) % np.uint64(64)  # leading zeros
        value = ((value * np.uint64(10 * 256 + 1)) >> np.uint64(8)) & np.uint64(0x00FF00FF00FF00FF)
        value = ((value * np.uint64(100 * 65536 + 1)) >> np.uint64(16)) & np.uint64(0x0000FFFF0000FFFF)
        value = (value * np.uint64(10000 * (1 << 32) + 1)) >> np.uint64(32)
        value[count == 0] = 0
        return value.astype(np.int64), at + count.astype(np.int64)


def _word(byte: int) -> np.uint64:
    """The byte eight times."""
    return np.uint64(int.from_bytes(bytes([byte]) * 8, "little"))


def quote(line: bytes, limit: int = 100) -> str:
    """A line as it can be shown anywhere: no control characters, cut to `limit`."""
    text = line.decode("utf-8", errors="replace")
    return repr(text if len(text) <= limit else text[: limit - 1] + "…")
