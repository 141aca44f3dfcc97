"""The figure of verdicts."""

import math

import numpy as np
import pytest

from convlens import ConvlensError, diagnose
from convlens.errors import UnknownNameError
from convlens.plots import style
from convlens.plots.diagnosis import judged_curve, plot_diagnoses, plot_verdict
from convlens.reader import read_bytes
from tests.writing import made_log


def run(epochs=40, name="made", maps=True, **arguments):
    losses = [(3.0 if n < 20 else 2.0, 1.0) for n in range(epochs)]
    arguments |= {"lr_decay": 0.1, "lr_decay_epoch": "20,60", "epochs": 80}
    text = made_log(losses, [50.0] * epochs if maps else [], rates={20: 0.01}, **arguments)
    return read_bytes(text.encode(), "-", name)


def test_a_curve_has_its_points_its_drops_and_its_verdict():
    curve = judged_curve(diagnose(run()), "loss")
    np.testing.assert_array_equal(curve.x, np.arange(40))
    np.testing.assert_array_equal(curve.y, [4.0] * 20 + [3.0] * 20)
    assert (curve.drops.tolist(), curve.ahead.tolist(), curve.breaks.tolist()) == ([20], [60], [])
    assert curve.told.verdict == "awaiting-decay"
    with pytest.raises(UnknownNameError, match="mask"):
        judged_curve(diagnose(run()), "mask")


def test_what_was_judged_is_bold_and_the_fan_spans_the_interval():
    curve = judged_curve(diagnose(run()), "loss")
    axes = plot_verdict(curve)
    bold = max(axes.lines, key=lambda line: line.get_linewidth())
    assert (bold.get_xdata()[0], bold.get_xdata()[-1]) == (curve.told.first, curve.told.last)
    margin, fan = (collection.get_paths()[0].vertices for collection in axes.collections)
    assert fan[:, 1].max() == pytest.approx(curve.told.value + curve.told.high_90)
    assert fan[:, 1].min() == pytest.approx(curve.told.value + curve.told.low_90)
    assert fan[:, 0].max() == curve.told.last + curve.told.horizon
    assert np.ptp(margin[:, 1]) == pytest.approx(2 * curve.told.margin)
    assert axes.get_title(loc="left") == "summed loss: awaiting-decay"


def test_a_curve_too_short_to_judge_has_no_fan():
    axes = plot_verdict(judged_curve(diagnose(run(epochs=2)), "loss"))
    assert len(axes.collections) == 0
    assert axes.get_title(loc="left") == "summed loss: too-short"


def test_a_row_a_run_named_where_there_are_several(tmp_path):
    one = diagnose(run()).plot()
    assert [axes.get_title(loc="left") for axes in one.axes] == [
        "summed loss: awaiting-decay",
        "mAP: awaiting-decay",
    ]
    both = plot_diagnoses([diagnose(run(name="$x^2$")), diagnose(run(maps=False, name="b"))])
    assert [axes.get_title(loc="left") for axes in both.axes] == [
        "$x^2$\nsummed loss: awaiting-decay",
        "mAP: awaiting-decay",
        "b\nsummed loss: awaiting-decay",
    ]
    style.save(both, tmp_path / "d.svg")
    assert "$x^2$" in (tmp_path / "d.svg").read_text()


def test_diverged_curves_are_drawn_as_far_as_they_go():
    losses = [(2.0, 1.0)] * 10 + [(math.nan, 1.0)] * 5
    told = diagnose(read_bytes(made_log(losses).encode(), "-", "nan"))
    curve = judged_curve(told, "CrossEntropy")
    assert curve.told.verdict == "diverged"
    assert len(curve.x) == 10
    assert len(told.plot().axes) == 1


def test_a_log_without_a_whole_epoch_cannot_be_drawn():
    told = diagnose(read_bytes(made_log([(1.0, 1.0)], seconds=None).encode(), "-", "begun"))
    with pytest.raises(ConvlensError, match="no log holds a complete epoch"):
        told.plot()
