"""Folders that frameworks wrote: one run each, with its processes, its config, and nothing twice."""

import json

import pytest

from convlens import ConvlensError, read_log, read_logs
from convlens.sources import resolve
from tests.formats import made
from tests.formats.made.events import event_file, yolo_points
from tests.formats.made.tables import YOLOV11, ultralytics, yolo_rows

ARGS = """\
task: detect
model: yolo11n.pt
data: /home/someone/datasets/boats/data.yaml
epochs: 10
batch: 16
imgsz: 640
"""


@pytest.fixture
def folder(tmp_path):
    """Writes files, by their paths, into a folder that is then read."""

    def write(files):
        for path, data in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(data)
        return tmp_path

    return write


def lines_of(data: bytes, *epochs: int) -> bytes:
    """The head of a `.log.json`, and the lines of some epochs."""
    kept = [line for line in data.splitlines(True) if json.loads(line).get("epoch", epochs[0]) in epochs]
    return b"".join(kept)


def names(folder):
    return [source.path.rpartition("/")[2] for source in resolve(folder)]


def told(run, code):
    return [f.text for f in run.findings if f.code == code]


def test_a_resumed_run_is_one(folder):
    """What was trained again supersedes what stood in the file before."""
    whole = made.mmdetection_json(3)
    again = lines_of(whole, 2, 3).replace(b'"loss_cls": ', b'"loss_cls": 1')
    where = folder(
        {"r50/20240102_030405.log.json": lines_of(whole, 1, 2), "r50/20240103_000000.log.json": again}
    )
    run = read_log(where)
    assert (run.name, run.summary.epochs, len(run.sessions)) == ("r50", 3, 2)
    assert run.curve_rows[:, 0].tolist() == [0, 1, 1]
    assert run.epochs.loc[(0, 2), "loss_cls"] + 10 <= run.epochs.loc[(1, 2), "loss_cls"]
    (joined,) = told(run, "CL044")
    assert "20240102_030405.log.json, 20240103_000000.log.json" in joined
    assert "supersedes" in told(run, "CL001")[0]
    assert len(run.batches) == 8


def test_what_begins_anew_is_another_run(folder):
    log = made.mmdetection_json(3)
    where = folder({f"r50/2024010{day}_000000.log.json": log for day in (1, 2)})
    assert [run.name for run in read_logs(where)] == ["r50 run 1", "r50 run 2"]


def test_an_attempt_is_folded_into_one_line(folder):
    log = made.mmdetection_json(3)
    first = b"".join(log.splitlines(True)[:2])
    where = folder({"r50/20240101_000000.log.json": first, "r50/20240102_000000.log.json": log})
    run = read_log(where)
    assert (run.summary.epochs, len(told(run, "CL002"))) == (3, 1)


def test_the_same_in_another_form_is_read_once(folder):
    log, text = made.mmdetection_json(3), made.mmdetection_text(3)
    assert names(folder({"20240101_000000.log": text, "20240101_000000.log.json": log})) == [
        "20240101_000000.log.json"
    ]


def test_a_folder_of_mmengine(folder):
    """Its config tells the window of the means and what is trained, and the copy is not read."""
    scalars = made.mmengine_json(3)
    config = made.openmmlab.ENGINE_CONFIG.encode()
    stamp = "rtmdet/20240101_000000"
    where = folder(
        {
            f"{stamp}/vis_data/scalars.json": scalars,
            f"{stamp}/vis_data/20240101_000000.json": scalars,
            f"{stamp}/vis_data/config.py": config,
            f"{stamp}/20240101_000000.log": made.mmengine_text(3),
        }
    )
    run = read_log(where)
    assert (run.name, run.plan.epochs, run.identity.detector) == ("rtmdet", 3, "faster_rcnn")
    assert run.identity.sources["detector"] == "config"
    assert {c.window for c in run.losses} == {5}


