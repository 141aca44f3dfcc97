"""What the published runs taught: how far curves fall when the learning rate drops, when, and how surely.

`experience.jsonl.gz` holds it, made by `.tools/build_experience.py`. A forecast leaves the run itself out.
"""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from functools import cache, cached_property
from importlib import resources
from typing import Any

import numpy as np

from convlens.analysis.forecast import ridge
from convlens.analysis.forecast.courses import MAP
from convlens.analysis.forecast.lessons import Basis, Facts, Fall, Kind, Misses, Passage, Situation
from convlens.analysis.forecast.profile import Profile
from convlens.analysis.forecast.ridge import Ridge
from convlens.meters import Floats
from convlens.run import Run

FILE = "experience.jsonl.gz"
LOSSES = "losses"
OPENING = 3  # epochs by whose summed loss a run is known again
_ALL = 3.0  # runs' worth of all courses that the profile of kin is mixed with
_SMALLEST = 0.01  # fall that is told from none


@dataclass(frozen=True, eq=False)
class Experience:
    """What some runs taught.

    `families` names the family of each run, `openings` the first values of its summed loss, by which it is
    known again. `facts` are those used of losses and of mAP, `strength` the penalty of their ridge.
    """

    families: Mapping[str, str]
    openings: Mapping[str, tuple[float, ...]]
    facts: Mapping[str, tuple[str, ...]]
    strength: Mapping[str, float]
    falls: tuple[Fall, ...] = ()
    passages: tuple[Passage, ...] = ()
    misses: tuple[Misses, ...] = ()

    def without(self, left_out: Collection[str]) -> Experience:
        """The same without some runs."""
        kept = [run for run in self.families if run not in left_out]
        return replace(
            self,
            families={run: self.families[run] for run in kept},
            openings={run: self.openings[run] for run in kept},
            falls=tuple(f for f in self.falls if f.run in kept),
            passages=tuple(p for p in self.passages if p.run in kept),
            misses=tuple(m for m in self.misses if m.run in kept),
        )

    def fall(self, course: str, family: str, facts: Facts) -> float:
        """How far a course will fall behind the first drop, in logarithms; NaN if no fact is known."""
        names = tuple(name for name in self.facts[_group(course)] if name in facts)
        return (
            self._ridge(_group(course), names).expect(_kin(course, family), [facts[n] for n in names])
            if names
            else math.nan
        )

    def knows(self, course: str) -> bool:
        """Whether a loss of this name is among those that were learnt from."""
        return course in self._names

    def profile(self, course: str, family: str) -> Profile:
        """The profile of a course: that of all runs, and of the next of its kin as far as there are any."""
        key = _group(course), _kin(course, family)
        if key not in self._profiles:
            pool = [p for p in self.passages if _group(p.course) == _group(course)]
            families = sorted({self.families[p.run] for p in pool})
            by_family = [[p for p in pool if self.families[p.run] == f] for f in families]
            shares = np.mean([_mean(some) for some in by_family], axis=0)
            spread = np.sqrt(np.mean([_mean(some, shares) for some in by_family], axis=0))
            kin = [p for p in pool if _kin(p.course, self.families[p.run]) == key[1]]
            if kin:
                shares = (_ALL * shares + len(kin) * _mean(kin)) / (_ALL + len(kin))
            self._profiles[key] = Profile(shares, spread)
        return self._profiles[key]

    def ratio(self, situation: Situation, kind: Kind, basis: Basis, part: float) -> float:
        """How many doubts to both sides held a part of such forecasts, runs counting alike; NaN without any.

        The plain quantile: runs of one family are alike, so that no correction for their number is exact, and
        what was learnt without a family misses a little more than what all of them teach. A sum of losses is
        missed like each of them, except where the first drop is ahead: there errors cancel.
        """
        alike = (
            {Kind.LOSS, Kind.TOTAL} if kind is not Kind.MAP and situation is not Situation.AHEAD else {kind}
        )
        found = [m for k in sorted(alike) for m in self._such(situation, k, basis)]
        if not found:
            return math.nan
        ratios = np.array([r for m in found for r in m.ratios])
        weights = np.array([1 / len(m.ratios) for m in found for _ in m.ratios]) / len(found)
        order = np.argsort(ratios)
        reached = np.cumsum(weights[order]) >= part - 1e-9
        return float(ratios[order][int(np.argmax(reached))])

    def usual_error(self, situation: Situation, kind: Kind, basis: Basis) -> float:
        """The median error of such forecasts, relative to the value or in points of mAP; NaN without any."""
        found = self._such(situation, kind, basis)
        return float(np.median([e for m in found for e in m.errors])) if found else math.nan

    def _such(self, *key: Situation | Kind | Basis) -> list[Misses]:
        return [m for m in self.misses if (m.situation, m.kind, m.basis) == key]

    @cached_property
    def _names(self) -> set[str]:
        return {fall.course for fall in self.falls}

    @cached_property
    def _profiles(self) -> dict[tuple[str, str], Profile]:
        return {}

    @cached_property
    def _ridges(self) -> dict[tuple[str, ...], Ridge]:
        return {}

    def _ridge(self, group: str, names: tuple[str, ...]) -> Ridge:
        if (group, *names) not in self._ridges:
            rows = [f for f in self.falls if _group(f.course) == group and all(n in f.facts for n in names)]
            of_family: dict[str, float] = {}
            for f in rows:
                family = self.families[f.run]
                of_family[family] = of_family.get(family, 0.0) + f.weight
            self._ridges[group, *names] = ridge.fit(
                np.array([[f.facts[n] for n in names] for f in rows]),
                np.array([max(f.fall, _SMALLEST) for f in rows]),
                [_kin(f.course, self.families[f.run]) for f in rows],
                np.array([f.weight / of_family[self.families[f.run]] for f in rows]),
                self.strength[group],
            )
        return self._ridges[group, *names]


