"""Comparisons: differences and what they compare with, shared epochs, arguments, classes, metrics."""

import math
import pickle

import pytest

from convlens import ConvlensError, compare, read_log, read_logs
from convlens.analysis.comparison.repeats import half_width_of_difference, spread
from convlens.errors import UnknownNameError
from convlens.findings import Code
from tests.analysis.comparison.runs import LARGE, SMALL, large, read, run, small, write
from tests.writing import made_log, yolo_log


def by_quantity(comparison):
    return {d.quantity: d for d in comparison.differences}


def test_differences_are_to_the_first_run():
    comparison = compare(small(), large())
    told = {d.quantity: (d.value, d.reference, d.change) for d in comparison.differences}
    assert told == {
        "CrossEntropy": (1.5, 2.5, -1.0),
        "SmoothL1": (0.25, 0.75, -0.5),
        "loss": (1.75, 3.25, -1.5),
        "map": (62.5, 50, 12.5),
    }
    assert {d.arm for d in comparison.differences} == {"large"}
    assert comparison.shared_epochs is None
    assert comparison.at_shared == ()


def test_a_reference_can_be_named():
    comparison = compare(small(), large(), reference="large")
    assert comparison.reference == 1
    assert by_quantity(comparison)["map"].change == -12.5
    assert {d.arm for d in comparison.differences} == {"small"}


def test_a_repeat_can_be_named_as_the_reference():
    comparison = compare(small("a", seed=1), large(), small("b", seed=2), reference="b")
    assert comparison.arms[comparison.reference].name == "a (n=2)"


def test_an_unknown_reference_is_told_with_those_there_are():
    with pytest.raises(UnknownNameError) as error:
        compare(small(), large(), reference="Large")
    assert str(error.value) == "No run named 'Large'. Did you mean 'large'? There is: small, large."


def test_the_floor_of_single_runs_is_their_jitter():
    # Residuals of 0 0 4 0 from its line leave a standard deviation of sqrt(5.6), see test_figures.
    wild, flat = [(v + 1, 1) for v in (0, 0, 4, 0)], [(9.0, 1)] * 4
    difference = by_quantity(compare(run("a", wild), run("b", flat)))["CrossEntropy"]
    assert difference.floor == pytest.approx(1.96 * math.sqrt(5.6))
    assert difference.single
    assert difference.change == 8
    assert difference.told is True
    assert by_quantity(compare(run("a", wild), run("b", [(4.0, 1)] * 4)))["CrossEntropy"].told is False


def test_where_one_jitter_is_unknown_the_others_stands_for_it():
    wild = [(v + 1, 1) for v in (0, 0, 4, 0)]
    difference = by_quantity(compare(run("a", wild), run("b", SMALL[:2])))["CrossEntropy"]
    assert difference.floor == pytest.approx(1.96 * math.sqrt(2 * 5.6))


def test_without_any_jitter_nothing_is_told():
    difference = by_quantity(compare(small(), large()))["map"]
    assert math.isnan(difference.floor)
    assert difference.told is None


def test_the_floor_of_repeats_is_the_interval_of_their_difference():
    ours, theirs = [50, 52, 54], [60, 61, 65]
    runs = [small(f"a{n}", maps=[None] * 3 + [v], seed=n) for n, v in enumerate(ours)]
    runs += [large(f"b{n}", maps=[None] * 3 + [v], seed=n) for n, v in enumerate(theirs)]
    comparison = compare(runs)
    assert [arm.name for arm in comparison.arms] == ["a0 (n=3)", "b0 (n=3)"]
    difference = by_quantity(comparison)["map"]
    assert not difference.single
    assert difference.change == 10
    assert difference.floor == half_width_of_difference(spread(theirs), spread(ours))
    assert comparison.rows[0]["final_map"] == 52
    assert comparison.rows[0]["best_epoch"] is None


def test_repeats_can_be_kept_apart():
    comparison = compare(small("a", seed=1), small("b", seed=2), large(), separate=True)
    assert [arm.name for arm in comparison.arms] == ["a", "b", "large"]


def test_runs_that_are_all_repeats_are_compared_one_by_one():
    comparison = compare(small("a", seed=1), small("b", seed=2))
    assert [arm.name for arm in comparison.arms] == ["a", "b"]


