"""The figure of a gap."""

import math

import pytest

from convlens import ConvlensError, gap
from convlens.plots import style
from convlens.plots.gap import ClosedPart, parts_of, plot_gap, plot_gaps
from convlens.reader import read_bytes
from tests.writing import made_log


def run(name, loss, score, lr):
    losses = [(loss + 0.01 * (-1) ** n, 1.0) for n in range(7)] + [(loss, 1.0)]
    return read_bytes(made_log(losses, [score] * 8, lr=lr).encode(), "-", name)


def three():
    return run("base", 3.0, 60.0, 0.1), run("new", 2.0, 68.0, 0.2), run("best", 1.0, 70.0, 0.3)


def test_parts_are_those_that_were_closed():
    result = gap(*three())
    parts = parts_of(result)
    assert [part.label for part in parts] == ["CrossEntropy", "summed loss", "best mAP"]
    assert parts[0].closed == pytest.approx(50)
    assert (parts[0].low, parts[0].high) == pytest.approx(
        (100 * result["CrossEntropy"].low, 100 * result["CrossEntropy"].high)
    )


def test_the_first_part_stands_on_top_between_nothing_and_all():
    parts = (ClosedPart("a", 50, 40, 60), ClosedPart("b", 136, math.nan, math.nan))
    axes = plot_gap(parts)
    heights = {tick.get_text(): y for tick, y in zip(axes.get_yticklabels(), axes.get_yticks(), strict=True)}
    assert heights["a"] > heights["b"]
    assert [line.get_xdata()[0] for line in axes.lines[:2]] == [0, 100]
    low, high = axes.get_xlim()
    assert low < 0
    assert high > 136


def test_an_interval_without_end_leaves_the_figure():
    axes = plot_gap((ClosedPart("a", 50, -1e6, 1e6),))
    assert axes.get_xlim() == (-5, 105)


def test_the_figure_names_the_three_runs():
    [axes] = gap(*three()).plot().axes
    assert axes.get_title(loc="left") == "0%: base\n100%: best\npoints: new; bars: 95%"


def test_without_any_part_there_is_no_figure():
    base, new, best = three()
    with pytest.raises(ConvlensError, match="There is no gap that could be drawn"):
        gap(best, new, base).plot()


@pytest.mark.parametrize("kind", style.FORMATS)
def test_the_same_figure_is_the_same_bytes(tmp_path, kind):
    for name in ("once", "again"):
        style.save(plot_gaps(gap(*three()), (4, 3)), tmp_path / f"{name}.{kind}")
    assert (tmp_path / f"once.{kind}").read_bytes() == (tmp_path / f"again.{kind}").read_bytes()
