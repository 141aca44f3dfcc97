"""Correlate runs: does a lower final loss go with a higher mAP, within a scale and across scales?

Only runs of one detector, input size and dataset share a scale of the loss, so each such group is judged on
its own. Across groups of one dataset the loss's logarithm is used: what groups can share is what a loss lower
by a tenth brings, whatever the unit of the loss.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from convlens.analysis import figures
from convlens.analysis.comparison.repeats import Arm, group_repeats, with_different_names, without_copies
from convlens.analysis.correlation import confounders
from convlens.analysis.correlation.association import Association, Pooled, associate, pool
from convlens.analysis.endings import At, Ending, loss_at_end, map_at
from convlens.analysis.inputs import Given, read_runs
from convlens.errors import ConvlensError, UnknownNameError
from convlens.findings import Finding
from convlens.meters import Floats
from convlens.run import Identity, Run

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SCALE = ("detector", "input_size", "dataset")  # what runs must share for their losses to compare
TENTH = math.log(0.9)  # a loss lower by a tenth


@dataclass(frozen=True)
class Point:
    """One arm's final losses, by name with their sum `loss` last, and its final mAP [%]."""

    arm: Arm
    losses: Mapping[str, Ending]
    map: Ending


@dataclass(frozen=True)
class Group:
    """Points that share a scale, and how each loss goes with the mAP.

    `mixed` are the parts of a scale that they do not share because the user grouped by less; `differs` and
    `arguments` is what differs besides the backbone, with the value of each point and by name.
    """

    name: str
    points: tuple[Point, ...]
    associations: Mapping[str, Association]
    mixed: tuple[str, ...]
    differs: Mapping[str, tuple[object, ...]]
    arguments: tuple[str, ...]

    @property
    def dataset(self) -> str | None:
        """The dataset that all share, None if they do not or it is unknown."""
        told = {point.arm.runs[0].identity.dataset for point in self.points}
        return told.pop() if len(told) == 1 else None

    def having(self, quantity: str) -> tuple[Point, ...]:
        """The points that have this loss, finite."""
        return tuple(p for p in self.points if p.losses[quantity].known)


@dataclass(frozen=True)
class Across:
    """The groups of one dataset together: mAP against the logarithm of a loss, each group's means removed."""

    dataset: str
    quantity: str
    groups: tuple[str, ...]
    pooled: Pooled

    @property
    def of_a_tenth(self) -> tuple[float, float, float]:
        """The mAP points that go with a loss lower by a tenth, with their 95% interval."""
        p = self.pooled
        return p.slope * TENTH, p.slope_high * TENTH, p.slope_low * TENTH

    @property
    def of_a_tenth_by_group(self) -> dict[str, float]:
        """The same of each group alone; if they are far apart, the groups do not share a slope."""
        return {g: s * TENTH for g, s in zip(self.groups, self.pooled.slopes, strict=True)}


@dataclass(frozen=True)
class Correlations:
    """The result of `correlate`: groups, what they say together, and the runs that were left out with why."""

    groups: tuple[Group, ...]
    across: tuple[Across, ...]
    left_out: Mapping[str, str]
    findings: tuple[Finding, ...]

    @property
    def runs(self) -> tuple[Run, ...]:
        """All runs that are part of a point."""
        return tuple(run for group in self.groups for point in group.points for run in point.arm.runs)

    @property
    def rows(self) -> list[dict[str, object]]:
        """One row a group and loss, then one a dataset and loss whose `group` is "all"."""
        rows = [_row(g, name, a) for g in self.groups for name, a in g.associations.items()]
        empty = dict.fromkeys(rows[0]) if rows else {}
        for across in self.across:
            p, (tenth, low, high) = across.pooled, across.of_a_tenth
            told = {"pearson": p.r, "low_95": p.low, "high_95": p.high, "p": p.p, "p_floor": p.p_floor}
            told |= {"of_a_tenth": tenth, "of_a_tenth_low_95": low, "of_a_tenth_high_95": high}
            keys = {"dataset": across.dataset, "group": "all", "loss": across.quantity, "n": p.n}
            rows.append(empty | keys | told | {"opposed": p.opposed, "pairs": p.pairs})
        return rows

    @property
    def table(self) -> pd.DataFrame:
        """`rows` as a table by (dataset, group, loss)."""
        import pandas as pd

        key = ["dataset", "group", "loss"]
        return pd.DataFrame(self.rows, columns=None if self.rows else key).set_index(key)

    def plot(self, quantity: str = "loss") -> Figure:
        """Draw the mAP over a final loss, a panel a group."""
        from convlens.plots.scatter import plot_correlations

        return plot_correlations(self, quantity)

    def __str__(self) -> str:
        told = [f"{g.name}: {len(g.points)} points" for g in self.groups]
        return "; ".join(told) or "nothing to correlate"

    def _repr_html_(self) -> str:
        return self.table.to_html(escape=True)


