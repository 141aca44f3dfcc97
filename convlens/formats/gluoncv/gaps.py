"""What stands between the lines that name an epoch: arguments, tracebacks, evaluations of no epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from convlens.findings import Code, Finding
from convlens.formats.base import Config
from convlens.formats.gluoncv import scores
from convlens.formats.gluoncv.arguments import plan_of
from convlens.formats.gluoncv.namespace import OPENING, parse_namespace
from convlens.formats.text import Text, quote
from convlens.meters import Bools, Ints

_TRACEBACK = b"Traceback (most recent call last)"


class Gaps:
    """The text before, between and behind the lines (indexes, ascending) that name an epoch.

    Gap i stands before line i; the last one behind the last line.
    """

    def __init__(self, text: Text, lines: Ints) -> None:
        self.text, self.lines = text, lines
        self.of_validations: set[int] = set()  # gaps whose scores a line before them announces

    def spans(self, gaps: Sequence[int]) -> list[tuple[int, int]]:
        """Where some gaps begin and end, in bytes."""
        at = np.array(gaps, dtype=np.int64)
        ends, length = self.text.ends, len(self.text.data)
        if not len(self.lines):
            return [(0, length) for _ in gaps]
        before, behind = self.lines[at - 1], self.lines[np.minimum(at, len(self.lines) - 1)]
        starts = np.where(at > 0, np.minimum(ends[before] + 1, length), 0)
        line_starts = np.where(behind > 0, ends[behind - 1] + 1, 0)
        stops = np.where(at < len(self.lines), line_starts, length)
        return list(zip(starts.tolist(), stops.tolist(), strict=True))

    def behind(self, gap: int, passed_over: Bools) -> bytes:
        """A gap and those behind it, for as long as only lines of the kind `passed_over` (n,) part them."""
        last = gap
        while last < len(self.lines) and passed_over[last]:
            last += 1
        self.of_validations.update(range(gap, last + 1))
        return b"".join(self.text.data[start:end] for start, end in self.spans(range(gap, last + 1)))

    def configs(self, started: set[int]) -> tuple[Config, ...]:
        """The arguments printed before each start line, and before the first line of all."""
        return tuple(self._configs(sorted({0, *started})))

    def _configs(self, gaps: list[int]) -> Iterator[Config]:
        known: dict[bytes, dict[str, object]] = {}  # each of many workers prints the same
        for start, end in self.spans(gaps):
            at = self.text.data.rfind(OPENING, start, end)
            if at >= 0:
                line_end = self.text.data.find(b"\n", at, end)
                raw = self.text.data[at : line_end if line_end >= 0 else end]
                if raw not in known:
                    known[raw] = parse_namespace(raw.decode("utf-8", errors="replace"))
                yield Config(self.text.line_number(at), known[raw], plan_of(known[raw]))

    def _not_empty(self) -> list[int]:
        between = np.flatnonzero(np.diff(self.lines) > 1) + 1
        return [0, *between.tolist(), len(self.lines)]

    def findings(self) -> list[Finding]:
        """Tracebacks, and scores that no epoch's line announces."""
        found = []
        broken = _TRACEBACK in self.text.data
        gaps = [gap for gap in self._not_empty() if broken or gap not in self.of_validations]
        for gap, (start, end) in zip(gaps, self.spans(gaps), strict=True):
            at = self.text.data.find(_TRACEBACK, start, end)
            if at >= 0:
                found.append(self._traceback(at, end))
            if gap not in self.of_validations and scores.holds_scores(
                self.text.data[max(start - 1, 0) : end]
            ):
                found.append(self._orphan(start, end))
        return found

    def _traceback(self, at: int, end: int) -> Finding:
        lines = self.text.data[at:end].split(b"\n")[1:]
        error = next((line for line in lines if line.strip() and not line.startswith(b" ")), b"")
        where = f"line {self.text.line_number(at)}"
        return Finding(Code.TRACEBACK, f"the log holds a traceback: {quote(error.strip())}", where)

    def _orphan(self, start: int, end: int) -> Finding:
        start = max(start - 1, 0)
        block = self.text.data[start:end]
        read = scores.read_scores(block)
        told = [name for name in ("map", "map_segm") if name in read.names]
        shown = ", ".join(f"{name} {read.in_percent(name):.4g}" for name in told) or "not whole"
        where = f"line {self.text.line_number(start + scores.first_score(block))}"
        return Finding(
            Code.SCORES_WITHOUT_EPOCH, f"an evaluation ({shown}) belongs to no epoch: not used", where
        )
