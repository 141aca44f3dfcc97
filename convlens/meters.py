"""What a printed value averages over, and an epoch's own mean from it.

A meter that is reset each epoch prints the epoch's own mean. One that is never reset prints the mean
of all batches since its process began. With N batches done when the mean m is printed, the mean of the
batches between two prints is

    x = (N1 * m1 - N0 * m0) / (N1 - N0),

for whole epochs x(n) = n*m(n) - (n-1)*m(n-1). Rounding each m to within h leaves x known to within
h * (N1 + N0) / (N1 - N0), for whole epochs h * (2n - 1).

Which of the two a column is, its family says and the log confirms or refutes: at each boundary between
epochs the formula gives the mean that the first batches after it would need if the meter ran on. If that
is impossible (negative, above 1 for an accuracy, above 3 times the printed value), the meter was reset.
That it ran on, against its family's word, takes more than nothing impossible: a smooth curve is that too. The
first batches of an epoch and its other batches must then move the mean alike.

Where a line prints something shorter (the batches since the last line, the last ones, one alone), all lines
cover equally many, and the mean of an epoch's lines estimates the epoch's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# Measured on 247 columns of 44 published logs: meters that run on are impossible at no more than 0.03 of
# their boundaries (0.12 where the process was restarted), those that are reset at 0.115 or more.
RUNS_ON_BELOW, RESET_ABOVE = 0.05, 0.2
FEWEST_BOUNDARIES = 5
# Measured on 22 logs: 0.39 and more, mostly above 0.75, where the meter ran on, else 0.26 at most.
ALIKE_ABOVE = 0.5
WINDOWS_BEFORE = 10  # fewer batches than so many times those behind a boundary are hardly a mean
TOO_HIGH = 3.0  # times the printed value


class Meter(StrEnum):
    """What a printed value averages over."""

    EPOCH = "epoch"  # mean since the epoch began
    START = "start"  # mean since the process began
    INTERVAL = "interval"  # mean since the last line
    WINDOW = "window"  # mean or median of the last iterations
    LAST = "last"  # one batch alone
    EMA = "ema"  # exponential moving average


OF_LINES = (
    Meter.INTERVAL,
    Meter.WINDOW,
    Meter.LAST,
    Meter.EMA,
)  # the mean of an epoch's lines is the epoch's


@dataclass(frozen=True)
class Prints:
    """What one process printed of its columns, epoch by epoch (n epochs, k columns).

    `epoch` (n,) ascending; `start` the epoch at which the process's meters began; `end` (n, k) the value
    printed last in each epoch and `end_batches` (n, k) how many of its batches that value covers;
    `first` (n, k) the value on the epoch's first batch line and `first_batches` (n,) its batches;
    `batches` the batches of a whole epoch, known to within `batches_error`.
    """

    epoch: Ints
    start: int
    end: Floats
    end_batches: Floats
    first: Floats
    first_batches: Floats
    batches: float
    batches_error: float = 0.0

    def done(self) -> Floats:
        """Batches since the meters began, at each epoch's last print: (n, k)."""
        return (self.epoch[:, None] - self.start) * self.batches + self.end_batches

    def scaled(self, by: Floats) -> Prints:
        """The same in other units: each column (k,) times a number."""
        return replace(self, end=self.end * by, first=self.first * by)

    def part(self, rows: slice, start: int) -> Prints:
        """The rows of another process whose meters began at epoch `start`."""
        return replace(
            self,
            epoch=self.epoch[rows],
            start=start,
            end=self.end[rows],
            end_batches=self.end_batches[rows],
            first=self.first[rows],
            first_batches=self.first_batches[rows],
        )


@dataclass(frozen=True)
class Boundaries:
    """At each boundary between printed epochs (n - 1, k): could the meter have run on?

    `known`: values are there; `impossible`: the batches after the boundary would need an impossible
    mean; `exploding`: impossible because too high, and the rest of the epoch says the same: the values
    themselves exploded; `telling`: the first batches after the boundary and the rest of their epoch both
    move a mean of many batches, by more than rounding; `alike`: they move it by about the same.
    """

    known: Bools
    impossible: Bools
    exploding: Bools
    telling: Bools
    alike: Bools


def boundaries(prints: Prints, half_digit: Floats, fraction: Bools) -> Boundaries:
    """Test each boundary of a process.

    `half_digit` (k,) is half of the last printed digit of each column, `fraction` (k,) whether values
    above 1 are impossible in it.
    """
    before, after = prints.end[:-1], prints.first[1:]
    done = prints.done()
    n0 = done[:-1]
    n1 = (prints.epoch[1:, None] - prints.start) * prints.batches + prints.first_batches[1:, None]
    window = np.maximum(n1 - n0, 1.0)
    with np.errstate(all="ignore"):
        need = after + (after - before) * n0 / window
        rounding = half_digit * (1 + 2 * n0 / window)
        value = np.fmax(before, after)
        high = need > TOO_HIGH * value + rounding
        above_one = fraction & (need > 1 + rounding)
        impossible = (need < -rounding) | high | above_one
        rest_batches = done[1:] - n1
        rest = (prints.end[1:] * done[1:] - after * n1) / rest_batches
        agrees = (rest > need / TOO_HIGH) & (rest < need * TOO_HIGH)
        exploding = high & agrees & (rest_batches > 0)
        rest_rounding = half_digit * (done[1:] + n1) / rest_batches
        moved, moved_later = need - before, rest - before
        telling = (np.abs(moved) > 2 * rounding) & (np.abs(moved_later) > 2 * rest_rounding)
        telling &= (rest_batches > 0) & (n0 >= WINDOWS_BEFORE * window)
        alike = telling & (moved / moved_later > 0.5) & (moved / moved_later < 2)
    known = np.isfinite(need)
    return Boundaries(known, impossible & known, exploding & known, telling & known, alike & known)


