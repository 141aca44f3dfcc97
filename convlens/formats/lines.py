"""Line kinds declared once: a template that both reads and writes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from string import Formatter

import numpy as np

from convlens.meters import Bools, Floats

NUMBER = (
    r"[-+]?(?:[nN]a[nN]|[iI]nf|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?)"  # no exponent that a float lacks
)
_FIELDS = {"d": r"\d+", "s": r"\S+"}  # by the last letter of the format spec; others are numbers
_PAIR = re.compile(rf"([A-Za-z_]\w*)(?:=|: )({NUMBER})(?![\w%])".encode())
_MOST_LAYOUTS = 100
_UNFINISHED = re.compile(rb"[A-Za-z_]\w*(?:=|: )")


class Line:
    """One kind of line, declared as a template of `str.format`.

    `{epoch:d}` reads and writes an integer, `{path:s}` a word, `{lr:g}` or `{seconds:.3f}` a number, and a
    field without a spec the rest of the line. `parse(format(**record)) == record`.
    """

    def __init__(self, template: str) -> None:
        self.template = template

    @cached_property
    def pattern(self) -> re.Pattern[bytes]:
        """The regular expression that the template stands for, up to the end of the line."""
        parts = []
        for literal, name, spec, _ in Formatter().parse(self.template):
            parts.append(re.escape(literal).replace(r"\ ", " "))
            if name:
                kind = _FIELDS.get((spec or "")[-1:], NUMBER) if spec else r"[^\n]*?"
                parts.append(rf"(?P<{name}>{kind})")
        return re.compile(("".join(parts) + r"[ \t]*$").encode(), re.MULTILINE)

    @cached_property
    def literals(self) -> tuple[bytes, ...]:
        """The text between the fields, by which many lines of this kind are found at once."""
        return tuple(literal.encode() for literal, _, _, _ in Formatter().parse(self.template))

    def parse(self, data: bytes, at: int = 0) -> dict[str, bytes] | None:
        """The fields of the line that begins at offset `at`, as bytes; None if it is of another kind."""
        match = self.pattern.match(data, at)
        return match.groupdict() if match else None

    def format(self, **fields: object) -> str:
        """Write a line of this kind."""
        return self.template.format(**fields)


class _Layout:
    """One arrangement of `name=number` pairs: the names, and a pattern that captures the numbers."""

    def __init__(self, tail: bytes) -> None:
        names, parts, last = [], [], 0
        for pair in _PAIR.finditer(tail):
            names.append(pair[1].decode())
            parts += [re.escape(tail[last : pair.start(2)]), b"(" + NUMBER.encode() + b")"]
            last = pair.end(2)
        self.names = tuple(names)
        # Whatever stands behind a pair must not hold another one.
        self.whole = bool(names) and not _UNFINISHED.search(tail, last)
        self.pattern = re.compile(b"^" + b"".join(parts) + re.escape(tail[last:]) + b"$", re.MULTILINE)
        self.indexes: list[int] = []
        self.numbers: list[tuple[bytes, ...]] = []

    def take(self, index: int, tail: bytes) -> bool:
        """Take the numbers of a line if it has this arrangement."""
        match = self.pattern.fullmatch(tail)
        if match:
            self.indexes.append(index)
            self.numbers.append(match.groups())
        return match is not None

    def take_all(self, tails: Sequence[bytes]) -> bool:
        """Take the numbers of all lines if all have this arrangement: one search for all of them."""
        found = self.pattern.findall(b"\n".join(tails))
        if len(found) != len(tails):
            return False
        self.indexes = list(range(len(tails)))
        self.numbers = [(number,) for number in found] if len(self.names) == 1 else found
        return True

    def values(self) -> Floats:
        """The numbers that were taken, (lines, names)."""
        flat = np.fromiter(map(float, chain.from_iterable(self.numbers)), np.float64)
        return flat.reshape(len(self.indexes), len(self.names))


@dataclass(frozen=True)
class Pairs:
    """The `name=number` pairs of n lines with k names in all.

    `values` (n, k) and `present` (n, k), `decimals` printed of each name (k,), and `whole` (n,): False for
    lines that hold no pairs or broken ones.
    """

    names: tuple[str, ...]
    values: Floats
    present: Bools
    decimals: tuple[int, ...]
    whole: Bools


def read_pairs(tails: Sequence[bytes]) -> Pairs:
    """Read the `name=number` and `name: number` pairs of many lines.

    Lines of one log share a few arrangements, so each arrangement becomes one pattern.
    """
    layouts: list[_Layout] = []
    count = len(tails)
    whole = np.ones(count, dtype=np.bool_)
    recent = _in_one_go(tails)
    if recent:
        layouts.append(recent)
        tails = []
    for index, tail in enumerate(tails):
        if recent and recent.take(index, tail):
            continue
        recent = next((layout for layout in layouts if layout.take(index, tail)), None)
        if recent is None:
            new = _Layout(tail)
            if new.whole and len(layouts) < _MOST_LAYOUTS and new.take(index, tail):
                layouts.append(new)
                recent = new
            else:
                whole[index] = False
    names = tuple(dict.fromkeys(name for layout in layouts for name in layout.names))
    values = np.full((count, len(names)), np.nan)
    present = np.zeros(values.shape, dtype=np.bool_)
    decimals = dict.fromkeys(names, 0)
    for layout in layouts:
        at = np.ix_(layout.indexes, [names.index(name) for name in layout.names])
        present[at] = True
        values[at] = layout.values()
        for sample in (layout.numbers[0], layout.numbers[-1]):
            for name, text in zip(layout.names, sample, strict=True):
                decimals[name] = max(decimals[name], decimals_of(text))
    return Pairs(names, values, present, tuple(decimals.values()), whole)


def _in_one_go(tails: Sequence[bytes]) -> _Layout | None:
    """The one arrangement of all lines with all its numbers, None if there are several."""
    layout = _Layout(tails[0] if tails else b"")
    return layout if layout.whole and layout.take_all(tails) else None


def same_form(tail: bytes, others: Sequence[bytes]) -> bool:
    """Whether a line has the form of one of the others: the same text, the same decimals.

    A line that was cut inside its last number or before has not.
    """
    return _form(tail) in {_form(other) for other in others}


def _form(tail: bytes) -> bytes:
    whole_part = re.sub(rb"(?<![.\d\w])-?\d+", b"0", tail)
    return re.sub(rb"(?<=[.\d])\d", b"0", whole_part)


def decimals_of(number: bytes) -> int:
    """How many decimals a printed number shows: 3 for 0.074, 7 for 2.70E-05, 0 for nan."""
    mantissa, _, exponent = number.lower().partition(b"e")
    shown = len(mantissa.partition(b".")[2]) if mantissa[-1:].isdigit() else 0
    return max(shown - int(exponent or b"0"), 0)
