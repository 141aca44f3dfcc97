"""What has no forecast, or one with a note: each with the reason."""

import math

import pytest

from convlens import forecast
from convlens.zoo import snapshot_names
from tests.analysis.forecast.runs import DETECTORS, PLAN, levels, made, run, scores
from tests.handmade import arguments, batch, log, read, start
from tests.writing import made_log


def notes(log_of_a_run, *args):
    return " ".join(forecast(log_of_a_run, *args).notes)


def test_runs_without_map():
    told = forecast(made(25))
    assert "There is no mAP to forecast: made holds 0 validations" in " ".join(told.notes)
    assert told.map_cost is None
    assert "points" not in told.sentence
    assert math.isfinite(told["loss"].value)


def test_runs_with_few_validations():
    told = forecast(made(12, [None] * 5 + [40.0] + [None] * 5 + [45.0]))
    assert "it needs 3 validations at one learning rate" in " ".join(told.notes)
    assert told["map"].now == pytest.approx(45)
    assert math.isnan(told["map"].value)


def test_runs_with_few_epochs():
    told = forecast(made(5, scores(5)))
    assert told.sentence == (
        "5 complete epochs: a forecast needs 6. "
        "mAP has no forecast: it needs 3 validations at one learning rate, over 6 epochs or more."
    )
    assert told["loss"].now == pytest.approx(sum(levels(5)[-1]), rel=1e-3)
    assert math.isnan(told["loss"].value)
    assert not told.table["value"].notna().any()


def test_runs_without_a_complete_epoch():
    told = forecast(read(log(arguments(epochs=9), start(), batch(0, 99, 5.0))))
    assert (told.sentence, told.curves, told.after) == ("No epoch is complete.", (), None)


def test_runs_whose_loss_is_not_a_number():
    text = made_log([*levels(24), (math.nan, 2.0)], rates={0: 0.1, 20: 0.01}, **PLAN)
    told = forecast(read(text))
    assert (
        "CrossEntropy: no number above zero at the last epoch, so no forecast, nor of the sum." in told.notes
    )
    assert math.isnan(told["CrossEntropy"].value)
    assert math.isnan(told["loss"].value)
    assert math.isnan(told["loss"].now)
    assert math.isfinite(told["SmoothL1"].value)


def test_runs_with_a_loss_that_was_not_a_number_once():
    told = forecast(read(made_log([*levels(10), (math.nan, 2.0), *levels(22)[11:]], **PLAN)))
    assert math.isfinite(told["loss"].value)


def test_runs_of_unknown_backbones():
    known, blind = made(15), made(15, network="thing18", save_prefix="ssd_512_thing18_voc")
    assert "The ImageNet error of thing18 is not known" in notes(blind)
    assert "ImageNet" not in notes(known)
    wide, narrow = forecast(blind)["loss"], forecast(known)["loss"]
    assert wide.high_90 / wide.low_90 > narrow.high_90 / narrow.low_90


def test_runs_of_detectors_with_losses_that_nobody_has_seen():
    text = made_log(levels(15), **PLAN | {"save_prefix": "x"})
    strange = read(text.replace("CrossEntropy", "Loss_cls").replace("SmoothL1", "Loss_box"))
    assert "No published run with such losses" in notes(strange)


@pytest.mark.parametrize("mode", ["cosine", "linear"])
def test_smooth_schedules_are_refused(mode):
    told = forecast(read(made_log(levels(15), epochs=40, lr=0.1, lr_mode=mode)))
    assert told.sentence.startswith(f"The learning rate falls smoothly ({mode})")
    assert not told.told
    assert told["loss"].now > 0


def test_drops_of_another_size_are_refused_and_what_comes_before_is_not():
    halving = made(12, lr_decay=0.5)
    assert "The drop of the learning rate at epoch 20 is not to a tenth" in forecast(halving).sentence
    assert forecast(halving, 19).told


def test_a_constant_rate_goes_by_the_runs_own_trend():
    constant = read(made_log(levels(30), epochs=60, lr=0.1))
    told = forecast(constant)["loss"]
    expected = sum(levels(30)[-1]) * (60 / 30) ** -0.09
    assert told.value == pytest.approx(expected, rel=0.01)
    assert told.low_90 < sum(levels(60)[-1]) < told.high_90


def test_without_a_word_on_the_rate_it_is_taken_to_stay():
    assert "Nothing tells the learning rate: it is taken to stay as it is." in notes(
        read(made_log(levels(30), lr=None)), 40
    )


def test_behind_the_end_nothing_was_learnt():
    assert "Epoch 50 lies behind the configured end (39)" in notes(made(40), 50)
    assert "configured end" not in notes(made(35))


def test_without_a_configured_end_the_run_ends_where_it_is_forecast():
    text = made_log(levels(25, 20), rates={0: 0.1, 20: 0.01}, lr=0.1)
    assert "it is taken to end with epoch 30" in notes(read(text), 30)


def test_losses_have_no_forecast_over_the_end_of_mixup():
    mixed = {"mixup": True, "no_mixup_epochs": 5}
    told = forecast(made(15, scores(15), **mixed))
    assert "Mixup ends at epoch 35, where losses jump by what nothing tells" in " ".join(told.notes)
    assert math.isnan(told["loss"].value)
    assert math.isfinite(told["map"].value)
    assert math.isfinite(forecast(made(15, scores(15), **mixed), 34)["loss"].value)
    assert math.isfinite(forecast(made(15, scores(15), mixup=False, no_mixup_epochs=5))["loss"].value)


def test_a_log_that_does_not_tell_times():
    told = forecast(read(made_log(levels(15), seconds=None, **PLAN)))
    assert told.hours is None
    assert "Stopping now would save a time that the log does not tell." in told.sentence


@pytest.mark.parametrize("name", sorted({*snapshot_names()} - {*DETECTORS}))
def test_runs_of_other_tasks_are_refused(name):
    told = forecast(run(name))
    assert told.sentence.startswith("Forecasts are learnt from detectors, and this is a run of ")
    assert not told.told
