"""Who a run is."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convlens.identity import identify, read_name
from tests import corpus as real

NAMES = [
    ("ssd_512_mobilenet1.0_coco", "ssd", "mobilenet1.0", 512, "coco", None),
    ("ssd_300_vgg16_atrous_voc", "ssd", "vgg16_atrous", 300, "voc", None),
    ("ssd_512_resnet50_v1_coco_train.log", "ssd", "resnet50_v1", 512, "coco", None),
    ("SSD-512-ResNet50-v1-COCO", "ssd", "resnet50_v1", 512, "coco", None),
    ("yolo3_darknet53_coco", "yolo3", "darknet53", None, "coco", None),
    ("yolo3_mobilenet1.0_voc.log", "yolo3", "mobilenet1.0", None, "voc", None),
    ("center_net_resnet101_v1b_dcnv2_coco", "center_net", "resnet101_v1b_dcnv2", None, "coco", None),
    ("center_net_dla34_dcnv2_coco", "center_net", "dla34_dcnv2", None, "coco", None),
    ("faster_rcnn_resnet50_v1b_voc", "faster_rcnn", "resnet50_v1b", None, "voc", None),
    ("faster_rcnn_fpn_resnet101_v1d_coco", "faster_rcnn_fpn", "resnet101_v1d", None, "coco", None),
    ("faster_rcnn_fpn_syncbn_resnest50_coco", "faster_rcnn_fpn_syncbn", "resnest50", None, "coco", None),
    ("mask_rcnn_fpn_resnet18_v1b_coco", "mask_rcnn_fpn", "resnet18_v1b", None, "coco", None),
    ("custom_faster_rcnn_fpn", "custom_faster_rcnn_fpn", None, None, None, None),
    ("ssd_512_mobilenet1_0_resnet50_v1_voc_g_d_new", "ssd", "mobilenet1.0", 512, "voc", "resnet50_v1"),
    ("train.log", None, None, None, None, None),
    ("my_experiment_3", None, None, None, None, None),
    ("passed_voice", None, None, None, None, None),  # neither ssd nor voc
    ("", None, None, None, None, None),
]


@pytest.mark.parametrize(("name", "detector", "backbone", "size", "dataset", "teacher"), NAMES)
def test_what_a_name_tells(name, detector, backbone, size, dataset, teacher):
    told = {
        "detector": detector, "backbone": backbone, "input_size": size,
        "dataset": dataset, "teacher": teacher,
    }  # fmt: skip
    assert read_name(name) == {part: value for part, value in told.items() if value is not None}


def test_every_published_model_is_known(corpus):
    """The zoo's names are built as detector, input size, backbone, dataset."""
    with (corpus / "logs" / "catalog.csv").open(encoding="utf-8") as file:
        models = {row["zoo_model"].split(" ")[0] for row in csv.DictReader(file) if row["task"] in real.TASKS}
    for model in sorted(models - {"", "ssd_512_mobilenet1.0"}):
        parts = read_name(model)
        joined = [parts["detector"], parts.get("input_size"), parts["backbone"], parts["dataset"]]
        rebuilt = "_".join(str(part) for part in joined if part is not None)
        if "fpn_bn_" not in model:
            assert rebuilt == model


def test_save_prefix_is_believed_before_the_name_before_the_arguments():
    identity, findings = identify(
        "ssd_300_vgg16_atrous_voc_train.log",
        {
            "save_prefix": "ssd_512_resnet50_v1",
            "network": "mobilenet1.0",
            "dataset": "coco",
            "data_shape": 512,
        },
    )
    assert (identity.detector, identity.input_size, identity.backbone) == ("ssd", 512, "resnet50_v1")
    assert identity.dataset == "voc"
    assert identity.sources == {
        "detector": "save_prefix", "backbone": "save_prefix", "input_size": "save_prefix",
        "dataset": "file name",
    }  # fmt: skip
    assert {finding.code for finding in findings} == {"CL009"}
    assert [finding.text.partition(", which")[0] for finding in findings] == [
        "the file name says backbone='vgg16_atrous', but the save_prefix says 'resnet50_v1'",
        "the file name says input_size=300, but the save_prefix says 512",
        "the arguments say backbone='mobilenet1.0', but the save_prefix says 'resnet50_v1'",
        "the arguments say dataset='coco', but the file name says 'voc'",
    ]


def test_arguments_alone():
    identity, findings = identify(
        "train.log", {"network": "mobilenet1.0", "dataset": "voc", "data_shape": 416, "save_prefix": ""}
    )
    assert (identity.backbone, identity.dataset, identity.input_size) == ("mobilenet1.0", "voc", 416)
    assert not findings
    assert identity.sources["backbone"] == "arguments"
    assert identity.detector is None


def test_one_spelling_is_no_contradiction():
    _, findings = identify("x.log", {"save_prefix": "ssd_512_mobilenet1_0_voc", "network": "mobilenet1.0"})
    assert not findings


def test_nothing_told_is_nothing_known():
    identity, findings = identify("train.log", {})
    assert (str(identity), findings, dict(identity.sources)) == ("unknown", [], {})


def test_a_teacher_is_told():
    identity, _ = identify("ssd_512_mobilenet1_0_resnet50_v1_voc.log", {})
    assert "teacher resnet50_v1" in str(identity)


@given(
    st.text(),
    st.dictionaries(
        st.sampled_from(["save_prefix", "network", "dataset", "data_shape"]),
        st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers()) | st.binary(),
    ),
)
def test_any_name_and_arguments_are_read(name, arguments):
    identity, _ = identify(name, arguments)
    assert {part for part in identity.PARTS if getattr(identity, part) is not None} == set(identity.sources)


def test_losses_tell_the_detector_where_no_name_does():
    identity, findings = identify("train.log", {"network": "resnet50_v1"}, "ssd")
    assert (identity.detector, identity.sources["detector"]) == ("ssd", "loss names")
    assert findings == []


def test_a_name_tells_more_of_the_detector_than_its_losses():
    identity, _ = identify("faster_rcnn_fpn_resnet50_v1b_coco.log", {}, "faster_rcnn")
    assert identity.detector == "faster_rcnn_fpn"
