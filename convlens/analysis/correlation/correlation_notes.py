"""What a careful reader must know of a correlation, in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator

from convlens.analysis import figures
from convlens.analysis.correlation.confounders import sentences
from convlens.analysis.correlation.correlation import Across, Group
from convlens.analysis.endings import Ending


def of_group(group: Group, quantity: str = "loss") -> list[str]:
    """What its points say of one loss, and what else could explain it."""
    return [_strength(group, quantity), *_confounders(group)]


def of_across(across: Across) -> str:
    """What the groups of a dataset say together."""
    p = across.pooled
    interval = "too few for an interval" if math.isnan(p.low) else f"95%: {p.low:.2f} to {p.high:.2f}"
    name = figures.NAMES.get(across.quantity, across.quantity)
    tenth, low, high = (f"{gain:+z.1f}" for gain in across.of_a_tenth)
    alone = [gain for gain in across.of_a_tenth_by_group.values() if math.isfinite(gain)]
    told = f"r = {p.r:.2f} ({interval}), p = {p.p:.2g} (here never below {p.p_floor:.2g})"
    return (
        f"{p.n} runs in {len(across.groups)} groups, {name}: {told}. A loss lower by a tenth goes with "
        f"{tenth} mAP points (95%: {low} to {high}) if all groups share one slope; each alone "
        f"has {min(alone):+z.1f} to {max(alone):+z.1f}. The run with the lower loss has the higher mAP in "
        f"{p.opposed} of the {p.pairs} pairs that share a group."
    )


def _strength(group: Group, quantity: str) -> str:
    a = group.associations[quantity]
    points = group.having(quantity)
    name = figures.NAMES.get(quantity, quantity)
    runs = f"{a.n} run" + "s" * (a.n != 1)
    if a.n < 2:
        return f"{runs}: nothing to correlate."
    scores = {p.map.value for p in points}
    if math.isnan(a.slope):
        return f"{runs}: the {name} is the same in all of them."
    if len(scores) == 1:
        return f"{runs}: the mAP is the same in all of them."
    if a.n == 2:
        how = "higher" if a.slope < 0 else "lower"
        within = ", by less than noise alone makes" if _alike(points[0].map, points[1].map) else ""
        told = f"the one with the lower {name} has the {how} mAP{within}"
        return f"2 runs: {told}; two points always lie on a line."
    if a.without_one is None:
        return f"{runs}: too few for an interval, and p is never below {a.p_floor:.2g}."
    most = a.without_one["pearson"]
    without = f"without any one run {most.low:.2f} to {most.high:.2f}, {most.most} mattering most"
    told = f"r = {a.pearson:.2f} (95%: {a.low:.2f} to {a.high:.2f}; {without})"
    return f"{runs}, {name}: {told}, p = {a.p:.2g} (here never below {a.p_floor:.2g})."


def _alike(a: Ending, b: Ending) -> bool:
    """Whether two figures differ by less than noise makes, as far as it is known."""
    return abs(a.value - b.value) <= math.hypot(a.half_width, b.half_width)


def _confounders(group: Group) -> Iterator[str]:
    if len(group.points) < 2:
        return
    if group.mixed:
        parts = " and ".join(part.replace("_", " ") for part in group.mixed)
        yield f"They differ in {parts}, on which the scale of a loss depends: this mixes scales."
    others = {k: v for k, v in group.differs.items() if k.replace(" ", "_") not in group.mixed}
    yield from sentences(others, group.arguments)
    single = sum(point.arm.n == 1 for point in group.points)
    if single == len(group.points):
        yield "Each point is a single run: what another seed would change is in no interval."
    elif single:
        yield f"{single} of {len(group.points)} points are single runs."
