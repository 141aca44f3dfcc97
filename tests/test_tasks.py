"""Every real log of the other tasks, read by convlens and by the naive reader, and figures read by hand."""

import csv
import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.independent_tasks import Log, read
from tests.task_logs import REACHED, every_log, path_of, run

TASKS = ("classification", "segmentation", "pose", "depth", "action_recognition")


FRACTIONS = (
    "err-top1",
    "err-top5",
    "val",
    "Validation-accuracy",
    "Validation-top_k_accuracy_5",
    "pixAcc",
    "mIoU",
)


FINAL = {
    "classification/cifar/cifar_resnet110_v1_mixup": {"train": 0.012619, "loss": 0.007456},
    "classification/cifar/cifar_resnet20_v1": {"train": 0.996374, "loss": 0.01431},
    "classification/imagenet/mobilenet1.0": {"rmse": 0.017643},
    "classification/imagenet/resnest14": {"rmse": 0.017193},
    "classification/imagenet/resnet50_v1": {"accuracy": 0.823323},
    "classification/imagenet/vgg16": {"top1-err": 0.302707},
    "segmentation/fcn_resnet50_voc": {"loss": 0.141},
    "segmentation/icnet_resnet50_mhpv1": {"loss": 0.466},
    "pose/mobile_pose_mobilenet1.0": {"loss": 0.000375},
    "pose/simple_pose_resnet18_v1b_coco": {"loss": 0.000350},
    "depth/kitti/monodepth2_resnet18_kitti_mono_640x192": {"loss": 0.110},
    "action_recognition/hmdb51/i3d_resnet50_v1_hmdb51": {"accuracy": 89.174107, "loss": 0.357019},
    "action_recognition/kinetics400/inceptionv3_kinetics400_tsn": {"accuracy": 91.896399},
    "action_recognition/ucf101/vgg16_ucf101": {"accuracy": 72.507078},
}


FINDINGS = {
    "classification/cifar/cifar_resnet110_v1_mixup": ["CL011", "CL025"],
    "classification/cifar/cifar_resnet20_v1": ["CL011"],
    "classification/imagenet/resnest14": ["CL026"],
    "classification/imagenet/resnet50_v1": ["CL025"],
    "segmentation/fcn_resnet50_voc": ["CL002", "CL018", "CL018"],
    "segmentation/icnet_resnet50_mhpv1": ["CL008"],
    "depth/kitti/monodepth2_resnet18_kitti_mono_640x192": ["CL011"],
    "action_recognition/hmdb51/i3d_resnet50_v1_hmdb51": ["CL010"],
    "action_recognition/kinetics400/inceptionv3_kinetics400_tsn": ["CL010"],
    "action_recognition/ucf101/vgg16_ucf101": ["CL010"],
}


IDENTITIES = {
    "classification/cifar/cifar_resnet110_v1_mixup": (None, "resnet110_v1", None, "cifar10"),
    "classification/imagenet/resnest14": (None, "resnest14", 224, "imagenet"),
    "classification/imagenet/vgg16": (None, "vgg16", None, "imagenet"),
    "segmentation/fcn_resnet50_voc": ("fcn", "resnet50", None, "voc"),
    "segmentation/icnet_resnet50_mhpv1": ("icnet", "resnet50", 768, "mhpv1"),
    "pose/mobile_pose_mobilenet1.0": ("mobile_pose", "mobilenet1.0", "256x192", "coco"),
    "depth/kitti/monodepth2_resnet18_kitti_mono_640x192": ("monodepth2", "resnet18", "640x192", "kitti"),
    "action_recognition/hmdb51/i3d_resnet50_v1_hmdb51": ("i3d", "resnet50_v1", 224, "hmdb51"),
    "action_recognition/kinetics400/inceptionv3_kinetics400_tsn": ("tsn", "inceptionv3", 299, "kinetics400"),
    "action_recognition/ucf101/vgg16_ucf101": (None, "vgg16", 224, "ucf101"),
}


# Published with the conditions of the log's own validation; what is missing was measured otherwise.
PUBLISHED = {
    "classification/cifar/cifar_resnet110_v1_mixup": ("Acc (Vanilla/Mix-Up [13]_ )=93.0 / ", 95.2, 0.05),
    "classification/cifar/cifar_resnet20_v1": ("Acc (Vanilla/Mix-Up [13]_ )=", 92.1, 0.05),
    "classification/imagenet/resnest14": ("Top-1=", 75.75, 0.25),
    "classification/imagenet/resnet50_v1": ("Top-1=", 77.36, 0.05),
    "classification/imagenet/vgg16": ("Top-1=", 73.23, 0.05),
}


@cache
def naive(path: Path) -> Log:
    return read(path)


def usual(values: dict[str, float]) -> dict[str, float]:
    """Names as convlens spells them, without rate, speed and time."""
    spellings = {"err-top1": "top1-err", "Train-metric": "rmse"}
    apart = ("lr", "Speed", "time", "cost", "speed", "over", "val")
    return {spellings.get(name, name): value for name, value in values.items() if name not in apart}


def scores(values: dict[str, float]) -> dict[str, float]:
    """Scores as convlens names them; what is printed as a fraction in percent."""
    told = {"val_loss" if name == "loss" else name: value for name, value in values.items()}
    return {name: value * 100 if name in FRACTIONS else value for name, value in told.items()}


def same(left: float, right: float) -> bool:
    return left == pytest.approx(right, abs=1e-9) or (math.isnan(left) and math.isnan(right))


