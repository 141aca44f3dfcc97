"""How forecasts learn from whole runs: how far curves fell and when, and by how much forecasts missed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise, product

import numpy as np

from convlens.analysis.forecast.courses import MAP, Course
from convlens.analysis.forecast.experience import LOSSES, Experience, opening
from convlens.analysis.forecast.lessons import Basis, Fall, Kind, Misses, Passage, Situation
from convlens.analysis.forecast.profile import GRID, position
from convlens.analysis.forecast.projection import (
    FEWEST,
    TOTAL,
    Projection,
    State,
    enough,
    expected_falls,
    facts_of,
    project,
    since,
    state_of,
)
from convlens.analysis.schedule.rates import Mode, Origin
from convlens.analysis.schedule.schedule import schedule_of
from convlens.run import Run

CUTS = (0.25, 0.4, 0.55, 0.7, 0.85, 1.0)  # parts of the epochs before the first drop
# What is chosen from, leaving families out: facts of losses, facts of mAP, penalties.
OF_LOSSES = (
    ("slope",),
    ("slope", "drop"),
    ("slope", "backbone"),
    ("slope", "fallen", "drop"),
    ("slope", "fallen", "backbone"),
    ("slope", "fallen", "drop", "backbone"),
)
OF_MAP = (("loss",), ("jitter",), ("loss", "jitter"), ("loss", "jitter", "fallen"))
STRENGTHS = {LOSSES: (0.0015, 0.005, 0.015), MAP: (0.03, 0.1, 0.3)}
_MOST = 0.3  # a larger fall shows its profile no more clearly


@dataclass(frozen=True, eq=False)
class Whole:
    """A run that went to its end, with its state there and the states it passed through."""

    name: str
    run: Run
    state: State

    @property
    def family(self) -> str:
        """Of its detector."""
        return self.state.family

    @property
    def losses(self) -> set[str]:
        """The names of its losses."""
        return {course.name for course in self.state.courses} - {MAP}

    @property
    def end(self) -> int:
        """Epochs done."""
        return self.state.time.now

    @property
    def first(self) -> float:
        """The first drop, in epochs done."""
        return self.state.time.drops[0]

    def after(self, epochs: int) -> State:
        """The state of the run as it was after so many epochs."""
        key = (self.name, epochs)
        if key not in _STATES:
            cut = replace(self.run, curve_rows=self.run.curve_rows[:epochs])
            _STATES[key] = state_of(cut, schedule_of(cut))
        return _STATES[key]

    def course(self, name: str) -> Course:
        """One of its courses to the end."""
        return next(c for c in self.state.courses if c.name == name)

    def truth(self, name: str, epochs: float) -> float:
        """Where a course stood after so many epochs: the mean of the last 2%; of mAP the last validation."""
        if name == TOTAL:
            return sum(self.truth(c.name, epochs) for c in self.state.courses if c.name != MAP)
        course = self.course(name)
        if name == MAP:
            return float(course.value[course.done <= epochs][-1])
        return course.level(self.state.time.begin(epochs), epochs)


_STATES: dict[tuple[str, int], State] = {}


def whole(name: str, run: Run) -> Whole | None:
    """A run to learn from: of a detector, with drops that its log shows and no break behind them."""
    schedule = schedule_of(run)
    if (
        run.identity.task != "detection"
        or schedule.mode is not Mode.STEP
        or schedule.origin is not Origin.LOG
    ):
        return None
    state = state_of(run, schedule)
    time = replace(
        state.time, drops=tuple(d for d in state.time.drops if d < state.time.now), end=state.time.now
    )
    if not time.drops or math.isfinite(time.disturbed):
        return None
    return Whole(name, run, replace(state, time=time))


def moments(run: Whole) -> Iterator[tuple[int, int]]:
    """Pairs of epochs done at which a forecast is made, and for which."""
    first, end = round(run.first), run.end
    later = [round(d) for d in run.state.time.drops[1:]]
    early = [round(part * first) for part in (0.35, 0.5, 0.7, 0.85, 1.0)]
    cuts = {end // 2, *early}
    behind = {first + 1, first + max(1, round(0.04 * end)), first + max(1, round(0.1 * end))}
    behind |= {d + shift for d in later for shift in (0, 1, max(1, round(0.04 * end)), (end - d) // 2)}
    targets = {*later, end}
    pairs = {*product(cuts | behind, targets), *product(early, early)}
    yield from sorted((n, target) for n, target in pairs if FEWEST <= n < target)


def stretches(run: Whole) -> Iterator[tuple[int, int]]:
    """Pairs of epochs done inside stretches behind the first drop."""
    borders = [*(round(d) for d in run.state.time.drops), run.end]
    for begin, end in pairwise(borders):
        cuts = {begin + max(FEWEST, round(part * (end - begin))) for part in (0.5, 0.75)}
        yield from ((cut, end) for cut in sorted(cuts) if cut < end)


def learn(runs: Sequence[Whole]) -> Experience:
    """What runs teach, and by how much forecasts of each missed that were learnt from others.

    Left out is a run's family, and once more all runs that have a loss of the same name.
    """
    misses = []
    for run in runs:
        others = _taught(tuple(other for other in runs if other.family != run.family))
        misses += [*_misses(run, others, Basis.KNOWN), *_misses(run, others, Basis.BLIND)]
        strangers = tuple(other for other in runs if not other.losses & run.losses)
        if strangers:
            misses += _misses(run, _taught(strangers), Basis.STRANGE)
    return replace(_taught(tuple(runs)), misses=tuple(misses))


@cache
def _taught(runs: tuple[Whole, ...]) -> Experience:
    return lessons(runs, *choice(runs))


def lessons(
    runs: Sequence[Whole], facts: Mapping[str, Sequence[str]], strength: Mapping[str, float]
) -> Experience:
    """Falls and passages of runs."""
    taught = Experience(
        families={run.name: run.family for run in runs},
        openings={run.name: opening(run.run) for run in runs},
        facts={group: tuple(names) for group, names in facts.items()},
        strength=strength,
        falls=tuple(fall for run in runs for fall in _falls(run) if fall.course != MAP),
        passages=tuple(passage for run in runs for passage in _passages(run)),
    )
    of_map = []
    for run in runs:
        others = taught.without([r.name for r in runs if r.family == run.family])
        of_map += [_with_loss(fall, run, others) for fall in _falls(run) if fall.course == MAP]
    return replace(taught, falls=(*taught.falls, *of_map))


def choice(runs: Sequence[Whole]) -> tuple[dict[str, tuple[str, ...]], dict[str, float]]:
    """The facts and penalties with which families that are left out are missed least."""
    facts: dict[str, tuple[str, ...]] = {LOSSES: OF_LOSSES[0], MAP: OF_MAP[0]}
    strength = {LOSSES: STRENGTHS[LOSSES][0], MAP: STRENGTHS[MAP][0]}
    for group, candidates in ((LOSSES, OF_LOSSES), (MAP, OF_MAP)):
        taught = lessons(runs, facts, strength)
        facts[group], strength[group] = min(
            product(candidates, STRENGTHS[group]), key=lambda tried: _left_out_error(taught, group, *tried)
        )
    return facts, strength


def _left_out_error(taught: Experience, group: str, names: tuple[str, ...], strength: float) -> float:
    """The mean error of the ends of falls, each family told by the others: relative, of mAP in points."""
    tried = replace(
        taught, facts={**taught.facts, group: names}, strength={**taught.strength, group: strength}
    )
    errors = []
    for family in sorted(set(taught.families.values())):
        mine = [run for run, of in taught.families.items() if of == family]
        others = tried.without(mine)
        ends: dict[tuple[str, float], list[tuple[float, float]]] = {}
        for fall in taught.falls:
            if fall.run in mine and (fall.course == MAP) == (group == MAP):
                expected = others.fall(fall.course, family, fall.facts)
                pair = fall.weight * math.exp(-expected), fall.weight * math.exp(-fall.fall)
                ends.setdefault((fall.run, fall.cut), []).append(pair)
        sums = [np.sum(pairs, axis=0) for pairs in ends.values()]
        off = [abs(then - end) / (1.0 if group == MAP else end) for then, end in sums]
        errors.append(float(np.mean(off)) if off else math.nan)
    return float(np.nanmean(errors))


def _falls(run: Whole) -> list[Fall]:
    time, found = run.state.time, []
    begin, first = time.begins[0], run.first
    for cut in CUTS:
        until = round(begin + cut * (first - begin))
        told = [c for c in run.state.courses if enough(c, begin, until)]
        loss = sum(c.level(begin, until) for c in told if c.name != MAP)
        for course in told:
            level = course.level(begin, until)
            fall = math.log(course.level(begin, first) / course.level(since(course, time, run.end), run.end))
            weight = level if course.name == MAP else level / loss
            facts = facts_of(course, time, until, run.state.backbone)
            found.append(Fall(run.name, course.name, cut, weight, fall, facts))
    return found


def _with_loss(fall: Fall, run: Whole, others: Experience) -> Fall:
    """The fall of mAP with what other families let expect of the loss among its facts."""
    begin = run.state.time.begins[0]
    until = round(begin + fall.cut * (run.first - begin))
    losses = tuple(c for c in run.state.courses if c.name != MAP)
    falls = expected_falls(replace(run.state, courses=losses), until, others)
    levels = {c.name: c.level(begin, until) for c in losses if c.name in falls}
    then = sum(level * math.exp(-falls[name]) for name, level in levels.items())
    return replace(fall, facts={**fall.facts, "loss": math.log(math.log(sum(levels.values()) / then))})


def _passages(run: Whole) -> list[Passage]:
    time, found = run.state.time, []
    if len(time.drops) != 2:
        return []
    loss = sum(c.level(time.begins[0], run.first) for c in run.state.courses if c.name != MAP)
    for course in run.state.courses:
        before = course.level(time.begins[0], run.first)
        fall = math.log(before / course.level(since(course, time, run.end), run.end))
        if not fall > 0:
            continue
        done = [
            n
            for n in range(round(run.first) + 1, run.end + 1)
            if len(course.inside(since(course, time, n), n))
        ]
        shares = [math.log(before / course.level(since(course, time, n), n)) / fall for n in done]
        positions = [position(time, n, run.end) for n in done]
        weight = min(fall, _MOST) ** 2 * (1.0 if course.name == MAP else before / loss)
        found.append(
            Passage(run.name, course.name, weight, tuple(np.interp(GRID, positions, shares).tolist()))
        )
    return found


def _misses(run: Whole, taught: Experience, basis: Basis) -> list[Misses]:
    """How forecasts of a run missed that had a basis; without the facts that drops need if it is BLIND."""
    found: dict[tuple[Situation, Kind], list[tuple[float, float]]] = {}
    for made, target in forecasts(run, taught, math.nan if basis is Basis.BLIND else run.state.backbone):
        if basis is Basis.KNOWN or made.situation in (Situation.AHEAD, Situation.BEHIND):
            truth = run.truth(made.course, target)
            error = abs(math.log(made.value / truth))
            off = abs(made.value - truth) if made.kind is Kind.MAP else abs(made.value / truth - 1)
            found.setdefault((made.situation, made.kind), []).append((error / made.doubt, off))
    return [
        Misses(run.name, *key, basis, *map(tuple, zip(*some, strict=True)))
        for key, some in sorted(found.items())
    ]


def forecasts(run: Whole, taught: Experience, backbone: float) -> Iterator[tuple[Projection, int]]:
    """The projections of a run at its moments, each with its target."""
    for epochs, target in moments(run):
        state = replace(run.after(epochs), backbone=backbone)
        yield from ((made, target) for made in project(state, target, taught))
    for epochs, target in stretches(run):
        state = run.after(epochs)
        state = replace(state, time=replace(state.time, drops=()))
        yield from ((made, target) for made in project(state, target, taught))
