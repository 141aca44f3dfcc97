"""The gap: published figures, Fieller's interval, repeats, and where there is no gap to close."""

import math
import pickle

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from convlens import ConvlensError, gap
from convlens.analysis.endings import Ending
from convlens.analysis.gap import part_closed
from convlens.errors import UnknownNameError
from convlens.reader import read_bytes
from tests.writing import made_log

FIGURES = st.integers(-800, 800).map(lambda n: n / 8)
ERRORS = st.integers(1, 40).map(lambda n: n / 8)


def run(name, loss, maps, jitter=0.0, **arguments):
    """A run of eight epochs whose CrossEntropy and mAP jump by so much about where they end."""
    losses = [(loss + jitter * (-1) ** n, 1.0) for n in range(7)] + [(loss, 1.0)]
    scores = [maps - 1 + jitter * (-1) ** n for n in range(6)] + [maps + 0.5, maps]
    return read_bytes(made_log(losses, scores, **arguments).encode(), "-", name)


def three(jitter=0.01, **arguments):
    """Half of the gap in CrossEntropy is closed, and 80% of that in mAP."""
    return (
        run("base", 3.0, 60.0, jitter, lr=0.1, **arguments),
        run("new", 2.0, 68.0, jitter, lr=0.2, **arguments),
        run("best", 1.0, 70.0, jitter, lr=0.3, **arguments),
    )


# SSD on VOC: MobileNet alone, distilled, and its teacher ResNet-50.
PUBLISHED = ("ssd_512_mobilenet1.0_voc", "ssd_512_mobilenet1.0_distilled_voc", "ssd_512_resnet50_v1_voc")


@pytest.mark.parametrize(
    ("at", "alone", "distilled", "teacher"),
    [
        ("best", 75.38, 78.27, 80.39),
        ("final", 75.18, 78.27, 80.06),
        ("published", 75.4, 78.4, 80.1),
    ],
)
def test_the_published_gap_in_map(at, alone, distilled, teacher):
    part = gap(*PUBLISHED, at=at)["map"]
    figures = (part.baseline.value, part.improved.value, part.reference.value)
    assert figures == pytest.approx((alone, distilled, teacher), abs=0.005)
    assert part.closed == pytest.approx((distilled - alone) / (teacher - alone), abs=0.002)
    assert part.low < part.closed < part.high
    assert part.told
    assert part.note == ""


def test_the_published_gap_in_the_losses():
    """CrossEntropy 1.961, 1.381, 1.354 and SmoothL1 0.942, 0.655, 0.545: more is closed than of mAP."""
    result = gap(*PUBLISHED)
    entropy, smooth, total = (result[name] for name in ("CrossEntropy", "SmoothL1", "loss"))
    assert entropy.closed == pytest.approx((1.961 - 1.381) / (1.961 - 1.354), abs=0.002)
    assert smooth.closed == pytest.approx((0.942 - 0.655) / (0.942 - 0.545), abs=0.002)
    assert total.distance == pytest.approx(1.354 + 0.545 - 1.961 - 0.942, abs=0.002)
    assert total.low > result["map"].high
    assert result.differs["batch size"] == (32, 64, 32)
    assert result.differs["teacher"] == (None, "resnet50_v1", None)
    assert "closed 58% of the gap in best mAP of 5.01" in result.sentence


def test_a_part_by_hand():
    """Errors of 0.1 on 0, 1 and 2; with z^2 = 3.841459 the squares are 4 - 2 * 0.0384146 and so on."""
    closed, low, high = part_closed(*(Ending(value, 1, 0.1) for value in (0.0, 1.0, 2.0)))
    square, middle, rest = 4 - 0.0768292, 2 - 0.0384146, 1 - 0.0768292
    root = math.sqrt(middle**2 - square * rest)
    assert closed == 0.5
    assert (low, high) == pytest.approx(((middle - root) / square, (middle + root) / square), abs=1e-6)
    assert (low, high) == pytest.approx((0.378808, 0.621192), abs=1e-6)