def test_the_arguments_of_ultralytics(folder):
    table = ultralytics(yolo_rows(1, True), 0, YOLOV11)
    events = event_file(yolo_points(4))
    files = {
        "train/results.csv": table,
        "train/args.yaml": ARGS.encode(),
        "train/events.out.tfevents.1.x": events,
    }
    run = read_log(folder(files))
    assert str(run.identity) == "yolo11 640 yolo11n boats"
    assert run.config["batch"] == 16
    assert told(run, "CL013") == ["3 of 10 epochs are complete"]


@pytest.mark.parametrize(
    ("arguments", "identity"),
    [
        ("weights: yolov5m.pt\ncfg: ''\ndata: data/coco128.yaml\nimgsz: 320", "yolov5 320 yolov5m coco128"),
        ("weights: ''\ncfg: cfg/yolov7-tiny-mine.yaml\nimg_size:\n- 416\n- 640", "yolov7-tiny-mine 416"),
        ("model: C:\\nets\\yolov8x-seg.pt", "yolov8-seg yolov8x-seg"),
        ("model: rtdetr-l.yaml", "rtdetr rtdetr-l"),
        ("model: 5\ndata: [1]\nimgsz: big", "unknown"),
    ],
)
def test_names_of_networks(folder, arguments, identity):
    table = ultralytics(yolo_rows(1, True), 0, YOLOV11)
    run = read_log(folder({"results.csv": table, "opt.yaml": arguments.encode()}))
    assert str(run.identity).replace(" [1]", "") == identity


def test_checkpoints_of_the_trainer_are_copies(folder):
    part, whole = made.trainer_state(made.trainer_history(2)), made.trainer_state(made.trainer_history(3))
    copies = {"detr/checkpoint-9/trainer_state.json": part, "detr/checkpoint-30/trainer_state.json": whole}
    model = b'{"architectures": ["DetrForObjectDetection"], "_name_or_path": "someone/detr"}'
    run = read_log(folder({**copies, "detr/checkpoint-30/config.json": model}))
    assert (run.summary.epochs, run.identity.detector) == (30, "detr")


def test_a_config_runs_nothing(folder, tmp_path):
    """Neither tags of Python objects nor code."""
    evil = f"!!python/object/apply:os.system ['touch {tmp_path}/ran']"
    call = f"os.system('touch {tmp_path}/ran')"
    code = f"import os\n{call}\nmodel = dict(type={call})\n"
    where = folder(
        {
            "a/metrics.csv": made.lightning(),
            "a/hparams.yaml": f"epochs: 3\nweights: {evil}\n".encode(),
            "b/scalars.json": made.mmengine_json(3),
            "b/config.py": code.encode(),
            "c/results.csv": ultralytics(yolo_rows(1, True), 0, YOLOV11),
            "c/args.yaml": b"a: &a [*a, *a]\nb: &b [*a, *a]\n",
            "d/metrics.json": made.detectron2_json(range(19, 80, 20), {}),
            "d/config.yaml": b"{" * 100_000,
        }
    )
    assert [run.format for run in read_logs(where)] == ["lightning", "mmengine", "ultralytics", "detectron2"]
    assert not (tmp_path / "ran").exists()
    assert read_log(where / "a").plan.epochs == 3


def test_files_that_change_are_told_of(folder):
    whole = made.mmdetection_json(3)
    first, second = "r50/20240101_000000.log.json", "r50/20240102_000000.log.json"
    where = folder({first: lines_of(whole, 1), second: lines_of(whole, 2, 3)})
    run = read_log(where)
    (where / first).write_bytes(lines_of(whole, 1, 2))
    with pytest.raises(ConvlensError, match="changed"):
        run.batches  # noqa: B018


def test_real_folders(corpus):
    """Three files of MMDetection 2 and two of MMEngine, each one run of 24 epochs."""
    for path in (
        "mmdet2/zhaoyang97__mmdetection/carafed_coco_faster_r50_2x",
        "mmdet3/chenjie04__Distill_in_Logits_no_mmrazor/pkd_fpn_mask-rcnn_swin_retina_r50_2x_coco",
    ):
        run = read_log(corpus / "other" / path)
        assert (run.summary.epochs, run.plan.epochs, run.summary.best_epoch) == (24, 24, 24)
        assert told(run, "CL044")
        assert told(run, "CL001")
