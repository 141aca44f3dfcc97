"""Forecasts: what they say, what they are made of, how well they do, and where there are none."""

import math
import pickle
import re
import shutil
import sys
from dataclasses import FrozenInstanceError, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convlens
from convlens import ConvlensError, forecast
from convlens.analysis.forecast.courses import MAP, TOTAL
from convlens.analysis.forecast.experience import published
from convlens.zoo import snapshot_names
from tests.benchmarks.forecasts import CUTS, trials
from tests.handmade import arguments, batch, log, read, start
from tests.writing import made_log, yolo_log

sys.path.insert(0, str(Path(__file__).parents[3] / ".tools"))
from learning import whole

ROOT = Path(__file__).parents[3]
SSD = "ssd_512_resnet50_v1_voc"
DETECTORS = [*published().families, "yolo3_darknet53_coco", "ssd_512_mobilenet1.0_distilled_voc"]


@cache
def run(name=SSD):
    return convlens.read_log(name)


def cut(epochs, name=SSD):
    """A published run as it was after so many epochs."""
    return replace(run(name), curve_rows=run(name).curve_rows[:epochs])


def levels(count, drop=None):
    """Losses that fall as a power law, and by a tenth from an epoch on."""
    values = [(n + 1) ** -0.1 * (0.9 if drop is not None and n >= drop else 1) for n in range(count)]
    return [(5 * v, 2 * v) for v in values]


PLAN = {"epochs": 40, "lr": 0.1, "lr_decay": 0.1, "lr_decay_epoch": "20,30"}


def made(count, maps=(), **plan):
    """A run of SSD that is to drop at 20 and 30 of 40 epochs."""
    rates = {0: 0.1} | {n: r for n, r in ((20, 0.01), (30, 0.001)) if n < count}
    return read(made_log(levels(count, 20), maps, rates=rates, **PLAN | plan))


def scores(count):
    return [40 + 10 * math.log(n + 1) / 4 + 0.3 * (n % 2) for n in range(count)]


# What it says


def test_one_row_a_curve_with_intervals_in_each_other():
    told = forecast(cut(120), 239)
    table = told.table
    assert list(table.columns) == ["curve", "value", "low_50", "high_50", "low_90", "high_90"]
    assert list(table["curve"]) == ["CrossEntropy", "SmoothL1", "loss", "map"] == list(table.index)
    inside = table["low_90"] < table["low_50"]
    inside &= (table["low_50"] < table["value"]) & (table["value"] < table["high_50"])
    inside &= table["high_50"] < table["high_90"]
    assert inside.all()
    assert told["loss"].value == pytest.approx(told["CrossEntropy"].value + told["SmoothL1"].value)
    assert (told.after, told.epoch, told.more, told.drops) == (119, 239, 120, (160, 200))


def test_it_knows_the_drops_to_come():
    before, behind = forecast(cut(120), 159), forecast(cut(120), 161)
    assert before.drops == ()
    assert behind.drops == (160,)
    assert behind["loss"].value < 0.95 * before["loss"].value
    assert behind["map"].value > before["map"].value + 1


def test_stopping_now_saves_hours_and_costs_map():
    told = forecast(cut(120), 239)
    seconds = run().arrays.seconds[110:120]
    assert told.hours == pytest.approx(120 * np.median(seconds) / 3600)
    points, low, high = told.map_cost
    assert points == pytest.approx(told["map"].value - told["map"].now)
    assert low < points < high
    assert f"save {told.hours:.1f} hours" in told.sentence
    shown = round(told["map"].value, 1) - round(
        told["map"].now, 1
    )  # what a reader makes of the figures before
    assert f"cost {shown:.1f} points of mAP" in told.sentence
    assert told.sentence.startswith(
        "120 more epochs (to epoch 239) would bring the summed loss from 2.58 to "
    )
    assert "detectors of families that they were not learnt from" in told.usual_errors


