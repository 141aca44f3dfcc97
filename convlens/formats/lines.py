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

# One way only to match a text, or a broken line would be tried in all ways; no exponent that a float lacks.
NUMBER = r"[-+]?(?:[nN]a[nN]|[iI]nf|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?)"
_REST = r"(?:[^\n]*[^ \t\n])?"
_FIELDS = {"d": r"\d{1,7}", "s": r"\S+"}  # by the last letter of the format spec; others are numbers
_BLANKS = re.compile(r"(?:\\[ \t])+")  # as re.escape writes them
_BAR = r": +\d+%\|[^|\n]*\| +(?P<step>\d{1,7})/(?P<total>\d{1,7}) \[[^\]\n]*\]"
_PAIR = re.compile(rf"(?<![\w-])([A-Za-z_][\w-]*)(?:=|: )({NUMBER})(?![\w%]|\.\d)".encode())
_MOST_LAYOUTS, _MOST_PAIRS = 100, 1000
_NAME = re.compile(rb"(?<![\w-])([A-Za-z_][\w-]*)(?:=|: )")


class Line:
    """One kind of line, declared as a template of `str.format`.

    `{epoch:d}` reads and writes an integer of up to seven digits, `{path:s}` a word, `{lr:g}` or
    `{seconds:.3f}` a number, and a field without a spec the rest of the line. A blank or tab is read as any
    number of them. `parse(format(**record)) == record`.
    """

    def __init__(self, template: str) -> None:
        self.template = template

    @cached_property
    def pattern(self) -> re.Pattern[bytes]:
        """The regular expression that the template stands for, up to the end of the line."""
        return re.compile((self._expression() + r"[ \t]*$").encode(), re.MULTILINE)

    def _expression(self) -> str:
        parts = []
        for literal, name, spec, _ in Formatter().parse(self.template):
            parts.append(_BLANKS.sub(r"[ \\t]++", re.escape(literal)))
            if name:
                kind = _FIELDS.get((spec or "")[-1:], NUMBER) if spec else _REST
                parts.append(rf"(?P<{name}>{kind})")
        return "".join(parts)

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


class Bar(Line):
    """A progress bar of tqdm whose description is declared as a template: `step` of `total` are done.

    It is whole once its bracket closes: other messages may follow on its line.
    """

    @cached_property
    def pattern(self) -> re.Pattern[bytes]:
        """The regular expression of the description and of the bar behind it."""
        return re.compile((self._expression() + _BAR).encode())

    def format(self, **fields: object) -> str:
        """Write a bar; `step` and `total` are integers."""
        step, total = int(str(fields["step"])), int(str(fields["total"]))
        done = "█" * (10 * step // max(total, 1))
        bar = f"{100 * step // max(total, 1):3d}%|{done:<10}| {step}/{total} [00:10<00:00,  1.00it/s]"
        return f"{super().format(**fields)}: {bar}"


class _Layout:
    """One arrangement of `name=number` pairs: the names, and a pattern that captures the numbers."""

    def __init__(self, tail: bytes) -> None:
        self.tail = tail
        self.pairs = list(_PAIR.finditer(tail))
        self.names = tuple(pair[1].decode() for pair in self.pairs)
        # Whatever stands behind a pair must not hold another one.
        unfinished = self.pairs and _NAME.search(tail, self.pairs[-1].end(2))
        self.whole = 0 < len(self.names) <= _MOST_PAIRS and not unfinished
        self.indexes: list[int] = []
        self.numbers: list[tuple[bytes, ...]] = []

    @cached_property
    def pattern(self) -> re.Pattern[bytes]:
        """Captures the numbers of a line of this arrangement."""
        parts, last = [], 0
        for pair in self.pairs:
            parts += [re.escape(self.tail[last : pair.start(2)]), b"(" + NUMBER.encode() + b")"]
            last = pair.end(2)
        return re.compile(b"^" + b"".join(parts) + re.escape(self.tail[last:]) + b"$", re.MULTILINE)

    def without_number(self) -> set[str]:
        """The names that stand before something else than a number."""
        return {name.decode() for name in _NAME.findall(self.tail)} - set(self.names)

    def add(self, index: int, other: _Layout) -> None:
        """Take the numbers of a line that has the same names in another arrangement."""
        self.indexes.append(index)
        self.numbers.append(tuple(pair[2] for pair in other.pairs))

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
    others: dict[tuple[str, ...], _Layout] = {}  # by names, where every line is arranged differently
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
            if not new.whole:
                whole[index] = False
            elif len(layouts) < _MOST_LAYOUTS and new.take(index, tail):
                layouts.append(new)
                recent = new
            else:
                others.setdefault(new.names, new).add(index, new)
    layouts += others.values()
    names = tuple(dict.fromkeys(name for layout in layouts for name in layout.names))
    values = np.full((count, len(names)), np.nan)
    present = np.zeros(values.shape, dtype=np.bool_)
    decimals = dict.fromkeys(names, 0)
    for layout in layouts:
        whole[layout.indexes] = layout.without_number().isdisjoint(names)
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
    whole_part = re.sub(rb"(?<![.\d\w])(?<![eE][-+])-?\d+", b"0", tail)
    return re.sub(rb"(?<=[.\d])\d|(?<=[eE][-+])\d", b"0", whole_part)


def decimals_of(number: bytes) -> int:
    """How many decimals a printed number shows: 3 for 0.074, 7 for 2.70E-05, 0 for nan."""
    mantissa, _, exponent = number.lower().partition(b"e")
    shown = len(mantissa.partition(b".")[2]) if mantissa[-1:].isdigit() else 0
    return max(shown - int(exponent or b"0"), 0)
