"""Where a loss breaks: sudden, lasting changes of its level that training alone does not make.

Two questions, two answers. Inside a phase whose rate is known, `jumps` compares what follows each epoch with
the trend before it. Where the rate is not known, `change_points` asks ruptures for the epochs at which one
trend ends and another begins (PELT with the cost of a linear model in the logarithm of time: Killick et al.
2012, doi:10.1080/01621459.2012.737745), of which those count where the level jumps too.
"""

from __future__ import annotations

import numpy as np

from convlens.meters import Floats

# Measured on 22 published logs (3,200 epochs): drops and breaks that change the level by 3% or more stand out
# by 8 standard errors and more; nothing else that lasted reached both 3% and 6.
SMALLEST = 0.03  # of the level
CLEAREST = 6.0  # standard errors
SETTLING = 5  # epochs behind a start, a drop or a break that tell nothing: the loss still falls fast there
_BEFORE, _BEHIND, _LASTING = 10, 3, 10  # epochs that make the trend, the level behind it, and what lasts
_EARLIEST, _HUGE = 6, 0.1  # epochs behind a break before it is called one, unless it is as large as this
_MOST_POINTS = 200  # that ruptures is given: its time grows with their square


def jumps(loss: Floats, noise: float, smallest: float = SMALLEST) -> list[tuple[int, float]]:
    """The rows at which a loss (n,) of one phase breaks, each with the change relative to the level.

    `noise` is the least standard deviation of its values (rounding). A break lasts: what returns to the trend
    within ten epochs is a spike.
    """
    size, clear = _sizes(loss, noise)
    found: list[tuple[int, float]] = []
    big = (np.abs(size) >= smallest) & (clear >= CLEAREST)
    for row in np.flatnonzero(big).tolist():
        near = slice(max(row - _BEHIND, 0), row + _BEHIND + 1)
        if clear[row] == np.nanmax(clear[near]) and (not found or row - found[-1][0] > SETTLING):
            found.append((row, float(size[row])))
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
            found.append((row, float(size[row])))
    return found


def _sizes(loss: Floats, noise: float) -> tuple[Floats, Floats]:
    """At each row the relative change of the level (n,) and how many standard errors that is (n,)."""
    count = len(loss)
    size, clear = np.full(count, np.nan), np.full(count, np.nan)
    floor = max(noise, _noise(loss))
    for row in range(SETTLING, count - 1):
        before = np.arange(max(0, row - _BEFORE), row)
        trend = np.column_stack([np.ones(len(before)), np.log(before + 1.0)])
        fitted = np.linalg.lstsq(trend, loss[before], rcond=None)[0]
        spread = float(np.sqrt(((loss[before] - trend @ fitted) ** 2).sum() / (len(before) - 2)))
        inverse = np.linalg.inv(trend.T @ trend)
        behind = np.arange(row, min(row + _LASTING, count))
        ahead = np.column_stack([np.ones(len(behind)), np.log(behind + 1.0)])
        excess = loss[behind] - ahead @ fitted
        at_once, last = float(excess[:_BEHIND].mean()), float(excess[-_BEHIND:].mean())
        mean = ahead[:_BEHIND].mean(axis=0)
        level = abs(float(mean @ fitted))
        lasting = at_once * last > 0 and abs(last) > abs(at_once) / 2
        lasting &= len(behind) >= _EARLIEST or (len(behind) >= _BEHIND and abs(at_once) >= _HUGE * level)
        error = max(spread, floor) * np.sqrt(1 / min(_BEHIND, len(behind)) + mean @ inverse @ mean)
        with np.errstate(all="ignore"):  # a curve without noise, or about zero
            size[row] = at_once / level if lasting else 0.0
            clear[row] = abs(at_once) / error if lasting else 0.0
    return size, clear


def _noise(values: Floats) -> float:
    """The standard deviation of independent noise about any smooth curve, from second differences."""
    second = np.diff(values, 2)
    return float(1.4826 * np.median(np.abs(second)) / np.sqrt(6)) if len(second) else 0.0
