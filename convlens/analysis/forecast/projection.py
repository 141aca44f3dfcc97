"""Where the curves of a run will go: by their own trend at one rate, and by what others did behind a drop.

Until the first drop a curve follows the power law of its later epochs. What drops do cannot be seen before
them: how far others fell that were alike tells it (a ridge on few facts), and behind the drop what is seen
of it corrects that, each weighed by how surely it is known. How the fall goes on in time is much alike in
all runs (a profile).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from convlens.analysis.forecast.backbones import error_of
from convlens.analysis.forecast.courses import MAP, TOTAL, Course, courses_of, summed
from convlens.analysis.forecast.experience import Experience
from convlens.analysis.forecast.lessons import Basis, Kind, Situation
from convlens.analysis.forecast.timeline import Timeline, timeline_of
from convlens.analysis.schedule.schedule import Schedule
from convlens.run import Run

FEWEST, FEWEST_SCORES = 6, 3  # epochs and validations of a stretch that tell its trend

_NORMAL = {0.5: 0.6745, 0.9: 1.6449}  # standard errors to both sides that hold a part of normal noise
_SLOWING = 0.9  # the part of its power law that a trend at one rate keeps to
_GUESS = 0.2  # relative error of a fall that facts alone tell
_NOISE = 4.0  # by which small and large falls are missed by as many doubts
# What noise hides, and what a loss that cannot fall has: the least that facts tell, as they are logarithms.
_FLATTEST, _LEAST_FALLEN, _LEAST_JITTER = 0.004, 0.02, 0.1


@dataclass(frozen=True, eq=False)
class State:
    """A run as it stands: its courses, when its rate drops, and the top-1 error [%] of its backbone.

    `family` is that of its detector, empty if unknown. `whole` says that all losses have courses, so that
    their sum is the run's.
    """

    courses: tuple[Course, ...]
    time: Timeline
    family: str
    backbone: float
    whole: bool


@dataclass(frozen=True)
class Projection:
    """A curve that stands at `level` and will fall by `fall`, give or take some `doubt`, both in logarithms.

    The doubt is of the size of the fall, of the noise and of the rounding of the level: how often it held was
    learnt. `chance` is the standard error that noise alone makes, which comes on top.
    """

    course: str
    kind: Kind
    situation: Situation
    level: float
    fall: float
    doubt: float
    chance: float
    basis: Basis

    @property
    def value(self) -> float:
        """Where it will stand."""
        return self.level * math.exp(-self.fall)


def half_width(made: Projection, experience: Experience, part: float) -> float:
    """Half the interval, in logarithms, that holds a part (0.5 or 0.9) of such forecasts; NaN if unknown."""
    learnt = experience.ratio(made.situation, made.kind, made.basis, part) * made.doubt
    return math.hypot(learnt, _NORMAL[part] * made.chance)


def state_of(run: Run, schedule: Schedule) -> State:
    """The state of a run with at least one complete epoch."""
    courses = courses_of(run)
    whole = {c.name for c in courses} - {MAP} >= {c.measures for c in run.summed} > set()
    return State(courses, timeline_of(run, schedule), family_of(run), error_of(run.identity.backbone), whole)


def family_of(run: Run) -> str:
    """The family of a run's detector, whatever its pyramid and normalisation; empty if it is not known."""
    return re.sub(r"^custom_|(_fpn|_syncbn|_bn|_gn)+$", "", run.identity.detector or "")


def facts_of(course: Course, time: Timeline, until: float, backbone: float) -> dict[str, float]:
    """What is known of a course before the first drop, in logarithms; what is not known is absent."""
    begin = time.begins[0]
    facts = {
        "slope": max(course.slope(begin, until), _FLATTEST),
        "fallen": max(math.log(float(course.value[0]) / course.level(begin, until)), _LEAST_FALLEN),
        "drop": time.drops[0] - begin,
        "backbone": 1 / backbone,
    }
    if course.name == MAP:
        facts["jitter"] = max(course.jitter(begin, until), _LEAST_JITTER)
    return {name: math.log(value) for name, value in facts.items() if math.isfinite(value)}


def expected_falls(state: State, until: float, experience: Experience) -> dict[str, float]:
    """How far each course will fall behind the first drop, in logarithms, by its name.

    Facts are those of the epochs up to `until` that lie before the drop. Courses with few values there are
    absent.
    """
    time, found = state.time, dict[str, float]()
    until, begin = min(until, time.drops[0]), time.begins[0]
    level = then = 0.0
    for course in sorted(state.courses, key=lambda c: c.name == MAP):
        if not enough(course, begin, until):
            continue
        facts = facts_of(course, time, until, state.backbone)
        if course.name == MAP and 0 < then < level:
            facts["loss"] = math.log(math.log(level / then))
        found[course.name] = experience.fall(course.name, state.family, facts)
        if course.name != MAP:
            level += course.level(begin, until)
            then += course.level(begin, until) * math.exp(-found[course.name])
    return found


def project(state: State, target: float, experience: Experience) -> list[Projection]:
    """The courses of a run after `target` epochs, and the sum of its losses; none that cannot be told."""
    falls = expected_falls(state, state.time.now, experience) if state.time.drops else {}
    projected = [p for c in state.courses if (p := _project(c, state, target, falls, experience)) is not None]
    losses = [p for p in projected if p.kind is Kind.LOSS]
    if TOTAL in {p.course for p in losses}:  # the only loss that the log has
        return projected
    if state.whole and len(losses) == sum(c.name != MAP for c in state.courses):
        projected.append(_total(state, losses))
    return projected


