"""Groups of runs: who shares one, what is a point, what is left out, and what is said of it."""

import math
import pickle

import numpy as np
import pandas as pd
import pytest

from convlens import ConvlensError, correlate
from convlens.analysis.correlation import correlation_notes
from convlens.analysis.correlation.association import associate
from convlens.errors import UnknownNameError
from convlens.findings import Code
from convlens.reader import read_bytes
from tests.writing import made_log, yolo_log

# Falling by 5 points of mAP a unit of CrossEntropy, with a little on top.
BACKBONES = {
    "resnet18_v1": (4.0, 61),
    "resnet34_v1": (3.5, 62),
    "resnet50_v1": (3.0, 66),
    "resnet101_v1": (2.0, 70),
    "resnet152_v1": (1.5, 74),
}


def run(name, loss, score, backbone="resnet50_v1", size=512, dataset="voc", **arguments):
    """A run of three epochs that ends with this loss, half of it as SmoothL1, and this mAP."""
    named = {"network": backbone, "data_shape": size, "dataset": dataset}
    named |= {"save_prefix": f"ssd_{size}_{backbone}_{dataset}"}
    losses = [(9.0, 4.5), (8.0, 4.0), (loss, loss / 2)]
    scores = () if score is None else (10, 20, score)
    return read_bytes(made_log(losses, scores, **(named | arguments)).encode(), "-", name)


def runs(count=5, **arguments):
    told = list(BACKBONES.items())[:count]
    return [run(name, loss, score, name, **arguments) for name, (loss, score) in told]


def only(result):
    [group] = result.groups
    return group


def test_a_group_holds_what_its_points_say():
    group = only(correlate(runs()))
    assert group.name == "ssd 512 voc"
    assert [point.arm.name for point in group.points] == list(BACKBONES)
    assert list(group.associations) == ["CrossEntropy", "SmoothL1", "loss"]
    loss, score = (np.array(values, dtype=float) for values in zip(*BACKBONES.values(), strict=True))
    assert group.associations["CrossEntropy"] == associate(loss, score, list(BACKBONES))
    assert group.associations["loss"].slope == pytest.approx(group.associations["CrossEntropy"].slope / 1.5)
    assert group.differs == {}
    assert group.arguments == ("network",)


def test_only_one_scale_is_a_group():
    others = runs(2, size=300) + runs(3, dataset="coco")
    groups = correlate(runs(4) + others).groups
    assert {g.name: len(g.points) for g in groups} == {"ssd 512 voc": 4, "ssd 512 coco": 3, "ssd 300 voc": 2}
    assert [len(g.points) for g in groups] == [4, 3, 2]  # largest first


def test_a_coarser_group_is_said_to_mix_scales():
    group = only(correlate(runs(3) + runs(2, size=300), group_by=("detector", "dataset")))
    assert group.name == "ssd voc"
    assert group.mixed == ("input_size",)
    assert any("this mixes scales" in note for note in correlation_notes.of_group(group))


def test_other_losses_never_share_a_group():
    yolo = read_bytes(yolo_log([5.0, 4.0, 3.0], [None, None, 60]).encode(), "-", "yolo")
    groups = correlate([*runs(2), yolo], group_by=("dataset",)).groups
    assert [(g.name, len(g.points)) for g in groups] == [
        ("voc", 2),
        ("voc (ObjLoss, BoxCenterLoss, BoxScaleLoss, ClassLoss, loss)", 1),
    ]


def test_groups_whose_names_would_be_one_stay_apart():
    nameless = [run(f"x{k}", 2.0 + k, 60, save_prefix=None, network=None, lr=0.1 + k) for k in range(2)]
    named = run("y", 3.0, 61, save_prefix="ssd_512", network=None, dataset=None)
    groups = correlate(nameless, named, group_by=("backbone",)).groups
    assert sum(len(group.points) for group in groups) == 3
    assert len({group.name for group in groups}) == len(groups)


def test_groups_are_made_of_parts_of_the_identity():
    with pytest.raises(UnknownNameError, match="No part of an identity named 'size'"):
        correlate(runs(), group_by=("size",))


def test_runs_whose_dataset_is_unknown_are_not_pooled():
    some = [
        run(n, *BACKBONES[n], n, save_prefix=None, dataset=None, lr=0.1 + k) for k, n in enumerate(BACKBONES)
    ]
    result = correlate(some + runs(3, size=300))
    assert [g.dataset for g in result.groups] == [None, "voc"]
    assert result.across == ()