@pytest.mark.parametrize("first", [0, 1])
def test_shared_epochs_are_epochs_done(first):
    comparison = compare(small(), large(losses=LARGE[:3], maps=[None, 55], first=first))
    assert comparison.shared_epochs == 3
    told = {d.quantity: (d.value, d.reference) for d in comparison.at_shared}
    assert told == {"CrossEntropy": (2.0, 3.0), "SmoothL1": (0.5, 1.0), "loss": (2.5, 4.0), "map": (55, 40)}
    assert by_quantity(comparison)["CrossEntropy"].reference == 2.5  # at the end


def test_epochs_that_the_log_of_a_resumed_run_lacks_are_not_compared():
    resumed = large(first=20, start_epoch=20, maps=[None, None, None, 60])
    comparison = compare(small(), resumed)
    assert comparison.shared_epochs == 4
    assert all(math.isnan(d.value) for d in comparison.at_shared)
    assert by_quantity(comparison)["CrossEntropy"].value == 1.5


def test_the_jitter_at_shared_epochs_is_that_of_their_phase():
    calm, wild = [(3.0, 1)] * 6, [(2.0, 1), (1.0, 1)] * 3
    comparison = compare(run("a", calm + wild, rates={6: 0.01}), run("b", calm, lr=0.2))
    [at_shared] = [d for d in comparison.at_shared if d.quantity == "CrossEntropy"]
    assert at_shared.floor == pytest.approx(2 * 0.0005)  # calm: what rounding of both leaves
    assert by_quantity(comparison)["CrossEntropy"].floor > 0.5


@pytest.mark.parametrize(
    ("prefix", "losses", "scores"),
    [
        ("ssd_512_vgg16_atrous_voc", "", ""),
        ("ssd_300_resnet50_v1_voc", "another input size", ""),
        ("yolo3_512_resnet50_v1_voc", "another detector", ""),
        ("ssd_512_resnet50_v1_coco", "another dataset", "another dataset"),
        ("ssd_300_resnet50_v1_coco", "another input size and dataset", "another dataset"),
        (None, "", ""),  # the losses tell the detector
    ],
)
def test_what_does_not_share_a_scale_has_no_difference(prefix, losses, scores):
    shape = {"data_shape": 300 if prefix and "300" in prefix else 512}
    told = by_quantity(compare(small(), run("other", maps=[50] * 4, save_prefix=prefix, lr=0.3, **shape)))
    assert (told["loss"].note, told["CrossEntropy"].note) == (losses, losses)
    assert told["map"].note == scores
    assert math.isnan(told["loss"].change) == bool(losses)
    assert math.isnan(told["map"].change) == bool(scores)


def test_what_one_run_lacks_has_no_difference():
    told = by_quantity(compare(small(), read(yolo_log([3.0, 2.0]), "y")))
    assert told["CrossEntropy"].note == told["ObjLoss"].note == told["map"].note == "not in both logs"
    assert told["loss"].note == "another detector and input size"
    assert not any(math.isfinite(d.change) for d in told.values())


def test_arguments_are_those_that_differ():
    comparison = compare(small(lr=0.1, mixup=False), large(lr=0.01))
    assert comparison.arguments == {"lr": (0.1, 0.01), "mixup": (False, None), "wd": (None, 0.0005)}


def test_arguments_of_repeats_are_all_of_theirs():
    comparison = compare(small("a", seed=1), small("b", seed=2), large(seed=1))
    assert comparison.arguments["seed"] == ((1, 2), 1)


def test_metrics_are_compared_beside_losses_and_map():
    a, b = (run(n, maps=[30] * 4, coco=True, lr=lr) for n, lr in (("a", 0.1), ("b", 0.2)))
    comparison = compare(a, b, metrics=["map_50", "ar_1"])
    names = ["CrossEntropy", "SmoothL1", "loss", "map_50", "ar_1", "map"]
    assert [q.name for q in comparison.quantities] == names
    assert comparison.asked_for == ("map_50", "ar_1")
    assert comparison.rows[0]["map_50"] == 30


def test_a_metric_may_be_named_as_the_log_prints_it():
    text = made_log(SMALL).replace("CrossEntropy", "train_student_ori_net_CrossEntropy")
    text = text.replace("SmoothL1", "train_student_ori_net_SmoothL1")
    text = text.replace(" samples/sec", " samples/sec, Loss_D=1.0, Loss_G=2.0")
    student = read(text, "student")
    comparison = compare(small(), student, metrics=["train_student_ori_net_CrossEntropy"])
    assert comparison.asked_for == ("CrossEntropy",)
    assert by_quantity(comparison)["CrossEntropy"].value == 2.5