def test_all_logs_are_looked_at(corpus):
    there = {
        str(p.relative_to(corpus / "logs")) for task in TASKS for p in (corpus / "logs" / task).rglob("*.log")
    }
    assert there == {f"{name}.log" for name in REACHED}


@every_log
def test_what_a_run_reached(corpus, name):
    result = run(path_of(corpus, name))
    epochs, score, final, best, at = REACHED[name]
    assert (result.summary.epochs, result.plan.epochs) == (epochs, epochs)
    assert result.identity.task == name.partition("/")[0]
    assert result.summary.final == FINAL[name]
    told = (
        result.summary.score,
        result.summary.final_score,
        result.summary.best_score,
        result.summary.best_epoch,
    )
    assert told == (score, final, best, at)
    assert (result.summary.final_map, result.summary.best_map) == (None, None)


@every_log
def test_findings_are_those_of_a_careful_reader(corpus, name):
    assert sorted(f.code for f in run(path_of(corpus, name)).findings) == FINDINGS.get(name, [])


@pytest.mark.parametrize("name", IDENTITIES)
def test_who_a_run_is(corpus, name):
    identity = run(path_of(corpus, name)).identity
    assert (identity.detector, identity.backbone, identity.input_size, identity.dataset) == IDENTITIES[name]


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_scores(corpus, name):
    """The catalogue's score is the log's best, up to how it was evaluated."""
    text, published, close = PUBLISHED[name]
    with (corpus / "logs" / "catalog.csv").open(encoding="utf-8") as file:
        row = next(r for r in csv.DictReader(file) if r["log"] == f"{name}.log")
    assert row["published"].startswith(f"{text}{published}") or f"; {text}{published}" in row["published"]
    result = run(path_of(corpus, name))
    best = result.summary.best_score
    assert (best if result.main_score.better == "higher" else 100 - best) == pytest.approx(
        published, abs=close
    )


@every_log
def test_epochs_are_as_printed(corpus, name):
    table, log = run(path_of(corpus, name)).epochs, naive(path_of(corpus, name))
    expected = [(n, epoch) for process in log.processes for n, epoch in process.items()]
    assert table.index.get_level_values("epoch").tolist() == [n for n, _ in expected]
    for (number, epoch), (_, row) in zip(expected, table.iterrows(), strict=True):
        told = usual(epoch.training) | usual(epoch.closing)
        assert told, number
        for column, value in told.items():
            if column in ("validation", "training", "iteration"):
                continue
            assert same(row[column], value), (number, column)


@every_log
def test_validations_are_as_printed(corpus, name):
    table, log = run(path_of(corpus, name)).validation, naive(path_of(corpus, name))
    told = [
        (n, scores({**e.validation, **{k: v for k, v in e.closing.items() if k == "val"}}))
        for process in log.processes
        for n, e in process.items()
    ]
    told = [(n, values) for n, values in told if values]
    assert table.index.get_level_values("epoch").tolist() == [n for n, _ in told]
    for (number, values), (_, row) in zip(told, table.iterrows(), strict=True):
        for column, value in values.items():
            name_of = {"Delta_2": "Delta_3"}.get(column, column)  # printed twice: the second is kept
            assert same(row[name_of], value), (number, column)


@every_log
def test_everything_that_names_an_epoch_is_accounted_for(corpus, name):
    from convlens.formats import recognise
    from convlens.formats.base import SUMMARY

    data = path_of(corpus, name).read_bytes()
    form = recognise(name, data[: 1 << 17])
    assert form is not None
    blocks = form.read(data, SUMMARY)
    assert blocks.epoch_lines == naive(path_of(corpus, name)).naming
    assert not blocks.not_understood


def test_single_batches_are_averaged(corpus):
    path = path_of(corpus, "classification/imagenet/resnest14")
    curve, log = run(path).curve, naive(path)
    means = [float(np.mean(epoch.single)) for epoch in log.last.values()]
    assert curve["Loss"].tolist() == pytest.approx(means)
    assert curve["Loss"].tolist()[-1] == pytest.approx(2.98608, abs=1e-5)  # of 12 lines, by hand


@every_log
def test_every_printed_mean_is_one_since_its_epoch_began(corpus, name):
    """Batches between two lines would else need an impossible mean, and an epoch's first line goes on."""
    result = run(path_of(corpus, name))
    batches = result.batches
    for column in result.columns:
        if column.role in ("rate", "speed") or column.name not in batches or column.meter == "last":
            continue
        epoch, step = (batches.index.get_level_values(n).to_numpy() for n in ("epoch", "batch"))
        value, done = batches[column.name].to_numpy(), step + 1.0
        inside = (
            (np.diff(epoch) == 0) & (np.diff(done) > 0) & np.isfinite(value[1:]) & np.isfinite(value[:-1])
        )
        window = ((done * value)[1:] - (done * value)[:-1])[inside] / np.diff(done)[inside]
        assert (window > 0).all()
        assert window.max() < 1.05 * np.nanmax(value) + 1e-9
        assert column.meter == "epoch"


def test_tables_of_every_run_are_written(corpus, tmp_path):
    from convlens.export import combined, write_table

    runs = [run(path_of(corpus, name)) for name in REACHED]
    for table in ("curve", "epochs", "validation", "class_ap", "batches"):
        frame = combined(runs, table, lambda error: pytest.fail(str(error)))
        assert frame is not None
        write_table(frame, tmp_path / f"{table}.csv", "csv")
    assert len((tmp_path / "curve.csv").read_text().splitlines()) == 1 + sum(r[0] for r in REACHED.values())
    assert len((tmp_path / "class_ap.csv").read_text().splitlines()) == 1
    assert (tmp_path / "batches.csv").stat().st_size > 500_000