def level_of(state: State, name: str) -> float:
    """Where a course stands, or the sum of the losses; NaN if that is not known."""
    if name == TOTAL and not state.whole:
        return math.nan
    courses = [c for c in state.courses if c.name == name]
    if name == TOTAL and not courses:
        courses = [c for c in state.courses if c.name != MAP]
    levels = [c.level(since(c, state.time, c.done[-1]), c.done[-1]) for c in courses]
    return sum(levels) if levels else math.nan


def _project(
    course: Course, state: State, target: float, falls: Mapping[str, float], experience: Experience
) -> Projection | None:
    """One course, None if there are too few values to tell."""
    time, now = state.time, float(course.done[-1])
    begin = since(course, time, now)
    first = time.drops[0] if time.drops else math.inf
    expected = falls.get(course.name, math.nan)
    kind = Kind.MAP if course.name == MAP else Kind.LOSS
    level, noise = course.level(begin, now), course.noise(begin, now)
    ahead = 0.0
    if target <= first or (now > first and math.isnan(_seen(course, time)[1])):
        if not enough(course, begin, now):
            return None
        fall = _trend(course, begin, now, target)
        ahead = _SLOWING * math.log((target - begin) / (now - begin))
        situation = Situation.WITHIN if begin == time.begins[0] else Situation.LATER
    elif now <= first:
        if math.isnan(expected):
            return None
        done_by_then, _ = experience.profile(course.name, state.family).at(time, target, _end(time, target))
        fall = _trend(course, begin, now, first) + expected * done_by_then
        situation = Situation.AHEAD
    else:
        fall = _rest(course, state, target, expected, experience)
        further = time.passed(target) > time.passed(now)
        situation = Situation.BEHIND if further else Situation.AFTER
    doubt = math.hypot(fall, _NOISE * noise, course.resolution(begin, now) / level)
    basis = _basis(state, experience) if situation in (Situation.AHEAD, Situation.BEHIND) else Basis.KNOWN
    chance = course.chance(begin, now, ahead)
    return Projection(course.name, kind, situation, level, fall, doubt, chance, basis)


def _basis(state: State, experience: Experience) -> Basis:
    if not any(experience.knows(course.name) for course in state.courses if course.name != MAP):
        return Basis.STRANGE
    return Basis.BLIND if math.isnan(state.backbone) else Basis.KNOWN


def _trend(course: Course, begin: float, now: float, target: float) -> float:
    """How far a course falls at one rate."""
    return _SLOWING * course.slope(begin, now) * math.log((target - begin) / (now - begin))


def _rest(course: Course, state: State, target: float, expected: float, experience: Experience) -> float:
    """How far a course still falls behind the first drop, all of which was `expected` (NaN if unknown)."""
    time, profile = state.time, experience.profile(course.name, state.family)
    now, end = float(course.done[-1]), _end(time, target)
    until, seen = _seen(course, time)
    share, spread = profile.at(time, until, end)
    whole = seen / share
    if math.isfinite(expected):
        # The mean of both by their precisions: seen = share * whole, up to its spread and noise.
        guess = (_GUESS * expected) ** 2
        noise = course.noise(since(course, time, until), until)
        error = (spread * expected) ** 2 + noise**2
        whole = (expected * error + share * seen * guess) / (error + share**2 * guess)
    return max(whole, 0.0) * (profile.at(time, target, end)[0] - profile.at(time, now, end)[0])


def _seen(course: Course, time: Timeline) -> tuple[float, float]:
    """Until when drops alone were at work, and how far a course had fallen by then; NaN if unknown."""
    until = min(float(course.done[-1]), time.disturbed)
    before = course.level(time.begins[0], time.drops[0])
    return until, math.log(before / course.level(since(course, time, until), until))


def _total(state: State, losses: Sequence[Projection]) -> Projection:
    """The sum of the losses."""
    course = summed([c for c in state.courses if c.name != MAP])
    now = float(course.done[-1])
    begin = since(course, state.time, now)
    level = sum(p.level for p in losses)
    fall = math.log(level / sum(p.value for p in losses))
    doubt = math.hypot(fall, _NOISE * course.noise(begin, now), course.resolution(begin, now) / level)
    chance = max(course.chance(begin, now, 0.0), *(p.chance * p.level / level for p in losses))
    return Projection(TOTAL, Kind.TOTAL, losses[0].situation, level, fall, doubt, chance, losses[0].basis)


def since(course: Course, time: Timeline, until: float) -> float:
    """From where values count for the level: mAP hardly jumps at later drops, and is measured seldom."""
    if course.name == MAP and time.drops and until > time.drops[0]:
        return time.drops[0]
    return time.begin(until)


def _end(time: Timeline, target: float) -> float:
    return float(target if time.end is None else max(time.end, time.now))


def enough(course: Course, begin: float, until: float) -> bool:
    """Whether there are enough values for a trend: epochs, and validations of mAP among them."""
    rows = course.inside(begin, until)
    if course.name == MAP:
        return len(rows) >= FEWEST_SCORES and float(course.done[rows[-1]]) - begin >= FEWEST
    return len(rows) >= FEWEST
