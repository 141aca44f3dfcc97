"""Where a loss breaks: sudden, lasting changes of its level that training alone does not make.

Two questions, two answers. Inside a phase whose rate is known, `jumps` compares what follows each epoch with
the trend before it. Where the rate is not known, `change_points` asks ruptures for the epochs at which one
trend ends and another begins (PELT with the cost of a linear model in the logarithm of time: Killick et al.
2012, doi:10.1080/01621459.2012.737745), of which those count where the level jumps too.
"""

from __future__ import annotations

import numpy as np

from convlens.meters import Floats, Ints

# Measured on 22 published logs (3,200 epochs): drops and breaks that change the level by 3% or more stand out
# by 8 standard errors and more; nothing else that lasted reached both 3% and 6.
SMALLEST = 0.03  # of the level
CLEAREST = 6.0  # standard errors
SETTLING = 5  # epochs behind a start, a drop or a break that tell nothing: the loss still falls fast there
_BEFORE, _BEHIND, _LASTING = 10, 3, 10  # epochs that make the trend, the level behind it, and what lasts
_EXPECTED, _EXPECTED_CLEAR = 0.01, 3.0  # of the level, and standard errors: where a break is expected
_BEYOND = 0.3  # of a break: what the first epoch of it must show
_EARLIEST, _HUGE = 6, 0.1  # epochs behind a break before it is called one, unless it is as large as this
_MOST_POINTS = 200  # that ruptures is given: its time grows with their square


def jumps(loss: Floats, noise: float) -> list[tuple[int, float]]:
    """The rows at which a loss (n,) of one phase breaks, each with the change relative to the level.

    `noise` is the least standard deviation of its values (rounding). A break lasts: what returns to the trend
    within ten epochs is a spike.
    """
    size, clear = _sizes(loss, noise)
    found: list[tuple[int, float]] = []
    big = (np.abs(size) >= SMALLEST) & (clear >= CLEAREST)
    for row in np.flatnonzero(big).tolist():
        near = slice(max(row - _BEHIND, 0), row + _BEHIND + 1)
        if abs(size[row]) == np.abs(size[near]).max() and (not found or row - found[-1][0] > SETTLING):
            found.append((_begin(loss, row), float(size[row])))
    return found


