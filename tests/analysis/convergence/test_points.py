"""Points of curves, and what rounding leaves open of them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convlens.analysis.convergence.points import Points, points_of
from convlens.analysis.schedule.schedule import schedule_of
from tests.analysis.curves import NAN, STEPS, course, run_of, yolo_of


def points(run, name="loss"):
    return points_of(run, name, schedule_of(run))


def test_points_are_those_of_the_curve_phase_by_phase():
    run = run_of(course(80, {60: 0.2}), [50.0] * 80, {60: 0.01}, **STEPS)
    loss, score = points(run), points(run, "map")
    assert loss.epoch.tolist() == list(range(80))
    assert np.allclose(loss.value, run.curve["loss"])
    assert loss.phase.tolist() == [0] * 60 + [1] * 20
    assert loss.time.tolist() == [e + 0.5 for e in [*range(60), *range(20)]]
    assert score.time.tolist() == [e + 1.0 for e in [*range(60), *range(20)]]
    assert loss.variance == pytest.approx(np.full(80, 2 * 0.0005**2 / 3))
    assert not loss.beside.any()


def test_what_is_not_finite_or_not_complete_is_left_out():
    losses = course(30)
    losses[12] = NAN
    run = run_of(losses, [None, 40.0] * 15, epochs=30)
    assert points(run).epoch.tolist() == [e for e in range(30) if e != 12]
    assert points(run, "map").epoch.tolist() == list(range(1, 30, 2))
    assert points(run, "map").value.tolist() == pytest.approx([40.0] * 15)


def test_rounding_of_undone_means_has_the_covariance_that_is_told():
    """Against 4,000 logs whose printed means were rounded: variance of each, covariance of neighbours."""
    epochs, draws = 30, 4000
    rng = np.random.default_rng(1)
    own = 5 + rng.random((draws, epochs))
    n = np.arange(1, epochs + 1)
    printed = np.round(np.cumsum(own, axis=1) / n, 3)
    undone = n * printed - (n - 1) * np.concatenate([np.zeros((draws, 1)), printed[:, :-1]], axis=1)
    seen = np.cov((undone - own).T)
    told = points(yolo_of(own[0].tolist()), "ObjLoss").rounding()
    assert np.diag(told) == pytest.approx(np.diag(seen), rel=0.12)
    assert np.diag(told, 1) == pytest.approx(np.diag(seen, 1), rel=0.15)
    assert np.abs(np.diag(seen, 2)).max() < 0.1 * np.diag(told)[2:].max()


def test_the_sum_has_the_rounding_of_its_parts():
    run = yolo_of(course(20, noise=0.01))
    one, total = points(run, "ObjLoss"), points(run)
    assert total.variance == pytest.approx(4 * one.variance)
    assert total.beside == pytest.approx(4 * one.beside)


@given(st.integers(3, 200), st.integers(2, 400), st.integers(0, 3))
def test_thinning_keeps_the_mean_and_its_rounding(count, horizon, split):
    rng = np.random.default_rng(count)
    phase = np.repeat([0, 1], [count * split // 4, count - count * split // 4])
    made = Points(
        np.arange(count), np.arange(count) + 0.5, rng.random(count), phase,
        rng.random(count) + 1, -rng.random(count - 1) / 3,
    )  # fmt: skip
    thin = made.thinned(horizon)
    size = max(int(horizon / 40), 1)
    assert len(thin) == sum(int((phase == k).sum()) // size for k in (0, 1))
    kept = np.concatenate([np.flatnonzero(phase == k)[(phase == k).sum() % size :] for k in (0, 1)])
    if len(kept):
        assert thin.value.mean() == pytest.approx(made.value[kept].mean())
        equal = np.full(len(made), 0.0)
        equal[kept] = 1 / len(kept)
        whole = equal @ made.rounding() @ equal
        seam = np.full(len(thin), 1 / len(thin))
        assert seam @ thin.rounding() @ seam == pytest.approx(whole)


def test_stretches_and_joins_keep_neighbours_together():
    made = points(yolo_of(course(20, noise=0.01)))
    assert (made[5:10] + made[10:12]).value.tolist() == made[5:12].value.tolist()
    assert made[5:10].rounding() == pytest.approx(made.rounding()[5:10, 5:10])
    keep = np.ones(20, dtype=bool)
    keep[7] = False
    expected = made.rounding()[np.ix_(keep, keep)]
    assert made.only(keep).rounding() == pytest.approx(expected)
    assert len(made[20:]) == len(made[20:] + made[20:]) == 0


def test_a_resumed_process_has_no_covariance_across_its_seam():
    run = yolo_of(course(20, noise=0.01))
    first = run.sessions[0]
    seam = replace(run, sessions=(first, replace(first, index=1, start=10)))
    rows = np.array([[0 if e < 10 else 1, e] for e in range(20)])
    beside = points(replace(seam, curve_rows=rows)).beside
    assert np.flatnonzero(beside == 0).tolist() == [9]
