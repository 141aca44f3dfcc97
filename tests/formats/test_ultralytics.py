"""Ultralytics' tables of epochs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convlens.formats import recognise
from convlens.metrics import Better, Role, Unit
from tests.formats import made
from tests.others import runs

V5 = (
    "epoch,train/box_loss,train/obj_loss,train/cls_loss,metrics/precision,metrics/recall,metrics/mAP_0.5,"
    "metrics/mAP_0.5:0.95,val/box_loss,val/obj_loss,val/cls_loss,x/lr0,x/lr1,x/lr2\n"
)
FIGURE = st.floats(0, 1e3).map(lambda value: float(f"{value:.6g}"))


def test_a_table_of_v8():
    (run,) = runs(made.LOGS["ultralytics v8.0"])
    assert run.format == "ultralytics"
    assert run.curve.index.tolist() == [0, 1, 2]
    assert run.curve["complete"].all()
    assert [c.name for c in run.losses] == ["train/box_loss", "train/cls_loss", "train/dfl_loss"]
    assert run.curve["loss"].tolist() == [4.875, 3.0, 2.375]
    assert run.validation["map"].tolist() == [25.0, 30.0, 35.0]
    assert run.validation["map_50"].tolist() == [50.0, 60.0, 70.0]
    assert run.validation["val/box_loss"].tolist() == [1.6] * 3
    assert {c.name: (c.unit, c.better) for c in run.scores}["val/box_loss"] == (Unit.NONE, Better.LOWER)
    assert run.scores[0].name == "map"
    assert run.scores[0].unit is Unit.PERCENT
    assert not run.findings


def test_epochs_are_counted_from_where_the_version_does():
    old, new = (runs(made.LOGS[f"ultralytics v{version}"])[0] for version in ("8.0", "8.3"))
    assert (old.curve.index[0], new.curve.index[0]) == (0, 1)
    assert old.done.tolist() == new.done.tolist() == [1, 2, 3]


def test_the_rate_is_that_of_the_weights():
    """A warm-up brings the biases' rate down to it."""
    (run,) = runs(made.LOGS["ultralytics v8.0"])
    assert run.curve["lr"].tolist() == [0.01, 0.005, 0.0033333]


def test_time_counts_since_the_process_began():
    (run,) = runs(made.LOGS["ultralytics v8.3"])
    assert run.epochs["seconds"].tolist() == [100.5] * 3
    assert run.summary.hours == pytest.approx(301.5 / 3600)


def test_a_resumed_process_counts_its_time_anew():
    rows = made.yolo_rows(1, timed=True)
    rows[2][1] = 90
    (run,) = runs(made.ultralytics(rows, 0, made.YOLOV11))
    assert run.epochs["seconds"].tolist() == [100.5, 100.5, 90.0]


def test_a_table_of_v5():
    rows = "0,0.1,0.2,0.3,0.5,0.5,0.4,0.2,0.1,0.2,0.3,0.003,0.003,0.07\n"
    (run,) = runs((V5 + rows).encode())
    assert run.summary.final == {"train/box_loss": 0.1, "train/obj_loss": 0.2, "train/cls_loss": 0.3}
    assert (run.summary.final_map, run.curve["lr"][0]) == (20.0, 0.003)


def test_results_txt():
    (run,) = runs(made.LOGS["ultralytics results.txt"])
    assert run.plan.epochs == 3
    assert run.validation["map"].tolist() == [20.0, 25.0, 30.0]
    assert run.validation["val/cls_loss"].tolist() == [1.766e-06] * 3
    assert run.curve["loss"].tolist() == [0.35, 0.2, 0.15], "the printed total"
    assert next(c for c in run.columns if c.name == "train/total").role is Role.TOTAL


def test_numbers_of_results_txt_that_touch():
    """Each is ten wide, so a long one leaves no blank before it."""
    line = made.yolo_text(1).replace(b"       0.1", b"-1.234e-05", 1)
    (run,) = runs(line)
    assert run.summary.final["train/box_loss"] == -1.234e-05


def test_masks_and_key_points_have_scores_of_their_own():
    names = "epoch,train/box_loss,train/seg_loss,metrics/mAP50(B),metrics/mAP50-95(B),metrics/mAP50(M),"
    names += "metrics/mAP50-95(M),metrics/precision(M),metrics/mAP50-95(P)\n"
    (run,) = runs((names + "1,1.5,2.5,0.5,0.25,0.4,0.2,0.9,0.1\n").encode())
    assert run.validation.iloc[0].to_dict() == {
        "map": 25.0,
        "map_segm": 20.0,
        "map_keypoints": 10.0,
        "map_50": 50.0,
        "map_segm_50": 40.0,
        "precision_segm": 90.0,
    }


def test_a_table_that_another_run_was_appended_to():
    """YOLOv5 appends to a file that is there."""
    log = made.ultralytics(made.yolo_rows(0, False), 23, made.YOLOV8)
    first, second = runs(log + log.partition(b"\n")[2])
    assert first.curve.equals(second.curve)
    assert [f.code for f in first.findings] == [f.code for f in second.findings] == ["CL040"]


def test_a_table_from_windows():
    log = made.LOGS["ultralytics v8.0"]
    (run,) = runs(log.replace(b"\n", b"\r\n"))
    assert run.curve.equals(runs(log)[0].curve)


def test_a_row_that_is_not_whole_is_told():
    log = made.LOGS["ultralytics v8.3"]
    (run,) = runs(log[: log.rindex(b",") + 3])
    assert run.curve.index.tolist() == [1, 2]
    assert [f.code for f in run.findings] == ["CL017"]


def test_a_last_line_without_an_end_is_used_where_it_is_whole():
    rows = made.yolo_rows(1, timed=True)
    rows[-1][-1] = 0.00123457
    log = made.ultralytics(rows, 0, made.YOLOV11)
    assert len(runs(log[:-1])[0].curve) == 3
    assert len(runs(log[:-2])[0].curve) == 2


def test_an_empty_table():
    assert not runs(b"epoch,train/box_loss,metrics/mAP50-95(B)\n")


@pytest.mark.parametrize(
    "head",
    [b"epoch,step,train/loss,val/mAP_50_95\n", b"epoch,loss,val_loss\n", b"step,train/box_loss\n", b""],
)
def test_other_tables_are_others(head):
    form = recognise("results.csv", head)
    assert form is None or form.name != "ultralytics"


@given(st.lists(st.lists(FIGURE, min_size=13, max_size=13), min_size=1, max_size=6), st.sampled_from((0, 23)))
def test_what_is_written_is_read(rows, padded):
    """To the last printed digit, percentages too."""
    digits = 5 if padded else 6
    log = made.ultralytics([[n, *row] for n, row in enumerate(rows)], padded, made.YOLOV8)
    (run,) = runs(log)
    shown = [[float(f"{value:.{digits}g}") for value in row] for row in rows]
    assert run.epochs["train/dfl_loss"].tolist() == [row[2] for row in shown]
    assert run.validation["map"].tolist() == pytest.approx([100 * row[6] for row in shown], rel=1e-15)
    assert run.epochs["lr"].tolist() == [min(row[10:]) for row in shown]
