"""Repeats: intervals of their means, which runs are repeats, and which logs are one."""

import gzip
import math
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from convlens import read_log
from convlens.analysis.comparison.repeats import (
    Spread,
    group_repeats,
    half_width_of_difference,
    spread,
    t_quantile,
    with_different_names,
    without_copies,
)
from convlens.findings import Code
from convlens.reader import read_bytes
from tests.writing import made_log

VALUES = st.lists(st.integers(-10_000, 10_000).map(lambda n: n / 7), min_size=3, max_size=9, unique=True)


def run(name="a", losses=((3, 1), (2, 1)), **arguments):
    return read_bytes(made_log(losses, **arguments).encode(), f"{name}.log", name)


def test_one_value_has_no_interval():
    told = spread([2.5])
    assert (told.mean, told.n) == (2.5, 1)
    assert math.isnan(told.low)
    assert math.isnan(told.high)


def test_two_values_have_their_range():
    assert spread([3.0, 1.0]) == Spread(2.0, 2, 1.0, 3.0)


def test_three_values_have_the_interval_of_student():
    # By hand: mean 2, standard deviation 1, t(0.975, 2) = 4.302653 from a printed table.
    told = spread([1.0, 2.0, 3.0])
    assert told.mean == 2.0
    assert told.high - 2.0 == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)
    assert 2.0 - told.low == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)


@given(VALUES)
def test_intervals_are_those_of_scipy(values):
    told = spread(values)
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), error)
    assert told.low == pytest.approx(low, rel=1e-9, abs=1e-9)
    assert told.high == pytest.approx(high, rel=1e-9, abs=1e-9)


@given(VALUES, VALUES)
def test_the_half_width_of_a_difference_is_welchs(a, b):
    found = half_width_of_difference(spread(a), spread(b))
    interval = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
    assert found == pytest.approx((interval.high - interval.low) / 2, rel=1e-6)


def test_a_difference_of_pairs_has_the_sum_of_the_half_ranges():
    assert half_width_of_difference(spread([1.0, 2.0]), spread([5.0, 9.0])) == 0.5 + 2.0


def test_repeats_without_any_spread_differ_for_sure():
    assert half_width_of_difference(spread([2.0] * 3), spread([1.0] * 3)) == 0


@pytest.mark.parametrize("values", [[], [None], [math.nan, None], [math.inf]])
def test_nothing_known_has_no_spread(values):
    assert spread(values) is None


def test_what_is_unknown_is_left_out():
    assert spread([1.0, None, math.nan, 3.0, -math.inf]) == Spread(2.0, 2, 1.0, 3.0)


@pytest.mark.parametrize("df", [1, 2, 7, 30, 2.5])
def test_quantiles_are_those_of_scipy(df):
    assert t_quantile(0.975, df) == pytest.approx(stats.t.ppf(0.975, df), rel=1e-12)


def test_runs_that_differ_in_the_seed_are_repeats():
    [arm] = group_repeats([run("a", seed=1), run("b", seed=2, save_dir="/x"), run("c", seed=3, log_dir="y")])
    assert (arm.name, arm.n) == ("a (n=3)", 3)
    assert [r.name for r in arm.runs] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "other",
    [
        {"lr": 0.2},
        {"network": "vgg16_atrous"},
        {"wd": 0.0005},
        {"save_prefix": "ssd_300_resnet50_v1_voc"},
        {"losses": ((3, 1), (2, 1), (1, 1))},
    ],
    ids=["rate", "network", "one more argument", "identity", "epochs"],
)
def test_runs_that_differ_in_more_are_no_repeats(other):
    arms = group_repeats([run("a", seed=1), run("b", seed=2, **other)])
    assert [(arm.name, arm.n) for arm in arms] == [("a", 1), ("b", 1)]


def test_arms_stand_in_the_order_of_their_first_runs():
    runs = [run("a", lr=0.1, seed=1), run("b", lr=0.2, seed=1), run("c", lr=0.1, seed=2)]
    assert [arm.name for arm in group_repeats(runs)] == ["a (n=2)", "b"]


@pytest.mark.parametrize("seed", [None, 233], ids=["no seed", "the same seed"])
def test_runs_whose_seeds_do_not_differ_are_no_repeats(seed):
    runs = [run("a", seed=seed), run("b", seed=seed), run("c", seed=7)]
    names = [arm.name for arm in group_repeats(runs)]
    assert names == (["a", "b", "c"] if seed is None else ["a (n=2)", "b"])


def test_logs_without_arguments_are_no_repeats():
    text = made_log([(3, 1), (2, 1)]).partition("\n")[2]
    runs = [read_bytes(text.encode(), "a.log", name) for name in "ab"]
    assert not runs[0].config
    assert [arm.n for arm in group_repeats(runs)] == [1, 1]


def test_equal_names_are_made_different():
    runs = [run(name) for name in ("x", "x", "x (2)", "y", "x")]
    assert [r.name for r in with_different_names(runs)] == ["x", "x (2)", "x (2) (2)", "y", "x (3)"]


def test_copies_of_every_kind_are_one_run(tmp_path):
    log = tmp_path / "a.log"
    log.write_text(made_log([(3, 1), (2, 1)]))
    shutil.copy(log, tmp_path / "copy.log")
    (tmp_path / "link.log").symlink_to(log)
    (tmp_path / "packed.log.gz").write_bytes(gzip.compress(log.read_bytes()))
    runs = [read_log(tmp_path / name) for name in ("a.log", "copy.log", "link.log", "packed.log.gz")]
    kept, findings = without_copies(runs)
    assert kept == runs[:1]
    assert {f.code for f in findings} == {Code.SAME_LOG_TWICE}
    assert [f.text for f in findings] == [
        f"{name} is the same log as a: one run, shown once" for name in ("copy", "link", "packed")
    ]


def test_equal_sizes_are_no_copies(tmp_path):
    for name, loss in (("a", 2), ("b", 3)):
        (tmp_path / f"{name}.log").write_text(made_log([(loss, 1), (2, 1)]))
    runs = [read_log(tmp_path / f"{name}.log") for name in "ab"]
    assert runs[0].size == runs[1].size
    assert without_copies(runs) == (runs, [])


def test_a_published_log_and_its_zoo_name_are_one_run(corpus):
    log = corpus / "logs" / "detection" / "ssd_512_resnet50_v1_coco_train.log"
    kept, [finding] = without_copies([read_log(log), read_log("ssd_512_resnet50_v1_coco")])
    assert len(kept) == 1
    assert finding.code == Code.SAME_LOG_TWICE


def test_a_single_run_against_repeats_is_one_more_draw():
    """The half width of a 95% prediction interval, worked by hand: t(0.975, 2) = 4.3027, sd = 1, n = 3."""
    repeats = spread([1.0, 2.0, 3.0])
    one = spread([9.0])
    expected = 4.302652729749462 * 1.0 * math.sqrt(1 + 1 / 3)
    assert half_width_of_difference(repeats, one) == pytest.approx(expected)
    assert half_width_of_difference(one, repeats) == pytest.approx(expected)


def test_a_single_run_against_two_repeats_must_leave_their_range():
    assert half_width_of_difference(spread([1.0, 2.0]), spread([9.0])) == pytest.approx(1.0)
