"""Verdicts on curves whose course is known."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from convlens.analysis.convergence.convergence import judge
from convlens.analysis.convergence.stopping import until
from convlens.analysis.convergence.verdicts import CurveVerdict, Margins, Verdict
from convlens.analysis.schedule.schedule import schedule_of
from convlens.metrics import term
from convlens.reader import read_bytes
from tests.analysis.curves import NAN, STEPS, course, jumping, run_of, yolo_of
from tests.handmade import arguments, log

DROPPED = {60: 0.01}


def told(run, name="loss", **margins) -> CurveVerdict:
    return judge(run, name, schedule_of(run), Margins(**margins))


def test_flat_behind_the_last_drop_is_converged():
    run = run_of(course(100, {60: 0.2}), rates=DROPPED, **STEPS)
    verdict = told(run)
    assert verdict.verdict is Verdict.CONVERGED
    assert (verdict.horizon, verdict.capped, verdict.phase.first) == (10, False, 60)
    assert verdict.last == 99
    assert verdict.first >= 85
    assert verdict.points == verdict.last - verdict.first + 1
    level = course(100, {60: 0.2}, noise=0)[-1]
    assert verdict.value == pytest.approx(level, rel=0.005)
    assert verdict.margin == pytest.approx(0.01 * verdict.value)
    assert -verdict.margin < verdict.low_90 < verdict.change < verdict.high_90 < verdict.margin
    shown = run.curve["loss"].loc[verdict.first : verdict.last].to_numpy()
    half = len(shown) // 2
    assert verdict.earlier == pytest.approx(shown[:half].mean())
    assert verdict.later == pytest.approx(shown[-half:].mean())


def test_flat_before_a_drop_is_awaiting_it():
    run = run_of(course(100, {20: 0.2, 60: 0.2}), rates={20: 0.05, 60: 0.01}, **STEPS)
    verdict = told(until(run, 59))
    assert verdict.verdict is Verdict.AWAITING_DECAY
    assert verdict.ahead == (60.0,)
    assert "still to fall at epoch 60: flat is not converged" in verdict.reason


def test_a_drop_outside_the_run_is_no_reason_to_wait():
    run = run_of(course(100, {60: 0.2}), rates=DROPPED, **STEPS | {"lr_decay_epoch": "60,100"})
    assert told(run).verdict is Verdict.CONVERGED


def test_a_falling_loss_is_improving_and_a_rising_one_worsening():
    assert told(run_of(course(50, ends=1.0), epochs=100)).verdict is Verdict.IMPROVING
    rising = [2 + 0.02 * e for e in range(50)]
    assert told(run_of(rising, epochs=100)).verdict is Verdict.WORSENING


def logarithmic(epochs: int) -> list[float]:
    """A loss of which 20 epochs bring 1% behind epoch 100, where it bends as most do, and less later."""
    time = np.arange(epochs) + 0.75
    early, late = np.log(np.minimum(time, 100)), np.log(np.maximum(time, 100) / 100)
    noise = 0.002 * np.random.default_rng(0).standard_normal(epochs)
    return [float(v) for v in 3 - 0.15 * early - 0.15 * 0.8 * late + noise]


def test_what_straddles_the_margin_is_inconclusive_and_says_so():
    verdict = told(run_of(logarithmic(100), epochs=200))
    assert verdict.verdict is Verdict.INCONCLUSIVE
    assert verdict.low_90 < -verdict.margin < verdict.high_90
    assert "which may or may not be within ±1%" in verdict.reason


def test_what_would_settle_it_does():
    """The epochs that are named suffice if the trend goes on, give or take half a horizon."""
    verdict = told(run_of(logarithmic(100), epochs=200))
    needed = int(re.fullmatch(r"About (\d+) more epochs at this rate would settle it\.", verdict.settle)[1])
    assert 20 <= needed <= 80
    assert told(run_of(logarithmic(100 + needed + 10), epochs=200)).verdict is Verdict.CONVERGED
    assert told(run_of(logarithmic(100 + needed // 2), epochs=200)).verdict is Verdict.INCONCLUSIVE


def test_a_drop_that_comes_before_is_told():
    arguments = {"epochs": 200, "lr_decay_epoch": "110", "lr_decay": 0.1}
    assert told(run_of(logarithmic(100), **arguments)).settle.endswith("; the drop at 110 comes before.")


def test_the_margin_decides_what_matters():
    run = run_of(course(100, {60: 0.2}), rates=DROPPED, **STEPS)
    assert told(run, loss=0.0005).verdict is Verdict.INCONCLUSIVE
    falling = run_of(course(50, ends=1.0), epochs=100)
    assert told(falling, loss=0.9).verdict is Verdict.CONVERGED


@pytest.mark.parametrize("seed", range(10))
def test_undone_means_are_judged_through_their_rounding(seed):
    """Printed since-start means fall to the end; the epochs themselves are flat behind the drop."""
    own = course(200, {120: 0.2}, noise=0.004, seed=seed)
    steps = {"epochs": 200, "lr_decay_epoch": "120", "lr_decay": 0.1}
    run = yolo_of(own, **steps)
    run = replace(run, columns=run.columns)
    verdict = told(run)
    printed = run.epochs["ObjLoss"].to_numpy()
    assert (np.diff(printed[130:]) < 0.001).all()
    assert printed[-1] < printed[150] - 0.05
    assert verdict.verdict in (Verdict.CONVERGED, Verdict.INCONCLUSIVE)
    assert abs(verdict.change) < 0.01 * verdict.value


@pytest.mark.parametrize("behind", [1, 2])
def test_too_few_epochs_behind_a_drop_are_too_short(behind):
    run = run_of(course(100, {60: 0.2}), rates=DROPPED, **STEPS)
    verdict = told(until(run, 59 + behind))
    assert verdict.verdict is Verdict.TOO_SHORT
    assert verdict.points == behind
    assert f"{behind} epoch{'s' * (behind > 1)} since its last phase began with epoch 60" in verdict.reason


def test_three_epochs_suffice_where_the_noise_is_known_from_before():
    run = run_of(course(30, {27: 0.2}, noise=0.0005), rates={27: 0.01}, **STEPS | {"epochs": 30})
    verdict = told(run)
    assert (verdict.verdict, verdict.points, verdict.horizon) == (Verdict.CONVERGED, 3, 3)
    alone = told(run_of([2.0, 2.0, 2.0], epochs=30))
    assert alone.verdict is Verdict.TOO_SHORT
    assert "nothing before tells its noise" in alone.reason


def test_a_horizon_longer_than_the_phase_is_capped_and_said():
    run = run_of(course(200, {192: 0.2}, noise=0.001), rates={192: 0.01}, **STEPS | {"epochs": 200})
    verdict = told(run)
    assert (verdict.horizon, verdict.capped) == (8, True)
    assert "8 more epochs (as many as the phase has)" in verdict.reason


@pytest.mark.parametrize(("value", "count"), [(2.0, 30), (0.0, 30), (2.0, 5)])
def test_constant_curves_are_converged(value, count):
    assert told(run_of([value] * count, epochs=count)).verdict is Verdict.CONVERGED


def test_one_epoch_and_none_are_too_short():
    run = run_of([3.0], epochs=1)
    assert told(run).verdict is Verdict.TOO_SHORT
    nothing = replace(run, curve_rows=run.curve_rows[:0])
    assert told(nothing).reason == "No epoch is complete."


def test_a_score_needs_validations():
    flat = run_of(course(100, {60: 0.2}), jumping(100, 50, 0.1), DROPPED, **STEPS)
    assert told(flat, "map").verdict is Verdict.CONVERGED
    few = [50.0 + e / 10 if e % 20 == 19 else None for e in range(100)]
    sparse = run_of(course(100, {60: 0.2}), few, DROPPED, **STEPS)
    verdict = told(sparse, "map")
    assert (verdict.verdict, verdict.points) == (Verdict.TOO_SHORT, 2)
    assert verdict.settle == "3 validations in this phase would tell more."


def test_few_validations_are_never_improving():
    maps = [20 * math.log(e + 1) if e % 10 == 9 else None for e in range(70)]
    verdict = told(run_of(course(70), maps, epochs=70), "map")
    assert verdict.verdict is Verdict.INCONCLUSIVE
    assert "7 validations are too few to call it improving" in verdict.reason
    assert verdict.low_90 > verdict.margin
    more = [20 * math.log(e + 1) for e in range(70)]
    assert told(run_of(course(70), more, epochs=70), "map").verdict is Verdict.IMPROVING
    falls = [80 - v for v in more]
    assert told(run_of(course(70), falls, epochs=70), "map").verdict is Verdict.WORSENING


def test_sparse_validations_are_placed_in_time():
    maps = [v if e % 5 == 4 else None for e, v in enumerate(jumping(100, 50, 0.05))]
    verdict = told(run_of(course(100), maps, epochs=100), "map")
    assert verdict.verdict is Verdict.CONVERGED
    assert (verdict.horizon, verdict.last) == (10, 99)
    assert verdict.points == 5


@pytest.mark.parametrize("wrong", [NAN, math.inf])
def test_a_loss_that_is_not_finite_to_the_end_has_diverged(wrong):
    losses = course(40)
    run = run_of([*losses[:30], *[wrong] * 10], epochs=40)
    for name in ("loss", "CrossEntropy"):
        verdict = told(run, name)
        assert (verdict.verdict, verdict.since) == (Verdict.DIVERGED, 30)
        assert "a loss of the detector" in verdict.reason
    mended = run_of([*losses[:20], NAN, *losses[21:]], epochs=40)
    assert told(mended).verdict is not Verdict.DIVERGED


def test_a_loss_that_explodes_has_diverged_and_a_spike_has_not():
    losses = course(40)
    exploded = told(run_of([*losses[:30], *[v * 20 for v in losses[30:]]], epochs=40))
    assert (exploded.verdict, exploded.since) == (Verdict.DIVERGED, 30)
    assert "beginning with epoch 30" in exploded.reason
    spiked = [v * 20 if e == 30 else v for e, v in enumerate(losses)]
    assert told(run_of(spiked, epochs=40)).verdict is not Verdict.DIVERGED


def test_one_spike_is_passed_over_and_several_are_unstable():
    losses = course(100, {60: 0.2})
    one = [v * 1.5 if e == 95 else v for e, v in enumerate(losses)]
    verdict = told(run_of(one, rates=DROPPED, **STEPS))
    assert (verdict.verdict, verdict.points) == (Verdict.CONVERGED, 12)
    many = [v * 1.5 if e in (90, 94, 97) else v for e, v in enumerate(losses)]
    verdict = told(run_of(many, rates=DROPPED, **STEPS))
    assert verdict.verdict is Verdict.UNSTABLE
    assert "90, 94, 97" in verdict.reason


def test_swings_beyond_a_tenth_are_unstable():
    verdict = told(run_of(jumping(60, 3.0, 0.6), epochs=60))
    assert verdict.verdict is Verdict.UNSTABLE
    assert "of its value" in verdict.reason
    maps = jumping(60, 40, 8)
    assert told(run_of(course(60), maps, epochs=60), "map").verdict is Verdict.UNSTABLE


def with_terms(*last: str) -> str:
    """The lines of a GAN distillation; from epoch 20 on its adversarial losses are as given."""
    lines = [arguments(epochs=30, network="mobilenet1.0")]
    for epoch in range(30):
        adversarial = ("1.5", "1.5") if epoch < 20 else last
        for step, value in zip((99, 199), adversarial, strict=True):
            speed = 100 if epoch < 20 else 180
            student = f"train_student_ori_net_CrossEntropy={2 - epoch / 100:.3f}"
            lines.append(
                f"[Epoch {epoch}][Batch {step}], Speed: {speed}.000 samples/sec, "
                f"{student}, train_student_ori_net_SmoothL1=1.000, Loss_D={value}, Loss_G={value}"
            )
    return log(*lines)


def test_a_term_that_is_nan_from_a_first_line_on_is_off():
    run = read_bytes(with_terms("nan", "nan").encode(), "-", "made")
    verdict = told(run, "Loss_D")
    assert (verdict.verdict, verdict.since) == (Verdict.OFF, 20)
    assert told(run).verdict is not Verdict.DIVERGED


def test_a_term_that_becomes_nan_inside_an_epoch_has_diverged():
    run = read_bytes(with_terms("1.5", "nan").encode(), "-", "made")
    assert told(run, "Loss_D").verdict is Verdict.DIVERGED


def test_a_term_without_a_better_direction_is_never_improving():
    run = run_of(course(50, ends=1.0), epochs=100)
    neutral = tuple(term(c.name) if c.name == "SmoothL1" else c for c in run.columns)
    verdict = told(replace(run, columns=neutral), "SmoothL1")
    assert verdict.verdict is Verdict.INCONCLUSIVE
    assert "neither direction is the better one" in verdict.reason


def test_negative_losses_and_losses_about_zero_are_no_error():
    assert told(run_of(jumping(40, -5, 0.01), epochs=40)).verdict is Verdict.CONVERGED
    assert told(run_of(jumping(40, 0, 0.01), epochs=40)).verdict in Verdict


def on_a_cosine(losses: list[float], done: int = 60):
    """A run of 60 epochs whose rate falls along a cosine, of which so many are done."""
    rates = {e: round(0.05 * (1 + math.cos(math.pi * e / 60)), 6) for e in range(done)}
    return run_of(losses[:done], rates=rates, epochs=60)


def test_flat_on_a_cosine_awaits_its_end_and_is_converged_there():
    losses = [*course(40), *jumping(20, course(40)[-1], 0.003)]
    assert told(on_a_cosine(losses, 54)).verdict is Verdict.AWAITING_DECAY
    assert told(on_a_cosine(losses)).verdict is Verdict.CONVERGED


def test_a_loss_that_falls_with_the_rate_to_its_end_is_not_called_improving():
    losses = [5 - 0.06 * e for e in range(60)]
    assert told(on_a_cosine(losses, 40)).verdict is Verdict.IMPROVING
    verdict = told(on_a_cosine(losses))
    assert verdict.verdict is Verdict.INCONCLUSIVE
    assert "the learning rate has come to its end" in verdict.reason
    assert verdict.settle == "Only a longer schedule would tell."
