"""The figure of forecasts."""

import numpy as np
import pytest

from convlens import ConvlensError, forecast
from convlens.errors import UnknownNameError
from convlens.plots.forecast import forecast_curve, plot_forecast, plot_forecasts
from convlens.reader import read_bytes
from tests.writing import made_log, ssd_log


def run(epochs=30, of=40, name="made"):
    text = ssd_log(epochs=of, lr_decay_epoch="25,35", seed=3)
    cut = text.partition(f"[Epoch {epochs}]")[0]
    return read_bytes(cut.encode(), "-", name)


def test_a_curve_has_what_was_seen_and_what_is_to_come():
    made = forecast(run())
    curve = forecast_curve(made, "loss")
    assert curve.x.tolist() == list(range(30))
    np.testing.assert_array_equal(curve.y, run().curve["loss"].dropna())
    assert (curve.epoch, curve.drops.tolist()) == (39, [35])
    with pytest.raises(UnknownNameError):
        forecast_curve(made, "mask")


def test_point_and_bars_stand_at_the_epoch_that_is_forecast():
    curve = forecast_curve(forecast(run()), "map")
    axes = plot_forecast(curve)
    point = axes.lines[-1]
    assert (point.get_xdata()[0], point.get_ydata()[0]) == (39, curve.told.value)
    spans = [tuple(bar.get_segments()[0][:, 1]) for bar in axes.collections]
    assert spans == [(curve.told.low_90, curve.told.high_90), (curve.told.low_50, curve.told.high_50)]
    low, high = axes.get_ylim()
    assert low < curve.told.low_90
    assert curve.told.high_90 < high


def test_the_panel_of_the_loss_holds_its_interval():
    curve = forecast_curve(forecast(run()), "loss")
    low, high = plot_forecast(curve).get_ylim()
    assert low < curve.told.low_90
    assert curve.told.high_90 < high


def test_a_curve_without_a_forecast_says_so():
    smooth = ssd_log(epochs=40, lr_mode="cosine").partition("[Epoch 20]")[0]
    made = forecast(read_bytes(smooth.encode(), "-", "cosine"))
    assert not made.told
    assert plot_forecast(forecast_curve(made, "loss")).get_title(loc="left") == "summed loss: no forecast"


def test_a_row_a_run():
    figure = plot_forecasts([forecast(run()), forecast(run(name="b"))])
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["made\nsummed loss", "mAP", "b\nsummed loss", "mAP"]
    assert len(forecast(run()).plot().axes) == 2


def test_a_log_without_a_whole_epoch_cannot_be_drawn():
    begun = read_bytes(made_log([(1.0, 1.0)], seconds=None).encode(), "-", "begun")
    with pytest.raises(ConvlensError, match="no log holds a complete epoch"):
        forecast(begun).plot()
