"""Figures of runs of any name and number: legends, labels, room."""

import matplotlib as mpl
import pytest

from convlens import ConvlensError, compare
from convlens.plots.curves import (
    plot_comparison,
)
from tests.plots.runs import curves, read, run, two


def test_the_legend_names_runs_and_marks():
    comparison = two(rates={2: 0.01})
    [legend] = comparison.plot().legends
    assert [text.get_text() for text in legend.get_texts()] == ["a", "b", "learning-rate drop"]


@pytest.mark.parametrize(
    ("prefix", "note"),
    [
        ("ssd_512_vgg16_atrous_voc", []),
        ("yolo3_512_resnet50_v1_voc", ["loss scales differ"]),
        ("ssd_512_resnet50_v1_coco", ["loss scales and datasets differ"]),
    ],
)
def test_the_legend_says_what_does_not_compare(prefix, note):
    [legend] = two(save_prefix=prefix).plot().legends
    assert [text.get_text() for text in legend.get_texts()] == ["a", "b", *note]


@pytest.mark.parametrize(("width", "columns"), [(7.2, 2), (2.6, 1), (1.6, 1)])
def test_the_legend_fits_the_figure(width, columns):
    comparison = compare(run("a name of some length"), run("another one that is longer", lr=0.2))
    figure = plot_comparison(comparison, size=(width, 3))
    [legend] = figure.legends
    assert legend._ncols == columns
    assert legend.get_window_extent().width <= figure.bbox.width


def test_logs_without_anything_to_draw_are_refused():
    text = "[Epoch 0][Batch 99], Speed: 1.0 samples/sec, accuracy=0.500\n"
    text += "[Epoch 0] Training cost: 1.000, accuracy=0.5\n"
    comparison = compare(read(text, "a"), read(text.replace("0.5", "0.6"), "b"))
    with pytest.raises(ConvlensError, match="None of these logs holds a loss or a score"):
        comparison.plot()


@pytest.mark.parametrize(
    "label",
    [
        r"$\frac{",
        "_hidden",
        "<script>alert(1)</script>",
        "😀",
        "日本語",
        "a\nb\x00\x1b]0;x\x07",
        "\udcff",
        "",
        "-->",
        "\u202eabc",
        "x" * 200,
    ],
    ids=[
        "math",
        "underscore",
        "html",
        "emoji",
        "no glyph",
        "control",
        "surrogate",
        "empty",
        "comment",
        "bidi",
        "long",
    ],
)
def test_any_label_is_drawn_and_named(label):
    comparison = compare(run(label), run("b", lr=0.2))
    figure = plot_comparison(comparison)
    [legend] = figure.legends
    shown = [text.get_text() for text in legend.get_texts()]
    assert len(shown) == 2
    assert shown[1] == "b"
    assert shown[0].lstrip("\u200b") == "".join(c if c.isprintable() else "�" for c in label)


def test_many_runs_leave_room_for_the_panels():
    comparison = compare(*[run(f"run number {n}", lr=n + 1) for n in range(30)])
    figure = comparison.plot()
    figure.canvas.draw()
    assert min(axes.get_window_extent().height for axes in figure.axes) > 80
    assert len({(line.get_color(), line.get_linestyle()) for line in curves(figure.axes[0]).values()}) == 28


def test_nothing_global_changes():
    before = dict(mpl.rcParams)
    two().plot().canvas.draw()
    assert dict(mpl.rcParams) == before