def test_repeats_are_one_point():
    """Three seeds of one run: their means, and the interval of Student's t."""
    repeats = [run(f"s{n}", 3.0 + n / 10, 60 + n, seed=n) for n in range(3)]
    group = only(correlate([*repeats, *runs(2)]))
    assert [(p.arm.name, p.arm.n) for p in group.points] == [
        ("s0 (n=3)", 3),
        ("resnet18_v1", 1),
        ("resnet34_v1", 1),
    ]
    point = group.points[0]
    assert point.losses["CrossEntropy"].value == pytest.approx(3.1)
    assert point.map.value == 61
    assert point.map.half_width == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)
    assert "2 of 3 points are single runs." in correlation_notes.of_group(group)


def test_the_same_log_twice_is_one_point():
    first, *others = runs(3)
    again = read_bytes(made_log([(9.0, 4.5), (8.0, 4.0), (4.0, 2.0)], (10, 20, 61)).encode(), "-", "x")
    result = correlate(first, again, again, others)
    assert len(result.runs) == 4
    assert [f.code for f in result.findings] == [Code.SAME_LOG_TWICE]


@pytest.mark.parametrize(
    ("left_out", "why"),
    [
        (lambda: run("x", 2.0, None), "no mAP: x holds 0 validations"),
        (lambda: run("x", math.nan, 60), "its losses are not finite at the end"),
    ],
    ids=["no mAP", "NaN"],
)
def test_what_is_no_point_is_left_out_and_said_why(left_out, why):
    result = correlate([*runs(3), left_out()])
    assert len(only(result).points) == 3
    assert list(result.left_out) == ["x"]
    assert result.left_out["x"].startswith(why)


def test_a_loss_that_is_nan_is_left_out_alone():
    text = made_log([(9.0, 4.5), (8.0, 4.0), (math.nan, 1.0)], (10, 20, 60), lr=0.3).encode()
    group = only(correlate([*runs(3), read_bytes(text, "-", "x")]))
    assert [group.associations[name].n for name in group.associations] == [3, 4, 3]


def test_fewer_than_two_runs_are_refused():
    with pytest.raises(ConvlensError, match=r"needs two or more runs and was given 1 run\."):
        correlate(runs(1))
    with pytest.raises(ConvlensError, match="one log twice"):
        correlate(runs(1), runs(1))


def test_groups_of_one_say_nothing():
    result = correlate(runs(1), runs(1, size=300))
    assert [correlation_notes.of_group(g) for g in result.groups] == [["1 run: nothing to correlate."]] * 2
    assert result.across == ()
    assert result.table["pearson"].isna().all()


def test_with_nothing_to_correlate_the_table_is_empty():
    result = correlate([run(name, 2.0, None, lr=lr) for name, lr in (("a", 0.1), ("b", 0.2))])
    assert result.groups == ()
    assert result.table.empty
    assert result._repr_html_()


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ([(2.0, 60), (3.0, 50)], "2 runs: the one with the lower summed loss has the higher mAP; two points"),
        ([(2.0, 50), (3.0, 60)], "2 runs: the one with the lower summed loss has the lower mAP; two points"),
        ([(2.0, 50), (2.0, 60), (2.0, 70)], "3 runs: the summed loss is the same in all of them."),
        ([(2.0, 50), (3.0, 50), (4.0, 50)], "3 runs: the mAP is the same in all of them."),
        ([(2.0, 70), (3.0, 65), (4.0, 50)], "3 runs: too few for an interval, and p is never below 0.33."),
        (
            [(2.0, 70), (3.0, 65), (4.0, 50), (5.0, 20)],
            "4 runs, summed loss: r = -0.95 (95%: -1.00 to 0.16; ",
        ),
    ],
)
def test_what_is_said_of_few_points(points, said):
    some = [run(str(k), *point, lr=0.1 + k) for k, point in enumerate(points)]
    first = correlation_notes.of_group(only(correlate(some)))[0]
    assert first.startswith(said)
    if len(points) == 4:
        # By hand: -82.5 / sqrt(5 * 1518.75) = -0.94673, tanh(atanh(r) + 1.96) = 0.158.
        assert first.endswith("p = 0.083 (here never below 0.083).")


def test_two_runs_whose_maps_noise_alone_may_part_are_said_to_be_so():
    waves = [50, 52, 50, 52, 50, 52]
    some = [
        read_bytes(made_log([(loss, 1.0)] * 6, [s + shift for s in waves], lr=loss).encode(), "-", str(loss))
        for loss, shift in ((2.0, 0.0), (3.0, 0.5))
    ]
    assert "by less than noise alone makes" in correlation_notes.of_group(only(correlate(some)))[0]