def judge(tests: list[Boundaries], declared: list[Meter]) -> tuple[list[Meter], Floats]:
    """The meter of each column, from its family's word and the log's boundaries.

    Returns the meters and the share of impossible boundaries (k,), NaN where there are none; where the values
    themselves exploded says nothing of the meter.
    """
    nothing = np.zeros(len(declared))
    known = sum((t.known.sum(axis=0) for t in tests), nothing)
    impossible = sum(((t.impossible & ~t.exploding).sum(axis=0) for t in tests), nothing)
    telling = sum((t.telling.sum(axis=0) for t in tests), nothing)
    alike = sum((t.alike.sum(axis=0) for t in tests), nothing)
    with np.errstate(all="ignore"):
        share: Floats = impossible / known
    meters = list(declared)
    for k, meter in enumerate(declared):
        if meter is Meter.START and known[k] >= FEWEST_BOUNDARIES and share[k] >= RESET_ABOVE:
            meters[k] = Meter.EPOCH
        elif meter is Meter.START and impossible[k] >= 2 and share[k] >= 0.5:
            meters[k] = Meter.EPOCH  # so many restarts in so few epochs are none
        elif meter is Meter.EPOCH and telling[k] >= FEWEST_BOUNDARIES and share[k] <= RUNS_ON_BELOW:
            meters[k] = Meter.START if alike[k] >= ALIKE_ABOVE * telling[k] else Meter.EPOCH
    contradicted = any(d is Meter.EPOCH and m is Meter.START for d, m in zip(declared, meters, strict=True))
    if contradicted:  # a script that never resets one meter resets none that the log does not show to be
        unrefuted = (known >= FEWEST_BOUNDARIES) & (share <= RUNS_ON_BELOW)
        meters = [Meter.START if u else m for u, m in zip(unrefuted, meters, strict=True)]
    return meters, share


def split_at_restarts(
    prints: Prints, half_digit: Floats, fraction: Bools, since_start: Bools
) -> list[Prints]:
    """The processes in what looks like one: cut where all since-start meters restarted.

    A restart is a boundary that is impossible for every since-start column (k,) and where the values
    did not simply explode.
    """
    parts: list[Prints] = []
    rest = prints
    while since_start.any() and len(rest.epoch) > 1:
        test = boundaries(rest, half_digit, fraction)
        known = test.known[:, since_start]
        jumps = (test.impossible & ~test.exploding)[:, since_start] | ~known
        at = np.flatnonzero(jumps.all(axis=1) & known.any(axis=1))
        if not len(at):
            break
        cut = int(at[0]) + 1
        parts.append(rest.part(slice(0, cut), rest.start))
        rest = rest.part(slice(cut, None), int(rest.epoch[cut]))
    return [*parts, rest]


def own_means(prints: Prints, half_digit: Floats, since_start: Bools) -> tuple[Floats, Floats]:
    """Each epoch's own mean (n, k) and the half-width (n, k) within which rounding leaves it known.

    Of a since-start column the first epoch is known only if it is the one in which the meters began.
    Where epochs were not printed, the mean is that of all epochs since the last printed one.
    """
    own = prints.end.copy()
    width = np.where(np.isfinite(own), half_digit, np.nan)
    if not since_start.any() or not len(own):
        return own, width
    done = prints.done()
    n0 = np.vstack([np.zeros((1, done.shape[1])), done[:-1]])
    m0 = np.vstack([np.zeros((1, own.shape[1])), prints.end[:-1]])
    covered = np.maximum(done - n0, 1.0)
    with np.errstate(all="ignore"):
        mean = (done * prints.end - n0 * m0) / covered
        # Where the last print is not the epoch's end, N is known to within `batches_error` an epoch.
        slack = np.abs(prints.end - m0) * (n0 > 0) * prints.batches_error / covered
        slack = np.where(prints.end_batches < prints.batches, slack, 0.0)
        half = half_digit * (done + n0) / covered + slack
    if prints.epoch[0] != prints.start:
        mean[0], half[0] = np.nan, np.nan
    half = np.where(np.isfinite(mean), half, np.nan)
    own[:, since_start], width[:, since_start] = mean[:, since_start], half[:, since_start]
    return own, width


def means_of_lines(
    rows: Ints, count: int, values: Floats, present: Bools, weights: Floats | None = None
) -> Floats:
    """The mean (count, k) of the lines of each of `count` epochs; line n (of m) is of epoch `rows[n]`.

    `values` (m, k) are the printed ones, `present` (m, k) says which a line tells, `weights` (m,) how many of
    the epoch's batches each covers (default: equally many). An epoch of which no line tells a value is NaN
    there.
    """
    weighted = present * (np.ones(len(rows)) if weights is None else weights)[:, None]
    lines = np.zeros((count, values.shape[1]))
    totals = np.zeros_like(lines)
    np.add.at(lines, rows, weighted)
    np.add.at(totals, rows, np.where(present, values, 0.0) * weighted)
    with np.errstate(invalid="ignore"):  # no lines, or inf and -inf
        means: Floats = totals / lines
    return means
