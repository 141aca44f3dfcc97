"""The scatter of mAP over final loss: what is drawn, as plain values and on the axes."""

import math
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy import stats

from convlens import ConvlensError, correlate
from convlens.errors import UnknownNameError
from convlens.plots import style
from convlens.plots.scatter import plot_correlation, plot_correlations, scatter_of
from convlens.reader import read_bytes
from tests.writing import made_log

POINTS = [(4.0, 61), (3.5, 62), (3.0, 66), (2.0, 70), (1.5, 74)]


def run(name, loss, score, size=512, **arguments):
    prefix = {"save_prefix": f"ssd_{size}_{arguments.get('network', 'resnet50_v1')}_voc", "data_shape": size}
    text = made_log([(9.0, 9.0), (8.0, 8.0), (loss, loss)], (10, 20, score), **(prefix | arguments))
    return read_bytes(text.encode(), "-", name)


def runs(count=5, **arguments):
    return [run(f"r{k}", *point, lr=0.1 + k, **arguments) for k, point in enumerate(POINTS[:count])]


def only(*some, **options):
    [group] = correlate(*some, **options).groups
    return group


def test_a_scatter_holds_points_line_and_band():
    scatter = scatter_of(only(runs()), "CrossEntropy")
    x, y = (np.array(values, dtype=float) for values in zip(*POINTS, strict=True))
    assert scatter.x.tolist() == x.tolist()
    assert scatter.y.tolist() == y.tolist()
    fit = stats.linregress(x, y)
    assert scatter.line_y == pytest.approx(fit.intercept + fit.slope * scatter.line_x)
    assert scatter.line_x.min() < x.min() < x.max() < scatter.line_x.max()
    middle = np.argmin(abs(scatter.line_x - x.mean()))
    error = fit.stderr * math.sqrt(((x - x.mean()) ** 2).sum() / 5)
    assert scatter.band[middle] == pytest.approx(stats.t.ppf(0.975, 3) * error, rel=0.01)
    assert scatter.told.startswith(f"r = {stats.pearsonr(x, y).statistic:.2f} (")
    assert scatter.told.endswith("n = 5")


def test_three_points_have_a_line_without_a_band():
    scatter = scatter_of(only(runs(3)))
    assert len(scatter.line_x)
    assert np.isnan(scatter.band).all()
    assert "(no interval)" in scatter.told


def test_one_point_and_equal_losses_have_no_line():
    first, second = correlate(runs(1), runs(1, size=300)).groups
    assert (len(scatter_of(first).line_x), scatter_of(second).told) == (0, "1 run")
    same = [run(str(k), 2.0, 60 + k, lr=0.1 + k) for k in range(3)]
    assert len(scatter_of(only(same)).line_x) == 0


def test_points_are_called_by_their_backbones_where_these_differ():
    named = [run(f"r{k}", *POINTS[k], network=f"resnet{n}_v1") for k, n in enumerate((18, 34))]
    assert scatter_of(only(named)).labels == ("resnet18_v1", "resnet34_v1")
    assert scatter_of(only(runs(2))).labels == ("r0", "r1")
    taught = run("r2", 2.0, 70, save_prefix="ssd_512_resnet18_v1_vgg16_atrous_voc")
    assert scatter_of(only(named, taught)).labels[2] == "resnet18_v1 (teacher vgg16_atrous)"


def test_bars_are_the_intervals_of_repeats():
    repeats = [run(f"s{n}", 3.0 + n / 10, 60 + n, seed=n) for n in range(3)]
    scatter = scatter_of(only(repeats, runs(1)))
    assert scatter.y_error == pytest.approx([stats.t.ppf(0.975, 2) / math.sqrt(3), 0.0])


def test_the_axes_show_it_all():
    scatter = scatter_of(only(runs()))
    axes = plot_correlation(scatter)
    assert [text.get_text() for text in axes.texts] == list(scatter.labels)
    assert axes.get_title(loc="left") == f"ssd 512 voc\n{scatter.told}"
    assert len(axes.collections) >= 1
    (low, high), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    assert ((low < scatter.x) & (scatter.x < high)).all()
    assert ((bottom < scatter.y) & (scatter.y < top)).all()


def test_every_group_of_two_has_a_panel():
    result = correlate(runs(4), runs(2, size=300), runs(1, size=416))
    titles = [axes.get_title(loc="left").splitlines()[0] for axes in result.plot().axes]
    assert titles == ["ssd 512 voc", "ssd 300 voc"]
    assert [axes.get_xlabel() for axes in result.plot("SmoothL1").axes] == ["final SmoothL1"] * 2
    alone = correlate(runs(1), runs(1, size=300))
    assert len(alone.plot().axes) == 2


def test_what_no_group_has_is_refused():
    result = correlate(runs(2))
    with pytest.raises(UnknownNameError, match="No loss named 'nope'"):
        result.plot("nope")
    with pytest.raises(UnknownNameError, match="No loss named 'nope'"):
        scatter_of(result.groups[0], "nope")
    without = [read_bytes(made_log([(2.0, 1.0)], lr=lr).encode(), "-", str(lr)) for lr in (0.1, 0.2)]
    with pytest.raises(ConvlensError, match="None of these logs holds both a loss and a mAP"):
        correlate(without).plot()


@pytest.mark.parametrize("kind", style.FORMATS)
def test_the_same_scatter_is_the_same_bytes(tmp_path, kind):
    for name in ("once", "again"):
        style.save(correlate(runs(), runs(2, size=300)).plot(), tmp_path / f"{name}.{kind}")
    assert (tmp_path / f"once.{kind}").read_bytes() == (tmp_path / f"again.{kind}").read_bytes()


def test_names_do_nothing(tmp_path):
    hostile = [
        run(name, *point, lr=0.1 + k)
        for k, (name, point) in enumerate(zip(("$\\frac{", "_\x1b<b>"), POINTS, strict=False))
    ]
    style.save(plot_correlations(correlate(hostile), size=(0.6, 0.6)), tmp_path / "a.svg")
    assert ElementTree.parse(tmp_path / "a.svg").getroot().tag.endswith("svg")