@given(FIGURES, FIGURES, FIGURES, ERRORS, ERRORS, ERRORS)
def test_the_ends_of_the_interval_are_where_the_difference_is_just_told(b, i, r, sb, si, sr):
    """I - (1 - c) B - c R is 1.96 of its standard errors away from 0 at both ends."""
    closed, low, high = part_closed(Ending(b, 1, sb), Ending(i, 1, si), Ending(r, 1, sr))
    assume(math.isfinite(low) and high - low < 1e3)
    assert low <= closed <= high
    for c in (low, high):
        error = math.hypot(si, (1 - c) * sb, c * sr)
        assert abs(i - (1 - c) * b - c * r) == pytest.approx(1.959964 * error, rel=1e-4, abs=1e-6)


@given(FIGURES, FIGURES, FIGURES, ERRORS, st.floats(0.1, 10), FIGURES)
def test_units_do_not_matter(b, i, r, error, scale, shift):
    plain = part_closed(*(Ending(v, 1, error) for v in (b, i, r)))
    other = part_closed(*(Ending(scale * v + shift, 1, scale * error) for v in (b, i, r)))
    assume(math.isfinite(plain[1]) and plain[2] - plain[1] < 1e3)
    assert other == pytest.approx(plain, rel=1e-5, abs=1e-6)


def test_a_distance_within_the_noise_has_no_interval():
    closed, low, high = part_closed(*(Ending(v, 1, 1.0) for v in (0.0, 1.0, 2.7)))
    assert closed == pytest.approx(1 / 2.7)
    assert math.isnan(low)
    assert math.isnan(high)
    assert math.isfinite(
        part_closed(*(Ending(v, 1, 1.0) for v in (0.0, 1.0, 2.8)))[1]
    )  # 1.96 * sqrt 2 = 2.77


def test_where_one_noise_is_unknown_the_largest_other_stands_for_it():
    unknown = part_closed(Ending(0.0, 1, 0.1), Ending(1.0, 1), Ending(2.0, 1, 0.2))
    assert unknown == part_closed(Ending(0.0, 1, 0.1), Ending(1.0, 1, 0.2), Ending(2.0, 1, 0.2))
    assert math.isnan(part_closed(*(Ending(v, 1) for v in (0.0, 1.0, 2.0)))[1])


def test_figures_without_noise_have_a_part_without_width():
    assert part_closed(*(Ending(v, 1, 0.0) for v in (0.0, 1.0, 4.0))) == (0.25, 0.25, 0.25)


def test_few_repeats_widen_the_interval():
    few = part_closed(*(Ending(v, 3, 0.1, 2) for v in (0.0, 1.0, 2.0)))
    many = part_closed(*(Ending(v, 30, 0.1, 29) for v in (0.0, 1.0, 2.0)))
    assert few[2] - few[1] > 1.2 * (many[2] - many[1])


def test_losses_are_those_at_the_end_and_the_map_is_the_best():
    result = gap(*three())
    assert result["CrossEntropy"].closed == pytest.approx(0.5)
    assert result["map"].baseline.value == 60.5
    assert result["map"].closed == pytest.approx(0.8)
    assert gap(*three(), at="final")["map"].baseline.value == 60
    assert [p.quantity for p in result.parts] == ["CrossEntropy", "SmoothL1", "loss", "map"]
    assert result["SmoothL1"].note == "no gap: the reference is no better"


def test_a_student_can_pass_its_teacher():
    """63 + 136% of 5 = 69.8: nothing is clipped, below 0 either."""
    base, teacher = run("base", 3.0, 63.0, 0.01, lr=0.1), run("teacher", 2.0, 68.0, 0.01, lr=0.3)
    assert gap(base, run("new", 1.5, 69.8, 0.01, lr=0.2), teacher)["map"].closed == pytest.approx(1.36)
    assert gap(base, run("new", 3.5, 62.0, 0.01, lr=0.2), teacher)["loss"].closed == pytest.approx(-0.5)


def test_noise_is_told():
    noisy = gap(*three(jitter=0.6))
    assert noisy["loss"].note == "the gain cannot be told from noise"
    assert noisy["loss"].told is False
    assert noisy["loss"].low < 0 < noisy["loss"].high
    hidden = gap(*three(jitter=2.0))["loss"]
    assert hidden.note == "the distance cannot be told from noise"
    assert hidden.told is None
    assert hidden.closed == pytest.approx(0.5)