def test_the_epoch_that_is_forecast():
    assert forecast(cut(120)).epoch == 239  # the last that is configured
    assert forecast(run()).epoch == 239 + 24  # a tenth more
    assert forecast(cut(120), more=7).epoch == 126
    assert forecast(cut(120), 120).more == 1
    one_based = read(made_log(levels(25), first=1, **PLAN))
    assert (forecast(one_based).after, forecast(one_based).epoch) == (25, 40)


@pytest.mark.parametrize("wanted", [{"epoch": 119}, {"epoch": -3}, {"more": 0}, {"more": -5}])
def test_an_epoch_that_is_known_is_refused(wanted):
    with pytest.raises(ConvlensError, match="the last complete one is 119"):
        forecast(cut(120), **wanted)


def test_a_result_is_frozen_pickles_and_shows_itself():
    told = forecast(cut(120))
    assert pickle.loads(pickle.dumps(told)) == told
    assert str(told) == f"{SSD}: {told.sentence}"
    assert "<table" in told._repr_html_()
    with pytest.raises(FrozenInstanceError):
        told.epoch = 3
    with pytest.raises(KeyError):
        told["not there"]


def test_an_epoch_that_is_not_complete_does_not_count():
    text = log(arguments(**PLAN), start(), *([batch(n, 99, 5 - 0.01 * n) for n in range(9)]))
    assert forecast(read(text)).after == 7


# Never from the same run


def test_a_published_run_is_left_out_under_any_name(tmp_path):
    assert SSD in published().families
    for same in (run(), replace(run(), name="mine"), cut(120), cut(20)):
        assert SSD not in forecast(same).learnt_from
        assert len(forecast(same).learnt_from) == len(published().families) - 1


def test_every_published_run_is_left_out():
    for name in published().families:
        assert name not in forecast(run(name)).learnt_from


def test_a_run_that_nobody_has_seen_leaves_nothing_out():
    assert forecast(made(12)).learnt_from == tuple(published().families)


def test_leaving_out_matters():
    """The forecast is that of an experience that never held the run."""
    from convlens.analysis.forecast import experience

    honest = forecast(cut(120), 239)
    rest = published().without([SSD])
    assert honest["loss"].value == pytest.approx(_by(rest), rel=1e-12)
    assert abs(_by(experience.published()) / honest["loss"].value - 1) > 1e-4


def _by(taught):
    from convlens.analysis.forecast.projection import project, state_of
    from convlens.analysis.schedule.schedule import schedule_of

    state = state_of(cut(120), schedule_of(cut(120)))
    return next(p.value for p in project(state, 240, taught) if p.course == TOTAL)


def test_a_log_is_known_again_by_its_figures(corpus, tmp_path):
    file = corpus / "logs" / "detection" / "ssd_512_resnet50_v1_voc_train.log"
    copied = tmp_path / "mine.log"
    text = file.read_text()
    copied.write_text(text[: text.index("[Epoch 120]")])
    assert SSD not in forecast(convlens.read_log(copied)).learnt_from
    shutil.copy(file, copied)
    assert SSD not in forecast(convlens.read_log(copied)).learnt_from


# How well


@pytest.fixture(scope="module")
def ends():
    """Trials of all published runs by families that were left out, and by runs that were."""
    runs = [w for name in snapshot_names() if (w := whole(name, run(name))) is not None]
    assert len(runs) == 20
    found = {}
    for name in (TOTAL, MAP):
        for by in ("family", "run"):
            found[name, by] = [
                trial
                for one in runs
                for trial in trials(
                    one,
                    published().without(
                        [r.name for r in runs if by == "family" and r.family == one.family] or [one.name]
                    ),
                    name,
                )
            ]
    return found


# Mean errors that are known to be within reach: relative, and points of mAP.
BARS = dict(zip(CUTS, ((0.093, 3.3), (0.086, 2.6), (0.037, 1.1)), strict=True))


@pytest.mark.parametrize("cut_at", CUTS)
@pytest.mark.parametrize("by", ["family", "run"])
def test_errors_are_small(ends, cut_at, by):
    for name, bar in zip((TOTAL, MAP), BARS[cut_at], strict=True):
        told = [t for t in ends[name, by] if t.cut == cut_at]
        assert len(told) == {TOTAL: 20, MAP: 18}[name]
        assert np.mean([t.error for t in told]) < bar
        assert np.mean([t.error for t in told]) < np.mean([t.last for t in told])
        assert np.mean([t.error for t in told]) < np.mean([t.power for t in told]) / 2


