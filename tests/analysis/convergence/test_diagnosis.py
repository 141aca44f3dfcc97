"""Diagnoses of whole runs: verdict, sentence, findings, tables."""

import json
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

import convlens
from convlens import ConvlensError, diagnose
from convlens.analysis.convergence.diagnosis import CONDITIONS
from convlens.analysis.convergence.fitting import Fitting
from convlens.analysis.convergence.verdicts import Margins, Verdict
from convlens.explanations import explain
from convlens.reader import read_bytes
from tests.analysis.curves import NAN, STEPS, course, jumping, run_of
from tests.handmade import arguments, batch, close, epochs, log, start

DROPPED = {60: 0.01}


@pytest.fixture(scope="module")
def converged():
    return diagnose(run_of(course(100, {60: 0.2}), jumping(100, 50, 0.1), DROPPED, **STEPS))


def codes(diagnosis) -> list[str]:
    return [str(w.code) for w in diagnosis.warnings]


def test_a_converged_run(converged):
    assert converged.verdict is Verdict.CONVERGED
    assert list(converged.curves) == ["CrossEntropy", "SmoothL1", "loss", "map"]
    assert {c.verdict for c in converged.curves.values()} == {Verdict.CONVERGED}
    loss = converged.curves["loss"]
    assert converged.sentence == (
        "The summed loss is flat in its last phase (from epoch 60): 10 more epochs would change it by "
        f"{loss.expected}. mAP is flat at {converged.curves['map'].value:.1f}."
    )
    assert not converged.stopped
    assert converged.fit.fitting is Fitting.NEITHER
    assert converged.stopping is None


def test_the_table_has_the_evidence_of_each_curve(converged):
    table = converged.table
    assert list(table.index) == list(converged.curves)
    assert table.loc["loss", "verdict"] == "converged"
    assert table.loc["loss", "phase_first"] == 60
    for column in ("value", "change", "low_90", "high_90", "margin", "horizon", "first", "last", "points"):
        assert table.loc["map", column] == getattr(converged.curves["map"], column)


def test_a_diagnosis_is_frozen_pickles_and_shows_itself(converged):
    again = pickle.loads(pickle.dumps(converged))
    assert again.rows == converged.rows
    assert str(again) == str(converged)
    with pytest.raises(FrozenInstanceError):
        converged.verdict = Verdict.OFF
    assert "CrossEntropy" in converged._repr_html_()


def test_a_log_is_read_first(tmp_path, converged):
    from tests.writing import ssd_log

    path = tmp_path / "a.log"
    path.write_text(ssd_log(), encoding="utf-8")
    assert diagnose(path).run == "a"
    assert convlens.diagnose is diagnose


def test_diverged_and_unstable_losses_win_over_the_sum():
    losses = course(60)
    run = run_of([*losses[:40], *[NAN] * 20], epochs=60)
    assert diagnose(run).verdict is Verdict.DIVERGED
    text = "The summed loss diverged: CrossEntropy is not finite from epoch 40 on (a loss of the detector)."
    assert diagnose(run).sentence.startswith(text)
    from tests.writing import made_log

    small = 0.05 * (1 + 0.3 * np.random.default_rng(0).standard_normal(60))
    text = made_log([(5.0, s) for s in small.tolist()], epochs=60)
    unstable = diagnose(read_bytes(text.encode(), "-", "made"))
    assert unstable.curves["loss"].verdict is Verdict.CONVERGED
    assert unstable.verdict is Verdict.UNSTABLE
    assert unstable.sentence.startswith("SmoothL1 is unstable: from one to the next it jumps by ")


def test_stopped_is_said_beside_the_verdict():
    run = run_of(course(70, {60: 0.2}), jumping(70, 50, 0.1), DROPPED, **STEPS)
    diagnosis = diagnose(run)
    assert diagnosis.stopped
    assert "CL013" in codes(diagnosis)
    assert diagnosis.holds("stopped")


def test_one_session_can_be_asked_for():
    text = log(start(0), epochs(0, 11), start(0), epochs(0, 7, level=9.0))
    run = read_bytes(text.encode(), "-", "made")
    first, last = diagnose(run, session=0), diagnose(run, session=1)
    assert (first.session, first.curves["loss"].last) == (0, 11)
    assert last.curves["loss"].last == 7
    assert last.curves["loss"].value > first.curves["loss"].value
    with pytest.raises(ConvlensError, match="has sessions 0 to 1, not 2"):
        diagnose(run, session=2)


def test_a_run_without_validation_or_losses_is_no_error():
    alone = diagnose(run_of(course(40), epochs=40))
    assert list(alone.curves) == ["CrossEntropy", "SmoothL1", "loss"]
    assert alone.sentence.endswith(" The log holds no validation.")
    assert alone.fit.fitting is Fitting.UNKNOWN
    lines = [f"[Epoch {e}][Batch 99], Speed: 100.000 samples/sec, accuracy=0.{e + 10}" for e in range(20)]
    odd = diagnose(read_bytes(log(arguments(epochs=20), lines).encode(), "-", "made"))
    assert (odd.verdict, odd.curves) == (Verdict.TOO_SHORT, {})
    assert odd.sentence == "The log holds no loss. The log holds no validation."


@pytest.mark.parametrize("done", [1, 2, 3])
def test_the_first_epochs_are_too_short(done):
    diagnosis = diagnose(run_of(course(done), [10.0] * done, epochs=100))
    assert diagnosis.verdict is Verdict.TOO_SHORT
    assert diagnosis.sentence.startswith("Whether the summed loss is flat cannot be told: ")
    assert f"{done} epoch{'s' * (done > 1)} since epoch 0" in diagnosis.sentence


