"""Charts as values, and as SVG that a style sheet colours and that needs no script."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from markupsafe import Markup, escape

from convlens.meters import Floats
from convlens.report.thinning import thinned
from convlens.wording.text import safe

WIDTH, HEIGHT = 480, 270
LEFT, RIGHT, TOP, BOTTOM = 54, 10, 10, 38  # of the frame, inside the picture
_BUDGET = 8_000  # points a chart, shared by its lines
_NAMED = 8  # points that have their names beside them
_FAR_APART = 8.0  # times: where one line ends this much above another, only a log scale shows both


@dataclass(frozen=True, eq=False)
class Line:
    """A line of run `number` through `x` and `y` (n,), finite; `kind` is how it is drawn."""

    label: str
    number: int
    x: Floats
    y: Floats
    kind: str = "curve"


@dataclass(frozen=True, eq=False)
class Band:
    """What lies between `low` and `high` (n,) over `x`; `kind` is how it is filled."""

    number: int | None
    x: Floats
    low: Floats
    high: Floats
    kind: str = "band"


@dataclass(frozen=True)
class Dot:
    """A point with half the widths of its intervals, 0 where unknown."""

    label: str
    number: int
    x: float
    y: float
    x_error: float = 0.0
    y_error: float = 0.0


@dataclass(frozen=True)
class Mark:
    """An upright line at `x`, of run `number` or of all; `kind` is what it marks."""

    x: float
    kind: str
    number: int | None = None


@dataclass(frozen=True, eq=False)
class Chart:
    """Lines, bands, dots and marks on shared axes."""

    key: str
    title: str
    x_label: str
    lines: Sequence[Line] = ()
    bands: Sequence[Band] = ()
    dots: Sequence[Dot] = ()
    marks: Sequence[Mark] = ()
    fit: bool = True  # keep the first epochs, which can be far higher, from flattening all others
    scale: Scale = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", Scale.of(self))

    @property
    def drawn(self) -> list[Line]:
        """The lines with as many points as can be seen."""
        strips = max(_BUDGET // 2 // max(len(self.lines), 1), 20)
        strips = min(strips, (WIDTH - LEFT - RIGHT) // 2)
        return [Line(n.label, n.number, *thinned(n.x, n.y, strips), n.kind) for n in self.lines]

    @property
    def data(self) -> dict[str, object]:
        """What a script needs to name the point below the pointer."""
        s = self.scale
        shown = [(n.label, n.number, n.x, n.y) for n in self.drawn if n.kind == "curve"]
        shown += [(d.label, d.number, np.array([d.x]), np.array([d.y])) for d in self.dots]
        return {
            "x": [s.left, s.right],
            "y": [s.low, s.high],
            "log": s.log,
            "lines": [
                {
                    "label": safe(label),
                    "run": number,
                    "x": [_short(v) for v in x.tolist()],
                    "y": [_short(v) for v in y.tolist()],
                }
                for label, number, x, y in shown
            ],
        }

    @property
    def svg(self) -> Markup:
        """The picture; colours, dashes and fonts are the style sheet's."""
        return Markup("").join(_picture(self))


