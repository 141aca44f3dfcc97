"""`convlens zoo`: the whole program on the catalogue that comes with it."""

import csv
import io
import json
import re
import sys

import pytest

from convlens import zoo
from tests.cli.test_terminal import ESCAPE, in_a_terminal

KEYS = [
    "name", "aliases", "task", "family", "dataset", "input_size", "published", "available",
    "bytes", "sha256", "url",
]  # fmt: skip
SSD_VOC = [
    "ssd_300_vgg16_atrous_voc",
    "ssd_512_mobilenet1.0_voc",
    "ssd_512_resnet50_v1_voc",
    "ssd_512_vgg16_atrous_voc",
]


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_all_logs_are_listed_by_task(convlens):
    done = convlens("zoo", "list")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    tasks = [line for line in lines if re.fullmatch(r"\w+ \(\d+\)", line)]
    assert tasks == [
        "action_recognition (51)", "classification (73)", "depth (3)", "detection (35)",
        "distillation (1)", "instance (7)", "pose (15)", "segmentation (18)",
    ]  # fmt: skip
    assert {line.split()[0] for line in lines if line} >= set(zoo.names())
    assert lines[-1] == (
        f"203 published logs, {len(zoo.snapshot_names())} of them available without a network"
    )


def test_a_row_tells_what_was_published_and_what_is_there(invoke):
    lines = [line.split() for line in invoke("zoo", "list").out.splitlines()]
    for line in (
        "ssd_512_mobilenet1.0_coco coco 21.7 box AP snapshot",
        "yolo3_darknet53_coco coco 33.6–37.0 box AP snapshot",  # at three sizes
        "yolo3_darknet53_voc voc 79.3–81.5 mAP –",
        "center_net_resnet18_v1b_voc voc 66.8–69.5 mAP snapshot",  # without and with flipping
        "mask_rcnn_resnet18_v1b_coco coco 31.2 box AP –",
        "faster_rcnn_resnet50_v2a_voc voc – –",
    ):
        assert line.split() in lines


def test_filters_add_up(invoke):
    done = invoke(
        "zoo", "list", "--detector", "ssd", "--dataset", "voc", "--task", "detection", "--format", "csv"
    )
    assert (done.code, done.err) == (0, "")
    assert [row["name"] for row in rows(done.out)] == SSD_VOC
    done = invoke("zoo", "list", "MobileNet1_0", "--family", "ssd", "--format", "csv")
    assert [row["name"] for row in rows(done.out)] == [
        "ssd_512_mobilenet1.0_coco", "ssd_512_mobilenet1.0_distilled_voc", "ssd_512_mobilenet1.0_voc",
    ]  # fmt: skip


def test_what_is_available_is_what_the_snapshot_has(invoke):
    done = invoke("zoo", "list", "--available", "--format", "csv")
    assert [row["name"] for row in rows(done.out)] == zoo.snapshot_names()
    assert {row["available"] for row in rows(done.out)} == {"snapshot"}


def test_json_and_csv_hold_everything(invoke):
    document = json.loads(invoke("zoo", "list", "yolo3", "--format", "json").out)
    assert list(document) == ["schema", "convlens", "command", "logs"]
    assert document["command"] == "zoo list"
    [of_voc] = [log for log in document["logs"] if log["name"] == "yolo3_darknet53_voc"]
    assert list(of_voc) == KEYS
    assert of_voc["published"] == [
        {"score": 79.3, "conditions": "mAP at 320x320"},
        {"score": 81.5, "conditions": "mAP at 416x416"},
    ]
    assert (of_voc["available"], of_voc["input_size"], of_voc["bytes"]) == (None, None, 188823)
    table = rows(invoke("zoo", "list", "yolo3", "--format", "csv").out)
    assert [row["name"] for row in table] == [log["name"] for log in document["logs"]]
    [row] = [row for row in table if row["name"] == "yolo3_darknet53_voc"]
    assert list(row) == KEYS
    assert row["published"] == "79.3 mAP at 320x320; 81.5 mAP at 416x416"
    assert row["sha256"] == of_voc["sha256"]


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("markdown", r"| mask\_rcnn\_resnet18\_v1b\_coco | instance | coco | 31.2 box AP |  |"),
        ("latex", r"mask\_rcnn\_resnet18\_v1b\_coco & instance & coco & 31.2 box AP &  \\"),
    ],
)
def test_markdown_and_latex_hold_what_is_read(invoke, form, line):
    done = invoke("zoo", "list", "mask_rcnn", "--format", form)
    assert line in done.out.splitlines()
    assert sum("rcnn" in shown for shown in done.out.splitlines()) == 7


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--task", "detecton"], "No task named 'detecton'. Did you mean 'detection'? There is: action_rec"),
        (["--family", "fasterrcnn"], "No family named 'fasterrcnn'. Did you mean 'faster_rcnn'? There is: "),
        (["--detector", "yolov3"], "No family named 'yolov3'. Did you mean 'yolo3'? There is: "),
        (["--dataset", "pascal"], "No dataset named 'pascal'. There is: ade, cifar10, citys, coco, "),
        (
            ["ssd_512_resnet_coco"],
            "No published log has 'ssd_512_resnet_coco' in its name; the closest are ssd",
        ),
        (["--format", "xml"], "Invalid value for '--format'"),
    ],
)
def test_a_wrong_value_is_told_with_the_closest(invoke, arguments, told):
    done = invoke("zoo", "list", *arguments)
    assert (done.code, done.out) == (2, "")
    assert told in done.err


@pytest.mark.parametrize(
    ("form", "out"), [("table", ""), ("csv", ""), ("markdown", ""), ("latex", ""), ("json", "logs")]
)
def test_nothing_that_fits_is_an_answer(invoke, form, out):
    done = invoke("zoo", "list", "--task", "pose", "--dataset", "voc", "--format", form)
    assert (done.code, done.err) == (0, "convlens: no published log fits all of these\n")
    assert json.loads(done.out)["logs"] == [] if out else done.out == ""


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
def test_a_terminal_of_80_columns_holds_every_name(tmp_path):
    """Names of at most 40 characters stay on one line; longer ones are broken behind an underscore."""
    shown = ESCAPE.sub("", in_a_terminal("zoo", "list", cwd=tmp_path))
    assert max(map(len, shown.splitlines())) <= 80
    first = {line.split()[0] for line in shown.splitlines() if line.strip()}
    assert {name for name in zoo.names() if len(name) <= 40} <= first
    assert {"mask_rcnn_fpn_resnet50_v1b_coco_horovod_", "24_p3dn24xlarge"} <= first


@pytest.mark.parametrize("command", [("compare", "ssd_512_resnet50_v1_coco"), ("parse",)])
def test_a_published_log_that_is_not_there_says_how_to_get_it(convlens, command):
    done = convlens(*command, "resnet18_v1")
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines()[0] == (
        "convlens: resnet18_v1: a published log whose figures do not come with convlens; "
        "get it with `convlens zoo fetch resnet18_v1`"
    )


def test_an_alias_of_several_logs_names_them(invoke):
    done = invoke("parse", "simple_pose_resnet18_v1b")
    assert (done.code, done.out) == (1, "")
    assert "simple_pose_resnet18_v1b_coco, simple_pose_resnet18_v1b_small_coco" in done.err