def test_breaks_and_change_points_are_findings():
    broken = diagnose(run_of(course(100, {40: 0.1}), epochs=100))
    assert "CL050" in codes(broken)
    assert any("breaks by -9" in w.text or "breaks by -10" in w.text for w in broken.warnings)
    unknown = diagnose(run_of(course(100, {40: 0.1}), lr=None))
    assert "CL051" in codes(unknown)
    for code in ("CL050", "CL051", "CL052", "CL053"):
        assert explain(code).example


def test_overfitting_is_told_by_the_validations():
    falling = [5 - 0.03 * e for e in range(120)]
    maps = [70 - 40 * 0.9**e - max(0, e - 50) * 0.1 for e in range(120)]
    over = diagnose(run_of(falling, maps, epochs=120))
    assert over.fit.fitting is Fitting.OVERFITTING
    assert "CL052" in codes(over)
    flat = diagnose(run_of(falling, [*maps[:50], *jumping(70, 69.8, 0.1)], epochs=120))
    assert flat.fit.fitting is Fitting.NO_GAIN_LEFT
    assert "CL053" in codes(flat)
    rising = diagnose(run_of(falling[:40], [10 + 15 * np.log(e + 1) for e in range(40)], epochs=120))
    assert rising.fit.fitting is Fitting.UNDERTRAINED
    assert {"CL052", "CL053"}.isdisjoint(codes(rising))


def test_a_fall_within_noise_is_no_overfitting():
    for seed in range(10):
        run = run_of(course(100, {60: 0.2}), jumping(100, 50, 2.0, seed), DROPPED, **STEPS)
        assert diagnose(run).fit.fitting is not Fitting.OVERFITTING


def test_conditions_are_verdicts_and_what_is_said_beside_them(converged):
    held = [c for c in CONDITIONS if converged.holds(c)]
    assert held == ["converged", "neither"]
    assert converged.holds("map:converged")
    assert not converged.holds("map:improving")
    assert not converged.holds("nothing:converged")


def test_margins_are_those_that_were_given(converged):
    run = run_of(course(100, {60: 0.2}), jumping(100, 50, 0.1), DROPPED, **STEPS)
    strict = diagnose(run, margins=Margins(0.0001, 0.0001))
    assert strict.verdict is Verdict.INCONCLUSIVE
    assert strict.margins == Margins(0.0001, 0.0001)


def test_nothing_heavy_is_loaded_where_the_rate_is_known(tmp_path):
    from tests.writing import ssd_log

    path = tmp_path / "a.log"
    path.write_text(ssd_log(epochs=40), encoding="utf-8")
    code = f"import sys, json, convlens; convlens.diagnose({str(path)!r}); print(json.dumps([*sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert {"scipy", "ruptures", "matplotlib", "pandas"}.isdisjoint(loaded)


def test_steps_of_many_iterations_are_counted_as_such():
    lines = [arguments(epochs=2000, lr=0.1)]
    for number, value in enumerate(course(100, ends=1.0, noise=0.001)):
        lines += [batch(20 * number, 9, 9 * value), close(20 * number, value, 1.0)]
    run = replace(read_bytes(log(*lines).encode(), "-", "made"), axis="iteration")
    verdict = diagnose(run).curves["loss"]
    assert verdict.horizon == 200
    assert verdict.points == 13  # a tenth are ten rows, the window has a quarter more
    assert "200 more iterations" in verdict.reason


def test_epochs_of_several_processes_are_one_curve():
    lines = [arguments(**STEPS | {"epochs": 60, "lr_decay_epoch": "40"})]
    values = course(60, {40: 0.2})
    for first, last in ((0, 45), (41, 60)):
        lines.append(f"Start training from [Epoch {first}]")
        if last > 45:
            lines.append(f"[Epoch {40}] Set learning rate to 0.01")
        for epoch in range(first, last):
            if epoch == 40:
                lines.append("[Epoch 40] Set learning rate to 0.01")
            lines += [batch(epoch, 9, 9 * values[epoch]), close(epoch, values[epoch], 1.0)]
    run = read_bytes(log(*lines).encode(), "-", "made")
    assert len(run.sessions) == 2
    verdict = diagnose(run).curves["loss"]
    assert (verdict.verdict, verdict.phase.first) == (Verdict.CONVERGED, 40)


@pytest.mark.parametrize("level", [0.0, -2.0, 1e-12, 1e12])
def test_losses_of_any_size_and_sign_are_judged(level):
    flat = diagnose(run_of([level] * 40))
    assert flat.verdict is Verdict.CONVERGED
    assert flat.curves["loss"].change == pytest.approx(0, abs=0.01 * abs(level) + 1e-6)


def test_before_a_drop_nothing_is_called_left_without_gain():
    """The loss still falls, the mAP is flat, and the rate is to drop: what that brings is not seen yet."""
    falling = [5.0 - 0.03 * n for n in range(60)]
    waits = diagnose(run_of(falling, jumping(60, 50, 0.1), **STEPS | {"epochs": 100, "lr_decay_epoch": "80"}))
    assert waits.curves["map"].verdict is Verdict.AWAITING_DECAY
    assert waits.fit.fitting is Fitting.UNKNOWN
    assert "until the learning rate falls" in waits.fit.text


def test_a_loss_that_rises_while_the_score_falls_is_not_called_overfitting():
    rising = [3.0 + 0.02 * n for n in range(60)]
    falls = [50.0 + min(n, 15) - max(n - 15, 0) * 0.2 for n in range(60)]
    told = diagnose(run_of(rising, falls, **STEPS | {"epochs": 60, "lr_decay_epoch": None}))
    assert told.fit.fitting is not Fitting.OVERFITTING
