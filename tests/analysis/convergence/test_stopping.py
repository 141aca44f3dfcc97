"""What patience would have done, worked by hand and as known of a published run."""

import pickle

import pytest

from convlens import ConvlensError, diagnose, zoo
from convlens.analysis.convergence.stopping import patience, until
from tests.analysis.curves import course, run_of


def test_patience_counts_evaluations_without_a_better_map():
    maps = [10, 20, 30, 29, 30, 28, 31, 30, 30, 30, 30, 30]
    run = run_of(course(12), maps, seconds=1800.0)
    told = patience(run, (1, 2, 4, 5, 6))
    assert [s.epoch for s in told.stops] == [3, 4, 10, 11, None]
    assert [s.best for s in told.stops] == pytest.approx([30, 30, 31, 31, None], abs=1e-9)
    assert [s.best_epoch for s in told.stops] == [2, 2, 6, 6, None]
    assert [s.lost for s in told.stops[:4]] == pytest.approx([1, 1, 0, 0])
    assert [s.hours for s in told.stops[:4]] == pytest.approx([4.0, 3.5, 0.5, 0.0])
    assert (told.validations, told.best_epoch) == (12, 6)


def test_validations_are_counted_not_epochs():
    maps = [None, 20, None, 19, None, 18, None, 17]
    told = patience(run_of(course(8), maps), (2,))
    assert (told.stops[0].epoch, told.stops[0].best_epoch) == (5, 1)


def test_without_validations_it_never_stops():
    told = patience(run_of(course(8)), (1, 5))
    assert [s.epoch for s in told.stops] == [None, None]
    assert (told.validations, told.best) == (0, None)


def test_patience_must_be_positive():
    with pytest.raises(ConvlensError, match="1 or more, not 0"):
        patience(run_of(course(8)), (5, 0))


def test_a_run_can_be_taken_back_to_an_epoch():
    run = run_of(course(20), epochs=20)
    then = until(run, 7)
    assert then.curve.index.tolist() == list(range(8))
    assert then.plan.epochs == 20


def test_patience_does_not_know_the_schedule():
    """Figures of the published log, counted by hand: it stops before the first drop at 160."""
    told = diagnose(zoo.load("ssd_512_resnet50_v1_voc"), patience_of=(5, 10, 20, 30, 50)).stopping
    assert [s.epoch for s in told.stops] == [43, 59, 119, 129, 149]
    assert all(s.ahead == (160.0, 200.0) for s in told.stops)
    assert all(74 < s.best < 78 for s in told.stops)
    assert told.best == pytest.approx(80.39, abs=0.005)
    assert told.best_epoch == 228
    assert "converged" not in {str(v) for s in told.stops for v in (s.loss_verdict, s.score_verdict)}
    assert list(told.table.index) == [5, 10, 20, 30, 50]
    assert "160" in told._repr_html_()
    assert pickle.loads(pickle.dumps(told)) == told
