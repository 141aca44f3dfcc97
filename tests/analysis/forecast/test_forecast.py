"""Forecasts: what they say, what they are made of, how well they do, and where there are none."""

import math
import pickle
import re
import shutil
import sys
from dataclasses import FrozenInstanceError, replace
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
from tests.analysis.forecast.runs import DETECTORS, PLAN, SSD, cut, levels, made, run

sys.path.insert(0, str(Path(__file__).parents[3] / ".tools"))
from learning import whole

from tests.benchmarks.forecasts import CUTS, trials
from tests.handmade import arguments, batch, log, read, start
from tests.writing import made_log, yolo_log

ROOT = Path(__file__).parents[3]


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
