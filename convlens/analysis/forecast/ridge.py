"""A ridge regression of logarithms with effects of groups (Hoerl & Kennard 1970, doi:10.2307/1267351)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from convlens.meters import Floats

_BEYOND = 0.25  # of the range of what was learnt from: how far facts may lie outside


@dataclass(frozen=True, eq=False)
class Ridge:
    """What facts (k) let expect of a group's logarithm; `beta` (1 + k) begins with the intercept."""

    lowest: Floats
    highest: Floats
    mean: Floats
    scale: Floats
    beta: Floats
    effects: Mapping[str, float]

    def expect(self, group: str, facts: Sequence[float]) -> float:
        """The expected value, not its logarithm. Facts far outside of all that was learnt from are cut."""
        x = np.clip(np.array(facts), self.lowest, self.highest)
        z = (x - self.mean) / self.scale
        return float(np.exp(self.beta[0] + z @ self.beta[1:] + self.effects.get(group, 0.0)))


def fit(x: Floats, values: Floats, groups: Sequence[str], weights: Floats, strength: float) -> Ridge:
    """Fit logarithms of n `values` > 0 by k facts `x` (n, k) and their `groups`.

    Facts are standardised; `strength` is the penalty on the squares of coefficients and effects, where
    weights sum to 1.
    """
    weights = weights / weights.sum()
    mean, scale = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-9)
    names = sorted(set(groups))
    members = np.array([[group == name for name in names] for group in groups], dtype=np.float64)
    design = np.hstack([np.ones((len(x), 1)), (x - mean) / scale, members])
    penalty = np.diag([0.0] + [strength] * (design.shape[1] - 1))
    left = design.T @ (weights[:, None] * design) + penalty
    solved = np.linalg.solve(left, design.T @ (weights * np.log(values)))
    facts = x.shape[1]
    margin = _BEYOND * np.ptp(x, axis=0)
    effects = dict(zip(names, solved[1 + facts :].tolist(), strict=True))
    return Ridge(x.min(axis=0) - margin, x.max(axis=0) + margin, mean, scale, solved[: 1 + facts], effects)