@dataclass(frozen=True)
class Scale:
    """Which values the frame spans, and where a value lies in the picture."""

    left: float
    right: float
    low: float
    high: float
    log: bool

    @classmethod
    def of(cls, chart: Chart) -> Scale:
        """The scale that shows a chart."""
        x = [n.x for n in chart.lines] + [b.x for b in chart.bands]
        x += [_reach([d.x for d in chart.dots], [d.x_error for d in chart.dots])]
        y = [_later(n) if chart.fit else n.y for n in chart.lines]
        y += [end for b in chart.bands if b.kind != "margin" for end in (b.low, b.high)]
        y += [_reach([d.y for d in chart.dots], [d.y_error for d in chart.dots])]
        left, right = _ends(x)
        low, high = _ends(y)
        ends = [float(n.y[-1]) for n in chart.lines if len(n.y) and n.kind == "curve"]
        log = chart.fit and low > 0 and len(ends) > 1 and max(ends) > _FAR_APART * min(ends)
        if log:
            return cls(left, right, low / 1.1, high * 1.1, True)
        room = 0.07 * (high - low or abs(high) or 1.0)
        span = right - left or abs(right) or 1.0
        left, right = (left - 0.08 * span, right + 0.08 * span) if chart.dots else (left, right + 0.02 * span)
        return cls(left, right, low - room, high + room, False)

    def across(self, x: float) -> float:
        """Where x lies, in units of the picture."""
        return LEFT + (x - self.left) / (self.right - self.left) * (WIDTH - LEFT - RIGHT)

    def down(self, y: float) -> float:
        """Where y lies, in units of the picture, never far outside of it."""
        if self.log:
            part = math.log(max(y, 1e-300) / self.low) / math.log(self.high / self.low)
        else:
            part = (y - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - min(max(part, -2.0), 3.0) * (HEIGHT - TOP - BOTTOM)


def _reach(values: Sequence[float], errors: Sequence[float]) -> Floats:
    """The ends of intervals; one that is far wider than the points are apart leaves the frame."""
    at, half = np.array(values), np.array(errors)
    if len(at) > 1 and np.ptp(at):
        half = np.minimum(half, 0.5 * np.ptp(at))
    return np.concatenate([at - half, at + half])


def _later(line: Line) -> Floats:
    return line.y[max(len(line.y) // 20, 1) :] if len(line.y) > 1 else line.y


def _ends(values: Sequence[Floats]) -> tuple[float, float]:
    known = np.concatenate([*values, np.empty(0)])
    known = known[np.isfinite(known)]
    return (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers between two values, at most about so many."""
    step = 10.0 ** math.floor(math.log10((high - low) / most))
    step *= next(m for m in (1, 2, 5, 10) if (high - low) / (step * m) <= most)
    return [k * step for k in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    tens = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    every = [m * 10.0**k for k in tens for m in (1, 2, 5)]
    shown = [t for t in every if low <= t <= high]
    return shown if len(shown) <= 8 else [t for t in shown if round(math.log10(t), 9).is_integer()]


def _picture(chart: Chart) -> Iterator[Markup]:
    s = chart.scale
    yield Markup(
        '<svg viewBox="0 0 {} {}" role="img" aria-label="{}"><clipPath id="{}-frame">'
        '<rect x="{}" y="{}" width="{}" height="{}"/></clipPath>'
    ).format(
        WIDTH, HEIGHT, safe(chart.title), chart.key, LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    )
    for place in ticks(s.left, s.right):
        yield Markup('<text class="tick" x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
            s.across(place), HEIGHT - BOTTOM + 16, f"{place:.6g}"
        )
    for place in _log_ticks(s.low, s.high) if s.log else ticks(s.low, s.high):
        y = s.down(place)
        yield Markup(
            '<path class="grid" d="M{} {:.1f}H{}"/><text class="tick" x="{}" y="{:.1f}" text-anchor="end">{}'
            "</text>"
        ).format(LEFT, y, WIDTH - RIGHT, LEFT - 6, y + 4, f"{place:.6g}")
    yield Markup('<path class="axis" d="M{} {}H{}"/>').format(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT)
    yield Markup('<text class="label" x="{}" y="{}" text-anchor="middle">{}</text>').format(
        (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 5, safe(chart.x_label)
    )
    yield Markup('<g clip-path="url(#{}-frame)">').format(chart.key)
    for band in chart.bands:
        up = _path(s, band.x, band.high)
        back = _path(s, band.x[::-1], band.low[::-1]).replace("M", "L", 1)
        yield Markup('<path class="{} {}"{} d="{}{}Z"/>').format(
            band.kind, _colour(band.number), _of_run(band.number), up, back
        )
    for mark in chart.marks:
        yield Markup('<path class="mark {} {}"{} d="M{:.1f} {}V{}"/>').format(
            mark.kind, _colour(mark.number), _of_run(mark.number), s.across(mark.x), TOP, HEIGHT - BOTTOM
        )
    for line in chart.drawn:
        yield Markup('<path class="{} {} {}"{} d="{}"/>').format(
            line.kind,
            _colour(line.number),
            dashes(line.number),
            _of_run(line.number),
            _path(s, line.x, line.y),
        )
        if line.kind == "curve" and len(line.x) < 40:
            for x, y in zip(line.x.tolist(), line.y.tolist(), strict=True):
                yield _dot(s, line.number, x, y, 2.2, "raw")
    for dot in chart.dots:
        yield from _with_intervals(s, dot)
    yield Markup("</g>")
    if len(chart.dots) <= _NAMED:
        yield from (_name(s, dot) for dot in chart.dots)
    yield Markup("</svg>")


def _name(s: Scale, dot: Dot) -> Markup:
    """The name of a point, towards the middle of the frame."""
    x = s.across(dot.x)
    right = x > (LEFT + WIDTH - RIGHT) / 2
    place, anchor = (x - 8, "end") if right else (x + 8, "start")
    return Markup('<text class="who"{} x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(
        _of_run(dot.number), place, s.down(dot.y) - 7, anchor, safe(dot.label)
    )


def _with_intervals(s: Scale, dot: Dot) -> Iterator[Markup]:
    x, y = s.across(dot.x), s.down(dot.y)
    yield Markup('<path class="bar {}"{} d="M{:.1f} {:.1f}H{:.1f}M{:.1f} {:.1f}V{:.1f}"/>').format(
        _colour(dot.number),
        _of_run(dot.number),
        s.across(dot.x - dot.x_error),
        y,
        s.across(dot.x + dot.x_error),
        x,
        s.down(dot.y - dot.y_error),
        s.down(dot.y + dot.y_error),
    )
    yield _dot(s, dot.number, dot.x, dot.y, 4.5, "dot")


def _dot(s: Scale, number: int, x: float, y: float, radius: float, kind: str) -> Markup:
    return Markup('<circle class="{} {}"{} cx="{:.1f}" cy="{:.1f}" r="{}"/>').format(
        kind, _colour(number), _of_run(number), s.across(x), s.down(y), radius
    )


def _path(s: Scale, x: Floats, y: Floats) -> str:
    places = [f"{s.across(a):.1f} {s.down(b):.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    return "M" + "L".join(places) if places else ""


def _colour(number: int | None) -> str:
    return "plain" if number is None else f"k{number % 7}"


def dashes(number: int) -> str:
    """The class of the n-th run's dashes: they change when all colours are used up."""
    return f"d{number // 7 % 4}"


def _of_run(number: int | None) -> Markup:
    return Markup("") if number is None else Markup(' data-run="{}"').format(escape(number))


def _short(value: float) -> float:
    return float(f"{value:.5g}")
