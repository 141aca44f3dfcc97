"""Find the lines of a script's kinds in a log. Every line that names an epoch is accounted for."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from convlens.findings import Code, Finding
from convlens.formats.gluoncv.script import Kind, Says
from convlens.formats.lines import Bar, same_form
from convlens.formats.text import LONGEST_LINE, Text
from convlens.meters import Ints

_ANCHOR = re.compile(rb"(?<![A-Za-z_])Epoch[\[ :]{1,3}\d")
_ALIKE = 200  # lines looked back upon for the form of the one that ends the file


@dataclass(frozen=True, slots=True)
class Record:
    """A line that was understood: its number, its kind and what it tells, its text and its fields.

    A bar closes its epoch at its end; before its end a validation tells nothing yet.
    """

    line: int
    kind: Kind
    says: Says | None
    text: bytes
    fields: dict[str, bytes]


@dataclass
class Lines:
    """The records of a log in order; `naming` (indexes) are the lines that name an epoch.

    Of those some are `not_understood` (numbers), and one may be `cut`.
    """

    records: list[Record]
    naming: Ints
    not_understood: set[int]
    cut: Finding | None = None

    def skip(self, text: Text, line: int) -> None:
        """Leave out a line (a number) that cannot be used: cut off if it is the file's unfinished end."""
        if _ends_unfinished(text, int(text.ends[line - 1])):
            what = "the log ends inside a line, which is not used"
            self.cut = Finding(Code.CUT_OFF, what, f"line {line}")
        else:
            self.not_understood.add(line)


def find_lines(text: Text, kinds: tuple[Kind, ...]) -> Lines:
    """The lines of some kinds, which are tried in order.

    A line can hold two records (a message behind a progress bar). Of several processes that print one log,
    the one of lowest rank counts.
    """
    at: dict[int, tuple[Kind, re.Match[bytes]]] = {}
    for kind in kinds:
        before = kind.line.literals[0].index(b"Epoch")
        for match in kind.line.pattern.finditer(text.data):
            if match.end() - match.start() < LONGEST_LINE:
                at.setdefault(match.start() + before, (kind, match))
    anchors = np.array([m.start() for m in _ANCHOR.finditer(text.data)], dtype=np.int64)
    indexes = text.line_of(anchors)
    lines = Lines([], np.unique(indexes), set())
    for anchor, index in zip(anchors.tolist(), indexes.tolist(), strict=True):
        if anchor not in at:
            lines.skip(text, index + 1)
            continue
        kind, match = at[anchor]
        if not isinstance(kind.line, Bar) and _ends_unfinished(text, match.end()):
            alike = [r.text for r in lines.records[-_ALIKE:] if r.kind is kind]
            if not same_form(match[0], alike):
                lines.skip(text, index + 1)
                continue
        fields = match.groupdict()
        lines.records.append(Record(index + 1, kind, _says(kind, fields), match[0], fields))
    lowest = min((int(r.fields["rank"]) for r in lines.records if "rank" in r.fields), default=0)
    lines.records = [r for r in lines.records if int(r.fields.get("rank", lowest)) == lowest]
    return lines


def _says(kind: Kind, fields: dict[str, bytes]) -> Says | None:
    if not isinstance(kind.line, Bar):
        return kind.says
    done = int(fields["step"]) >= int(fields["total"])
    if kind.says is Says.SCORE:
        return Says.SCORE if done else None
    return Says.CLOSE if done else Says.BATCH


def _ends_unfinished(text: Text, end: int) -> bool:
    return end == len(text.data) and not text.data.endswith(b"\n")