@pytest.mark.parametrize("name", [TOTAL, MAP])
def test_intervals_hold_the_truth_as_often_as_they_say(ends, name):
    told = ends[name, "run"]
    assert 0.85 <= np.mean([t.in_90 for t in told]) <= 0.97
    assert 0.4 <= np.mean([t.in_50 for t in told]) <= 0.7
    assert np.mean([t.in_90 for t in ends[name, "family"]]) >= 0.85


def test_the_errors_that_readme_tells_are_so(ends):
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    told = re.search(r"missed by (.*?)% in the mean, the mAP by (.*?) points", text).groups()
    for name, scale, figures in zip((TOTAL, MAP), (100, 1), told, strict=True):
        errors = [np.mean([t.error for t in ends[name, "run"] if t.cut == cut_at]) for cut_at in CUTS]
        assert [round(scale * e, 1) for e in errors] == [float(n) for n in re.findall(r"\d+\.\d", figures)]


# Where there is none, and what is taken for granted


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


def test_means_since_the_start_are_undone_first():
    own = [5 * (n + 1) ** -0.2 for n in range(30)]
    told = forecast(read(yolo_log(own, epochs=60)))
    assert told["ObjLoss"].now == pytest.approx(own[-1], rel=0.02)
    assert told["ObjLoss"].value < own[-1]


def test_a_break_that_was_not_a_drop_is_seen():
    told = forecast(run("yolo3_darknet53_coco"))
    assert told["loss"].now == pytest.approx(35.6, abs=0.1)
    assert told["loss"].low_90 > 35


def test_a_schedule_that_its_log_contradicts_is_not_believed():
    told = forecast(run("ssd_512_mobilenet1.0_distilled_voc"))
    assert "Nothing tells the learning rate" in " ".join(told.notes)
    assert told.drops == ()


@pytest.mark.parametrize("name", sorted({*snapshot_names()} - {*DETECTORS}))
def test_runs_of_other_tasks_are_refused(name):
    told = forecast(run(name))
    assert told.sentence.startswith("Forecasts are learnt from detectors, and this is a run of ")
    assert not told.told


# Whatever the log


@settings(max_examples=60)
@given(st.data())
def test_whatever_the_log_a_forecast_is_sound_or_absent(data):
    count = data.draw(st.integers(1, 40), label="epochs")
    value = st.floats(1e-3, 1e6) | st.just(math.nan)
    losses = data.draw(st.lists(st.tuples(value, value), min_size=count, max_size=count))
    maps = data.draw(st.lists(st.none() | st.floats(0, 100), min_size=count, max_size=count))
    drops = sorted(data.draw(st.sets(st.integers(1, 60), max_size=4)))
    seen = {n: 0.1**k for k, n in enumerate([0, *drops], 1) if n < count}
    plan = {"lr": 0.1, "lr_decay": 0.1, "epochs": data.draw(st.none() | st.integers(1, 60), label="planned")}
    plan["lr_decay_epoch"] = ",".join(map(str, drops)) or None
    text = made_log(losses, maps, rates=data.draw(st.sampled_from([seen, None])), **plan)
    told = forecast(read(text), more=data.draw(st.integers(1, 80), label="more"))
    assert told.sentence
    for curve in told.curves:
        ends = [curve.low_90, curve.low_50, curve.value, curve.high_50, curve.high_90]
        assert ends == sorted(ends) if curve.told else not any(map(math.isfinite, ends))
        assert curve.curve != "map" or not curve.told or curve.high_90 <= 100


@pytest.mark.parametrize("name", DETECTORS)
def test_every_published_run_has_a_forecast_at_any_time(name):
    epochs = len(run(name).curve_rows)
    for part in (1, 4, 7, 10):
        told = forecast(cut(max(epochs * part // 10, 6), name))
        assert told["loss"].told
        assert told["loss"].low_90 < told["loss"].value < told["loss"].high_90
