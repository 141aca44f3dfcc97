"""Where curves go, with an experience that is made by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest

from convlens.analysis.forecast.courses import MAP, TOTAL, Course
from convlens.analysis.forecast.experience import LOSSES, Experience
from convlens.analysis.forecast.lessons import Basis, Fall, Kind, Passage, Situation
from convlens.analysis.forecast.profile import GRID
from convlens.analysis.forecast.projection import (
    State,
    expected_falls,
    facts_of,
    family_of,
    level_of,
    project,
)
from convlens.analysis.forecast.timeline import Timeline
from convlens.run import Identity
from tests.handmade import read
from tests.writing import made_log

# Half of a fall at once, 0.8 at the second drop, all at the end.
SHARES = tuple(np.interp(GRID, [0, 1, 2], [0.5, 0.8, 1.0]).tolist())
FALL = 0.2
TAUGHT = Experience(
    families={"a": "ssd"},
    openings={"a": ()},
    facts={LOSSES: ("slope",), MAP: ("loss",)},
    strength={LOSSES: 1e-6, MAP: 1e-6},
    falls=tuple(
        Fall("a", name, cut, 1.0, FALL, {"slope": slope, "loss": slope})
        for name in ("CrossEntropy", "SmoothL1", MAP)
        for cut, slope in ((0.5, -3.0), (1.0, -1.0))
    ),
    passages=tuple(Passage("a", name, 1.0, SHARES) for name in ("CrossEntropy", "SmoothL1", MAP)),
)


def course(name, values, done=None, opposed=False):
    value = np.array(values, dtype=np.float64)
    done = np.arange(1.0, len(value) + 1) if done is None else np.array(done, dtype=np.float64)
    return Course(name, done, value, np.full(len(value), 0.0005), opposed, 2.0)


def state(*courses, drops=(40, 80), end=100, begins=(0,), backbone=22.0, whole=True, disturbed=math.inf):
    now = int(max(c.done[-1] for c in courses))
    time = Timeline(now, end, begins, drops, False, disturbed)
    return State(courses, time, "ssd", backbone, whole)


def power(count, level=5.0, exponent=0.1, name="CrossEntropy"):
    return course(name, level * np.arange(1.0, count + 1) ** -exponent)


def stepped(count, whole=FALL, name="CrossEntropy", done=None):
    """A loss that stands at 5 until epoch 40, then falls as SHARES say."""
    time = np.arange(1.0, count + 1) if done is None else np.array(done, dtype=np.float64)
    at = np.interp(time, [40, 40.001, 80, 100], [0, 0.5, 0.8, 1.0])
    return course(name, 5 * np.exp(-whole * at), done)


def only(projected, name="CrossEntropy"):
    [found] = [p for p in projected if p.course == name]
    return found


def test_at_one_rate_a_curve_follows_nine_tenths_of_its_power_law():
    made = only(project(state(power(20)), 30, TAUGHT))
    assert (made.situation, made.basis, made.kind) == (Situation.WITHIN, Basis.KNOWN, Kind.LOSS)
    assert made.fall == pytest.approx(0.9 * 0.1 * math.log(30 / 20))
    assert made.value == pytest.approx(made.level * math.exp(-made.fall))


def test_over_the_first_drop_it_falls_as_others_did():
    made = only(project(state(power(20)), 100, TAUGHT))
    assert made.situation is Situation.AHEAD
    assert made.fall == pytest.approx(0.9 * 0.1 * math.log(2) + FALL, rel=1e-3)
    before_second = only(project(state(power(20)), 80, TAUGHT))
    assert before_second.fall == pytest.approx(0.9 * 0.1 * math.log(2) + 0.8 * FALL, rel=1e-3)


def test_behind_the_first_drop_what_is_seen_counts():
    as_others = only(project(state(stepped(60)), 100, TAUGHT))
    assert as_others.situation is Situation.BEHIND
    assert as_others.fall == pytest.approx((1 - 0.65) * FALL, rel=0.05)
    twice = only(project(state(stepped(60, 2 * FALL)), 100, TAUGHT))
    # The guess has an error of 20%, and runs do not stray from the profile at all.
    assert twice.fall == pytest.approx((1 - 0.65) * 2 * FALL, rel=0.05)


def test_between_guess_and_sight_the_surer_one_wins():
    strays = replace(TAUGHT, passages=(*TAUGHT.passages, Passage("b", "Other", 1.0, (0.0,) * len(GRID))))
    strays = replace(strays, families={"a": "ssd", "b": "yolo3"}, openings={"a": (), "b": ()})
    fall = only(project(state(stepped(41, 2 * FALL)), 100, strays)).fall
    sure = only(project(state(stepped(41, 2 * FALL)), 100, TAUGHT)).fall
    assert fall < sure


def test_behind_all_drops_no_drop_lies_between():
    made = only(project(state(stepped(90)), 100, TAUGHT))
    assert made.situation is Situation.AFTER
    assert made.fall == pytest.approx(0.1 * FALL, rel=0.1)


def test_behind_its_end_a_run_falls_on_slowly():
    ends = [only(project(state(stepped(100)), n, TAUGHT)).fall for n in (110, 120, 200)]
    assert 0 < ends[0] < ends[1] < ends[2] < 0.3 * FALL


def test_a_break_behind_the_drop_is_not_the_drops_doing():
    broken = stepped(90)
    broken.value[70:] *= 0.5
    made = only(project(state(broken, begins=(0, 40, 70, 80), disturbed=70), 100, TAUGHT))
    assert made.level == pytest.approx(0.5 * stepped(90).value[-2:].mean())
    assert made.fall == pytest.approx(0.1 * FALL, rel=0.1)


def test_without_known_drops_a_later_stretch_follows_its_own_trend():
    made = only(project(state(stepped(60), drops=(), begins=(0, 40)), 100, TAUGHT))
    assert made.situation is Situation.LATER


def test_few_epochs_tell_nothing():
    assert project(state(power(5)), 30, TAUGHT) == []
    assert project(state(power(5)), 100, TAUGHT) == []
    assert project(state(power(6)), 100, TAUGHT) != []


def test_a_drop_before_the_log_began_leaves_the_trend():
    late = course("CrossEntropy", np.linspace(4, 3.9, 20), done=np.arange(51.0, 71))
    made = only(project(state(late, begins=(0, 40)), 78, TAUGHT))
    assert made.situation is Situation.LATER


def test_the_sum_is_that_of_the_losses():
    both = state(power(20), power(20, 2.0, 0.3, "SmoothL1"))
    projected = project(both, 100, TAUGHT)
    total = only(projected, TOTAL)
    parts = [p for p in projected if p.kind is Kind.LOSS]
    assert total.value == pytest.approx(sum(p.value for p in parts))
    assert total.level == pytest.approx(sum(p.level for p in parts)) == level_of(both, TOTAL)


def test_a_loss_that_is_missing_leaves_no_sum():
    assert [p.course for p in project(state(power(20), whole=False), 100, TAUGHT)] == ["CrossEntropy"]
    assert math.isnan(level_of(state(power(20), whole=False), TOTAL))


def test_map_rises_with_what_the_loss_lets_expect():
    scores = course(MAP, [60, 55, 52, 50], done=[5, 10, 15, 20])
    made = only(project(state(power(20), scores), 100, TAUGHT), MAP)
    assert (made.kind, made.situation) == (Kind.MAP, Situation.AHEAD)
    assert made.level == 50
    assert made.fall > FALL
    few = course(MAP, [60, 50], done=[10, 20])
    assert MAP not in [p.course for p in project(state(power(20), few), 100, TAUGHT)]


def test_map_that_was_not_measured_since_the_drop_has_it_ahead():
    scores = course(MAP, [60, 55, 52, 50], done=[10, 20, 30, 40])
    made = only(project(state(stepped(45), scores), 100, TAUGHT), MAP)
    assert made.situation is Situation.AHEAD


def test_the_doubt_is_of_the_fall_the_noise_and_the_rounding():
    exact = only(project(state(power(20)), 30, TAUGHT))
    assert exact.doubt == pytest.approx(math.hypot(exact.fall, 0.0005 / exact.level), rel=0.05)
    draw = np.random.default_rng(0)
    noisy = course("CrossEntropy", power(400).value[:400] * np.exp(draw.normal(0, 0.01, 400)))
    made = only(project(state(noisy, drops=(), end=500), 401, TAUGHT))
    assert made.doubt == pytest.approx(4 * 0.01 / math.sqrt(2), rel=0.2)


def test_what_is_known_of_the_run_is_its_basis():
    assert only(project(state(power(20)), 100, TAUGHT)).basis is Basis.KNOWN
    assert only(project(state(power(20), backbone=math.nan), 100, TAUGHT)).basis is Basis.BLIND
    strange = state(power(20, name="loss_cls"))
    assert only(project(strange, 100, TAUGHT), "loss_cls").basis is Basis.STRANGE
    assert only(project(strange, 30, TAUGHT), "loss_cls").basis is Basis.KNOWN


def test_facts_are_logarithms_and_those_unknown_are_absent():
    now = state(power(20))
    facts = facts_of(now.courses[0], now.time, 20, 25.0)
    assert math.exp(facts["slope"]) == pytest.approx(0.1)
    assert math.exp(facts["drop"]) == pytest.approx(40)
    assert math.exp(facts["backbone"]) == pytest.approx(1 / 25)
    assert math.exp(facts["fallen"]) == pytest.approx(math.log(5 / now.courses[0].level(0, 20)))
    assert set(facts_of(now.courses[0], now.time, 20, math.nan)) == {"slope", "fallen", "drop"}


@pytest.mark.parametrize(
    ("detector", "family"),
    [
        ("ssd", "ssd"),
        ("faster_rcnn_fpn_syncbn", "faster_rcnn"),
        ("custom_faster_rcnn_fpn", "faster_rcnn"),
        (None, ""),
    ],
)
def test_families_of_detectors(detector, family):
    run = read(made_log([(5.0, 1.0)] * 3))
    assert family_of(replace(run, identity=Identity(detector=detector))) == family


def test_expected_falls_look_at_nothing_behind_the_drop():
    whole = state(stepped(60))
    assert expected_falls(whole, 60, TAUGHT) == expected_falls(whole, 40, TAUGHT)