def change_points(loss: Floats, noise: float) -> list[tuple[int, float]]:
    """The rows at which a loss (n,) changes its trend and its level, each with the relative change."""
    import ruptures  # loads scipy: a second and more

    step = max(-(-len(loss) // _MOST_POINTS), 1)
    thin = loss[: len(loss) // step * step].reshape(-1, step).mean(axis=1)
    if len(thin) < 4 * SETTLING or (thin <= 0).any():
        return []
    trend = np.column_stack([np.log(thin), np.ones(len(thin)), np.log(np.arange(1.0, len(thin) + 1))])
    spread = max(_noise(np.log(thin)), noise / float(np.median(thin)))
    search = ruptures.Pelt(model="linear", min_size=SETTLING, jump=1).fit(trend)
    # Three parameters a segment under BIC, four times over: the noise of real losses is not independent.
    ends = search.predict(pen=4 * 3 * spread**2 * np.log(len(thin)))
    size, clear = _sizes(loss, noise)
    found = []
    for end in ends[:-1]:
        near = np.arange(max(end * step - step - 1, 0), min(end * step + step + 2, len(loss)))
        row = int(near[np.argmax(np.nan_to_num(clear[near]))])
        if abs(size[row]) >= SMALLEST and clear[row] >= CLEAREST:
            found.append((_begin(loss, row), float(size[row])))
    return found


def falls(loss: Floats, row: int, noise: float) -> bool:
    """Whether a loss (n,) falls at a row where it is expected to, or next to it."""
    size, clear = _sizes(loss, noise)
    near = slice(max(row - 1, 0), row + 2)
    return bool(((size[near] <= -_EXPECTED) & (clear[near] >= _EXPECTED_CLEAR)).any())


def _sizes(loss: Floats, noise: float) -> tuple[Floats, Floats]:
    """At each row the relative change of the level (n,) and how many standard errors that is (n,).

    What counts is the smaller change against two trends, in time and in its logarithm: a loss that bends goes
    on between them.
    """
    count = len(loss)
    size, clear = np.zeros(count), np.zeros(count)
    rows = np.arange(SETTLING, count - 1)
    if not len(rows):
        return size, clear
    floor, time = max(noise, _noise(loss)), np.arange(1.0, count + 1)
    with np.errstate(all="ignore"):  # a curve without noise, about zero, or too large to be squared
        one, other = (_changes(loss, rows, floor, axis) for axis in (time, np.log(time)))
    smaller = np.where(np.abs(one[0]) <= np.abs(other[0]), one, other)
    size[rows], clear[rows] = np.where(np.sign(one[0]) == np.sign(other[0]), smaller, 0.0)
    return size, clear


def _changes(loss: Floats, rows: Ints, floor: float, time: Floats) -> Floats:
    """The relative changes at rows (m,) against the trend in `time` before, and their standard errors."""
    past, ahead = _around(loss, rows)
    past_time, ahead_time = _around(time, rows)
    centre = np.nanmean(past_time, axis=1)[:, None]
    past_time, ahead_time = past_time - centre, ahead_time - centre
    count, left = np.isfinite(past).sum(axis=1), np.isfinite(ahead).sum(axis=1)
    middle, squares = np.nanmean(past, axis=1), np.nansum(past_time**2, axis=1)
    slope = np.nansum(past_time * past, axis=1) / squares
    rest = past - middle[:, None] - slope[:, None] * past_time
    spread = np.sqrt(np.nansum(rest**2, axis=1) / (count - 2))
    excess = ahead - middle[:, None] - slope[:, None] * ahead_time
    at_once = np.nanmedian(excess[:, :_BEHIND], axis=1)
    ends = np.maximum(left[:, None] - np.arange(_BEHIND, 0, -1), 0)
    last = np.median(np.take_along_axis(excess, ends, axis=1), axis=1)
    mean = np.nanmean(ahead_time[:, :_BEHIND], axis=1)
    level = np.abs(middle + slope * mean)
    lasting = (at_once * last > 0) & (np.abs(last) > np.abs(at_once) / 2)
    lasting &= (left >= _EARLIEST) | ((left >= _BEHIND) & (np.abs(at_once) >= _HUGE * level))
    unsure = 1 / np.minimum(_BEHIND, left) + 1 / count + mean**2 / squares
    found = at_once / level, np.abs(at_once) / (np.maximum(spread, floor) * np.sqrt(unsure))
    return np.where(lasting & np.isfinite(level), found, 0.0)


def _around(values: Floats, rows: Ints) -> tuple[Floats, Floats]:
    """The values before each row (m, _BEFORE) and from it on (m, _LASTING), NaN where there are none."""
    padded = np.concatenate([np.full(_BEFORE, np.nan), values, np.full(_LASTING, np.nan)])
    before = np.lib.stride_tricks.sliding_window_view(padded, _BEFORE)[rows]
    behind = np.lib.stride_tricks.sliding_window_view(padded, _LASTING)[rows + _BEFORE]
    return before, behind


def _begin(loss: Floats, row: int) -> int:
    """The first row of a break near `row`, which may be a little before what stands out most."""
    first = max(row - _BEHIND, 2)
    before = np.arange(max(0, first - _BEFORE // 2), first)
    near = np.arange(first, min(row + _BEHIND + 1, len(loss)))
    excess = loss[near] - np.polyval(np.polyfit(before, loss[before], 1), near)
    below = np.flatnonzero(excess / excess[-1] < _BEYOND)
    return int(near[below[-1] + 1]) if len(below) else int(near[0])


def _noise(values: Floats) -> float:
    """The standard deviation of independent noise about any smooth curve, from second differences."""
    second = np.diff(values, 2)
    return float(1.4826 * np.median(np.abs(second)) / np.sqrt(6)) if len(second) else 0.0
