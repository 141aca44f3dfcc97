"""Who a run is that is no detector's."""

import pytest

from convlens.identity import identify, read_name

# task, name, detector or what stands for it, backbone, input size, dataset
NAMES = [
    ("classification", "se_resnext101_32x4d.log", None, "se_resnext101_32x4d", None, None),
    ("classification", "resnet50_v1b_gn.log", None, "resnet50_v1b_gn", None, None),
    ("classification", "mobilenetv3_large.log", None, "mobilenetv3_large", None, None),
    ("classification", "cifar_wideresnet16_10_mixup", None, "wideresnet16_10", None, "cifar10"),
    ("segmentation", "deeplab_resnest269_ade.log", "deeplab", "resnest269", None, "ade"),
    ("segmentation", "fastscnn_citys.log", "fastscnn", None, None, "citys"),
    ("pose", "simple_pose_resnet152_v1d_coco", "simple_pose", "resnet152_v1d", None, "coco"),
    ("depth", "monodepth2_resnet18_kitti_stereo_640x192", "monodepth2", "resnet18", "640x192", "kitti"),
    ("action_recognition", "slowfast_4x16_resnet50_ucf101", "slowfast_4x16", "resnet50", None, "ucf101"),
    ("action_recognition", "i3d_nl10_resnet101_v1_ucf101_frame", "i3d_nl10", "resnet101_v1", None, "ucf101"),
    ("action_recognition", "vgg16_ucf101_tsn.log", "tsn", "vgg16", None, "ucf101"),
    # pretrained on Kinetics
    ("action_recognition", "i3d_resnet50_v1_hmdb51_kinetics400.log", "i3d", "resnet50_v1", None, "hmdb51"),
]  # fmt: skip
IMAGENET = {"model": "xception", "data_dir": "~/.mxnet/datasets/imagenet", "input_size": 299}
HOROVOD = {"model": "resnest14", "rec_train": "/data/ILSVRC2012/train.rec", "teacher": None}
PSP = {"model": "psp", "backbone": "resnet101", "dataset": "pascal_aug", "crop_size": 480}
CONTEXT = {"model": "fcn", "backbone": "resnet50", "dataset": "pcontext"}
POSE = {"model": "mobile_pose_mobilenet1.0", "data_dir": "~/datasets/coco", "input_size": "128,96"}
DEPTH = {"model_zoo": "monodepth2_resnet18_kitti", "width": 640, "height": 192}
TSN = {"model": "vgg16_ucf101", "use_tsn": True, "input_size": True}


@pytest.mark.parametrize(("task", "name", "detector", "backbone", "size", "dataset"), NAMES)
def test_what_a_name_tells(task, name, detector, backbone, size, dataset):
    told = {"detector": detector, "backbone": backbone, "input_size": size, "dataset": dataset}
    assert read_name(name, task) == {part: value for part, value in told.items() if value is not None}


@pytest.mark.parametrize(
    ("task", "arguments", "detector", "backbone", "size", "dataset"),
    [
        ("classification", IMAGENET, None, "xception", 299, "imagenet"),
        ("classification", HOROVOD, None, "resnest14", None, "imagenet"),
        ("segmentation", PSP, "psp", "resnet101", 480, "voc"),
        ("segmentation", CONTEXT, "fcn", "resnet50", None, "pcontext"),
        ("pose", POSE, "mobile_pose", "mobilenet1.0", "128x96", "coco"),
        ("depth", DEPTH, "monodepth2", "resnet18", "640x192", "kitti"),
        ("depth", {"width": None, "height": 192}, None, None, None, None),
        ("action_recognition", TSN, "tsn", "vgg16", None, "ucf101"),
        ("pose", {}, None, None, None, None),
    ],
)
def test_what_arguments_tell(task, arguments, detector, backbone, size, dataset):
    identity, findings = identify("train.log", arguments, task=task)
    told = (identity.detector, identity.backbone, identity.input_size, identity.dataset)
    assert told == (detector, backbone, size, dataset)
    assert set(identity.sources.values()) <= {"arguments"}
    assert findings == []


def test_a_teacher_is_named_by_the_arguments():
    identity, _ = identify(
        "train.log", {"model": "resnet18_v1", "teacher": "resnet50_v1"}, task="classification"
    )
    assert (identity.backbone, identity.teacher) == ("resnet18_v1", "resnet50_v1")


def test_a_file_may_be_contradicted():
    identity, findings = identify("resnet50_v1.log", {"model": "vgg16"}, task="classification")
    assert identity.backbone == "resnet50_v1"
    assert [f.code for f in findings] == ["CL009"]
    assert str(identity) == "classification: resnet50_v1"
