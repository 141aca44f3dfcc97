"""How a watched run is shown: a view that is renewed in a terminal, one line an epoch elsewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from convlens.cli.output import emit, say
from convlens.meters import Floats
from convlens.metrics import Column, Unit
from convlens.wording.text import number, safe

if TYPE_CHECKING:
    from rich.console import Group

    from convlens.analysis.standing import Standing

_BARS = "▁▂▃▄▅▆▇█"
_WIDTH = 40  # characters of a sparkline at most


class Lines:
    """One plain line a complete epoch; what is unusual goes to stderr, once."""

    def __init__(self) -> None:
        self.shown: tuple[int, ...] | None = None
        self.said = ""

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, now: Standing | None, told: str) -> bool:
        """Write what is new; False if nobody reads any more."""
        kind = told.partition(" ")[0]
        if kind != self.said and told:
            say(told)
        self.said = kind
        if now is None:
            return True
        complete = now.complete
        shown = complete[:-1] if self.shown is None else self.shown
        self.shown = complete
        if complete[: len(shown)] != shown:  # the log began anew
            shown = ()
        return all(emit(line(now, at) + "\n") for at in range(len(shown), len(complete)))


class Screen:
    """A view of the whole that is renewed in place."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        console = Console(highlight=False, markup=False, emoji=False)
        self.live = Live(console=console, auto_refresh=False, redirect_stderr=True)

    def __enter__(self) -> Screen:
        self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.live.stop()

    def show(self, now: Standing | None, told: str) -> bool:
        """Renew the view."""
        from rich.text import Text

        self.live.update(view(now, told) if now else Text(safe(told)), refresh=True)
        return True


def line(now: Standing, at: int) -> str:
    """A complete epoch in one line; the verdict and what is ahead only with the last one."""
    complete = now.run.arrays.complete
    total = f" of {now.end}" if now.end is not None else ""
    parts = [f"epoch {now.complete[at]}{total}"]
    parts += [f"{name} {number(float(values[complete][at]))}" for name, values in now.losses().items()]
    parts += _score(now, at)
    if at == len(now.complete) - 1:
        parts += [f"verdict so far: {now.diagnosis.verdict}", *_ahead(now)]
    return safe(", ".join(parts))


def view(now: Standing, told: str) -> Group:
    """Everything that is known, for a terminal."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    batches = f" of {now.batches}" if now.batches else ""
    total = f" of {now.end}" if now.end is not None else ""
    head = f"{now.run.name}: epoch {now.epoch}{total}, batch {now.batch}{batches}"
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, values in now.losses().items():
        known = values[np.isfinite(values)]
        last = number(float(known[-1])) if len(known) else "–"
        table.add_row(Text(safe(name)), Text(last), Text(sparkline(known)))
    if main := now.run.main_score:
        known = now.score(main.name)
        known = known[np.isfinite(known)]
        last = _figure(main, float(known[-1])) if len(known) else "–"
        name = "mAP" if main.name == "map" else main.name
        table.add_row(Text(safe(name)), Text(last), Text(sparkline(known)))
    rest = [f"Verdict so far: {now.diagnosis.verdict}. {now.diagnosis.sentence}"]
    rest += [f"{part[0].upper()}{part[1:]}." for part in _ahead(now)]
    rest += [told[0].upper() + told[1:]] if told else []
    return Group(Text(safe(head), style="bold"), table, *(Text(safe(part)) for part in rest))


def sparkline(values: Floats | Sequence[float]) -> str:
    """Finite values (n,) as bars from their least to their greatest; many become means of stretches."""
    known = np.asarray(values, dtype=np.float64)
    if not len(known):
        return ""
    means = np.array([part.mean() for part in np.array_split(known, min(_WIDTH, len(known)))])
    low, high = means.min(), means.max()
    places = np.zeros(len(means)) if high == low else (means - low) / (high - low) * (len(_BARS) - 1)
    return "".join(_BARS[round(place)] for place in places.tolist())


def _score(now: Standing, at: int) -> list[str]:
    """The last score up to an epoch."""
    main = now.run.main_score
    scores = now.score(main.name)[: at + 1] if main else np.empty(0)
    known = np.flatnonzero(np.isfinite(scores))
    if main is None or not len(known):
        return []
    name = "mAP" if main.name == "map" else main.name
    epoch = now.complete[known[-1]]
    when = "" if known[-1] == at else f" (epoch {epoch})"
    return [f"{name} {_figure(main, float(scores[known[-1]]))}{when}"]


def _figure(score: Column, value: float) -> str:
    return f"{value:.1f}%" if score.unit is Unit.PERCENT else number(value)


def _ahead(now: Standing) -> list[str]:
    """The forecast of the end, and the time left."""
    ahead = now.forecast
    if ahead is None:
        return ["finished"] if now.finished else []
    told = []
    for curve in ahead.told:
        name, decimals = ("mAP", 1) if curve.curve == "map" else (curve.curve, 3)
        low, value, high = (f"{x:.{decimals}f}" for x in (curve.low_90, curve.value, curve.high_90))
        told.append(f"{name} {value} (90%: {low} to {high})")
    parts = [f"forecast for epoch {ahead.epoch}: {' and '.join(told)}"] if told else []
    if ahead.hours is not None and math.isfinite(ahead.hours):
        left = f"{ahead.hours:.1f} hours" if ahead.hours >= 1 else f"{ahead.hours * 60:.0f} minutes"
        parts.append(f"about {left} of training left")
    return parts
