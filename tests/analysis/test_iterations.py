"""Every analysis on logs that count iterations, and beside logs that count epochs."""

import math

import pytest

from convlens import ConvlensError, compare, correlate, diagnose, forecast, gap, read_logs
from convlens.analysis.endings import final_loss
from convlens.cli.comparison_tables import view
from convlens.metrics import Unit
from convlens.wording.cells import value_of
from tests.formats import made
from tests.others import runs


def rows_until(last: int, every: int = 20) -> range:
    return range(every - 1, last, every)


@pytest.fixture
def detectron2():
    (run,) = runs(made.detectron2_json(rows_until(2000), {999: made.AP, 1999: made.AP}))
    return run


@pytest.fixture
def ultralytics():
    (run,) = runs(made.LOGS["ultralytics v8.3"])
    return run


def test_axes_are_not_mixed(detectron2, ultralytics):
    comparison = compare(detectron2, ultralytics)
    assert (comparison.axis, comparison.shared_epochs) == ("", None)
    assert [row["axis"] for row in comparison.rows] == ["iteration", "epoch"]
    (table, *_) = view(comparison, 0, None, None, False)
    (shown,) = [list(c.cells) for c in table.columns if "2000 iterations" in map(str, c.cells)]
    assert shown


def test_one_axis_of_iterations_is_shared(detectron2):
    (shorter,) = runs(made.detectron2_json(rows_until(1000), {999: made.AP}))
    comparison = compare(detectron2, shorter)
    assert (comparison.axis, comparison.shared_epochs) == ("iteration", 1000)
    lines = [part for part in view(comparison, 0, None, None, False) if isinstance(part, str)]
    assert "After 1000 iterations, which all of them completed" in lines


def test_curves_are_drawn_over_what_the_logs_count(detectron2, ultralytics):
    (shorter,) = runs(made.detectron2_json(rows_until(1000), {999: made.AP}))
    for x in ("epoch", "iteration"):
        axes = compare(detectron2, shorter).plot(x).axes
        assert axes[-1].get_xlabel() == "iterations"
        assert axes[0].lines[0].get_xdata()[-1] == 2000
    for result in (diagnose(detectron2), forecast(detectron2)):
        assert result.plot().axes[-1].get_xlabel() == "iteration"
    with pytest.raises(ConvlensError, match="draw them over hours"):
        compare(detectron2, ultralytics).plot()


def test_several_runs_of_a_file_are_no_copies(tmp_path):
    path = tmp_path / "metrics.json"
    part = made.detectron2_json(rows_until(200), {199: made.AP})
    path.write_bytes(part + part)
    comparison = compare(*read_logs(path))
    assert [arm.name for arm in comparison.arms] == [f"{path.parent.name} run {n}" for n in (1, 2)]
    assert not comparison.findings


def test_a_diagnosis_speaks_of_iterations(detectron2):
    diagnosis = diagnose(detectron2)
    told = f"{diagnosis.sentence} {diagnosis.fit} {diagnosis.schedule.phases[0]}"
    assert "iteration" in told
    assert "epoch" not in told
    assert not diagnosis.stopped


def test_batches_that_differ_are_not_instability():
    """A line covers few iterations: what would be an unstable loss of epochs is noise here."""
    figures = {n: 2.0 + (-1) ** (n // 20) for n in rows_until(2000)}
    data = made.json_lines(*({"iteration": n, "total_loss": v, "loss_cls": v} for n, v in figures.items()))
    (run,) = runs(data)
    assert diagnose(run).verdict == "inconclusive"


def test_a_forecast_in_iterations(detectron2):
    made_ = forecast(detectron2, more=200)
    assert (made_.after, made_.epoch, made_.axis) == (1999, 2199, "iteration")
    assert "200 more iterations (to iteration 2199)" in made_.sentence
    seconds = detectron2.arrays.seconds
    assert made_.hours == pytest.approx(200 * float(seconds[-1]) / 20 / 3600)


def test_no_forecast_of_a_run_whose_beginning_is_not_there():
    (run,) = runs(made.darknet(range(2000, 2010), {}))
    assert forecast(run).sentence.startswith("The log begins with iteration 2000: too little")


def test_the_printed_total_is_the_summed_loss():
    """With auxiliary layers in it, everywhere alike."""
    (run,) = runs(made.LOGS["lightning RF-DETR"])
    assert run.summary.final["train/loss"] == pytest.approx(8 / 3)
    assert final_loss(run, "loss")[0] == pytest.approx(8 / 3)
    assert forecast(run)["loss"].now == pytest.approx(8 / 3)
    assert compare(run, runs(made.LOGS["keras"])[0]).rows[0]["loss"] == pytest.approx(8 / 3)


def test_scores_have_their_own_decimals(detectron2):
    """Where one of them is a whole number the others still show what they are."""
    arm = compare(detectron2, runs(made.LOGS["keras"])[0]).arms[0]
    value = detectron2.summary.final_map
    assert float(value_of(arm, value, Unit.PERCENT, "map")) == pytest.approx(value, abs=0.005)


def test_correlate_and_gap_of_iterations():
    three = []
    for n in range(3):
        scores = {1999: {name: value + n for name, value in made.AP.items()}}
        (run,) = runs(made.detectron2_json(rows_until(2000 + 200 * n), scores))
        three.append(run)
    assert gap(*three)["map"].distance == pytest.approx(2.0)
    assert math.isfinite(correlate(three).groups[0].points[0].losses["loss"].value)