@cache
def published() -> Experience:
    """What the published runs taught."""
    return loads(
        gzip.decompress((resources.files("convlens.analysis.forecast") / FILE).read_bytes()).decode()
    )


def opening(run: Run) -> tuple[float, ...]:
    """By what a run is known again, be it cut, copied or renamed: the summed loss of its first epochs."""
    return tuple(_round(value) for value in run.arrays.loss[:OPENING].tolist())


def dumps(experience: Experience) -> str:
    """An experience as JSON lines: what is true of all, then a record a line; figures have four digits."""
    about = {k: dict(getattr(experience, k)) for k in ("families", "openings", "facts", "strength")}
    records = [
        *(["fall", *astuple(fall)] for fall in experience.falls),
        *(["passage", *astuple(passage)] for passage in experience.passages),
        *(["misses", *astuple(misses)] for misses in experience.misses),
    ]
    lines = [_short(about), *(_short(record) for record in records)]
    return "".join(json.dumps(line, separators=(",", ":"), allow_nan=False) + "\n" for line in lines)


def loads(text: str) -> Experience:
    """The experience that `dumps` wrote."""
    first, *rest = (json.loads(line) for line in text.splitlines())
    kinds: dict[str, list[list[Any]]] = {"fall": [], "passage": [], "misses": []}
    for kind, *values in rest:
        kinds[kind].append(values)
    return Experience(
        families=first["families"],
        openings={run: tuple(values) for run, values in first["openings"].items()},
        facts={group: tuple(names) for group, names in first["facts"].items()},
        strength=first["strength"],
        falls=tuple(Fall(*values) for values in kinds["fall"]),
        passages=tuple(
            Passage(run, course, weight, tuple(shares)) for run, course, weight, shares in kinds["passage"]
        ),
        misses=tuple(
            Misses(run, Situation(situation), Kind(kind), Basis(basis), tuple(ratios), tuple(errors))
            for run, situation, kind, basis, ratios, errors in kinds["misses"]
        ),
    )


def _short(value: object) -> object:
    """JSON's values with figures of four digits."""
    if isinstance(value, float):
        return _round(value)
    if isinstance(value, Mapping):
        return {str(k): _short(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_short(v) for v in value]
    return value


def _round(value: float) -> float:
    return float(f"{value:.4g}")


def _group(course: str) -> str:
    return MAP if course == MAP else LOSSES


def _kin(course: str, family: str) -> str:
    """What makes courses alike beside the facts: losses of the same name, mAP of detectors of one family."""
    return family if course == MAP else course


def _mean(passages: Sequence[Passage], about: Floats | None = None) -> Floats:
    """The weighted mean of shares, or of the squares of their distances from others."""
    weights = np.array([p.weight for p in passages])
    shares = np.array([p.shares for p in passages])
    mean: Floats = weights @ (shares if about is None else (shares - about) ** 2) / weights.sum()
    return mean
