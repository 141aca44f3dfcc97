"""Files of rows: CSV with a header, JSON lines, one JSON document."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence

import numpy as np

from convlens.findings import Code, Finding
from convlens.formats.rows import Rows, decimals_in, known_rows, numbers_in
from convlens.formats.text import LONGEST_LINE

_FEWEST_DIGITS = 5  # of a table that prints as many as it has
_SAMPLE = 20  # rows at the end of a table that show how many digits its numbers have
_DECODER = json.JSONDecoder(parse_int=float)  # an integer of any length is a number
_BROKEN_JSON = (ValueError, RecursionError, MemoryError)


def read_json_lines(data: bytes) -> tuple[list[int], list[dict[str, object]], list[Finding]]:
    """The objects on the lines of a file, the numbers of their lines, and what was not understood."""
    numbers: list[int] = []
    records: list[dict[str, object]] = []
    broken: list[int] = []
    lines = data.split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line or line.isspace():
            continue
        try:
            record = (
                _DECODER.decode(line.decode("utf-8", errors="replace")) if len(line) < LONGEST_LINE else None
            )
        except _BROKEN_JSON:
            record = None
        if isinstance(record, dict):
            numbers.append(number)
            records.append(record)
        else:
            broken.append(number)
    return numbers, records, about_broken(broken, len(lines))


def read_json_document(
    data: bytes, key: str
) -> tuple[dict[str, object], list[dict[str, object]], list[Finding]]:
    """The object in a file, and the objects in its list `key`: of a file that was cut, the whole ones."""
    text = data.decode("utf-8", errors="replace")
    try:
        document = _DECODER.decode(text)
        if isinstance(document, dict) and isinstance(document.get(key), list):
            return document, [item for item in document[key] if isinstance(item, dict)], []
    except _BROKEN_JSON:
        pass
    begin = re.search(rf'"{re.escape(key)}"\s*:\s*\[', text)
    items: list[dict[str, object]] = []
    at = begin.end() if begin else len(text)
    while (brace := re.compile(r"[\s,]*(?=\{)").match(text, at)) is not None:
        try:
            item, at = _DECODER.raw_decode(text, brace.end())
        except _BROKEN_JSON:
            break
        items.append(item)
    return {}, items, [Finding(Code.CUT_OFF, "the document has no end: what is whole of it was read")]


def read_csv(data: bytes, delimiter: str = ",") -> tuple[Rows, list[Finding]]:
    """The rows of a CSV file with a header; names and cells may be padded, a cell may be empty.

    A header that stands there again is passed over. A last line without an end is used only where its last
    number is certainly whole.
    """
    text = io.StringIO(data.decode("utf-8", errors="replace"), newline="")
    reader = csv.reader(text, delimiter=delimiter)
    lines: list[int] = []
    cells: list[list[str]] = []
    broken: list[int] = []
    header: list[str] = []
    while True:
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error:  # a cell of more than 128 KB
            broken.append(reader.line_num)
            continue
        if not header:
            header = [name.strip() for name in row]
        elif len(row) == len(header) and [cell.strip() for cell in row] != header:
            lines.append(reader.line_num)
            cells.append(row)
        elif row and row != header:
            broken.append(reader.line_num)
    unfinished = bool(data) and not data.endswith(b"\n")
    if unfinished and cells and not broken[-1:] > lines[-1:] and not _last_is_whole(cells):
        broken.append(lines.pop())
        cells.pop()
    values = np.full((len(cells), len(header)), np.nan)
    present = np.zeros(values.shape, dtype=np.bool_)
    decimals = [0] * len(header)
    for k, column in enumerate(zip(*cells, strict=True)):
        values[:, k], present[:, k] = numbers_in(column)
        decimals[k] = decimals_in([cell for cell in column if cell])
    first = [k for k, name in enumerate(header) if name not in header[:k]]
    rows = known_rows(
        np.array(lines, dtype=np.int64),
        [header[k] for k in first],
        values[:, first],
        present[:, first],
        [decimals[k] for k in first],
    )
    return rows, about_broken(broken, reader.line_num if unfinished else 0)


def header_of(head: bytes) -> list[str]:
    """The names in the first line of a CSV file."""
    names = first_line(head).decode("utf-8", errors="replace").split(",")
    return [name.strip().strip('"') for name in names]


def first_line(head: bytes) -> bytes:
    """The first line that is not blank, without a byte order mark."""
    for line in head.removeprefix(b"\xef\xbb\xbf").splitlines():
        if line.strip():
            return line
    return b""


def _last_is_whole(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the last cell of all, which no line end follows, has lost nothing.

    It is as wide as the one above where cells are padded; else it shows as many digits as any cell does, not
    few, and is near the one above: an exponent that lost its end makes another number.
    """
    if len(rows) < 2 or not rows[-1][-1].strip():
        return False
    above, last = rows[-2][-1], rows[-1][-1]
    if above != above.strip():
        return len(last) >= len(above)
    try:
        near = above == last or 0.1 < float(last) / float(above) < 10
    except (ValueError, ZeroDivisionError):
        return False
    most = max(_digits(cell) for row in rows[-_SAMPLE:] for cell in row)
    return near and _digits(last) == most >= _FEWEST_DIGITS


def _digits(number: str) -> int:
    """How many significant digits a printed number shows."""
    return len(re.sub(r"[eE].*|\D", "", number).lstrip("0"))


def about_broken(lines: Sequence[int], last: int) -> list[Finding]:
    """Findings on lines (numbers) that hold no whole row; `last` is that of a last line without an end."""
    findings = []
    unfinished = bool(lines) and lines[-1] == last
    others = lines[:-1] if unfinished else lines
    if others:
        shown = ", ".join(map(str, others[:5])) + (", …" if len(others) > 5 else "")
        findings.append(
            Finding(Code.NOT_UNDERSTOOD, f"{len(others)} lines hold no whole row", f"lines {shown}")
        )
    if unfinished:
        text = "the log ends inside a line, which is not used"
        findings.append(Finding(Code.CUT_OFF, text, f"line {lines[-1]}"))
    return findings