def correlate(*sources: Given, group_by: Sequence[str] = SCALE) -> Correlations:
    """How the final losses of runs go with their mAP.

    `sources` are runs or anything that `read_logs` reads; runs that differ in nothing but the seed are one
    point. `group_by` names the parts of the identity that the runs of a group share; runs whose losses have
    other names never do. Raises ConvlensError for fewer than two runs, UnknownNameError for another part.
    """
    for part in group_by:
        if part not in Identity.PARTS:
            raise UnknownNameError("part of an identity", part, Identity.PARTS)
    runs, copies = without_copies(with_different_names(read_runs(sources)))
    if len(runs) < 2:
        what = "one log twice" if copies else f"{len(runs)} run" + "s" * (len(runs) != 1)
        raise ConvlensError(f"correlate needs two or more runs and was given {what}.")
    points, left_out = [], {}
    for arm in group_repeats(runs):
        why = _why_left_out(arm)
        if why:
            left_out[arm.name] = why
        else:
            points.append(_point(arm))
    groups = _groups(points, group_by)
    return Correlations(groups, _across(groups), left_out, tuple(copies))


def _why_left_out(arm: Arm) -> str:
    """Why an arm is no point of a figure; empty if it is one."""
    first = arm.runs[0]
    if first.identity.task != "detection":
        return f"it is of {figures.task_of(first)}, which has no mAP"
    if not map_at(arm, At.FINAL).known:
        return f"no mAP: {figures.why_absent(first, 'map')}"
    if not first.losses:
        return "the log prints no loss of a detector"
    if not any(loss_at_end(arm, c.measures).known for c in first.losses):
        return "its losses are not finite at the end"
    return ""


def _point(arm: Arm) -> Point:
    names = dict.fromkeys([*(c.measures for c in arm.runs[0].losses), "loss"])
    return Point(arm, {name: loss_at_end(arm, name) for name in names}, map_at(arm, At.FINAL))


def _groups(points: Sequence[Point], group_by: Sequence[str]) -> tuple[Group, ...]:
    """The points by the parts of their identities and the names of their losses, largest groups first."""
    found: dict[tuple[object, ...], list[Point]] = {}
    for point in points:
        shared = (getattr(point.arm.runs[0].identity, part) for part in group_by)
        found.setdefault((*shared, frozenset(point.losses)), []).append(point)
    named: dict[str, list[Point]] = {}
    for members in found.values():
        parts = [getattr(members[0].arm.runs[0].identity, part) for part in group_by]
        name = " ".join(str(p) for p in parts if p is not None) or "unknown"
        while name in named:
            name += f" ({', '.join(members[0].losses)})"
        named[name] = members
    groups = [_group(name, members) for name, members in named.items()]
    return tuple(sorted(groups, key=lambda group: -len(group.points)))


def _group(name: str, points: Sequence[Point]) -> Group:
    arms = [p.arm for p in points]
    differs = confounders.differences(arms)
    told = {}
    for quantity in points[0].losses:
        known = [p for p in points if p.losses[quantity].known]
        told[quantity] = associate(*_values(known, quantity), [p.arm.name for p in known])
    return Group(
        name=name,
        points=tuple(points),
        associations=told,
        mixed=tuple(part for part in SCALE if part.replace("_", " ") in differs),
        differs=differs,
        arguments=confounders.arguments(arms),
    )


def _across(groups: Sequence[Group]) -> tuple[Across, ...]:
    """Each loss that two or more groups of one dataset have, pooled over them."""
    alike = [g for g in groups if len(g.points) > 1 and g.dataset and not g.mixed]
    found: dict[tuple[str, str], dict[str, tuple[Floats, Floats]]] = {}
    for group in alike:
        for quantity in group.associations:
            loss, score = _values(group.having(quantity), quantity)
            if len(loss) > 1 and (loss > 0).all():
                found.setdefault((str(group.dataset), quantity), {})[group.name] = (np.log(loss), score)
    told = []
    for (dataset, quantity), members in found.items():
        pooled = pool(list(members.values())) if len(members) > 1 else None
        if pooled:
            told.append(Across(dataset, quantity, tuple(members), pooled))
    return tuple(told)


def _values(points: Sequence[Point], quantity: str) -> tuple[Floats, Floats]:
    """The losses and the mAPs of points (n,)."""
    return np.array([p.losses[quantity].value for p in points]), np.array([p.map.value for p in points])


def _row(group: Group, quantity: str, a: Association) -> dict[str, object]:
    row: dict[str, object] = {"dataset": group.dataset, "group": group.name, "loss": quantity, "n": a.n}
    row |= {"pearson": a.pearson, "low_95": a.low, "high_95": a.high, "spearman": a.spearman}
    row |= {"p": a.p, "p_floor": a.p_floor, "slope": a.slope}
    for name in ("pearson", "spearman", "slope"):
        left_out = (a.without_one or {}).get(name)
        row |= {f"{name}_without_one_low": left_out and left_out.low}
        row |= {f"{name}_without_one_high": left_out and left_out.high}
        row |= {f"{name}_without_one_most": left_out and left_out.most}
    return row | dict.fromkeys(("of_a_tenth", "of_a_tenth_low_95", "of_a_tenth_high_95", "opposed", "pairs"))
