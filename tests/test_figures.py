"""Figures of the published logs that other programs and papers state, each with its tolerance."""

import math

import numpy as np
import pytest

from convlens import Run
from convlens.run import Part
from tests import corpus as real

TWO = 0.00501  # a figure told with two decimals


@pytest.fixture(scope="module")
def read(corpus):
    """A run by the name of its log, without what all names share."""

    def find(name: str) -> Run:
        logs = corpus / "logs"
        [path] = [logs / log for log in real.names(corpus) if log.split("/")[1].startswith(f"{name}.") or
                  log.split("/")[1] == f"{name}_train.log"]  # fmt: skip
        return real.run(path)

    return find


# log, complete epochs, last of them, final losses as printed, final mAP, best mAP and its epoch
TABLE = [
    ("ssd_512_mobilenet1_0_coco", 240, 239, {"CrossEntropy": 2.845, "SmoothL1": 3.293}, 21.5, 21.7, 219),
    ("ssd_512_resnet50_v1_coco", 240, 239, {"CrossEntropy": 2.146, "SmoothL1": 1.226}, 30.2, 30.5, 229),
    ("ssd_512_vgg16_atrous_coco", 210, 209, {"CrossEntropy": 2.311, "SmoothL1": 1.097}, 28.9, 28.9, 209),
    ("ssd_300_resnet34_v1b_coco", 239, 238, {"CrossEntropy": 2.099, "SmoothL1": 0.894}, 25.0, 25.1, 202),
    ("ssd_300_vgg16_atrous_coco", 240, 239, {"CrossEntropy": 2.624, "SmoothL1": 1.570}, 25.1, 25.2, 209),
    ("ssd_512_mobilenet1_0_voc", 240, 239, {"CrossEntropy": 1.961, "SmoothL1": 0.942}, 75.18, 75.38, 232),
    ("ssd_512_resnet50_v1_voc", 240, 239, {"CrossEntropy": 1.354, "SmoothL1": 0.545}, 80.06, 80.39, 228),
    (
        "faster_rcnn_resnet50_v1b_coco", 26, 25,
        {"RPN_Conf": 0.067, "RPN_SmoothL1": 0.077, "RCNN_CrossEntropy": 0.192, "RCNN_SmoothL1": 0.115},
        37.0, 37.0, 25,
    ),
    (
        "faster_rcnn_resnet101_v1d_coco", 26, 25,
        {"RPN_Conf": 0.033, "RPN_SmoothL1": 0.050, "RCNN_CrossEntropy": 0.144, "RCNN_SmoothL1": 0.090},
        40.1, 40.1, 25,
    ),
    (
        "faster_rcnn_fpn_resnet50_v1b_coco", 26, 25,
        {"RPN_Conf": 0.014, "RPN_SmoothL1": 0.024, "RCNN_CrossEntropy": 0.133, "RCNN_SmoothL1": 0.082},
        38.4, 38.4, 21,
    ),
    (
        "faster_rcnn_fpn_resnet101_v1d_coco", 26, 25,
        {"RPN_Conf": 0.010, "RPN_SmoothL1": 0.020, "RCNN_CrossEntropy": 0.112, "RCNN_SmoothL1": 0.067},
        40.8, 41.2, 19,
    ),
    (
        "mask_rcnn_fpn_resnet50_v1b_coco", 26, 25,
        {"RCNN_CrossEntropy": 0.136, "RCNN_SmoothL1": 0.079}, 39.2, None, None,
    ),
    (
        "ssd_512_mobilenet1_0_resnet50_v1_voc_g_d_new", 221, 221,
        {"train_student_ori_net_CrossEntropy": 1.381, "train_student_ori_net_SmoothL1": 0.655},
        78.27, 78.27, 221,
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("log", "epochs", "last", "final", "final_map", "best_map", "best_epoch"),
    TABLE,
    ids=[r[0] for r in TABLE],
)
def test_what_a_published_run_reached(read, log, epochs, last, final, final_map, best_map, best_epoch):
    run = read(log)
    summary = run.summary
    assert summary.epochs == epochs
    assert run.curve.index[run.curve["complete"]][-1] == last
    for name, value in final.items():
        assert summary.final[name] == pytest.approx(value, abs=0.000501)
    assert summary.final_map == pytest.approx(final_map, abs=TWO)
    if best_map is not None:
        assert (summary.best_map, summary.best_epoch) == (pytest.approx(best_map, abs=TWO), best_epoch)


def test_two_scores_of_mask_rcnn(read):
    last = read("mask_rcnn_fpn_resnet50_v1b_coco").validation.iloc[-1]
    assert (last["map"], last["map_segm"]) == (39.2, 35.4)


def test_the_unfinished_epoch_is_begun_and_not_complete(read):
    run = read("ssd_512_vgg16_atrous_coco")
    last = run.curve.iloc[-1]
    assert (last.name, last["CrossEntropy"], last["SmoothL1"]) == (210, 2.305, 1.094)
    assert not last["complete"]
    assert math.isnan(last["map"])
    assert any(f.code == "CL013" and "210 of 240" in f.text for f in run.findings)


# log, columns (all losses if none are named), own mean and its epochs
UNDONE = [
    ("yolo3_mobilenet1.0_voc", 14.96, 155, 159, TWO),
    ("yolo3_mobilenet1.0_voc", 13.95, 160, 164, TWO),
    ("yolo3_mobilenet1.0_voc", 13.4, 175, 179, 0.0501),
    ("yolo3_mobilenet1.0_voc", 13.0, 195, 199, 0.0501),
    ("yolo3_mobilenet1.0_coco", 44.0, 215, 219, 0.0501),
    ("yolo3_mobilenet1.0_coco", 40.95, 220, 224, TWO),
    ("yolo3_mobilenet1.0_coco", 38.9, 255, 259, 0.0501),
    ("yolo3_mobilenet1.0_coco", 39.0, 275, 279, 0.0501),
    ("center_net_resnet18_v1b_coco", 2.19, 85, 89, TWO),
    ("center_net_resnet18_v1b_coco", 2.02, 90, 94, TWO),
    ("center_net_resnet18_v1b_coco", 1.87, 135, 139, TWO),
    ("center_net_resnet50_v1b_voc", 1.66, 42, 44, TWO),
    ("center_net_resnet50_v1b_voc", 1.39, 45, 47, TWO),
    ("center_net_resnet50_v1b_voc", 1.18, 63, 69, TWO),
    ("yolo3_darknet53_coco", 47.0, 250, 259, 1.0),
    ("yolo3_darknet53_coco", 36.4, 260, 260, 0.5),
    ("yolo3_darknet53_coco", 35.6, 275, 279, 0.5),
]


@pytest.mark.parametrize(("log", "value", "first", "last", "tolerance"), UNDONE)
def test_means_since_the_start_are_undone(read, log, value, first, last, tolerance):
    assert read(log).curve.loc[first:last, "loss"].mean() == pytest.approx(value, abs=tolerance)


@pytest.mark.parametrize(
    ("log", "epoch", "printed", "tolerance"),
    [
        ("yolo3_mobilenet1.0_voc", 150, 19.0, 0.0501),
        ("yolo3_mobilenet1.0_voc", 199, 17.7, 0.0501),
        ("yolo3_mobilenet1.0_coco", 279, 45.87, TWO),
        ("center_net_resnet18_v1b_coco", 139, 2.25, TWO),
    ],
)
def test_printed_sums_stay_as_they_are(read, log, epoch, printed, tolerance):
    run = read(log)
    names = [column.name for column in run.losses]
    assert run.epochs.loc[(0, epoch), names].sum() == pytest.approx(printed, abs=tolerance)


@pytest.mark.parametrize("log", ["yolo3_mobilenet1.0_voc", "yolo3_mobilenet1.0_coco"])
def test_the_drop_of_the_rate_shows_again(read, log):
    """Printed, a finished YOLOv3 falls evenly; its own means break where the rate does."""
    run = read(log)
    rates = run.curve["lr"]
    drop = int(rates.index[np.flatnonzero(np.diff(rates.to_numpy()) < -0.5 * rates.to_numpy()[:-1])[0]]) + 1
    before, after = (
        run.curve.loc[drop - 5 : drop - 1, "loss"].mean(),
        run.curve.loc[drop : drop + 4, "loss"].mean(),
    )
    assert after < 0.95 * before
    printed = run.epochs.loc[0, [column.name for column in run.losses]].sum(axis=1)
    assert printed[drop + 4] > 0.98 * printed[drop - 1]


def test_resolution_of_undone_epochs(read):
    """Three decimals leave epoch n known to 0.0005 * (2n - 1) a column, n counted from the last start."""
    curve = read("yolo3_darknet53_coco").resolution
    assert curve.loc[249, "ObjLoss"] == pytest.approx(0.0005 * (2 * 250 - 1))
    assert curve.loc[250, "ObjLoss"] == pytest.approx(0.0005)
    assert curve.loc[279, "loss"] == pytest.approx(4 * 0.0005 * (2 * 30 - 1))


def test_an_explosion_and_a_resumed_process(read):
    """The first process runs to 268 and blows up at 260; the second, resumed at 250, counts."""
    run = read("yolo3_darknet53_coco")
    assert [(s.epoch[0], s.epoch[-1]) for s in run.sessions] == [(0, 268), (250, 279)]
    assert [f.where for f in run.findings if f.code == "CL001"] == [f"line {run.sessions[1].line}"]
    first = run.session_curve(0)["loss"]
    assert first[259] == pytest.approx(46.6, abs=0.8)
    assert first[260] == pytest.approx(730, abs=6)
    names = [column.name for column in run.losses]
    printed = run.epochs.loc[0, names].sum(axis=1)
    assert printed[259] == pytest.approx(52.3, abs=0.0501)
    assert printed[260] == pytest.approx(54.9, abs=0.0501)
    assert run.curve.loc[259, "loss"] - run.curve.loc[260, "loss"] > 10


@pytest.mark.parametrize(
    ("log", "spans"),
    [
        ("faster_rcnn_fpn_resnet101_v1d_coco", [(0, 0), (0, 2), (0, 25)]),
        ("ssd_512_mobilenet1_0_resnet50_v1_voc_g_d_new", [(1, 1), (1, 221), (1, 4)]),
        ("ssd_300_resnet34_v1b_coco", [(0, 238)]),
        ("faster_rcnn_resnet101_v1d_coco", [(0, 7), (8, 15), (16, 23), (24, 25)]),
    ],
)
def test_sessions(read, log, spans):
    """Attempts, phases, four workers' start lines, and meters that restart with no start line."""
    assert [(s.epoch[0], s.epoch[-1]) for s in read(log).sessions] == spans


def test_meters_restarted_in_silence_are_told(read):
    found = [f.text for f in read("faster_rcnn_resnet101_v1d_coco").findings if f.code == "CL004"]
    assert [n for text in found for n in (8, 16, 24) if f"epoch {n} " in text] == [8, 16, 24]


def test_the_phase_behind_the_gan_run(read):
    run = read("ssd_512_mobilenet1_0_resnet50_v1_voc_g_d_new")
    assert [s.part for s in run.sessions] == [Part.SUPERSEDED, Part.RUN, Part.PHASE]
    assert run.curve.index.tolist() == list(range(1, 222))
    batches = run.batches.loc[(1, 221)]
    student = ["train_student_ori_net_CrossEntropy", "train_student_ori_net_SmoothL1"]
    assert batches.iloc[-1][student].tolist() == [1.388, 0.659]
    assert run.session_curve(2)["map"].tolist() == pytest.approx([78.20, 78.02, 78.01, 78.05], abs=TWO)
    [off] = [f for f in run.findings if f.code == "CL007"]
    assert off.where == "session 2"
    assert {"Loss_D", "Loss_G"} <= set(off.text.replace(",", "").split())
    assert not any(f.code == "CL008" for f in run.findings)


def test_the_gan_runs_terms_are_no_part_of_its_loss(read):
    run = read("ssd_512_mobilenet1_0_resnet50_v1_voc_g_d_new")
    assert run.curve.loc[221, "loss"] == pytest.approx(1.381 + 0.655)


def test_arguments_that_lie(read):
    run = read("ssd_512_mobilenet1_0_resnet50_v1_voc_g_d_new")
    assert run.config["network"] == "vgg16_atrous"
    identity = run.identity
    assert (identity.detector, identity.backbone, identity.input_size) == ("ssd", "mobilenet1.0", 512)
    assert (identity.dataset, identity.teacher) == ("voc", "resnet50_v1")
    assert any(f.code == "CL009" and "vgg16_atrous" in f.text for f in run.findings)


def test_epochs_out_of_a_drops_reach(read):
    """Its arguments put drops at 14 and 20 of the epochs 0 to 19."""
    run = read("faster_rcnn_resnet50_v1b_voc")
    [finding] = [f for f in run.findings if f.code == "CL010"]
    assert "20" in finding.text
    assert run.curve["lr"].tolist() == [0.001] * 14 + [0.0001] * 6


def test_a_schedule_that_did_not_run(read):
    """Promised at 80 and 100; the loss breaks at 180."""
    run = read("ssd_512_mobilenet1_0_resnet50_v1_voc_g_d_new")
    [finding] = [f for f in run.findings if f.code == "CL011"]
    assert "80, 100" in finding.text
    loss = run.curve["loss"].loc[60:].to_numpy()
    fall = [loss[n - 3 : n].mean() - loss[n : n + 3].mean() for n in range(3, len(loss) - 3)]
    assert 60 + 3 + int(np.argmax(fall)) == pytest.approx(180, abs=1)


@pytest.mark.parametrize(
    ("log", "validated"),
    [
        ("ssd_512_mobilenet1_0_coco", list(range(9, 240, 10))),
        ("ssd_512_vgg16_atrous_coco", list(range(9, 210, 10))),
        ("faster_rcnn_resnet50_v1b_coco", [25]),
        ("faster_rcnn_resnet101_v1d_coco", [25]),
    ],
)
def test_validation_is_sparser_than_training(read, log, validated):
    assert read(log).validation.index.get_level_values("epoch").tolist() == validated


@pytest.mark.parametrize(
    ("log", "published", "how_many"),
    [
        ("ssd_512_mobilenet1_0_coco", 21.7, 3),  # AP, AP50 and AP75
        ("yolo3_darknet53_coco", 36.0, 9),  # those at three sizes; trained and validated at 416
        ("yolo3_mobilenet1.0_voc", 75.8, 2),
        ("center_net_resnet18_v1b_voc", 69.5, 2),  # its log flips
        ("center_net_resnet18_v1b_coco", 26.6, 2),  # this one does not
        ("mask_rcnn_fpn_resnet50_v1b_coco", 39.2, 6),  # boxes and masks
        ("ssd_512_mobilenet1_0_resnet50_v1_voc_g_d_new", 78.4, 1),
    ],
)
def test_the_published_score_of_the_same_conditions(read, log, published, how_many):
    summary = read(log).summary
    assert summary.published_map == published
    assert len(summary.published) == how_many
    assert published in [score for score, _ in summary.published]


@pytest.mark.parametrize(("patience", "stop"), [(5, 43), (10, 59), (20, 119), (30, 129), (50, 149)])
def test_patience_stops_before_the_first_drop(read, patience, stop):
    """Of one log it is known where patience would have stopped it; that follows from its mAP alone."""
    maps = read("ssd_512_resnet50_v1_voc").curve["map"].dropna()
    top = since = 0.0
    stopped = []
    for epoch, value in maps.items():
        top, since = (value, 0) if value > top else (top, since + 1)
        if since == patience:
            stopped.append((epoch, top))
    assert stopped[0] == (stop, pytest.approx(76, abs=2.5))