def test_confounders_are_named_with_their_values():
    told = [
        run("a", 2.0, 70, "resnet50_v1", batch_size=32, lr_decay_epoch="1,2", seed=1),
        run("b", 3.0, 60, "resnet18_v1", batch_size=64, lr_decay_epoch="2", seed=1),
    ]
    group = only(correlate(told))
    assert group.differs == {"batch size": (32, 64), "drops": ((1, 2), (2,))}
    assert group.arguments == ("batch_size", "lr_decay_epoch", "network")
    notes = correlation_notes.of_group(group)
    assert "Beside the backbone they differ in batch size (32, 64); drops (1 and 2, 2)." in notes
    assert "Arguments that differ: batch_size, lr_decay_epoch, network." in notes
    assert "Each point is a single run: what another seed would change is in no interval." in notes


def test_groups_of_a_dataset_are_pooled_whatever_the_unit_of_their_losses():
    """Losses a hundred times as high in one group leave what a tenth less brings as it is."""
    small, large = (
        runs(3),
        [run(f"x{n}", 100 * loss, score, n, size=300) for n, (loss, score) in BACKBONES.items()],
    )
    plain = [run(f"x{n}", loss, score, n, size=300) for n, (loss, score) in BACKBONES.items()]
    [first] = [a for a in correlate(small, large).across if a.quantity == "loss"]
    [second] = [a for a in correlate(small, plain).across if a.quantity == "loss"]
    assert first.of_a_tenth == pytest.approx(second.of_a_tenth, rel=1e-3)
    assert (first.dataset, first.groups) == ("voc", ("ssd 300 voc", "ssd 512 voc"))
    assert (first.pooled.n, first.pooled.df) == (8, 5)
    tenth, low, high = first.of_a_tenth
    assert low < tenth < high
    assert set(first.of_a_tenth_by_group) == set(first.groups)


def test_datasets_are_never_pooled():
    result = correlate(runs(3), runs(3, dataset="coco"), runs(3, size=300))
    assert {a.dataset for a in result.across} == {"voc"}


def test_losses_that_are_not_positive_have_no_logarithm():
    zero = [run(f"x{k}", loss, 60 + k, size=300, lr=0.1 + k) for k, loss in enumerate((0.0, 1.0))]
    assert correlate(runs(3), zero).across == ()


def test_the_table_has_the_groups_and_the_datasets():
    result = correlate(runs(3), runs(2, size=300))
    table = result.table
    assert isinstance(table, pd.DataFrame)
    assert table.index.names == ["dataset", "group", "loss"]
    assert table.index.is_unique
    assert set(table.index.get_level_values("group")) == {"ssd 512 voc", "ssd 300 voc", "all"}
    assert table.loc[("voc", "ssd 512 voc", "loss"), "n"] == 3
    assert table.loc[("voc", "all", "loss"), "pairs"] == 4
    assert "<table" in result._repr_html_()
    assert str(result) == "ssd 512 voc: 3 points; ssd 300 voc: 2 points"


def test_a_result_can_be_pickled():
    result = correlate(runs(), runs(2, size=300))
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(result)).table, result.table)


def test_published_backbones_of_ssd_512():
    """Final losses 6.138, 3.372 and 3.408 against mAP 21.5, 30.2 and 28.9: the order holds, p cannot tell."""
    names = ("mobilenet1_0", "resnet50_v1", "vgg16_atrous")
    group = only(correlate([f"ssd_512_{name}_coco" for name in names]))
    told = group.associations["loss"]
    assert (told.spearman, told.p, told.p_floor) == (-1, pytest.approx(1 / 3), pytest.approx(1 / 3))
    assert told.pearson == pytest.approx(-0.9919, abs=1e-4)  # -14.771 / sqrt(5.035 * 44.047)
    assert math.isnan(told.low)
    assert group.differs["epochs"] == (240, 240, 210)


def test_a_lower_loss_at_another_input_size_has_a_lower_map():
    """CrossEntropy 2.099 with mAP 25.0 at 300 pixels, 2.146 with 30.2 at 512: two groups, never one."""
    some = ["ssd_300_resnet34_v1b_coco", "ssd_512_resnet50_v1_coco"]
    assert [len(g.points) for g in correlate(some).groups] == [1, 1]
    group = only(correlate(some, group_by=("detector", "dataset")))
    assert group.associations["CrossEntropy"].slope > 0
    assert group.mixed == ("input_size",)