def test_without_any_noise_known_there_is_no_interval():
    short = [
        read_bytes(made_log([(v, 1.0)] * 2, [50 + v] * 2, lr=v).encode(), "-", str(v))
        for v in (3.0, 2.0, 1.0)
    ]
    part = gap(*short)["loss"]
    assert (part.closed, part.note) == (0.5, "the noise is unknown")
    assert part.told is None
    assert (
        "closed an unknown part of the gap in best mAP (no gap: the reference is no better)"
        in gap(*short).sentence
    )


def test_a_reference_of_another_detector_compares_in_map_alone():
    base, new, _ = three()
    other = run("other", 1.0, 70.0, 0.01, save_prefix="yolo3_416_darknet53_voc", data_shape=416, lr=0.3)
    result = gap(base, new, other)
    assert result["loss"].note == "another detector and input size"
    assert math.isnan(result["loss"].closed)
    assert result["map"].closed == pytest.approx(0.8)


def test_what_a_side_lacks_is_named():
    base, new, _ = three()
    blind = read_bytes(made_log([(1.0, 1.0)] * 8, lr=0.3).encode(), "-", "blind")
    assert gap(base, new, blind)["map"].note == "no best mAP: blind"
    assert gap(*three(), at="published")["map"].note == "no published mAP: base, new, best"
    broken = read_bytes(made_log([(math.nan, 1.0)] * 8, [70.0] * 8, lr=0.3).encode(), "-", "broken")
    assert gap(base, new, broken)["CrossEntropy"].note == "no such loss that is finite: broken"


def test_repeats_are_a_side():
    base, new, best = ([run(f"{name}{n}", loss + 0.01 * n, 60.0 - loss, lr=loss, seed=n) for n in range(3)]
                       for name, loss in (("base", 3.0), ("new", 2.0), ("best", 1.0)))  # fmt: skip
    result = gap(base, new, best)
    assert [arm.n for arm in result.arms] == [3, 3, 3]
    part = result["CrossEntropy"]
    assert part.closed == pytest.approx(0.5)
    assert (part.baseline.value, part.baseline.df) == (pytest.approx(3.01), 2)
    assert not any("single" in note for note in result.notes)
    assert result.differs == {"learning rate": (3.0, 2.0, 1.0)}


def test_runs_that_are_no_repeats_are_no_side():
    base, new, best = three()
    with pytest.raises(ConvlensError, match=r"its repeats as baseline, .*; base, new do not"):
        gap([base, new], best, run("other", 0.5, 72.0, lr=0.4))


@pytest.mark.parametrize("empty", [0, 1, 2])
def test_a_side_without_a_run_is_refused(empty):
    sides = list(three())
    sides[empty] = []
    with pytest.raises(ConvlensError, match="gap was given no run as"):
        gap(*sides)


def test_the_same_log_on_two_sides_is_refused():
    base, _, best = three()
    with pytest.raises(
        ConvlensError, match=r"gap needs three different runs: base .* is the same log as base"
    ):
        gap(base, base, best)


def test_names_that_do_not_exist_are_explained():
    with pytest.raises(UnknownNameError, match="There is: final, best, published"):
        gap(*three(), at="last")
    with pytest.raises(UnknownNameError, match="No quantity named 'ap'"):
        _ = gap(*three())["ap"]


def test_what_else_differs_is_said():
    result = gap(*three())
    assert result.differs == {"learning rate": (0.1, 0.2, 0.3)}
    assert result.arguments == ("lr",)
    assert any("another seed" in note for note in result.notes)


def test_a_noise_that_another_stands_for_is_said():
    base, new, _ = three()
    brief = read_bytes(made_log([(1.0, 1.0)] * 2, [70.0] * 2, lr=0.3).encode(), "-", "brief")
    result = gap(base, new, brief)
    assert math.isfinite(result["loss"].low)
    assert any(note.startswith("brief: too few values") for note in result.notes)
    assert not any("too few" in note for note in gap(*three()).notes)


def test_the_result_shows_itself():
    result = gap(*three())
    assert isinstance(result.table, pd.DataFrame)
    assert result.table.loc["map", "closed"] == pytest.approx(0.8)
    assert "<table" in result._repr_html_()
    assert str(result) == result.sentence
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(result)).table, result.table)