@pytest.mark.parametrize("metric", ["nope", "speed", "LR"])
def test_an_unknown_metric_is_told(metric):
    with pytest.raises(UnknownNameError, match=f"No metric named '{metric}'"):
        compare(small(), large(), metrics=[metric])


def test_a_metric_that_one_run_has_is_enough():
    comparison = compare(run("a"), run("b", maps=[30] * 4, coco=True), metrics=["map_50"])
    [difference] = [d for d in comparison.differences if d.quantity == "map_50"]
    assert difference.note == "not in both logs"
    assert math.isnan(difference.reference)
    assert difference.value == 30


@pytest.mark.parametrize(("runs", "told"), [((), "0 runs"), ((small(),), "1 run")])
def test_fewer_than_two_runs_are_refused(runs, told):
    with pytest.raises(ConvlensError) as error:
        compare(*runs)
    assert str(error.value) == f"compare needs two or more runs and was given {told}."


def test_one_log_twice_is_one_run(tmp_path):
    logs = write(tmp_path, a=made_log(SMALL), b=made_log(SMALL), c=made_log(LARGE))
    comparison = compare(logs)
    assert [arm.name for arm in comparison.arms] == ["a", "c"]
    assert [f.code for f in comparison.findings] == [Code.SAME_LOG_TWICE]
    with pytest.raises(ConvlensError, match="was given one log twice"):
        compare(logs["a"], logs["b"])


def test_runs_of_one_name_stay_apart(tmp_path):
    for folder, log in (("x", made_log(SMALL)), ("y", made_log(LARGE, lr=0.2))):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "net.log").write_text(log)
    comparison = compare(tmp_path / "x" / "net.log", tmp_path / "y" / "net.log")
    assert [row["run"] for row in comparison.rows] == ["net", "net (2)"]
    assert list(comparison.classes().columns) == ["net", "net (2)"]


def test_sources_of_every_kind_are_compared(tmp_path):
    logs = write(tmp_path, a=made_log(SMALL), b=made_log(LARGE), c=made_log(LARGE, lr=0.2))
    runs = read_logs(logs)
    for sources in (
        (logs,),
        (list(logs.values()),),
        tuple(logs.values()),
        (str(tmp_path),),
        (tmp_path,),
        tuple(runs),
        (runs,),
        (runs[0], [logs["b"], runs[2]]),
        ({"a": logs["a"]}, tmp_path / "b.log", read_log(logs["c"])),
    ):
        assert [arm.name for arm in compare(*sources).arms] == ["a", "b", "c"]


def test_a_table_has_one_row_a_run():
    table = compare(small(), large()).table
    assert list(table.index) == ["small", "large"]
    assert table.loc["large", ["CrossEntropy", "loss", "final_map", "best_map"]].tolist() == [
        1.5,
        1.75,
        62.5,
        62.5,
    ]
    assert table.loc["small", "epochs"] == 4
    assert table.loc["small", "hours"] == 4.0


def test_what_averages_the_run_is_shown_as_printed_too():
    own = [9.0, 6.0, 3.0, 3.0, 3.0, 3.0, 3.0]
    a, b = (read(yolo_log(own, lr=lr), n) for n, lr in (("a", 0.1), ("b", 0.2)))
    row = compare(a, b).rows[0]
    assert row["ObjLoss"] == pytest.approx(3.0, abs=0.0005 * 13)
    assert row["ObjLoss_printed"] == pytest.approx(30 / 7, abs=0.0006)
    assert row["loss_printed"] == pytest.approx(4 * 30 / 7, abs=0.0024)


def test_text_of_logs_is_escaped_in_notebooks():
    comparison = compare(run("<script>"), large("b"))
    assert "<script>" not in comparison._repr_html_()
    assert "&lt;script&gt;" in comparison._repr_html_()
    assert str(comparison).startswith("2 runs: <script>: ssd 512 resnet50_v1 voc, 4 epochs; b: ")


def test_a_comparison_pickles(tmp_path):
    comparison = compare(write(tmp_path, a=made_log(SMALL, [50] * 4), b=made_log(LARGE)))
    again = pickle.loads(pickle.dumps(comparison))
    assert again.table.equals(comparison.table)
    assert again.classes().equals(comparison.classes())
